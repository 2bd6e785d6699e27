//! The plan as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Rule;

/// How the move is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Green is built beside blue, then users and queues pass over.
    BlueGreen,
}

/// A step's name: stable, since it lives in journals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl std::fmt::Display for StepId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a step can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reversibility {
    /// It changes nothing.
    ReadOnly,
    /// It can be taken back fully.
    Undoable,
    /// It can be taken back by putting objects from the backup in place again.
    FromBackup,
}

/// A Deployment and how many pods it shall have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicas {
    /// The Deployment's name.
    pub deployment: String,
    /// How many pods.
    pub replicas: u32,
}

/// How a Service passes from blue to green.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSwitch {
    /// The Service's name: the same before and after.
    pub service: String,
    /// The selector as found: blue's pods.
    pub blue: BTreeMap<String, String>,
    /// Selects blue's and green's pods.
    pub both: BTreeMap<String, String>,
    /// Selects green's pods.
    pub green: BTreeMap<String, String>,
    /// The component behind it: `web`, `streaming`.
    pub component: String,
}

/// A label put on running pods, so that one selector can reach both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodLabels {
    /// Which pods (blue's own labels).
    pub selector: BTreeMap<String, String>,
    /// The labels to put on them.
    pub labels: BTreeMap<String, String>,
}

/// A request to a green pod that no user's request can reach yet, made through the API server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideDoor {
    /// The component asked: `web`, `streaming`.
    pub component: String,
    /// Its pods.
    pub selector: BTreeMap<String, String>,
    /// The port of the container.
    pub port: u16,
    /// What is asked for.
    pub path: String,
    /// What the answer's text must contain besides status 200.
    pub contains: String,
}

/// A Secret, ConfigMap key or the like which the installation uses but the source does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNeed {
    /// The Secret's name.
    pub secret: String,
    /// The keys named one by one; all of it is used where `whole`.
    pub keys: Vec<String>,
    /// Whether some container takes the whole Secret as its environment.
    pub whole: bool,
}

/// What answers on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum RouteComponent {
    /// Puma.
    Web,
    /// The streaming server.
    Streaming,
    /// A neighbour, by its Deployment's (or else its Service's) name.
    Neighbour(String),
}

/// A way in which users reach a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The host name asked for.
    pub host: String,
    /// The path prefix.
    pub path: String,
    /// The Service behind it.
    pub service: String,
    /// The Service's port.
    pub port: u16,
    /// What answers.
    pub component: RouteComponent,
}

