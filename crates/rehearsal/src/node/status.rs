//! What the node reports of a pod: composed from what each container is doing.

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, Pod, PodCondition, PodIP, PodSpec, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use std::net::Ipv4Addr;

/// Where a container stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    Waiting { reason: &'static str, message: Option<String> },
    Running { since: Timestamp },
    Ended(End),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct End {
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
}

/// One container as reported.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account {
    name: String,
    image: String,
    pub(super) standing: Standing,
    pub(super) last: Option<End>,
    pub(super) restarts: i32,
    pub(super) ready: bool,
    pub(super) started: bool,
}

/// All of a pod as reported.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    pub(super) address: Ipv4Addr,
    pub(super) since: Timestamp,
    pub(super) init: Vec<Account>,
    pub(super) main: Vec<Account>,
    /// Whether the containers that stand before the others have done so.
    pub(super) initialized: bool,
}

impl Report {
    /// The report of a pod about to be started. Containers that an earlier life of this node had started
    /// count as restarted: their processes are gone.
    pub(super) fn new(spec: &PodSpec, status: Option<&PodStatus>, address: Ipv4Addr, now: Timestamp) -> Self {
        let init = spec.init_containers.as_deref().unwrap_or_default();
        let reason = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        let before_init = status.and_then(|status| status.init_container_statuses.as_deref());
        let before_main = status.and_then(|status| status.container_statuses.as_deref());
        let accounts = |containers: &[Container], before: Option<&[ContainerStatus]>| {
            containers.iter().map(|container| Account::new(container, before, reason, now)).collect()
        };
        let since = status.and_then(|status| status.start_time.as_ref()).map_or(now, |time| time.0);
        Self {
            address,
            since,
            init: accounts(init, before_init),
            main: accounts(&spec.containers, before_main),
            initialized: init.is_empty(),
        }
    }

    /// The status to report; `before` is the one reported last, whose transition times still hold.
    pub(super) fn status(&self, pod: &Pod, before: Option<&PodStatus>, now: Timestamp) -> PodStatus {
        let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref()).unwrap_or("Always");
        let phase = self.phase(policy);
        let over = matches!(phase, "Succeeded" | "Failed");
        let ready = !over && self.initialized && self.main.iter().all(|account| account.ready);
        let conditions = [
            ("PodScheduled", true, None),
            ("Initialized", self.initialized, (!self.initialized).then_some("ContainersNotInitialized")),
            ("ContainersReady", ready, unready(ready, phase)),
            ("Ready", ready, unready(ready, phase)),
        ];
        let conditions = conditions.map(|(kind, holds, reason)| condition(kind, holds, reason, before, now));
        let ip = self.address.to_string();
        let reported = |accounts: &[Account]| accounts.iter().map(Account::status).collect::<Vec<_>>();
        PodStatus {
            phase: Some(phase.to_owned()),
            conditions: Some(conditions.to_vec()),
            host_ip: Some(Ipv4Addr::LOCALHOST.to_string()),
            pod_ip: Some(ip.clone()),
            pod_ips: Some(vec![PodIP { ip }]),
            start_time: Some(Time(self.since)),
            init_container_statuses: (!self.init.is_empty()).then(|| reported(&self.init)),
            container_statuses: Some(reported(&self.main)),
            ..PodStatus::default()
        }
    }

    fn phase(&self, policy: &str) -> &'static str {
        let failed = |account: &Account| matches!(&account.standing, Standing::Ended(end) if end.code != 0);
        if !self.initialized {
            return if policy == "Never" && self.init.iter().any(failed) { "Failed" } else { "Pending" };
        }
        let begun = |account: &Account| {
            account.last.is_some() || !matches!(account.standing, Standing::Waiting { .. })
        };
        if !self.main.iter().all(begun) {
            return "Pending";
        }
        let ended = self.main.iter().all(|account| matches!(account.standing, Standing::Ended(_)));
        match (ended, self.main.iter().any(failed), policy) {
            (true, false, "Never" | "OnFailure") => "Succeeded",
            (true, true, "Never") => "Failed",
            _ => "Running",
        }
    }
}

impl Account {
    fn new(
        container: &Container,
        before: Option<&[ContainerStatus]>,
        reason: &'static str,
        now: Timestamp,
    ) -> Self {
        let before = before.and_then(|all| all.iter().find(|status| status.name == container.name));
        let state = before.and_then(|status| status.state.as_ref());
        let ran = state.and_then(|state| {
            let running = state.running.as_ref().map(|running| running.started_at.as_ref());
            running.or_else(|| state.terminated.as_ref().map(|ended| ended.started_at.as_ref()))
        });
        let last = ran.map(|started| End {
            code: 137,
            reason: "ContainerStatusUnknown",
            started: started.map_or(now, |time| time.0),
            finished: now,
        });
        Self {
            name: container.name.clone(),
            image: container.image.clone().unwrap_or_default(),
            standing: Standing::Waiting { reason, message: None },
            restarts: before.map_or(0, |status| status.restart_count) + i32::from(last.is_some()),
            last,
            ready: false,
            started: false,
        }
    }

    fn status(&self) -> ContainerStatus {
        ContainerStatus {
            name: self.name.clone(),
            image: self.image.clone(),
            image_id: self.image.clone(),
            ready: self.ready,
            started: Some(self.started),
            restart_count: self.restarts,
            state: Some(self.standing.state()),
            last_state: self.last.as_ref().map(End::state),
            ..ContainerStatus::default()
        }
    }
}

impl Standing {
    fn state(&self) -> ContainerState {
        match self {
            Self::Waiting { reason, message } => ContainerState {
                waiting: Some(ContainerStateWaiting {
                    reason: Some((*reason).to_owned()),
                    message: message.clone(),
                }),
                ..ContainerState::default()
            },
            Self::Running { since } => ContainerState {
                running: Some(ContainerStateRunning { started_at: Some(Time(*since)) }),
                ..ContainerState::default()
            },
            Self::Ended(end) => end.state(),
        }
    }
}

impl End {
    fn state(&self) -> ContainerState {
        ContainerState {
            terminated: Some(ContainerStateTerminated {
                exit_code: self.code,
                reason: Some(self.reason.to_owned()),
                started_at: Some(Time(self.started)),
                finished_at: Some(Time(self.finished)),
                ..ContainerStateTerminated::default()
            }),
            ..ContainerState::default()
        }
    }
}

fn unready(ready: bool, phase: &str) -> Option<&'static str> {
    match (ready, phase) {
        (true, _) => None,
        (false, "Succeeded") => Some("PodCompleted"),
        (false, "Failed") => Some("PodFailed"),
        (false, _) => Some("ContainersNotReady"),
    }
}

fn condition(
    kind: &str,
    holds: bool,
    reason: Option<&str>,
    before: Option<&PodStatus>,
    now: Timestamp,
) -> PodCondition {
    let status = if holds { "True" } else { "False" };
    let known = before.and_then(|before| before.conditions.as_ref());
    let known = known.and_then(|all| all.iter().find(|other| other.type_ == kind && other.status == status));
    let since = known.and_then(|known| known.last_transition_time.clone()).unwrap_or(Time(now));
    PodCondition {
        type_: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        last_transition_time: Some(since),
        ..PodCondition::default()
    }
}
