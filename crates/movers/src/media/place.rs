//! Where media are: a folder (NFS as well), or a prefix of a bucket that speaks S3.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::aws::AwsCredential;
use url::Url;

/// Why a place cannot be used. None of these holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A setting is needed that is not there.
    #[error("{name} is not set")]
    Missing {
        /// As Mastodon names it.
        name: &'static str,
    },
    /// `S3_ENDPOINT` is no address, or has more in it than scheme, host and port.
    #[error(
        "S3_ENDPOINT must be http:// or https://, a host and perhaps a port, without user, path or query"
    )]
    Endpoint,
    /// The folder is not there, or is none.
    #[error("{} is not a folder that can be read: {reason}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A prefix that no key can begin with.
    #[error("S3_KEY_PREFIX cannot be used: {reason}")]
    Prefix {
        /// What is wrong with it.
        reason: String,
    },
    /// Something that a request cannot carry.
    #[error("{name} has characters in it that a request cannot carry")]
    Characters {
        /// As Mastodon names it.
        name: &'static str,
    },
}

/// A bucket that speaks S3, with what is needed to be let in. Shown, it is endpoint, name and prefix alone.
#[derive(Clone)]
pub struct Bucket {
    pub(super) name: String,
    /// `S3_ENDPOINT`; Amazon's own for the region where there is none.
    pub(super) endpoint: Option<String>,
    pub(super) region: String,
    pub(super) path_style: bool,
    /// `S3_KEY_PREFIX`, without slashes around it; all of the bucket where it is empty.
    pub(super) prefix: String,
    /// The canned ACL of what everybody may read; none is ever sent where there is none.
    pub(super) permission: Option<String>,
    pub(super) storage_class: Option<String>,
    pub(super) credential: Arc<AwsCredential>,
}

impl Bucket {
    /// Reads the settings that Mastodon reads: `S3_BUCKET`, `S3_ENDPOINT`, `S3_REGION` (`us-east-1`),
    /// `S3_OVERRIDE_PATH_STYLE`, `S3_KEY_PREFIX`, `S3_PERMISSION` (`public-read`; empty: no ACL is sent),
    /// `S3_STORAGE_CLASS`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    ///
    /// # Errors
    /// When one is missing or cannot be used; no value is repeated.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, PlaceError> {
        let filled = |name: &str| setting(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
        let needed = |name: &'static str| {
            let value = filled(name).ok_or(PlaceError::Missing { name })?;
            if value.chars().all(|it| it.is_ascii_graphic()) {
                Ok(value)
            } else {
                Err(PlaceError::Characters { name })
            }
        };
        let endpoint = filled("S3_ENDPOINT").map(|text| endpoint(&text)).transpose()?;
        let prefix = filled("S3_KEY_PREFIX").unwrap_or_default().trim_matches('/').to_owned();
        if let Some(why) = super::naming::unusable(&prefix).filter(|_| !prefix.is_empty()) {
            return Err(PlaceError::Prefix { reason: why.to_owned() });
        }
        let session = filled("AWS_SESSION_TOKEN").map(|_| needed("AWS_SESSION_TOKEN")).transpose()?;
        let permission = match setting("S3_PERMISSION") {
            None => Some("public-read".to_owned()),
            Some(text) if text.is_empty() => None,
            Some(_) => Some(needed("S3_PERMISSION")?),
        };
        Ok(Self {
            name: needed("S3_BUCKET")?,
            path_style: endpoint.is_some() && filled("S3_OVERRIDE_PATH_STYLE").as_deref() != Some("true"),
            endpoint,
            region: filled("S3_REGION").map_or(Ok("us-east-1".to_owned()), |_| needed("S3_REGION"))?,
            prefix,
            permission,
            storage_class: filled("S3_STORAGE_CLASS").map(|_| needed("S3_STORAGE_CLASS")).transpose()?,
            credential: Arc::new(AwsCredential {
                key_id: needed("AWS_ACCESS_KEY_ID")?,
                secret_key: needed("AWS_SECRET_ACCESS_KEY")?,
                token: session,
            }),
        })
    }
}

