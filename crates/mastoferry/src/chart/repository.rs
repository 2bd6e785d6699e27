//! Charts from a repository: its index, the version that is asked for, and the archive of it.

use std::fs;
use std::io::Write as _;

use camino::Utf8PathBuf;
use chart::{Chart, ChartErrorKind, Index, IndexEntry};
use tree::{Files, Node};
use url::Url;

use super::cache::Cache;
use super::web::{FetchError, fetch};
use crate::explain;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// The most bytes of an index: the largest that are published have a third of it.
const MAX_INDEX_BYTES: usize = 64 * 1024 * 1024;
/// The most bytes of an archive: what it may unpack to.
const MAX_ARCHIVE_BYTES: usize = 100 * 1024 * 1024;

/// The most charts or versions that are told where the one asked for is not there.
const MAX_TOLD: usize = 20;

/// A repository that charts are taken from.
pub(super) struct Repository<'a> {
    address: Url,
    /// The address without what may be secret in it.
    shown: String,
    cache: Cache,
    words: &'a Words,
}

impl<'a> Repository<'a> {
    /// The repository at an address.
    ///
    /// # Errors
    /// If it is no address.
    pub(super) fn at(address: &str, words: &'a Words) -> Result<Self, Problem> {
        let parsed = Url::parse(address).map_err(|error| {
            let named = [("address", &*shown(address)), ("reason", &*error.to_string())];
            Problem::new(words, Exit::Unreadable, "repository-address", &named)
        })?;
        Ok(Self { address: parsed, shown: shown(address), cache: Cache::of_user(), words })
    }

    /// The repository that the user's Helm knows by a name.
    ///
    /// # Errors
    /// If Helm knows none of that name, or knows it with a password or certificates, which are not supported here.
    pub(super) fn named(name: &str, words: &'a Words) -> Result<Self, Problem> {
        let problem = |id: &str, named: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, named);
        let file = helm_repositories();
        let path = file.as_ref().map_or("repositories.yaml", |file| file.as_str());
        let mut files = Files::new();
        let known = file.as_ref().and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        let id = files.add(path, known);
        let documents = tree::parse_as(&files, id, tree::Dialect::Helm)
            .map_err(|error| problem("unreadable", &[("path", path), ("reason", &error.to_string())]))?;
        let entries = documents.first().and_then(|root| root.get("repositories")).into_iter();
        let mut entries = entries.flat_map(Node::items);
        let Some(entry) = entries.find(|entry| entry.str_at(&["name"]) == Some(name)) else {
            return Err(problem("repository-unknown", &[("name", name), ("path", path)]));
        };
        let is_set = |key: &&str| entry.str_at(&[key]).is_some_and(|value| !value.is_empty());
        let trusted = entry
            .get("insecure_skip_tls_verify")
            .is_some_and(|skip| skip.as_text().as_deref() == Some("true"));
        let special =
            ["username", "password", "certFile", "keyFile", "caFile"].iter().find(|key| is_set(key));
        let special = special.copied().or(trusted.then_some("insecure_skip_tls_verify"));
        if let Some(special) = special {
            return Err(problem("repository-special", &[("name", name), ("field", special)]));
        }
        Self::at(entry.str_at(&["url"]).unwrap_or_default(), words)
    }

    /// The newest chart of a name that a constraint allows; any released one where there is none.
    ///
    /// # Errors
    /// If the repository or the archive cannot be had, or is not what it should be.
    pub(super) fn chart(&self, name: &str, constraint: Option<&str>) -> Result<Chart, Problem> {
        let index = self.index()?;
        let Some(entry) = index.find(name, constraint) else {
            let known: Vec<&str> = index.versions(name).take(MAX_TOLD).collect();
            let (id, known) = if known.is_empty() {
                ("repository-no-chart", index.names().take(MAX_TOLD).collect::<Vec<_>>().join(", "))
            } else {
                ("repository-no-version", known.join(", "))
            };
            let named = [
                ("name", name),
                ("version", constraint.unwrap_or_default()),
                ("address", self.shown.as_str()),
                ("known", known.as_str()),
            ];
            return Err(Problem::new(self.words, Exit::Unreadable, id, &named));
        };
        let bytes = self.archive(entry)?;
        let place = format!("{}-{}.tgz", entry.name, entry.version);
        Chart::from_archive(&bytes, &place).map_err(|error| explain::chart(self.words, &error))
    }

    /// The index as it is now; where nothing answers, as it was.
    fn index(&self) -> Result<Index, Problem> {
        let address =
            below(&self.address, "index.yaml").map_err(|reason| self.unfetched("index.yaml", &reason))?;
        let bytes = match fetch(&address, MAX_INDEX_BYTES) {
            Ok(bytes) => bytes,
            Err(FetchError::NoAnswer(reason)) => match self.cache.index(address.as_str()) {
                Some(bytes) => {
                    let named = [("address", self.shown.as_str()), ("reason", &*reason)];
                    let line = self.words.tell("repository-offline", &named);
                    // Nobody reads what cannot be written.
                    let _ = writeln!(std::io::stderr().lock(), "{line}");
                    bytes
                }
                None => return Err(self.unfetched(address.as_str(), &reason)),
            },
            Err(error) => return Err(self.unfetched(address.as_str(), &error.to_string())),
        };
        let index = Index::read(&shown(address.as_str()), &String::from_utf8_lossy(&bytes));
        let index = index.map_err(|error| explain::chart(self.words, &error))?;
        self.cache.keep_index(address.as_str(), &bytes);
        Ok(index)
    }

    fn archive(&self, entry: &IndexEntry) -> Result<Vec<u8>, Problem> {
        let digest = entry.digest.strip_prefix("sha256:").unwrap_or(&entry.digest).to_lowercase();
        if let Some(bytes) = self.cache.archive(&digest) {
            return Ok(bytes);
        }
        let named = entry.urls.first().map(String::as_str).unwrap_or_default();
        if named.starts_with("oci://") {
            return Err(oci(self.words, named));
        }
        let address = below(&self.address, named).map_err(|reason| self.unfetched(named, &reason))?;
        let bytes = fetch(&address, MAX_ARCHIVE_BYTES)
            .map_err(|error| self.unfetched(address.as_str(), &error.to_string()))?;
        entry.verify(&bytes).map_err(|error| match &error.kind {
            ChartErrorKind::DigestMismatch { expected, .. } if expected.is_empty() => {
                let named = [("name", error.file.as_ref()), ("address", self.shown.as_str())];
                Problem::new(self.words, Exit::Unreadable, "repository-no-digest", &named)
            }
            _ => explain::chart(self.words, &error),
        })?;
        self.cache.keep_archive(&digest, &bytes);
        Ok(bytes)
    }

    fn unfetched(&self, address: &str, reason: &str) -> Problem {
        let named = [("address", &*shown(address)), ("reason", reason)];
        Problem::new(self.words, Exit::Unreadable, "unfetched", &named)
    }
}

