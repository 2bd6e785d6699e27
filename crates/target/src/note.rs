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
    /// The service goes on running on the Docker host.
    StaysOnHost,
    /// A variable is written as a name and a value of its own.
    VariableForm,
    /// Compose fills variables in; the outcome is written.
    Interpolated,
    /// A command line is written as its words.
    Words,
    /// What the file sets stands in a ConfigMap or a Secret.
    EnvFile,
    /// A published port is a Service's now, and the Ingress in front of it.
    ServicePort,
    /// A folder or volume of the host is a claim in the cluster.
    VolumeClaim,
    /// A file of the host is a ConfigMap, to be made from it.
    FileMount,
    /// A secret of the project is a file of a Secret, to be made from it.
    SecretMount,
    /// A healthcheck is a probe.
    Healthcheck,
    /// Kubernetes starts everything at once; what does not find its stores is started again.
    StartOrder,
    /// The pods of a Deployment are always started again.
    AlwaysRestarted,
    /// Pods and Services find one another in the cluster's network, by the names of Services.
    ClusterNetwork,
    /// Pods are named by their Deployment; others find them by the Service.
    PodName,
    /// What the host does for a container is up to the cluster's nodes.
    NodeSetting,
    /// What these labels tell a proxy, the Ingress says.
    ProxyLabels,
    /// An option of the proxy on the host; the Ingress controller has its own.
    ProxyOptions,
    /// A label for programs that look after Docker's containers.
    DockerLabel,
    /// Kubernetes builds no images: it takes this one from a registry.
    ImageBuilt,
    /// The Deployment says how new pods take the place of old ones.
    Rollout,
    /// It names nodes of the swarm, which are not those of the cluster.
    Placement,
    /// An amount in the form that Kubernetes writes.
    Quantity,
    /// It says how the project is put together.
    ProjectForm,
    /// No active profile switches the service on.
    NotSwitchedOn,
    /// Nothing uses it.
    Unused,
    /// Kubernetes allows no such name for a Service.
    ServiceName,
    /// Another address takes its place, as asked for.
    StoreElsewhere,
    /// The store is made anew in the cluster.
    StoreInCluster,
    /// Parts of one pod have pods of their own.
    TakenApart,
    /// Nobody wrote Compose's default; Kubernetes' own holds.
    ClusterDefault,
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
            Self::StaysOnHost => "reason-stays-on-host",
            Self::VariableForm => "reason-variable-form",
            Self::Interpolated => "reason-interpolated",
            Self::Words => "reason-words",
            Self::EnvFile => "reason-env-file",
            Self::ServicePort => "reason-service-port",
            Self::VolumeClaim => "reason-volume-claim",
            Self::FileMount => "reason-file-mount",
            Self::SecretMount => "reason-secret-mount",
            Self::Healthcheck => "reason-healthcheck",
            Self::StartOrder => "reason-start-order",
            Self::AlwaysRestarted => "reason-always-restarted",
            Self::ClusterNetwork => "reason-cluster-network",
            Self::PodName => "reason-pod-name",
            Self::NodeSetting => "reason-node-setting",
            Self::ProxyLabels => "reason-proxy-labels",
            Self::ProxyOptions => "reason-proxy-options",
            Self::DockerLabel => "reason-docker-label",
            Self::ImageBuilt => "reason-image-built",
            Self::Rollout => "reason-rollout",
            Self::Placement => "reason-placement",
            Self::Quantity => "reason-quantity",
            Self::ProjectForm => "reason-project-form",
            Self::NotSwitchedOn => "reason-not-switched-on",
            Self::Unused => "reason-unused",
            Self::ServiceName => "reason-service-name",
            Self::StoreElsewhere => "reason-store-elsewhere",
            Self::StoreInCluster => "reason-store-in-cluster",
            Self::TakenApart => "reason-taken-apart",
            Self::ClusterDefault => "reason-cluster-default",
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
