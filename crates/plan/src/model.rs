//! The plan as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{GitOpsOwner, Handover, Rule, StoreMove, StoresMove};

/// How the move is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Green is built beside blue, then users and queues pass over.
    BlueGreen,
    /// Green takes blue's place pod by pod.
    Rolling,
    /// Users get a page that says so while blue ends and green begins.
    Maintenance,
}

impl Strategy {
    /// The name on the command line, in plans and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BlueGreen => "blue-green",
            Self::Rolling => "rolling",
            Self::Maintenance => "maintenance",
        }
    }
}

/// Why a plan follows its strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// Both sides use the same stores at once, and nothing says that there is no room for both.
    Room,
    /// A ResourceQuota leaves no room for both sides' serving pods.
    Quota {
        /// Its name.
        quota: String,
        /// What it counts: `requests.memory`, `pods`.
        resource: String,
        /// How much of it is left.
        left: String,
        /// How much green's serving pods need.
        needed: String,
    },
    /// A port of the machine itself (`hostPort`) that serving pods of both sides take: on one machine green's pod can only
    /// start when blue's has ended.
    HostPort {
        /// Its number.
        port: u16,
    },
    /// Stores pass over as well, and users get a page in that pause instead of failures.
    StoresMove,
    /// A claim that one pod alone may have: green's pod can only start when blue's has ended.
    ClaimOfOnePod {
        /// Its name.
        claim: String,
    },
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
    /// Whether every container that uses it can start without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
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

/// How users pass to the maintenance page, or from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSwitch {
    /// Labels that blue's pods need so that the Services can select them beside the page.
    pub pods: Vec<PodLabels>,
    /// The Services. The page is where `green` is while it is shown, and where `blue` is while it is hidden.
    pub services: Vec<ServiceSwitch>,
    /// Cluster seconds for which the front must have both before the old one may go; 0 where none.
    pub hold_s: u64,
}

/// Deployments that end in parts, so that live connections are not all made anew at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waves {
    /// The Deployments.
    pub deployments: Vec<String>,
    /// In how many parts at most; there are no more than pods.
    pub parts: u32,
    /// Cluster seconds between one part and the next.
    pub pause_s: u64,
}

/// A route with weights, and where it leads beside blue's Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightedRoute {
    /// The HTTPRoute's name.
    pub route: String,
    /// The Service it leads to, behind which blue is.
    pub service: String,
    /// Green's own Service.
    pub green: String,
    /// Its port.
    pub port: u16,
}

/// A part whose pods pass one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PodShift {
    /// Which part: `web`, `streaming`.
    pub component: String,
    /// Blue's Deployments with their replicas as found.
    pub blue: Vec<Replicas>,
    /// Green's Deployments with their replicas.
    pub green: Vec<Replicas>,
    /// The Services.
    pub services: Vec<ServiceSwitch>,
    /// What each new pod is asked.
    pub checks: Vec<SideDoor>,
    /// Cluster seconds for the front to take in that a pod came or went.
    pub settle_s: u64,
    /// Cluster seconds for one pod to be ready, and for one to be gone.
    pub timeout_s: u64,
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
    /// Who applies blue's objects from a repository stops doing so.
    PauseGitops {
        /// Those that left their marks on blue's objects; whoever applies these in turn is paused with them.
        owners: Vec<GitOpsOwner>,
    },
    /// Every object that later steps touch or remove is kept beside the journal.
    BackUp,
    /// Traffic is watched before anything changes.
    RecordBaseline {
        /// Cluster seconds.
        seconds: u64,
    },
    /// The new stores get what the old ones hold, and follow them, while blue serves.
    FollowStores {
        /// Which, and how.
        moves: Vec<StoreMove>,
    },
    /// The stores pass over at one point: a fence, the last changes of all of them, and the new ones open. Blue's workers are
    /// gone; what blue's other pods would still write is refused by the fence.
    CutOverStores {
        /// Which, and how.
        moves: Vec<StoreMove>,
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
    /// Pods of green start that nobody reaches yet.
    RaiseGreen {
        /// Deployments and the pods they must have ready.
        deployments: Vec<Replicas>,
        /// Cluster seconds before it is given up.
        timeout_s: u64,
    },
    /// Green takes blue's place pod by pod: one pod of green more, asked through the side door; then one of blue's less,
    /// which no Service selects any more when it ends. Never more than one pod too many.
    ShiftPods(PodShift),
    /// Of a hundred requests so many go to green's own Service, one stage after the other.
    ShiftWeights {
        /// The routes.
        routes: Vec<WeightedRoute>,
        /// What of a hundred goes to green in each stage.
        stages: Vec<u32>,
        /// Cluster seconds for which each stage is watched.
        stage_s: u64,
    },
    /// The routes lead again where they did: the Services behind them have passed to green.
    RestoreRoutes {
        /// The routes.
        routes: Vec<WeightedRoute>,
    },
    /// The maintenance page stands where nobody comes, and answers as it must: 503 with `Retry-After`.
    RaisePage {
        /// Its Deployments and their pods.
        deployments: Vec<Replicas>,
        /// What its pods are asked.
        checks: Vec<SideDoor>,
        /// Cluster seconds before it is given up.
        timeout_s: u64,
    },
    /// Users get the maintenance page: it is announced that nothing else is served.
    ShowPage(PageSwitch),
    /// Users get green in place of the maintenance page.
    HidePage(PageSwitch),
    /// The maintenance page's objects are deleted.
    RemovePage,
    /// Blue's pods end.
    StopBlue {
        /// Blue's serving Deployments with their replicas as found.
        deployments: Vec<Replicas>,
        /// Those that end in parts, before the others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waves: Option<Waves>,
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
    /// Why it is made so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
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
    /// The maintenance page's objects, where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<serde_json::Value>,
    /// What green needs and the source does not hold.
    pub needs: Vec<SecretNeed>,
    /// How users reach what.
    pub routes: Vec<Route>,
    /// The guard's rules.
    pub rules: Vec<Rule>,
    /// What is known of Sidekiq for passing its queues on over its own Redis.
    #[serde(default)]
    pub handover: Handover,
    /// The ledger in numbers: disposition to count, and `leaves`.
    pub ledger: BTreeMap<String, usize>,
    /// The stores that pass over as well.
    #[serde(default, skip_serializing_if = "StoresMove::is_empty")]
    pub stores: StoresMove,
    /// Green as a release of a Helm chart, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<HelmRelease>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The form this program writes and reads.
    pub const FORMAT: u32 = 1;

    /// For how many cluster seconds users usually get the page: from the step that shows it to the one that hides it. None
    /// in a plan without one.
    #[must_use]
    pub fn page_s(&self) -> Option<u64> {
        let place = |of: fn(&Action) -> bool| self.steps.iter().position(|step| of(&step.action));
        let shown = place(|action| matches!(action, Action::ShowPage(_)))?;
        let hidden = place(|action| matches!(action, Action::HidePage(_)))?;
        Some(self.steps.get(shown..=hidden)?.iter().map(|step| step.expected_s).sum())
    }

    /// The objects of blue that are in the plan's namespace, or in none. The others (an Argo CD project in `argocd`, a
    /// tunnel in a namespace of its own) were read with the source; they are neither asked for nor touched.
    pub fn blue_here(&self) -> impl Iterator<Item = &serde_json::Value> {
        let elsewhere = |object: &serde_json::Value| {
            object.pointer("/metadata/namespace").is_some_and(|own| own != self.namespace.as_str())
        };
        self.blue.iter().filter(move |object| !elsewhere(object))
    }
}