/// An address as it may be told: names, passwords and queries can be secret.
fn shown(address: &str) -> String {
    let plain = address.split(['?', '#']).next().unwrap_or_default();
    match plain.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[host..])
        }
        None => plain.to_owned(),
    }
}

/// Fetches an archive by its own address, of which no index says what it must be.
///
/// # Errors
/// If it cannot be had, or is no chart.
pub(super) fn archive_at(address: &str, words: &Words) -> Result<Chart, Problem> {
    let unfetched = |reason: &str| {
        let named = [("address", &*shown(address)), ("reason", reason)];
        Problem::new(words, Exit::Unreadable, "unfetched", &named)
    };
    let parsed = Url::parse(address).map_err(|error| unfetched(&error.to_string()))?;
    let bytes = fetch(&parsed, MAX_ARCHIVE_BYTES).map_err(|error| unfetched(&error.to_string()))?;
    Chart::from_archive(&bytes, &shown(address)).map_err(|error| explain::chart(words, &error))
}

/// Why nothing is taken from an OCI registry.
pub(super) fn oci(words: &Words, address: &str) -> Problem {
    Problem::new(words, Exit::Unreadable, "oci", &[("address", &shown(address))])
}

/// An address of an index, from its repository's; the query stays, as in Helm (some repositories keep a token in it).
fn below(repository: &Url, reference: &str) -> Result<Url, String> {
    if let Ok(absolute) = Url::parse(reference) {
        return Ok(absolute);
    }
    let mut base = repository.clone();
    let path = format!("{}/", base.path().trim_end_matches('/'));
    base.set_path(&path);
    let mut address = base.join(reference).map_err(|error| error.to_string())?;
    address.set_query(repository.query());
    Ok(address)
}

/// Where Helm keeps the repositories its user added.
fn helm_repositories() -> Option<Utf8PathBuf> {
    let path = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    let home = || path("XDG_CONFIG_HOME").or_else(|| path("HOME").map(|home| home.join(".config")));
    let folder = || path("HELM_CONFIG_HOME").or_else(|| home().map(|home| home.join("helm")));
    path("HELM_REPOSITORY_CONFIG").or_else(|| folder().map(|folder| folder.join("repositories.yaml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved_as_helm_resolves_them() {
        let cases = [
            ("https://a.example/charts", "index.yaml", "https://a.example/charts/index.yaml"),
            ("https://a.example/charts/", "sea-1.0.0.tgz", "https://a.example/charts/sea-1.0.0.tgz"),
            ("https://a.example/charts?token=x", "sea.tgz", "https://a.example/charts/sea.tgz?token=x"),
            ("https://a.example/charts", "https://b.example/sea.tgz", "https://b.example/sea.tgz"),
            ("https://a.example/charts", "/other/sea.tgz", "https://a.example/other/sea.tgz"),
        ];
        for (repository, reference, expected) in cases {
            let repository = Url::parse(repository).expect("an address");
            assert_eq!(below(&repository, reference).expect("an address").as_str(), expected);
        }
    }
}
