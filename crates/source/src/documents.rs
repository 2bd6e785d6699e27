//! What was read.

use installation::Object;
use tree::{FileId, Files, Node, Origin};

use crate::{ChartRelease, SourceErrorKind};

/// What a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions for the build: every leaf is obeyed, none is an object's.
    Directives,
    /// An object.
    Object,
    /// A change to an object.
    Patch,
    /// Values of a Helm chart.
    Values,
    /// Settings by name: an env file.
    Settings,
}

/// The form in which an installation is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Kustomize tree.
    Kustomize,
    /// Plain manifests.
    Manifests,
    /// Docker Compose. The objects are the services in the shape of Kubernetes workloads.
    Compose,
    /// Values of a Helm chart. The objects are what the model needs of what the chart makes of them.
    HelmValues,
    /// What stands in a namespace, dumped to files or listed now.
    Live,
}

/// Something about a source that a person should know; none of it keeps it from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// What a note is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// A key of a chart's values that the chart never reads.
    InertKey {
        /// The key's path.
        key: String,
        /// The chart, with its version.
        chart: String,
    },
    /// A release of a chart that is none of the official ones.
    OtherChart {
        /// The chart's name.
        chart: String,
    },
    /// A kind of object that could not be listed.
    NotListed {
        /// `resource.group`.
        kind: String,
        /// The server's words.
        reason: String,
    },
    /// An API version that newer clusters no longer serve.
    OldApi {
        /// The `apiVersion` as written.
        api_version: String,
        /// The kind.
        kind: String,
        /// What the same is called today; `None` where nothing took its place.
        today: Option<&'static str>,
        /// The first Kubernetes release without it, such as `1.22`.
        gone_since: &'static str,
    },
    /// Objects that Helm rendered: what is written here is the chart's, what its owner chose are its values.
    RenderedChart {
        /// The release, where the objects say.
        release: Option<String>,
        /// The charts, subcharts included, with their versions where the objects say.
        charts: Vec<String>,
        /// How many objects.
        objects: usize,
        /// How many of them are hooks, which run at install or upgrade and do not stay.
        hooks: usize,
    },
    /// Helm's own record of a release: its values and manifests are in the cluster.
    HelmRelease {
        /// The release's name.
        release: String,
        /// The newest revision recorded.
        revision: u32,
    },
    /// A file in the folder that describes no Kubernetes object and was passed over.
    PassedOver {
        /// The file.
        file: String,
        /// What it is.
        what: Passed,
    },
    /// A value that is filled in on the way to the cluster (by Flux, envsubst or a template), and by what this
    /// source does not say.
    Placeholder {
        /// As written: `${DOMAIN}`, `{{ .Values.host }}`.
        text: String,
    },
    /// Objects that controllers or the cluster itself make; they are no part of what the owner wrote.
    SetApart {
        /// The kind.
        kind: String,
        /// How many.
        count: usize,
    },
    /// A folder that holds another form too, which was not read.
    AlsoHere {
        /// The file or folder of the other form.
        path: String,
        /// How to name it as a source instead: `compose`, `helm`, `manifests`.
        form: &'static str,
    },
    /// A key of a chart's values that the chart never reads, and the key that was probably meant.
    MisspeltKey {
        /// The key's path.
        key: String,
        /// The path of the key that the chart reads.
        meant: &'static str,
        /// The chart, with its version.
        chart: String,
    },
    /// A fork or another version of an official chart, read as the version that is known.
    ReadAs {
        /// The chart as its owner names it.
        named: String,
        /// The chart it was read as, with its version.
        chart: String,
    },
    /// Values without which the chart refuses to render, or with which it does.
    ChartRefuses {
        /// The keys' paths, with commas between them.
        key: String,
        /// The chart, with its version.
        chart: String,
    },
    /// A release whose objects are changed after rendering; what was read is from before that.
    PostRendered {
        /// The release.
        release: String,
    },
    /// A source of an Argo CD application that is no chart: a folder of a repository, to be read on its own.
    ElsewhereSource {
        /// The application.
        application: String,
        /// The folder in its repository.
        path: String,
    },
    /// A variable that is set nowhere, so that Compose puts nothing in its place.
    UnsetVariable {
        /// The variable.
        name: String,
    },
    /// Variables of an env file that Compose, Mastodon's dotenv and `kubectl --from-env-file` do not all read alike.
    ReadDifferently {
        /// The variables, in the order written.
        names: Vec<String>,
    },
    /// A service whose image Compose builds, so that no registry has it.
    BuiltImage {
        /// The service.
        service: String,
        /// The name Compose gives to the image.
        image: String,
    },
    /// A service that no active profile switches on.
    SwitchedOff {
        /// The service.
        service: String,
    },
    /// A secret that stands in a file of values, where the chart would take the name of a Secret instead.
    OpenSecret {
        /// The key's path.
        key: String,
    },
}

/// What a file that was passed over is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// A Compose file.
    Compose,
    /// A kustomization: the folder was read file by file, not built.
    Kustomization,
    /// `Chart.yaml` or `Chart.lock` of a Helm chart.
    Chart,
    /// Values of a Helm chart.
    Values,
    /// A template of a Helm chart, which only Helm can render.
    ChartTemplate,
    /// Encrypted by git-crypt.
    GitCrypt,
    /// An object with `generateName`: run by hand with `kubectl create`, so nothing that stands.
    RunByHand,
    /// Settings of a tool (Skaffold, a documentation site, continuous integration).
    Tool,
    /// Nothing that this program knows.
    Unknown,
}

/// Something that could not be read, while all beside it was.
#[derive(Debug)]
pub struct Unread {
    /// What is wrong.
    pub kind: SourceErrorKind,
    /// Where.
    pub origin: Option<Origin>,
}

/// A document as it was written.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// What it was read as.
    pub role: Role,
    /// The text as a tree.
    pub node: Node,
}

/// A source, read.
#[derive(Debug)]
pub struct Sourced {
    /// The form it was described in.
    pub form: Form,
    /// Every file with its text.
    pub files: Files,
    /// Every document as written, once each.
    pub documents: Vec<Document>,
    /// The objects they make up.
    pub objects: Vec<Object>,
    /// What the tool of the form itself prints of it, where that is not the objects: for Compose, the project as
    /// `docker compose config` normalises it.
    pub normalised: Option<Node>,
    /// Releases of which some of the objects are: these are not in the source, but what a chart makes of values that are.
    pub releases: Vec<ChartRelease>,
    /// Leaves that a later document overrode, with the place that did.
    pub overridden: Vec<(Origin, Origin)>,
    /// Scalars with variables in them, with the places where those are set in an env file.
    pub interpolated: Vec<(Origin, Origin)>,
    /// Leaves that a server filled in and no owner wrote (status, bookkeeping, defaults).
    pub server_filled: Vec<Origin>,
    /// What could not be read. A source with such gaps can be looked at, not converted.
    pub unread: Vec<Unread>,
    /// What a person should know.
    pub notes: Vec<Note>,
}

impl Sourced {
    /// Nothing yet.
    #[must_use]
    pub fn new(form: Form, files: Files) -> Self {
        Self {
            form,
            files,
            documents: Vec::new(),
            objects: Vec::new(),
            normalised: None,
            releases: Vec::new(),
            overridden: Vec::new(),
            interpolated: Vec::new(),
            server_filled: Vec::new(),
            unread: Vec::new(),
            notes: Vec::new(),
        }
    }
}
