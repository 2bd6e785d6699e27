//! Both sides of a move as every strategy sees them: Deployments, Services, ways in.

use std::collections::BTreeMap;

use installation::{Installation, Labels, Object, Role};
use target::{GreenObject, SERVES, Target};

use crate::{Action, PlanError, PodLabels, Replicas, Reversibility, ServiceSwitch, SideDoor, Step, StepId};

/// The parts that users ask, in the order in which they pass over where they pass one by one.
pub(crate) const ASKED: [&str; 2] = ["streaming", "web"];

/// Both sides, and how the front must be treated.
pub(crate) struct Sides<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) target: &'a Target,
    /// How every Service in front of Mastodon passes over.
    pub(crate) services: Vec<ServiceSwitch>,
    /// Cluster seconds for which the front must have both sides before the old one may go; 0 where none.
    pub(crate) hold_overlap_s: u64,
}

/// A step without its commands.
pub(crate) fn step(
    id: impl Into<String>,
    action: Action,
    reversibility: Reversibility,
    expected_s: u64,
) -> Step {
    Step { id: StepId(id.into()), action, reversibility, expected_s, commands: Vec::new() }
}

/// Whether a green object is a worker of queues.
pub(crate) fn is_worker(made: &GreenObject) -> bool {
    made.component.starts_with("sidekiq")
}

impl<'a> Sides<'a> {
    /// # Errors
    /// If nothing routes users to web through a Service, so that there is nothing to switch.
    pub(crate) fn new(
        installation: &'a Installation,
        target: &'a Target,
        hold_overlap_s: u64,
    ) -> Result<Self, PlanError> {
        let services = switches(installation, target);
        if !services.iter().any(|switch| switch.component == "web") {
            return Err(PlanError::NothingToSwitch);
        }
        Ok(Self { installation, target, services, hold_overlap_s })
    }

    /// The Lease that keeps a second operator out.
    pub(crate) fn lease(&self) -> String {
        format!("mastoferry-{}", self.target.naming.full_name)
    }

    /// The Services in front of a part.
    pub(crate) fn services_of(&self, component: &str) -> Vec<ServiceSwitch> {
        self.services.iter().filter(|switch| switch.component == component).cloned().collect()
    }

    /// Blue's workers.
    pub(crate) fn blue_workers(&self) -> Vec<Replicas> {
        self.blue_deployments(|role| matches!(role, Role::Sidekiq(_)))
    }

    /// Blue's Deployments that users ask, and that are no workers as well.
    pub(crate) fn blue_serving(&self, component: Option<&str>) -> Vec<Replicas> {
        let workers = self.blue_workers();
        let asked = |role: &Role| {
            matches!(role, Role::Web | Role::Streaming)
                && component.is_none_or(|component| role.component() == component)
        };
        let mut serving = self.blue_deployments(asked);
        serving.retain(|own| !workers.iter().any(|worker| worker.deployment == own.deployment));
        serving
    }

    fn blue_deployments(&self, accept: impl Fn(&Role) -> bool) -> Vec<Replicas> {
        let mut seen = Vec::new();
        let mut found = Vec::new();
        for (_, component) in self.installation.components_where(accept) {
            let workload = self.installation.workload(component);
            if workload.kind() != "Deployment" || seen.contains(&component.object) {
                continue;
            }
            seen.push(component.object);
            found.push(Replicas { deployment: workload.name().to_owned(), replicas: workload.replicas() });
        }
        found
    }

    fn green_deployments(&self, accept: impl Fn(&GreenObject) -> bool) -> Vec<Replicas> {
        let made = self.target.green.iter();
        made.filter(|made| made.object.kind() == "Deployment" && accept(made))
            .map(|made| self.green_replicas(made))
            .collect()
    }

    /// A Deployment of green's with the pods that it shall have: as many as blue's.
    pub(crate) fn green_replicas(&self, made: &GreenObject) -> Replicas {
        Replicas {
            deployment: made.object.name().to_owned(),
            replicas: made.from.map_or(1, |from| self.installation.objects[from].replicas()),
        }
    }

    /// Green's Deployments that users ask.
    pub(crate) fn green_serving(&self, component: Option<&str>) -> Vec<Replicas> {
        self.green_deployments(|made| {
            !is_worker(made) && component.is_none_or(|component| made.component == component)
        })
    }

    /// Green's workers.
    pub(crate) fn green_workers(&self) -> Vec<Replicas> {
        self.green_deployments(is_worker)
    }

    /// Blue's objects of a kind that go when blue goes.
    pub(crate) fn removed_of(&self, kind: &str) -> Vec<String> {
        let objects = self.target.removed.iter().map(|index| &self.installation.objects[*index]);
        objects.filter(|object| object.kind() == kind).map(|object| object.name().to_owned()).collect()
    }

