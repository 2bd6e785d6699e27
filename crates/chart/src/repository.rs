//! A repository's `index.yaml`: which archive a chart's version is, and whether what came is it.
//!
//! Nothing here fetches; whoever does hands the bytes over.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tree::{Dialect, Files, Node};

use crate::error::{ChartError, ChartErrorKind};
use crate::version::{Constraint, Version};

/// A repository's index.
#[derive(Debug, Clone)]
pub struct Index {
    entries: Vec<IndexEntry>,
}

/// A version of a chart in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The chart.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where the archive is, absolute or relative to the repository.
    pub urls: Vec<String>,
    /// The archive's SHA-256 in hexadecimal digits; empty where the index names none.
    pub digest: String,
}

impl Index {
    /// Reads an index. The name is for messages. Entries without a readable version are passed over, as Helm does.
    ///
    /// # Errors
    /// If it is not YAML, or no index.
    pub fn read(name: &str, text: &str) -> Result<Self, ChartError> {
        let mut files = Files::new();
        let id = files.add(name, text);
        let documents = tree::parse_as(&files, id, Dialect::Helm);
        let documents = documents.map_err(|error| ChartError::parse(error, &files, name))?;
        let bad = |reason: &str| ChartError::of(ChartErrorKind::BadIndex(reason.to_owned()), name);
        let root = documents.first().ok_or_else(|| bad("it is empty"))?;
        if root.str_at(&["apiVersion"]).is_none() {
            return Err(bad("apiVersion is missing"));
        }
        let charts =
            root.get("entries").and_then(Node::as_mapping).ok_or_else(|| bad("entries are missing"))?;
        let mut entries = Vec::new();
        for (chart, versions) in charts {
            for version in versions.items() {
                let word = |field: &str| version.str_at(&[field]).unwrap_or_default().to_owned();
                let urls = version.get("urls").into_iter().flat_map(Node::items);
                let urls = urls.filter_map(|url| url.as_str().map(str::to_owned)).collect();
                let number = word("version");
                if Version::parse(&number).is_some() {
                    entries.push(IndexEntry {
                        name: chart.clone(),
                        version: number,
                        urls,
                        digest: word("digest"),
                    });
                }
            }
        }
        Ok(Self { entries })
    }

    /// The charts it has, by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut last = "";
        let names = self.entries.iter().map(|entry| entry.name.as_str());
        names.filter(move |name| std::mem::replace(&mut last, name) != *name)
    }

    /// The versions it has of a chart, in the order of the index.
    pub fn versions(&self, name: &str) -> impl Iterator<Item = &str> {
        let own = self.entries.iter().filter(move |entry| entry.name == name);
        own.map(|entry| entry.version.as_str())
    }

    /// The newest version of a chart that satisfies a constraint (`1.x`, `>=1 <3`, or one version); any released
    /// version where there is none.
    #[must_use]
    pub fn find(&self, name: &str, constraint: Option<&str>) -> Option<&IndexEntry> {
        let exact = self
            .entries
            .iter()
            .find(|entry| entry.name == name && constraint.is_some_and(|version| entry.version == version));
        if exact.is_some() {
            return exact;
        }
        let constraint = Constraint::parse(constraint.unwrap_or("*"))?;
        self.entries
            .iter()
            .filter(|entry| entry.name == name)
            .filter_map(|entry| Some((Version::parse(&entry.version)?, entry)))
            .filter(|(version, _)| constraint.holds(version))
            .max_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, entry)| entry)
    }
}

impl IndexEntry {
    /// Whether an archive is the one the index means. Without a digest there is no way to tell, and it is refused.
    ///
    /// # Errors
    /// If the digest is another, or the index names none.
    pub fn verify(&self, archive: &[u8]) -> Result<(), ChartError> {
        let found = HEXLOWER.encode(&Sha256::digest(archive));
        let expected = self.digest.strip_prefix("sha256:").unwrap_or(&self.digest).to_lowercase();
        if expected == found {
            return Ok(());
        }
        let kind = ChartErrorKind::DigestMismatch { expected: self.digest.clone(), found };
        Err(ChartError::of(kind, format!("{}-{}.tgz", self.name, self.version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "apiVersion: v1\nentries:\n  sea:\n  - version: 1.2.0\n    digest: abc\n    urls: [sea-1.2.0.tgz]\n  \
                         - version: 1.10.0\n    urls: [x]\n  - version: 2.0.0-rc1\n    urls: [y]\n  - version: what\n";

    #[test]
    fn the_newest_fitting_version_is_found() {
        let index = Index::read("index.yaml", INDEX).expect("valid");
        let version = |constraint| index.find("sea", constraint).map(|entry| entry.version.as_str());
        assert_eq!(version(None), Some("1.10.0"));
        assert_eq!(version(Some("~1.2")), Some("1.2.0"));
        assert_eq!(version(Some("2.0.0-rc1")), Some("2.0.0-rc1"));
        assert_eq!(version(Some(">=3")), None);
        assert!(Index::read("index.yaml", "entries: {}\n").is_err());
    }

    #[test]
    fn an_archive_of_another_digest_is_refused() {
        let index = Index::read("index.yaml", INDEX).expect("valid");
        let mut entry = index.find("sea", Some("1.2.0")).expect("there").clone();
        let error = entry.verify(b"archive").expect_err("another digest");
        assert!(matches!(error.kind, ChartErrorKind::DigestMismatch { .. }));
        entry.digest = HEXLOWER.encode(&Sha256::digest(b"archive"));
        assert!(entry.verify(b"archive").is_ok());
        entry.digest = String::new();
        assert!(entry.verify(b"archive").is_err());
    }
}
