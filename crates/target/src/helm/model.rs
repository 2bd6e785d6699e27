//! What is written for Helm.

use installation::Object;
use installation::chart::OfficialChart;
use tree::{Node, Origin};

use crate::{GreenObject, Naming, Note, Switched};

/// What to write for.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The chart.
    pub chart: OfficialChart,
    /// The release name; one that collides with nothing by default.
    pub release: Option<&'a str>,
}

/// Why a value is written that stands in no line of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Hooks would migrate the database that the old side still uses.
    HooksOff,
    /// The routes that stand stay; the chart's own would be second ones for the same hosts.
    RoutesStay,
    /// The chart would add what was never there.
    NeverSet,
    /// The chart demands it; a patch takes it away again, since a Secret says it.
    SaidBySecret,
    /// The chart demands it; a patch takes it away again, since nothing uses it.
    Demanded,
    /// Mastodon's own default, where the chart's is another.
    MastodonsDefault,
    /// Objects are called as the plan expects.
    Named,
    /// The Secret is taken whole today: its keys are called like the variables.
    KeyLikeVariable,
    /// Services tell both sides apart by it while users pass over.
    Overlap,
    /// Kubernetes' own default, where the chart's is another.
    KubernetesDefault,
    /// What runs in no container today must not run tomorrow.
    NotThere,
    /// Database, Redis and search stay where they are; the chart would bring its own, empty ones.
    StoresStay,
    /// Every upgrade would restart every pod; the checksums in the chart's annotations do so where something changed.
    RestartsPods,
    /// An Ingress beside the values routes.
    RoutedBeside,
}

impl Why {
    /// The message id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::HooksOff => "why-hooks-off",
            Self::RoutesStay => "why-routes-stay",
            Self::NeverSet => "why-never-set",
            Self::SaidBySecret => "why-said-by-secret",
            Self::Demanded => "why-demanded",
            Self::MastodonsDefault => "why-mastodons-default",
            Self::Named => "why-named",
            Self::KeyLikeVariable => "why-key-like-variable",
            Self::Overlap => "why-overlap",
            Self::KubernetesDefault => "why-kubernetes-default",
            Self::NotThere => "why-not-there",
            Self::StoresStay => "why-stores-stay",
            Self::RestartsPods => "why-restarts-pods",
            Self::RoutedBeside => "why-routed-beside",
        }
    }
}

/// A value that the writer decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The key, its parts joined with points.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// A key of a Secret that the values or a patch refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    /// The variable that it fills.
    pub variable: String,
    /// The Secret.
    pub secret: String,
    /// The key in it.
    pub key: String,
    /// Where it stands today.
    pub today: SecretToday,
}

/// Where a secret stands today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretToday {
    /// Under this key of this Secret, as the source says.
    There,
    /// In this Secret or not at all: it is taken whole, and its keys are not shown.
    Perhaps,
    /// In the open, at this place: the Secret must be made before anything is installed.
    InTheOpen(Option<Origin>),
}

/// A change to an object that the chart renders, as a strategic merge patch.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The patch, with the identity of its object.
    pub node: Node,
}

/// What shall stand, as values of a chart and what the chart has no place for.
#[derive(Debug, Clone)]
pub struct HelmTarget {
    /// The chart.
    pub chart: OfficialChart,
    /// Names and labels.
    pub naming: Naming,
    /// The values: only what differs from the chart's defaults. Nodes that carry a leaf keep its origin.
    pub values: Node,
    /// Why values are written that no line of the source says.
    pub comments: Vec<Comment>,
    /// Every object that the chart makes of the values, hooks included; checksums of other objects are left out.
    pub rendered: Vec<Object>,
    /// Changes to what the chart renders.
    pub patches: Vec<Patch>,
    /// Objects that the chart has no place for.
    pub supplements: Vec<GreenObject>,
    /// Services that pass from blue to green.
    pub switched: Vec<Switched>,
    /// The keys of Secrets that containers get.
    pub secrets: Vec<SecretKey>,
    /// Settings that a Secret taken whole could now override, where before they would have won over it.
    pub watched: Vec<String>,
    /// Objects that stay as they are, by index in the installation.
    pub kept: Vec<usize>,
    /// Objects that go when blue goes, by index in the installation.
    pub removed: Vec<usize>,
    /// What became of leaves that were changed.
    pub notes: Vec<Note>,
}
