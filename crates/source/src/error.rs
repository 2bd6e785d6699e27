//! Why a source could not be read.

use camino::Utf8PathBuf;
use compose::ComposeError;
use kustomize::KustomizeError;
use tree::{Files, Origin, ParseError};

/// A source could not be read. The files read so far come along, so that the place can be shown.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct SourceError {
    /// What is wrong.
    pub kind: SourceErrorKind,
    /// Where, if a place can be named.
    pub origin: Option<Origin>,
    /// The files read so far.
    pub files: Files,
}

/// What can be wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceErrorKind {
    /// Nothing at the path.
    #[error("there is no file or folder {0}")]
    NoSuchPath(Utf8PathBuf),
    /// A file could not be read.
    #[error("reading {path}: {reason}")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// A folder without a manifest in it.
    #[error("the folder {0} holds no kustomization.yaml and no .yaml, .yml or .json file")]
    NothingToRead(Utf8PathBuf),
    /// Not YAML.
    #[error(transparent)]
    Parse(Box<ParseError>),
    /// The Kustomize build failed.
    #[error(transparent)]
    Kustomize(Box<KustomizeError>),
    /// A document that is no Kubernetes object.
    #[error("not a Kubernetes object: {missing} is missing")]
    NotAnObject {
        /// `apiVersion`, `kind` or `metadata.name`.
        missing: &'static str,
    },
    /// Two documents describe the same object.
    #[error("{id} is described twice")]
    Twice {
        /// Kind and name.
        id: String,
        /// Where it stands first.
        first: Option<Origin>,
    },
    /// A file larger than anything a deployment holds.
    #[error("{path} has {bytes} bytes; more than {limit} are not read")]
    TooLarge {
        /// The file.
        path: Utf8PathBuf,
        /// Its size.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// More files than any deployment has.
    #[error("the folder {path} holds more than {limit} files")]
    TooManyFiles {
        /// The folder.
        path: Utf8PathBuf,
        /// The most that are read.
        limit: usize,
    },
    /// Neither UTF-8 nor UTF-16.
    #[error("{0} is not text")]
    NotText(Utf8PathBuf),
    /// A file that git-crypt has encrypted, and nothing else.
    #[error("{0} is encrypted by git-crypt")]
    GitCrypt(Utf8PathBuf),
    /// A template, which is no YAML until something fills it in.
    #[error("{0} is a template")]
    Template(Utf8PathBuf),
    /// What stands in a cluster cannot be read from files.
    #[error("what stands in a cluster must be listed first")]
    NotListed,
    /// A folder without a form at its top and with Kustomize trees below it.
    #[error("{path} holds several trees")]
    SeveralTrees {
        /// The folder.
        path: Utf8PathBuf,
        /// The trees' folders.
        choices: Vec<String>,
    },
    /// A release of Mastodon whose chart's templates are not known.
    #[error("what the chart {chart} makes of its values is not known")]
    OtherChart {
        /// The chart as its owner names it.
        chart: String,
    },
    /// Values of the wrong kind.
    #[error("{key} must be {wanted}")]
    BadValues {
        /// The key, or the file.
        key: String,
        /// What is wanted.
        wanted: &'static str,
    },
    /// Values that a release takes from somewhere that is not in the source.
    #[error("the values in {what} are not in the source")]
    MissingValues {
        /// The ConfigMap or Secret with its key, or the file.
        what: String,
    },
    /// Values that are encrypted as a whole.
    #[error("the values in {what} are encrypted")]
    EncryptedValues {
        /// The ConfigMap or Secret with its key.
        what: String,
    },
    /// A set of applications whose members are not written in it.
    #[error("the generator {generator} of an ApplicationSet takes its elements from elsewhere")]
    UnknownGenerator {
        /// The generator.
        generator: String,
    },
    /// A release that would become more objects than any deployment has.
    #[error("the release {release} becomes too many objects")]
    ReleaseTooLarge {
        /// The release.
        release: String,
    },
    /// The Compose project, or a part of it, cannot be read.
    #[error(transparent)]
    Compose(Box<ComposeError>),
}
