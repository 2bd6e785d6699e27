//! The life of one container: configured, started, probed, restarted, ended.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::{Client, ResourceExt};
use tokio::sync::watch;

use super::address::Claim;
use super::events::Pen;
use super::hooks;
use super::images::Images;
use super::probe::{Enough, Subject};
use super::settings::Settings;
use super::status::{Account, End, Report, Standing};
use crate::standin::{Component, Duty, Identity, NOTICE_FOLDER, Notice, Process, ProcessSpec, World};

/// How long the kubelet waits before it tries a refused container again, in cluster time.
pub(super) const RETRY: Duration = Duration::from_secs(5);

/// The first and the longest wait before a container that ended is started again.
const FIRST_BACKOFF: Duration = Duration::from_secs(10);
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// What the containers of one pod share.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) world: World,
    pub(super) clock: Clock,
    pub(super) pod: Arc<Pod>,
    pub(super) claim: Claim,
    pub(super) pen: Pen,
    pub(super) images: Arc<Images>,
    pub(super) report: watch::Sender<Report>,
    /// The grace period, once the pod is to end.
    pub(super) stop: watch::Sender<Option<Duration>>,
}

impl Context {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Waits until the pod is to end and tells the grace period.
    pub(super) async fn stopped(&self) -> Duration {
        let mut stop = self.stop.subscribe();
        let ordered = stop.wait_for(Option::is_some).await.map(|grace| *grace);
        ordered.ok().flatten().unwrap_or(Duration::ZERO)
    }

    /// Waits a span of cluster time; false when the pod is to end before it is over.
    pub(super) async fn pause(&self, span: Duration) -> bool {
        tokio::select! {
            biased;
            _ = self.stopped() => false,
            () = self.clock.sleep(span) => true,
        }
    }

    pub(super) fn identity(&self) -> Identity {
        let labels = self.pod.labels();
        Identity {
            pod: self.pod.name_any(),
            owner: owner(&self.pod),
            release: labels.get("app.kubernetes.io/instance").cloned(),
        }
    }
}

/// The name of the Deployment behind a pod, or of whatever else owns it.
fn owner(pod: &Pod) -> String {
    let Some(owner) = pod.owner_references().iter().find(|owner| owner.controller == Some(true)) else {
        return pod.name_any();
    };
    let hash = pod.labels().get("pod-template-hash");
    let without_hash = hash.and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
    match (without_hash, owner.kind.as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, "ReplicaSet") => {
            owner.name.rsplit_once('-').map_or(owner.name.as_str(), |(name, _)| name).to_owned()
        }
        (None, _) => owner.name.clone(),
    }
}

/// Which of a pod's containers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    Init(usize),
    Main(usize),
}

impl Slot {
    fn of(self, report: &Report) -> &Account {
        match self {
            Self::Init(at) => &report.init[at],
            Self::Main(at) => &report.main[at],
        }
    }

    fn of_mut(self, report: &mut Report) -> &mut Account {
        match self {
            Self::Init(at) => &mut report.init[at],
            Self::Main(at) => &mut report.main[at],
        }
    }
}

/// When a container that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    Always,
    OnFailure,
    Never,
}

impl Restart {
    pub(super) fn of(policy: Option<&str>) -> Self {
        match policy {
            Some("Never") => Self::Never,
            Some("OnFailure") => Self::OnFailure,
            _ => Self::Always,
        }
    }

    fn after(self, code: i32) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => code != 0,
            Self::Never => false,
        }
    }
}

/// One container to be kept running.
pub(super) struct Keeper<'a> {
    pub(super) context: &'a Context,
    pub(super) container: &'a Container,
    pub(super) slot: Slot,
    pub(super) duty: Duty,
    pub(super) restart: Restart,
}

