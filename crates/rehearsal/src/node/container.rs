//! The life of one container: configured, started, probed, restarted, ended.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::{Client, ResourceExt};
use tokio::sync::watch;
use tokio::time::Instant;

use super::address::Claim;
use super::hooks;
use super::probe::{Enough, Subject};
use super::settings::Settings;
use super::status::{Account, End, Report, Standing};
use crate::standin::{Component, Duty, Identity, Process, ProcessSpec, World};

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

    fn identity(&self) -> Identity {
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
    Unhealthy,
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
            let turn = tokio::select! {
                biased;
                grace = self.context.stopped() => Turn::Ordered(grace),
                code = process.exited() => Turn::Exited(code),
                () = self.until_unhealthy(&process) => Turn::Unhealthy,
            };
            self.tell(|account| account.ready = false);
            let ordered = matches!(turn, Turn::Ordered(_));
            let code = match turn {
                Turn::Exited(code) => code,
                Turn::Unhealthy => self.end(process, self.grace()).await,
                Turn::Ordered(grace) => self.end(process, grace).await,
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
            backoff = if backoff.is_zero() { FIRST_BACKOFF } else { (backoff * 2).min(LONGEST_BACKOFF) };
        }
    }

    /// Waits until the next start is due; false when the pod is to end before that.
    async fn wait_for_restart(&self, end: End, backoff: Duration) -> bool {
        if !backoff.is_zero() {
            let message = Some(format!("back-off {} s restarting failed container", backoff.as_secs()));
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
        let settings = Settings::of(&context.client, &context.pod);
        let environment = loop {
            match settings.environment(&context.pod, self.container).await {
                Ok(environment) => break environment,
                Err(error) => {
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
        let component = Component::of(self.container, self.duty);
        let spec = ProcessSpec {
            ports: component.ports(self.container, environment.get("PORT").map(String::as_str)),
            boot: if context.world.stands() { Duration::ZERO } else { component.boot(self.container) },
            component,
            address: context.claim.address(),
            identity: context.identity(),
        };
        Some(Process::start(spec, context.world.clone(), context.clock))
    }

    /// Probes as the container says. Returns when it is to be restarted for its health.
    async fn until_unhealthy(&self, process: &Process) {
        let context = self.context;
        let address = context.claim.address();
        let subject = Subject {
            container: self.container,
            address,
            process,
            clock: &context.clock,
            started: Instant::now(),
            stands: context.world.stands(),
        };
        if let Some(startup) = &self.container.startup_probe {
            let mut started = false;
            subject
                .probe(startup, |verdict| {
                    started = verdict;
                    Enough::Yes
                })
                .await;
            if !started {
                return;
            }
        }
        self.tell(|account| account.started = true);
        let readiness = async {
            match &self.container.readiness_probe {
                Some(probe) => {
                    subject
                        .probe(probe, |verdict| {
                            self.tell(|account| account.ready = verdict);
                            Enough::No
                        })
                        .await;
                }
                None => self.tell(|account| account.ready = true),
            }
            std::future::pending().await
        };
        let liveness = async {
            match &self.container.liveness_probe {
                Some(probe) => {
                    subject.probe(probe, |verdict| if verdict { Enough::No } else { Enough::Yes }).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = readiness => {}
            () = liveness => {}
        }
    }

    async fn end(&self, process: Process, grace: Duration) -> i32 {
        let address = self.context.claim.address();
        hooks::end(process, self.container, address, &self.context.clock, grace).await
    }

    fn grace(&self) -> Duration {
        let seconds = self.context.pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
        Duration::from_secs(u64::try_from(seconds.unwrap_or(30)).unwrap_or(0))
    }

    /// Changes the container's account; what does not change is not reported.
    fn tell(&self, change: impl FnOnce(&mut Account)) {
        self.context.report.send_if_modified(|report| {
            let account = match self.slot {
                Slot::Init(at) => &mut report.init[at],
                Slot::Main(at) => &mut report.main[at],
            };
            let before = account.clone();
            change(account);
            *account != before
        });
    }
}
