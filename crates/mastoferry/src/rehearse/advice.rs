//! What could be better in what was read: seen before anything is carried out, because only here are file and line known.

use installation::{Component, FindingKind, Installation, Object, Role, ScalingKind};
use tree::{Files, Node, Origin};

use crate::summary::Advice;

/// What Kubernetes takes for `progressDeadlineSeconds` where nothing is said.
const PROGRESS_DEADLINE_S: i64 = 600;
/// What Kubernetes takes for `terminationGracePeriodSeconds` where nothing is said.
const GRACE_S: i64 = 30;
/// A first look later than this makes every start of a pod slow, however fast it booted.
const LATE_LOOK_S: i64 = 60;

/// Everything that would make the move, or any update after it, easier on users.
pub(crate) fn of(installation: &Installation, files: &Files) -> Vec<Advice> {
    let reader = Reader { installation, files };
    let mut advice = Vec::new();
    for (_, component) in installation.components_where(|role| matches!(role, Role::Web | Role::Streaming)) {
        reader.serving(component, &mut advice);
    }
    for (_, component) in installation.components_where(Role::is_lasting) {
        reader.deadline(component, &mut advice);
        reader.grace(component, &mut advice);
    }
    reader.found(&mut advice);
    advice
}

struct Reader<'a> {
    installation: &'a Installation,
    files: &'a Files,
}

impl Reader<'_> {
    fn about(&self, code: &str, component: &Component, place: Option<Origin>) -> Advice {
        let workload = self.installation.workload(component);
        let part = component.role.component();
        Advice::new(code, &workload.id().to_string(), &part).at(self.place(place.or(workload.node.origin)))
    }

    fn place(&self, origin: Option<Origin>) -> Option<String> {
        origin.map(|origin| self.files.place(origin))
    }

    fn container(&self, component: &Component) -> Option<&Node> {
        self.installation.workload(component).containers().nth(component.container)
    }

    /// What users meet when a pod starts, stops or is moved elsewhere.
    fn serving(&self, component: &Component, advice: &mut Vec<Advice>) {
        let workload = self.installation.workload(component);
        let Some(container) = self.container(component) else { return };
        let replicas = workload.node.at_keys(&["spec", "replicas"]);
        let least = self.least_pods(component, workload);
        if least <= 1 {
            advice.push(self.about("one-replica", component, replicas.and_then(|node| node.origin)));
        } else if !self.is_scaled_by(component, |kind| kind == ScalingKind::DisruptionBudget) {
            advice.push(self.about("no-disruption-budget", component, None).with("replicas", least));
        }
        match (container.get("readinessProbe"), container.get("startupProbe")) {
            (None, _) => advice.push(self.about("no-readiness", component, container.origin)),
            (Some(probe), None) => {
                let delay = probe.get("initialDelaySeconds");
                let seconds = delay.and_then(Node::as_i64).unwrap_or(0);
                if seconds >= LATE_LOOK_S {
                    let place = delay.and_then(|node| node.origin);
                    advice.push(self.about("late-readiness", component, place).with("seconds", seconds));
                }
            }
            (Some(_), Some(_)) => {}
        }
        if container.at_keys(&["lifecycle", "preStop"]).is_none() {
            advice.push(self.about("no-pre-stop", component, container.origin).with("seconds", 10));
        }
        let strategy = workload.node.at_keys(&["spec", "strategy", "type"]);
        if strategy.and_then(Node::as_str) == Some("Recreate") {
            advice.push(self.about("recreate", component, strategy.and_then(|node| node.origin)));
        }
    }

    fn least_pods(&self, component: &Component, workload: &Object) -> u32 {
        let mut scaling = self.installation.scaling.iter();
        let scaler = scaling.find(|own| own.workload == Some(component.object) && own.kind.adds_pods());
        let least = scaler.and_then(|own| own.min.as_deref()).and_then(|least| least.parse().ok());
        least.unwrap_or_else(|| workload.replicas())
    }

    fn is_scaled_by(&self, component: &Component, is: impl Fn(ScalingKind) -> bool) -> bool {
        let mut scaling = self.installation.scaling.iter();
        scaling.any(|own| own.workload == Some(component.object) && is(own.kind))
    }

    /// How near the start of a pod comes to the time after which a rollout counts as failed.
    fn deadline(&self, component: &Component, advice: &mut Vec<Advice>) {
        let workload = self.installation.workload(component);
        let stated = workload.node.at_keys(&["spec", "progressDeadlineSeconds"]);
        let deadline = stated.and_then(Node::as_i64).unwrap_or(PROGRESS_DEADLINE_S);
        let Some(container) = self.container(component) else { return };
        let slowest = ["startupProbe", "readinessProbe"].iter().filter_map(|key| container.get(key));
        let delay = |probe: &Node| probe.get("initialDelaySeconds").and_then(Node::as_i64).unwrap_or(0);
        let Some(probe) = slowest.max_by_key(|probe| delay(probe)) else { return };
        let seconds = delay(probe);
        if seconds * 2 >= deadline {
            let place = stated.or(probe.get("initialDelaySeconds")).and_then(|node| node.origin);
            let told = self.about("boot-near-deadline", component, place);
            advice.push(told.with("seconds", seconds).with("deadline", deadline));
        }
    }

    /// Whether what happens before SIGTERM leaves time for what must happen after it.
    fn grace(&self, component: &Component, advice: &mut Vec<Advice>) {
        let workload = self.installation.workload(component);
        let stated = workload
            .template()
            .and_then(|template| template.at_keys(&["spec", "terminationGracePeriodSeconds"]));
        let grace = stated.and_then(Node::as_i64).unwrap_or(GRACE_S);
        let Some(container) = self.container(component) else { return };
        let hook = container.at_keys(&["lifecycle", "preStop"]);
        let slept = hook.map_or(0, slept);
        // Sidekiq gives running jobs 25 s; Puma answers what it has begun, which takes seconds.
        let drain = if matches!(component.role, Role::Sidekiq(_)) { 25 } else { 5 };
        if slept > 0 && slept + drain > grace {
            let place = stated.or(hook).and_then(|node| node.origin);
            let told = self.about("pre-stop-eats-grace", component, place);
            advice.push(told.with("slept", slept).with("grace", grace).with("drain", drain));
        }
    }

    /// What reading found that bears on a move.
    fn found(&self, advice: &mut Vec<Advice>) {
        for finding in &self.installation.findings {
            let code = match finding.kind {
                FindingKind::SeveralSchedulers => "several-schedulers",
                FindingKind::SchedulerOverlapsOnUpdate => "scheduler-overlaps",
                FindingKind::ShortGracePeriod => "short-grace",
                FindingKind::MigratesOnStart => "migrates-on-start",
                FindingKind::FloatingImage => "floating-image",
                _ => continue,
            };
            let told = Advice::new(code, &finding.object.to_string(), "");
            advice.push(told.at(self.place(finding.origin)));
        }
    }
}

/// How many seconds a hook sleeps, in its own field or in a command.
fn slept(hook: &Node) -> i64 {
    if let Some(seconds) = hook.at_keys(&["sleep", "seconds"]).and_then(Node::as_i64) {
        return seconds;
    }
    let command = hook.at_keys(&["exec", "command"]).into_iter().flat_map(Node::items);
    let text = command.filter_map(Node::as_str).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let sleeps = words.windows(2).filter(|pair| pair[0].rsplit('/').next() == Some("sleep"));
    sleeps.filter_map(|pair| pair[1].trim_end_matches(['s', ';']).parse::<i64>().ok()).sum()
}