/// Why a started process is no longer to run, or no longer does.
enum Turn {
    Exited(i32),
    /// By which probe.
    Unhealthy(&'static str),
    Ordered(Duration),
}

impl Keeper<'_> {
    /// Keeps the container as its restart policy says, until it has ended for good or the pod is to end.
    /// Gives the last exit code; none when it never ran.
    pub(super) async fn keep(&self) -> Option<i32> {
        let mut backoff = Duration::ZERO;
        loop {
            let process = self.start().await?;
            let since = self.context.now();
            self.tell(|account| account.standing = Standing::Running { since });
            // Readiness is probed to the very end, as the kubelet does: a pod whose hook sleeps still serves.
            let (code, ordered) = tokio::select! {
                over = self.until_over(&process) => over,
                never = self.keep_ready(&process) => match never {},
            };
            self.tell(|account| account.ready = false);
            let code = match code {
                Some(code) => code,
                None => process.kill().await,
            };
            let reason = if code == 0 { "Completed" } else { "Error" };
            let end = End { code, reason, started: since, finished: self.context.now() };
            self.tell(|account| {
                account.started = false;
                account.standing = Standing::Ended(end.clone());
            });
            if ordered || !self.restart.after(code) || !self.wait_for_restart(end, backoff).await {
                return Some(code);
            }
            let ran = self.context.now().duration_since(since).unsigned_abs();
            backoff = match backoff {
                // Who has run for long enough is new to failing.
                _ if ran > LONGEST_BACKOFF * 2 => FIRST_BACKOFF,
                Duration::ZERO => FIRST_BACKOFF,
                longer => (longer * 2).min(LONGEST_BACKOFF),
            };
        }
    }

    /// Waits until the next start is due; false when the pod is to end before that.
    async fn wait_for_restart(&self, end: End, backoff: Duration) -> bool {
        if !backoff.is_zero() {
            let (name, pod) = (&self.container.name, self.pod());
            let span = spoken(backoff);
            let message = Some(format!("back-off {span} restarting failed container={name} pod={pod}"));
            self.warn("BackOff", format!("Back-off restarting failed container {name} in pod {pod}"));
            self.tell(|account| {
                account.last = Some(end.clone());
                account.standing = Standing::Waiting { reason: "CrashLoopBackOff", message };
            });
        }
        let due = self.context.pause(backoff).await;
        if due {
            self.tell(|account| {
                account.last = Some(end);
                account.restarts += 1;
            });
        }
        due
    }

    /// Starts the process once its configuration is complete; none when the pod is to end before that.
    async fn start(&self) -> Option<Process> {
        let context = self.context;
        if !self.pull().await {
            return None;
        }
        let settings = Settings::of(&context.client, &context.pod);
        let environment = loop {
            match settings.environment(&context.pod, self.container).await {
                Ok(environment) => break environment,
                Err(error) => {
                    self.warn("Failed", format!("Error: {error}"));
                    let message = Some(error.to_string());
                    let standing = Standing::Waiting { reason: "CreateContainerConfigError", message };
                    self.tell(|account| account.standing = standing);
                }
            }
            if !context.pause(RETRY).await {
                return None;
            }
        };
        if context.stop.borrow().is_some() {
            return None;
        }
        let component = self.component();
        let notice = match component {
            Component::Notice => {
                Notice::new(settings.files(&context.pod, self.container, NOTICE_FOLDER).await)
            }
            _ => Notice::default(),
        };
        let identity = context.identity();
        let spec = ProcessSpec {
            ports: component.ports(self.container, environment.get("PORT").map(String::as_str)),
            boot: if context.world.stands() { Duration::ZERO } else { component.boot(self.container) },
            component,
            address: context.claim.address(),
            identity,
            notice,
        };
        self.note("Created", "Container created".to_owned());
        let uid = context.pod.uid().unwrap_or_default();
        let pen = context.world.logbook().begin(&uid, &self.container.name, context.clock);
        let process = Process::start_writing(pen, spec, context.world.clone(), context.clock);
        self.note("Started", "Container started".to_owned());
        Some(process)
    }

    /// The pod, as the kubelet writes it in messages.
    fn pod(&self) -> String {
        let pod = &self.context.pod;
        let text = |value: Option<String>| value.unwrap_or_default();
        format!("{}_{}({})", pod.name_any(), text(pod.namespace()), text(pod.uid()))
    }

    /// What the container runs.
    pub(super) fn component(&self) -> Component {
        Component::of(self.container, self.duty)
    }

