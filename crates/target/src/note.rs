//! What became of leaves that were not simply carried.

use tree::Origin;

/// What happened to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Same meaning in another form.
    Translated,
    /// The target decides; what was written no longer holds.
    Replaced,
    /// It had no effect before either.
    Inert,
    /// The object stays as it is.
    Kept,
    /// It is left behind; nothing that a container or user gets depends on it.
    Dropped,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Objects are named after the release.
    ReleaseName,
    /// Labels and selectors are the chart's, which no old selector matches.
    ChartLabels,
    /// Containers are called as in the chart.
    ContainerName,
    /// It refers to an object that is named after the release now.
    Reference,
    /// Rolling updates would run two schedulers at once.
    OneScheduler,
    /// The Service stays and selects the new pods.
    ServiceSelector,
    /// An image is written as repository and tag.
    ImageParts,
    /// A value has another form in the chart: a list, a switch, a host without its scheme.
    ValueForm,
    /// The chart runs the same program in the same way.
    SameCommand,
    /// Ports of containers are called as in the chart.
    PortName,
    /// A secret that stood in the open goes to a Secret.
    MovedToSecret,
    /// The volume for media is called and mounted as in the chart.
    MediaVolume,
    /// The chart makes Deployments of all components.
    DeploymentOnly,
    /// The settings live in the chart's ConfigMap; this object is not needed.
    Absorbed,
    /// Components say the same, and one place says it for all of them.
    SaidOnce,
    /// Another part of the container's environment wins over it.
    Outdone,
    /// It is empty, and says nothing.
    Empty,
    /// A variable's name, which a key of the values says now.
    VariableName,
    /// Kubernetes serves the kind under another version today.
    CurrentApi,
    /// The old chart writes it in another form, and that stands here.
    ChartWrites,
    /// The old chart made something of it, and that stands here.
    ChartDecides,
    /// With it the old chart leaves something out, which is not there now either.
    ChartWithholds,
    /// The chart never reads this key.
    NeverRead,
    /// The chart reads it only where another key says so, which does not.
    SwitchedOff,
    /// The chart reads it, but as the other values stand nothing depends on it.
    OthersWin,
    /// The hook is off while both sides share a database; its Job is written for a person to run.
    HookWithheld,
    /// It shapes the hook that uploads assets before an upgrade, which is not written.
    UploadHook,
    /// It shapes only what ran when the old release was first installed, or tests it.
    RanOnce,
    /// It is for another chart of the umbrella chart, which is left alone.
    OtherChart,
    /// It names the old chart; the new one takes its place.
    OldChart,
    /// It names the old release, beside which the new one stands.
    OldRelease,
    /// It says where values come from; each of them is accounted for where it is written.
    ValuesFrom,
    /// It tells a controller how to drive the old release.
    OldDriver,
    /// What was left open here was filled in on the way to the cluster.
    FilledIn,
    /// The old chart keeps claims by an annotation that Helm does not know; the instructions beside this repair it.
    KeepRepaired,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 19] = [
        Self::ReleaseName,
        Self::ChartLabels,
        Self::ContainerName,
        Self::Reference,
        Self::OneScheduler,
        Self::ServiceSelector,
        Self::ImageParts,
        Self::ValueForm,
        Self::SameCommand,
        Self::PortName,
        Self::MovedToSecret,
        Self::MediaVolume,
        Self::DeploymentOnly,
        Self::Absorbed,
        Self::SaidOnce,
        Self::Outdone,
        Self::Empty,
        Self::VariableName,
        Self::CurrentApi,
    ];

    /// The message id of the reason, and its stable name in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::ReleaseName => "reason-release-name",
            Self::ChartLabels => "reason-chart-labels",
            Self::ContainerName => "reason-container-name",
            Self::Reference => "reason-reference",
            Self::OneScheduler => "reason-one-scheduler",
            Self::ServiceSelector => "reason-service-selector",
            Self::ImageParts => "reason-image-parts",
            Self::ValueForm => "reason-value-form",
            Self::SameCommand => "reason-same-command",
            Self::PortName => "reason-port-name",
            Self::MovedToSecret => "reason-moved-to-secret",
            Self::MediaVolume => "reason-media-volume",
            Self::DeploymentOnly => "reason-deployment-only",
            Self::Absorbed => "reason-absorbed",
            Self::SaidOnce => "reason-said-once",
            Self::Outdone => "reason-outdone",
            Self::Empty => "reason-empty",
            Self::VariableName => "reason-variable-name",
            Self::CurrentApi => "reason-current-api",
            Self::ChartWrites => "reason-chart-writes",
            Self::ChartDecides => "reason-chart-decides",
            Self::ChartWithholds => "reason-chart-withholds",
            Self::NeverRead => "reason-never-read",
            Self::SwitchedOff => "reason-switched-off",
            Self::OthersWin => "reason-others-win",
            Self::HookWithheld => "reason-hook-withheld",
            Self::UploadHook => "reason-upload-hook",
            Self::RanOnce => "reason-ran-once",
            Self::OtherChart => "reason-other-chart",
            Self::OldChart => "reason-old-chart",
            Self::OldRelease => "reason-old-release",
            Self::ValuesFrom => "reason-values-from",
            Self::OldDriver => "reason-old-driver",
            Self::FilledIn => "reason-filled-in",
            Self::KeepRepaired => "reason-keep-repaired",
        }
    }
}

/// A leaf, what became of it, and where that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The leaf.
    pub origin: Origin,
    /// What happened.
    pub change: Change,
    /// Why.
    pub reason: Reason,
    /// Object and path in the target.
    pub target: String,
}
