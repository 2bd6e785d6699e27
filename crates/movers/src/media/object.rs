//! Objects as they are listed, read and written.

use std::borrow::Cow;
use std::time::SystemTime;

use object_store::{Attribute, Attributes};
use serde::{Deserialize, Serialize};

use super::naming;

/// Objects of up to so many bytes are held whole and put at once; larger ones go in parts of this size. Five MiB is the
/// least that S3 takes as a part.
pub(super) const PART: u64 = 8 << 20;

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) mark: Mark,
}

/// What changes with every version of an object: the entity tag, or what a file system knows of a file. Only equality
/// means anything, and an empty mark equals none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Mark(pub(super) String);

impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        !self.0.is_empty() && self.0 == other.0
    }
}

impl Eq for Mark {}

/// What a listing comes upon.
#[derive(Debug)]
pub(super) enum Found {
    Object(Entry),
    /// Something that cannot be moved, and why.
    Unusable {
        name: String,
        why: &'static str,
    },
}

/// Which keys: those after one, up to and with another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// Nothing up to and with this one.
    pub after: Option<String>,
    /// Nothing after this one.
    pub until: Option<String>,
}

impl KeyRange {
    /// All keys.
    pub const ALL: Self = Self { after: None, until: None };

    pub(super) fn holds(&self, key: &str) -> bool {
        self.after.as_deref().is_none_or(|it| key > it) && self.until.as_deref().is_none_or(|it| key <= it)
    }

    /// Whether no key below a folder (its path without a slash at the end) is within.
    pub(super) fn misses_all_below(&self, folder: &str) -> bool {
        let first = format!("{folder}/");
        // The character after the slash: no key below the folder reaches it.
        let last = format!("{folder}0");
        self.until.as_deref().is_some_and(|until| first.as_str() > until)
            || self.after.as_deref().is_some_and(|after| last.as_str() <= after)
    }
}

/// Who may read an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Access {
    /// Everybody: the usual case.
    Public,
    /// Nobody but Mastodon: archives, and what belongs to a suspended account.
    Private,
}

/// What is told with an object's content when it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headers(pub(super) Attributes);

/// What Mastodon says with everything that it puts into a bucket (`config/initializers/paperclip.rb`).
const CACHE_CONTROL: &str = "public, max-age=315576000, immutable";

/// Under which name the hash of the content is kept with an object that we put: `x-amz-meta-…`.
pub(super) const HASH_NAME: &str = "mastoferry-sha256";

/// And the mark of the version that it was copied from.
pub(super) const MARK_NAME: &str = "mastoferry-from";

impl Headers {
    /// Those that Mastodon would give: a folder holds none.
    pub(super) fn of_mastodon(key: &str) -> Self {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, naming::content_type(key).into());
        attributes.insert(Attribute::CacheControl, CACHE_CONTROL.into());
        Self(attributes)
    }

    /// Those that a bucket gave, without what was of ours or of that bucket alone.
    pub(super) fn given(attributes: &Attributes) -> Self {
        let ours = |name: &str| name == HASH_NAME || name == MARK_NAME;
        let kept = attributes.iter().filter(|(attribute, _)| match attribute {
            Attribute::StorageClass => false,
            Attribute::Metadata(name) => !ours(name),
            _ => true,
        });
        Self(kept.map(|(attribute, value)| (attribute.clone(), value.clone())).collect())
    }

    /// Whether what a browser is told is the same.
    pub(super) fn tell_the_same(&self, other: &Self) -> bool {
        let told = [
            Attribute::ContentType,
            Attribute::CacheControl,
            Attribute::ContentDisposition,
            Attribute::ContentEncoding,
            Attribute::ContentLanguage,
        ];
        told.iter().all(|it| self.0.get(it) == other.0.get(it))
    }

    /// With our own: the hash, where it is known before the content is sent, and the version copied.
    pub(super) fn with_ours(&self, hash: Option<&Hash>, mark: &Mark) -> Attributes {
        let mut attributes = self.0.clone();
        let named = |name: &'static str| Attribute::Metadata(Cow::Borrowed(name));
        if let Some(hash) = hash {
            attributes.insert(named(HASH_NAME), hash.hex().into());
        }
        attributes.insert(named(MARK_NAME), mark.0.clone().into());
        attributes
    }
}

/// The SHA-256 of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(pub(super) [u8; 32]);

impl Hash {
    pub(super) fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    pub(super) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn read(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::read(&hex).ok_or_else(|| serde::de::Error::custom("no SHA-256"))
    }
}

/// What goes with an object from one side to the other, beside its content.
#[derive(Debug, Clone)]
pub(super) struct Traits {
    pub(super) headers: Headers,
    pub(super) access: Access,
    /// When it was last changed; a web server in front of a folder tells it.
    pub(super) modified: SystemTime,
    /// Which version was read.
    pub(super) mark: Mark,
}

impl Traits {
    /// A sum of all that is told with the content, and of who may read it: equal sums mean that nothing of it changed.
    pub(super) fn sum(&self) -> u32 {
        let mut told: Vec<String> = self.headers.0.iter().map(|it| format!("{it:?}")).collect();
        told.sort_unstable();
        crc32c::crc32c(format!("{told:?} {:?}", self.access).as_bytes())
    }
}

/// What is in a place under a key, as read there from the first byte to the last.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) hash: Hash,
    pub(super) size: u64,
    pub(super) mark: Mark,
    /// What a bucket tells with it; a folder tells nothing.
    pub(super) headers: Option<Headers>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_leaves_out_folders_that_hold_none_of_its_keys() {
        let range = |after: Option<&str>, until: Option<&str>| KeyRange {
            after: after.map(str::to_owned),
            until: until.map(str::to_owned),
        };
        let middle = range(Some("b/5"), Some("d/2"));
        assert!(middle.misses_all_below("a") && middle.misses_all_below("e"));
        assert!(
            !middle.misses_all_below("b") && !middle.misses_all_below("c") && !middle.misses_all_below("d")
        );
        assert!(middle.holds("b/6") && middle.holds("d/2") && !middle.holds("b/5") && !middle.holds("d/20"));
        assert!(!KeyRange::ALL.misses_all_below("x") && KeyRange::ALL.holds(""));
    }

    #[test]
    fn an_unknown_mark_equals_none() {
        assert_ne!(Mark::default(), Mark::default());
        assert_eq!(Mark("a".into()), Mark("a".into()));
    }

    #[test]
    fn a_hash_is_read_as_written() {
        let hash = Hash::of(b"");
        assert_eq!(Hash::read(&hash.hex()), Some(hash));
        assert!(hash.hex().starts_with("e3b0c442"));
        assert_eq!(Hash::read("é"), None);
    }
}
