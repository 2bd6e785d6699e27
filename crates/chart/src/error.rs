//! Why a chart cannot be loaded or rendered.

use tree::{Files, Origin, ParseError, ParseErrorKind};

/// A chart could not be loaded or rendered.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct ChartError {
    /// What is wrong.
    #[source]
    pub kind: ChartErrorKind,
    /// The file it is about: a path as the user would write it, or a template as Helm names it.
    pub file: Box<str>,
    /// Where in a text of [`ChartError::files`], if it is at one place.
    pub origin: Option<Origin>,
    /// The text it is about, if it is about one.
    pub files: Box<Files>,
}

/// What can be wrong with a chart, its values or its templates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChartErrorKind {
    /// A file or directory that cannot be read, in the system's words.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Neither a directory with a `Chart.yaml` nor an archive of one.
    #[error("there is no chart here: Chart.yaml is missing")]
    NoChart,
    /// A `Chart.yaml` that Helm refuses.
    #[error("Chart.yaml is not valid: {0}")]
    BadMetadata(String),
    /// An archive that is damaged, or tries to reach outside of its directory.
    #[error("the archive is refused: {0}")]
    BadArchive(String),
    /// A file or an archive above Helm's bounds.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// A `.helmignore` that Helm refuses.
    #[error("the pattern {0:?} in .helmignore is not supported")]
    BadIgnore(String),
    /// Not YAML.
    #[error(transparent)]
    Parse(ParseErrorKind),
    /// Values that are no mapping, or no mapping where a subchart or a table needs one.
    #[error("the values of {0} must be a mapping")]
    NotATable(String),
    /// A `--set` that cannot be read. The argument itself may hold a secret and is not repeated.
    #[error("not a setting: {0}")]
    BadSet(String),
    /// A repository's index that cannot be read.
    #[error("the repository's index is not valid: {0}")]
    BadIndex(String),
    /// An archive whose digest is not the one its index names.
    #[error("the digest is {found}, but the index says {expected}")]
    DigestMismatch {
        /// What the index says.
        expected: String,
        /// What the archive has.
        found: String,
    },
    /// Charts that `Chart.yaml` rests on and `charts/` does not hold.
    #[error("{0} named in Chart.yaml but missing in charts/")]
    MissingDependencies(String),
    /// A library, which installs nothing itself.
    #[error("a library chart cannot be rendered by itself")]
    Library,
    /// A name no release can have.
    #[error("{0:?} is no name for a release")]
    BadRelease(String),
    /// The chart wants another Kubernetes.
    #[error("the chart wants Kubernetes {wanted}, this is {found}")]
    KubeVersion {
        /// The constraint.
        wanted: String,
        /// The version.
        found: String,
    },
    /// A text that is not a template.
    #[error("not a template: {0}")]
    TemplateSyntax(String),
    /// A template that failed while it ran, in Go's words.
    #[error("the template failed: {0}")]
    TemplateFailed(String),
    /// A value that the chart requires and nobody gave.
    #[error("the chart requires {}: {message}", key.as_deref().unwrap_or("a value"))]
    Required {
        /// The chart's message.
        message: String,
        /// The value as the template names it, `.Values.a.b`, where it names one.
        key: Option<String>,
    },
    /// The chart refuses these values.
    #[error("the chart refuses: {0}")]
    Refused(String),
    /// A function that would make up keys, certificates or salted hashes.
    #[error("the function {0} makes something up at every rendering and is refused")]
    Random(String),
    /// A bound of this program: `steps`, `depth` or `size`.
    #[error("the template goes beyond the bound of {0}")]
    Bound(&'static str),
    /// A rendered text that is no manifest.
    #[error("the rendered text is no manifest: {0}")]
    NotAManifest(String),
    /// Values that the chart's `values.schema.json` does not allow: each place with what is wanted there.
    #[error("the values do not fit the chart's schema: {}", .0.join("; "))]
    Schema(Vec<String>),
    /// A `values.schema.json` that is no schema.
    #[error("values.schema.json is not valid: {0}")]
    BadSchema(String),
    /// A template that is asked for and is not there, or came to nothing.
    #[error("there is no template {0} in the chart that renders something")]
    NoSuchTemplate(String),
    /// A version of Kubernetes that is none.
    #[error("{0:?} is no version of Kubernetes")]
    BadKubeVersion(String),
}

impl ChartError {
    /// An error about a file as a whole.
    pub(crate) fn of(kind: ChartErrorKind, file: impl AsRef<str>) -> Self {
        Self { kind, file: file.as_ref().into(), origin: None, files: Box::default() }
    }

    /// An error at a place of a text.
    pub(crate) fn at(kind: ChartErrorKind, file: &str, text: &str, offset: usize) -> Self {
        let mut files = Files::new();
        let id = files.add(file, text);
        let offset = offset.min(text.len());
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let origin = Origin {
            file: id,
            line: number(before.matches('\n').count() + 1),
            column: number(before[line_start..].chars().count() + 1),
            offset: number(offset),
            length: 0,
        };
        Self { kind, file: file.into(), origin: Some(origin), files: Box::new(files) }
    }

    /// A text that is not YAML.
    pub(crate) fn parse(error: ParseError, files: &Files, file: &str) -> Self {
        Self {
            kind: ChartErrorKind::Parse(error.kind),
            file: file.into(),
            origin: Some(error.origin),
            files: Box::new(files.clone()),
        }
    }

    /// The line it is about, if it is about one.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.origin.map(|origin| origin.line)
    }
}
