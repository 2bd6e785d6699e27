//! The model.

use tree::{Node, Origin};

use crate::{
    Certificate, Environment, HeldSecret, Labels, Mail, Monitor, Neighbour, Object, ObjectId, Role, Scaling,
    Schedule, Store, Version, command_line,
};

/// A container that runs a part of Mastodon, and the workload around it.
#[derive(Debug, Clone)]
pub struct Component {
    /// What it is.
    pub role: Role,
    /// Index of the workload in [`Installation::objects`].
    pub object: usize,
    /// Index of the container among the workload's containers.
    pub container: usize,
    /// The labels of its pods.
    pub labels: Labels,
    /// What it gets as environment.
    pub environment: Environment,
}

impl Component {
    /// The port that its container listens on: what its command or `PORT` says, else the documented one (3000 for Puma,
    /// 4000 for streaming) where the container declares it or nothing, else the first one declared that is not the
    /// exporter's (9394).
    #[must_use]
    pub fn port(&self, container: &Node) -> u16 {
        let words = command_line(container);
        let option = words.windows(2).find(|pair| matches!(pair[0].as_str(), "-p" | "--port"));
        let said = option.filter(|_| self.role == Role::Web).map(|pair| pair[1].as_str());
        let said = said.or_else(|| self.environment.text("PORT")).and_then(|text| text.parse().ok());
        let documented = if self.role == Role::Streaming { 4000 } else { 3000 };
        let ports = container.get("ports").into_iter().flat_map(Node::items);
        let declared: Vec<u16> = ports
            .filter_map(|port| port.get("containerPort").and_then(Node::as_i64))
            .filter_map(|port| u16::try_from(port).ok())
            .collect();
        let likely = || declared.iter().find(|port| **port != 9394).or(declared.first()).copied();
        match said {
            Some(said) => said,
            None if declared.contains(&documented) => documented,
            None => likely().unwrap_or(documented),
        }
    }
}

/// A Service of the installation, and what stands behind it.
#[derive(Debug, Clone)]
pub struct ServiceBehind {
    /// Index of the Service in [`Installation::objects`].
    pub object: usize,
    /// Its selector.
    pub selector: Labels,
    /// Index of the component in [`Installation::components`].
    pub component: usize,
    /// Other workloads that answer at some of its ports, by index of the object: no one selector of another side can take the
    /// place of this one.
    pub others: Vec<usize>,
}

/// What answers on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTarget {
    /// A component of Mastodon, by index.
    Component(usize),
    /// A neighbour's workload, by index of the object.
    Neighbour(usize),
    /// A Service with nothing known behind it.
    Unknown,
}

/// A way in which users reach a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The host name; empty for any.
    pub host: String,
    /// The path prefix.
    pub path: String,
    /// The Service behind it.
    pub service: String,
    /// The Service's port.
    pub port: u16,
    /// What answers.
    pub target: RouteTarget,
    /// Where it is written.
    pub origin: Option<Origin>,
    /// What kind of route it is.
    pub kind: RouteKind,
    /// Index of the object that makes it.
    pub object: usize,
    /// Whether it is known to be served with TLS.
    pub tls: bool,
}

/// What makes a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteKind {
    /// An `Ingress`.
    Ingress,
    /// An `HTTPRoute` of the Gateway API.
    HttpRoute,
    /// Traefik's `IngressRoute`.
    IngressRoute,
    /// OpenShift's `Route`.
    OpenShift,
    /// A Service of type `LoadBalancer`: a port, with no host unless external-dns is told one.
    LoadBalancer,
    /// A Service of type `NodePort`.
    NodePort,
    /// A port of the host: `hostPort`, or one that Compose publishes. The host is the address it is bound to.
    HostPort,
    /// Labels or variables that a proxy reads: Traefik, Caddy, nginx-proxy.
    ProxyLabels,
}

impl RouteKind {
    /// Whether requests are told apart by host and path, rather than by a port alone.
    #[must_use]
    pub fn knows_hosts(self) -> bool {
        !matches!(self, Self::LoadBalancer | Self::NodePort | Self::HostPort)
    }
}

/// Something the installation uses and the source does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// `Secret` or `ConfigMap`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The namespace of the pods that need it, where they say one.
    pub namespace: Option<String>,
    /// The keys named one by one.
    pub keys: Vec<String>,
    /// Whether some container takes all of it as environment.
    pub whole: bool,
    /// Index of the object in the source that makes it in the cluster (`SealedSecret`, `ExternalSecret`,
    /// `OnePasswordItem`, Vault's, an operator's).
    pub provided_by: Option<usize>,
    /// Whether every container that uses it can start without it.
    pub optional: bool,
}