/// Scheme, host and port; Mastodon's own client refuses an endpoint without a scheme.
fn endpoint(text: &str) -> Result<String, PlaceError> {
    let url = Url::parse(text).map_err(|_| PlaceError::Endpoint)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare {
        return Err(PlaceError::Endpoint);
    }
    Ok(text.trim_end_matches('/').to_owned())
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(formatter, "{endpoint}/{}", self.name)?,
            None => write!(formatter, "s3://{} ({})", self.name, self.region)?,
        }
        if self.prefix.is_empty() { Ok(()) } else { write!(formatter, "/{}", self.prefix) }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bucket({self})")
    }
}

/// Where media are, or shall be.
#[derive(Debug, Clone)]
pub enum Place {
    /// What Mastodon calls `PAPERCLIP_ROOT_PATH`, `public/system` by default; in its canonical form.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

impl Place {
    /// A folder that is there.
    ///
    /// # Errors
    /// When it is not, or is no folder.
    pub fn folder(path: &Path) -> Result<Self, PlaceError> {
        let failed = |reason: String| PlaceError::Folder { path: path.to_owned(), reason };
        let canonical = path.canonicalize().map_err(|error| failed(error.to_string()))?;
        if !canonical.is_dir() {
            return Err(failed("it is no folder".to_owned()));
        }
        Ok(Self::Folder(canonical))
    }

    /// Whether one lies in the other, so that a copy would never end or would write over its own source.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(one), Self::Folder(two)) => one.starts_with(two) || two.starts_with(one),
            (Self::Bucket(one), Self::Bucket(two)) => {
                let within = |outer: &str, inner: &str| {
                    outer.is_empty() || inner == outer || inner.starts_with(&format!("{outer}/"))
                };
                (&one.endpoint, &one.name) == (&two.endpoint, &two.name)
                    && (within(&one.prefix, &two.prefix) || within(&two.prefix, &one.prefix))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(formatter, "{}", path.display()),
            Self::Bucket(bucket) => write!(formatter, "{bucket}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &[(&str, &str)]) -> Result<Bucket, PlaceError> {
        let usual =
            [("S3_BUCKET", "media"), ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hush-hush")];
        Bucket::read(|name| {
            let found = more.iter().chain(&usual).find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn settings_are_read_as_mastodon_reads_them() {
        let bucket = read(&[]).expect("enough");
        assert_eq!((bucket.permission.as_deref(), bucket.path_style), (Some("public-read"), false));
        let bucket = read(&[("S3_ENDPOINT", "https://s3.example/"), ("S3_PERMISSION", "")]).expect("enough");
        assert_eq!((bucket.permission.as_deref(), bucket.path_style), (None, true));
        assert_eq!(bucket.to_string(), "https://s3.example/media");
        assert!(!format!("{bucket:?} {:?}", bucket.credential).contains("hush"));
        assert_eq!(read(&[("S3_BUCKET", "")]).unwrap_err(), PlaceError::Missing { name: "S3_BUCKET" });
        for wrong in
            ["s3.example", "https://:hush@s3.example", "ftp://s3.example", "https://s3.example/media"]
        {
            let error = read(&[("S3_ENDPOINT", wrong)]).unwrap_err();
            assert_eq!(error, PlaceError::Endpoint, "{wrong}");
        }
        assert!(matches!(read(&[("S3_KEY_PREFIX", "a/../b")]), Err(PlaceError::Prefix { .. })));
    }

    #[test]
    fn a_place_within_the_other_is_seen() {
        let bucket = |prefix| Place::Bucket(read(&[("S3_KEY_PREFIX", prefix)]).expect("enough"));
        assert!(bucket("a").overlaps(&bucket("a/b")));
        assert!(bucket("").overlaps(&bucket("b")));
        assert!(!bucket("a").overlaps(&bucket("ab")));
    }
}
