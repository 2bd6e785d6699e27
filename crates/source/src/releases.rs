//! Releases of charts: who installs them, and what each of their values does.

use std::fmt;

use installation::chart::{OfficialChart, is_true};
use installation::{Object, ObjectId};
use tree::{Leaf, Node, Origin};

/// Who installs a release, and would undo what is changed behind its back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver {
    /// A person or a script that runs Helm.
    Helm,
    /// Kustomize, which renders the chart and keeps no release.
    Kustomize,
    /// Flux: a `HelmRelease`, which installs with Helm.
    Flux(Driving),
    /// Argo CD: an `Application` or `ApplicationSet`, which renders the chart and keeps no release.
    ArgoCd(Driving),
}

/// The object by which a controller is told of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driving {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where it says one.
    pub namespace: Option<String>,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// A release whose chart's objects stand among those read.
#[derive(Clone)]
pub struct ChartRelease {
    /// Its name.
    pub name: String,
    /// The namespace it goes to, where the source says one.
    pub namespace: Option<String>,
    /// The official chart that it was read as; `None` for `app-template`.
    pub chart: Option<OfficialChart>,
    /// The chart as its owner names it.
    pub title: String,
    /// The chart's version, where the source says one.
    pub version: Option<String>,
    /// Who installs it.
    pub driver: Driver,
    /// Where it is written.
    pub origin: Option<Origin>,
    /// Where its objects are changed after the chart made them, if they are.
    pub changed_after: Option<Origin>,
    /// The objects that the chart makes.
    pub objects: Vec<ObjectId>,
    /// Its own values, all layers in one.
    pub(crate) values: Node,
    /// Leaves of the same files that are values of other charts.
    pub(crate) foreign: Vec<Origin>,
}

impl Driving {
    /// The object itself as what drives.
    pub(crate) fn by(object: &Object) -> Self {
        Self {
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
            namespace: object.namespace().map(ToOwned::to_owned),
            origin: object.node.origin,
        }
    }

    /// Whether this is the object.
    #[must_use]
    pub fn is(&self, object: &Object) -> bool {
        object.kind() == self.kind
            && object.name() == self.name
            && object.namespace() == self.namespace.as_deref()
    }
}

impl ChartRelease {
    /// Every leaf of its values.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        self.values.leaves().into_iter()
    }

    /// The tag of the image that runs, where the values name none and the chart is not surely of the version that is known: it
    /// is that version's, and another may run.
    #[must_use]
    pub fn assumed_tag(&self) -> Option<&'static str> {
        let chart = self.chart?;
        let is_known = self.version.as_deref() == Some(chart.version());
        let names_one = self.values.at_keys(&["image", "tag"]).is_some_and(is_true);
        (!is_known && !names_one).then(|| chart.app_version())
    }

    /// The chart as it is known here, else as its owner names it.
    #[must_use]
    pub fn known_title(&self) -> String {
        self.chart.map_or_else(|| self.title.clone(), OfficialChart::title)
    }

    /// The object by which a controller is told of the release.
    #[must_use]
    pub fn driving(&self) -> Option<&Driving> {
        match &self.driver {
            Driver::Flux(driving) | Driver::ArgoCd(driving) => Some(driving),
            Driver::Helm | Driver::Kustomize => None,
        }
    }
}

impl fmt::Debug for ChartRelease {
    // Values are full of secrets, and not all of them are sealed yet when releases are found.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ChartRelease")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("title", &self.title)
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}

/// A leaf of a release's values that does not itself stand in what the chart makes, and what it does instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFate {
    /// The leaf.
    pub origin: Origin,
    /// What it does.
    pub does: Does,
}

/// What a value does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// The chart writes it in another form at this place: as part of a longer text, or as Helm writes numbers.
    Writes(Spot),
    /// It decides what stands at this place, or that it stands.
    Decides(Spot),
    /// It keeps away what would stand at this place without it.
    Withholds(Spot),
    /// It shapes only what ran when the release was first installed, or what tests it.
    Once(Spot),
    /// It shapes the hook that uploads assets to S3 before every upgrade, which is not made here.
    Uploads,
    /// It is empty, and so is what the chart takes without it.
    Nothing,
    /// The chart never reads it.
    Unread,
    /// It is for another chart of the same umbrella chart.
    Foreign,
    /// The chart reads it only under a condition that does not hold: the key that would have to say otherwise, where one
    /// alone would do.
    SwitchedOff(Option<String>),
}

/// A place in the objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The object: `Kind/name`.
    pub object: String,
    /// The way to the field.
    pub path: String,
    /// The leaf that stands there, where the owner wrote it.
    pub origin: Option<Origin>,
}

impl Spot {
    /// Whether the whole object is meant.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.path == "apiVersion"
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.object, self.path)
    }
}

/// Whether an object is a hook that only ran when its release was first installed, or tests it: it does not stand, and
/// will not run again.
#[must_use]
pub fn runs_once(object: &Object) -> bool {
    let hooks = object.node.str_at(&["metadata", "annotations", "helm.sh/hook"]);
    hooks.is_some_and(|hooks| {
        let is_once = |hook: &str| {
            matches!(hook.trim(), "pre-install" | "post-install") || hook.trim().starts_with("test")
        };
        hooks.split(',').all(is_once)
    })
}

/// A store that a release of the old chart brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// What it is, by the key that switches it on: `postgresql`, `redis`, `elasticsearch`.
    pub store: &'static str,
    /// Its StatefulSets.
    pub workloads: Vec<String>,
    /// The claims of its first pods; `helm uninstall` leaves them.
    pub claims: Vec<String>,
    /// Where it is switched on, or the release where the chart's default does it.
    pub origin: Option<Origin>,
}

/// What a leaf around the values says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// Which chart is installed.
    Chart,
    /// How the release is called and where it goes.
    Release,
    /// Where values come from; each of those is accounted for where it is written.
    Values,
    /// How the controller installs, checks and repairs the release.
    Driving,
}