/// Something a person should know before moving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// The object concerned.
    pub object: ObjectId,
    /// Where it is written.
    pub origin: Option<Origin>,
    /// What it names, by the name of the message's variable: `queues`, `settings`, `image`, … Never a secret.
    pub arguments: Vec<(&'static str, String)>,
    /// Every object concerned, where it is about several.
    pub objects: Vec<ObjectId>,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// An autoscaler, or `replicas`, can run the scheduler twice.
    SeveralSchedulers,
    /// A rolling update of this worker overlaps two schedulers.
    SchedulerOverlapsOnUpdate,
    /// The grace period does not exceed the 25 s that Sidekiq gives its jobs.
    ShortGracePeriod,
    /// No worker serves some queue.
    UnservedQueue,
    /// An image is not pinned by version or digest.
    FloatingImage,
    /// Several workers serve the queue `scheduler` (`objects`).
    SeveralSchedulerWorkers,
    /// Nothing here runs a part that every Mastodon has (`component`).
    MissingComponent,
    /// Web and Sidekiq keep media on different volumes.
    MediaApart,
    /// Media lie in the container or an `emptyDir`, and are lost with the pod.
    MediaVolatile,
    /// Settings that the release needs to start are nowhere set (`settings`).
    MissingSettings,
    /// They may be missing: a part of the environment cannot be seen (`settings`, `unseen`).
    CannotTellSettings,
    /// Settings that the release no longer reads (`settings`).
    ObsoleteSettings,
    /// Settings that the release does not read yet (`settings`).
    EarlySettings,
    /// Names that are nearly a setting's (`settings`, as `wrong → right`).
    MisspeltSettings,
    /// Web, streaming and Sidekiq run different releases (`releases`).
    VersionsApart,
    /// Secrets stand in the open, in a ConfigMap or a container (`settings`).
    SecretsInTheOpen,
    /// `REDIS_NAMESPACE` is set for 4.4 or later, which refuses to start.
    RedisNamespace,
    /// Streaming runs, and no route leads to it.
    StreamingUnrouted,
    /// Every start of a pod migrates the database.
    MigratesOnStart,
    /// Sidekiq takes its queues from a file of the owner's own, which was not read (`file`).
    OwnSidekiqConfig,
}

/// Which part of the installation an object belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It runs or configures Mastodon, or follows its pods.
    Mastodon,
    /// It stands beside and stays.
    Neighbour,
}

/// A Mastodon installation as it stands.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The namespace, where the objects say one.
    pub namespace: Option<String>,
    /// `LOCAL_DOMAIN`, or else the host of the route to web.
    pub domain: String,
    /// Every object, in the order read.
    pub objects: Vec<Object>,
    /// The parts of Mastodon.
    pub components: Vec<Component>,
    /// The Services in front of them.
    pub services: Vec<ServiceBehind>,
    /// How users reach what.
    pub routes: Vec<Route>,
    /// What is used and not held.
    pub needs: Vec<Need>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// The releases that its images say they are, each image once; web's first.
    pub versions: Vec<Version>,
    /// Where its data lives.
    pub stores: Vec<Store>,
    /// How mail leaves.
    pub mail: Vec<Mail>,
    /// What runs by the clock.
    pub schedules: Vec<Schedule>,
    /// What scales or protects its workloads.
    pub scaling: Vec<Scaling>,
    /// The certificates users are served with.
    pub certificates: Vec<Certificate>,
    /// What watches it.
    pub monitors: Vec<Monitor>,
    /// What stands beside it.
    pub neighbours: Vec<Neighbour>,
    /// How its secrets are held.
    pub secrets: Vec<HeldSecret>,
}

impl Installation {
    /// The components of a kind of role, with their indices.
    pub fn components_where(
        &self,
        accept: impl Fn(&Role) -> bool,
    ) -> impl Iterator<Item = (usize, &Component)> {
        self.components.iter().enumerate().filter(move |(_, component)| accept(&component.role))
    }

    /// The object a component's container runs in.
    #[must_use]
    pub fn workload(&self, component: &Component) -> &Object {
        &self.objects[component.object]
    }

    /// The port that a component's container listens on ([`Component::port`]).
    #[must_use]
    pub fn port(&self, component: &Component) -> u16 {
        let container = self.workload(component).containers().nth(component.container);
        container.map_or(0, |container| component.port(container))
    }

    /// The selectors by which anything in the installation finds pods, with the object's index.
    #[must_use]
    pub fn pod_selectors(&self) -> Vec<(usize, Labels)> {
        let mut selectors = Vec::new();
        for (index, object) in self.objects.iter().enumerate() {
            let keys: &[&str] = match object.kind() {
                "Service" | "ReplicationController" => &["spec", "selector"],
                "Deployment"
                | "StatefulSet"
                | "DaemonSet"
                | "ReplicaSet"
                | "PodDisruptionBudget"
                | "PodMonitoring"
                | "PodMonitor" => &["spec", "selector", "matchLabels"],
                "NetworkPolicy" => &["spec", "podSelector", "matchLabels"],
                _ => continue,
            };
            if let Some(node) = object.node.at_keys(keys) {
                let labels = Labels::read(node);
                if !labels.0.is_empty() {
                    selectors.push((index, labels));
                }
            }
        }
        selectors
    }
}