/// What a step does. All of it: execution decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    /// Blue stands as the plan says; the names of green are free; the Secrets green needs exist.
    CheckAssumptions,
    /// Keeps a second operator out.
    AcquireLease {
        /// The Lease's name.
        lease: String,
    },
    /// Autoscalers stop changing replicas: their bounds are pinned to what runs.
    PauseAutoscalers {
        /// HorizontalPodAutoscalers.
        autoscalers: Vec<String>,
    },
    /// Every object that later steps touch or remove is kept beside the journal.
    BackUp,
    /// Traffic is watched before anything changes.
    RecordBaseline {
        /// Cluster seconds.
        seconds: u64,
    },
    /// Green's objects are applied: no queue worked, no schedule run, no user routed.
    InstallGreen,
    /// Green's pods become ready.
    AwaitReady {
        /// Deployments and the pods they must have ready.
        deployments: Vec<Replicas>,
        /// Cluster seconds before it is given up.
        timeout_s: u64,
    },
    /// Green answers rightly, asked through the side door.
    VerifyGreen {
        /// What is asked.
        checks: Vec<SideDoor>,
    },
    /// Blue's workers end and their schedules pause. Never two schedulers: this is done before green's begin.
    DrainQueues {
        /// Blue's Sidekiq Deployments with their replicas as found.
        workers: Vec<Replicas>,
        /// Blue's CronJobs.
        cron_jobs: Vec<String>,
        /// Cluster seconds for the old workers to be gone.
        timeout_s: u64,
    },
    /// Green's workers and schedules begin.
    StartQueues {
        /// Green's Sidekiq Deployments with their replicas.
        workers: Vec<Replicas>,
        /// Green's CronJobs.
        cron_jobs: Vec<String>,
        /// Cluster seconds for the workers to be ready.
        timeout_s: u64,
    },
    /// Each Service selects blue and green.
    OpenOverlap {
        /// Labels that blue's pods need for it.
        pods: Vec<PodLabels>,
        /// The Services.
        services: Vec<ServiceSwitch>,
    },
    /// Each Service goes on selecting both: the front checks the health of green's pods itself before it sends users.
    HoldOverlap {
        /// Cluster seconds.
        seconds: u64,
    },
    /// Each Service selects green alone.
    CloseOverlap {
        /// The Services.
        services: Vec<ServiceSwitch>,
    },
    /// Users are on green, blue is hot, the guard watches.
    Observe {
        /// Cluster seconds.
        seconds: u64,
    },
    /// Blue's pods end.
    StopBlue {
        /// Blue's serving Deployments with their replicas as found.
        deployments: Vec<Replicas>,
        /// Cluster seconds for the pods to be gone.
        timeout_s: u64,
    },
    /// Blue's objects, which nothing uses any more, are deleted.
    RemoveBlue {
        /// `kind/name`, of the plan's blue objects.
        objects: Vec<String>,
    },
    /// Autoscalers, monitors and the like are pointed at green.
    Adopt,
    /// Helm is told of the release that green is: its record is written.
    RecordRelease {
        /// The Secret that keeps the record.
        secret: String,
    },
    /// What stands is compared with the plan.
    FinalAudit,
    /// The Lease is given back.
    ReleaseLease {
        /// The Lease's name.
        lease: String,
    },
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Stable name.
    pub id: StepId,
    /// What it does.
    #[serde(flatten)]
    pub action: Action,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// Cluster seconds it usually takes.
    pub expected_s: u64,
    /// The same by hand.
    pub commands: Vec<String>,
}

/// Green as a release of a Helm chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HelmRelease {
    /// The chart's name.
    pub chart: String,
    /// The chart's version.
    pub version: String,
    /// How a `helm` command names the chart, its version with it where it does not say it by itself.
    pub reference: String,
    /// `Kind/name` of each object of the chart's that is patched.
    pub patched: Vec<String>,
    /// `Kind/name` of each object that the chart has no place for.
    pub supplements: Vec<String>,
    /// What Helm shall remember of the release, as it keeps it itself, without times: `config` holds the values,
    /// `manifest` every object, as they stand in the end.
    pub record: serde_json::Value,
}

/// A plan: what stands, what shall stand, and every step between.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this form; readers refuse any other.
    pub format: u32,
    /// How the move is made.
    pub strategy: Strategy,
    /// What was read, as its user named it.
    pub source: String,
    /// Where blue stands and green shall.
    pub namespace: String,
    /// The release green belongs to.
    pub release: String,
    /// The domain users know (`LOCAL_DOMAIN`).
    pub domain: String,
    /// What routes users to pods: the name of one of the fronts a rehearsal knows, such as `ingress-nginx`.
    pub front: String,
    /// What told of the front: an object of the source, or the command line; none where it is assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front_by: Option<String>,
    /// Every object of the source as it stands, in the order read; secret values removed.
    pub blue: Vec<serde_json::Value>,
    /// What is applied while green is dark.
    pub green: Vec<serde_json::Value>,
    /// What is applied once blue is gone: autoscalers, monitors.
    pub adopted: Vec<serde_json::Value>,
    /// What green needs and the source does not hold.
    pub needs: Vec<SecretNeed>,
    /// How users reach what.
    pub routes: Vec<Route>,
    /// The guard's rules.
    pub rules: Vec<Rule>,
    /// The ledger in numbers: disposition to count, and `leaves`.
    pub ledger: BTreeMap<String, usize>,
    /// Green as a release of a Helm chart, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<HelmRelease>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The form this program writes and reads.
    pub const FORMAT: u32 = 1;
}