    /// The container's field, as Events name it.
    fn part(&self) -> String {
        let list = match self.slot {
            Slot::Init(_) => "initContainers",
            Slot::Main(_) => "containers",
        };
        format!("spec.{list}{{{}}}", self.container.name)
    }

    /// Writes an Event of what went as it should.
    pub(super) fn note(&self, reason: &'static str, message: String) {
        self.context.pen.note(&self.context.pod, &self.part(), reason, message);
    }

    /// Writes an Event of what somebody should look at.
    pub(super) fn warn(&self, reason: &'static str, message: String) {
        self.context.pen.warn(&self.context.pod, &self.part(), reason, message);
    }

    /// Waits until the process has ended, by itself or by order: its exit code, none when it is to be killed, and
    /// whether the whole pod is to end.
    async fn until_over(&self, process: &Process) -> (Option<i32>, bool) {
        let turn = tokio::select! {
            biased;
            grace = self.context.stopped() => Turn::Ordered(grace),
            code = process.exited() => Turn::Exited(code),
            kind = self.until_unhealthy(process) => Turn::Unhealthy(kind),
        };
        let name = &self.container.name;
        match turn {
            Turn::Exited(code) => (Some(code), false),
            Turn::Unhealthy(kind) => {
                let message = format!("Container {name} failed {kind} probe, will be restarted");
                self.note("Killing", message);
                (self.end(process, self.grace()).await, false)
            }
            Turn::Ordered(grace) => {
                self.note("Killing", format!("Stopping container {name}"));
                (self.end(process, grace).await, true)
            }
        }
    }

    fn subject<'a>(&'a self, process: &'a Process) -> Subject<'a> {
        let context = self.context;
        let address = context.claim.address();
        Subject {
            container: self.container,
            address,
            process,
            clock: &context.clock,
            stands: context.world.stands(),
        }
    }

    /// Probes as the container says. Returns when it is to be restarted for its health, and by which probe.
    async fn until_unhealthy(&self, process: &Process) -> &'static str {
        let subject = self.subject(process);
        if let Some(startup) = &self.container.startup_probe {
            let mut started = false;
            let failed = |why: &str| self.warn("Unhealthy", format!("Startup probe failed: {why}"));
            let heard = |verdict| {
                started = verdict;
                Enough::Yes
            };
            subject.probe(startup, failed, heard).await;
            if !started {
                return "startup";
            }
        }
        self.tell(|account| account.started = true);
        match &self.container.liveness_probe {
            Some(probe) => {
                let failed = |why: &str| self.warn("Unhealthy", format!("Liveness probe failed: {why}"));
                let heard = |verdict| if verdict { Enough::No } else { Enough::Yes };
                subject.probe(probe, failed, heard).await;
                "liveness"
            }
            None => std::future::pending().await,
        }
    }

    /// Tells whether the container is ready, once it has started.
    async fn keep_ready(&self, process: &Process) -> Infallible {
        let mut report = self.context.report.subscribe();
        // The report is there for as long as the pod.
        drop(report.wait_for(|report| self.slot.of(report).started).await);
        match &self.container.readiness_probe {
            Some(probe) => {
                let heard = |verdict| {
                    self.tell(|account| account.ready = verdict);
                    Enough::No
                };
                let failed = |why: &str| self.warn("Unhealthy", format!("Readiness probe failed: {why}"));
                self.subject(process).probe(probe, failed, heard).await;
            }
            None => self.tell(|account| account.ready = true),
        }
        std::future::pending().await
    }

    async fn end(&self, process: &Process, grace: Duration) -> Option<i32> {
        let address = self.context.claim.address();
        hooks::end(process, self.container, address, &self.context.clock, grace).await
    }

    fn grace(&self) -> Duration {
        let seconds = self.context.pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
        Duration::from_secs(u64::try_from(seconds.unwrap_or(30)).unwrap_or(0))
    }

    /// Changes the container's account; what does not change is not reported.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Account)) {
        self.context.report.send_if_modified(|report| {
            let account = self.slot.of_mut(report);
            let before = account.clone();
            change(account);
            *account != before
        });
    }
}

/// A span as Go writes it.
fn spoken(span: Duration) -> String {
    match (span.as_secs() / 60, span.as_secs() % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}