    /// `kind/name` of all of blue's objects that go when blue goes.
    pub(crate) fn removed(&self) -> Vec<String> {
        self.target.removed.iter().map(|index| self.installation.objects[*index].id().to_string()).collect()
    }

    /// Green's CronJobs.
    pub(crate) fn green_cron_jobs(&self) -> Vec<String> {
        let jobs = self.target.green.iter().filter(|made| made.object.kind() == "CronJob");
        jobs.map(|made| made.object.name().to_owned()).collect()
    }

    /// The labels that blue's pods need so that these Services can select both sides.
    pub(crate) fn overlap_labels(&self, services: &[ServiceSwitch]) -> Vec<PodLabels> {
        let mut labels: Vec<PodLabels> = Vec::new();
        for behind in &self.installation.services {
            let component = &self.installation.components[behind.component];
            let name = component.role.component();
            if !services.iter().any(|switch| switch.component == name) {
                continue;
            }
            let entry = PodLabels {
                selector: pods_of(self.installation, component.object).0,
                labels: BTreeMap::from([(SERVES.to_owned(), self.target.naming.object(&name))]),
            };
            if !labels.contains(&entry) {
                labels.push(entry);
            }
        }
        labels
    }

    /// What a part of green is asked before users reach it; of every part where none is named.
    pub(crate) fn side_doors(&self, component: Option<&str>) -> Vec<SideDoor> {
        let mut doors = Vec::new();
        let mut door = |role: Role, checks: &[(&str, &str)]| {
            let name = role.component();
            let own = self.installation.components_where(|own| *own == role).next();
            let Some((_, part)) = own.filter(|_| component.is_none_or(|wanted| wanted == name)) else {
                return;
            };
            for (path, contains) in checks {
                doors.push(SideDoor {
                    component: name.clone(),
                    selector: self.target.naming.selector(&name).0,
                    port: self.installation.port(part),
                    path: (*path).to_owned(),
                    contains: (*contains).to_owned(),
                });
            }
        };
        door(Role::Web, &[("/health", "OK"), ("/", "Mastodon"), ("/api/v1/instance", "uri")]);
        door(Role::Streaming, &[("/api/v1/streaming/health", "OK")]);
        doors
    }

    /// The seconds after which the slowest of these parts can first be ready by its own probes, and a margin.
    pub(crate) fn slowest_start(&self, roles: impl Fn(&Role) -> bool) -> u64 {
        let mut slowest = 30;
        for (_, component) in self.installation.components_where(roles) {
            let containers = self.installation.workload(component).containers();
            for probe in containers
                .flat_map(|container| ["startupProbe", "readinessProbe"].map(|key| container.get(key)))
                .flatten()
            {
                let number = |key: &str| {
                    probe.get(key).and_then(tree::Node::as_i64).and_then(|n| u64::try_from(n).ok())
                };
                let wait =
                    number("initialDelaySeconds").unwrap_or(0) + 2 * number("periodSeconds").unwrap_or(10);
                slowest = slowest.max(wait);
            }
        }
        slowest
    }

    /// As [`Sides::slowest_start`], of what users ask.
    pub(crate) fn serving_start(&self) -> u64 {
        self.slowest_start(|role| matches!(role, Role::Web | Role::Streaming))
    }

    /// As [`Sides::slowest_start`], of the workers.
    pub(crate) fn worker_start(&self) -> u64 {
        self.slowest_start(|role| matches!(role, Role::Sidekiq(_)))
    }
}

/// How every Service in front of Mastodon passes over.
fn switches(installation: &Installation, target: &Target) -> Vec<ServiceSwitch> {
    let mut switches = Vec::new();
    for switched in &target.switched {
        let Some(behind) = installation.services.iter().find(|behind| behind.object == switched.from) else {
            continue;
        };
        let serves = target.naming.object(&switched.component);
        switches.push(ServiceSwitch {
            service: switched.object.name().to_owned(),
            blue: behind.selector.0.clone(),
            both: BTreeMap::from([(SERVES.to_owned(), serves)]),
            green: target.naming.selector(&switched.component).0,
            component: switched.component.clone(),
        });
    }
    switches
}

/// Labels that find a workload's pods and no other's: its selector, or where that finds others as well, all labels of its pods.
fn pods_of(installation: &Installation, workload: usize) -> Labels {
    let selector = deployment_selector(&installation.objects[workload]);
    let mut others = installation.objects.iter().enumerate().filter(|(index, _)| *index != workload);
    if others.any(|(_, other)| other.template().is_some() && selector.select(&other.pod_labels())) {
        return installation.objects[workload].pod_labels();
    }
    selector
}

fn deployment_selector(workload: &Object) -> Labels {
    workload.node.at_keys(&["spec", "selector", "matchLabels"]).map(Labels::read).unwrap_or_default()
}
