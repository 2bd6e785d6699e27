//! The summary as data. The names are a contract with scripts.

use std::collections::BTreeMap;
use std::time::Duration;

use plan::{Action, Plan, Step};
use serde::{Deserialize, Serialize};

use super::Advice;

/// What was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// On the cluster inside the program.
    Rehearsal,
    /// On a real cluster.
    Migration,
}

impl Kind {
    /// The name in JSON and in messages' arguments.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rehearsal => "rehearsal",
            Self::Migration => "migration",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Green serves.
    Completed,
    /// Blue serves again.
    RolledBack,
    /// A human must decide; the journal holds the state.
    Stopped,
    /// It could neither go on nor back.
    Failed,
}

impl Outcome {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RolledBack => "rolled-back",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// The answers of one component.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Component {
    /// Requests sent to it.
    pub requests: u64,
    /// Those without a good answer.
    pub failed: u64,
    /// How long it failed in all.
    pub downtime_ms: u64,
    /// How long it failed at a stretch, at most.
    pub longest_outage_ms: u64,
    /// Half of the answers came within this.
    pub p50_ms: Option<f64>,
    /// 99 % of the answers came within this.
    pub p99_ms: Option<f64>,
}

/// All requests of the run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Traffic {
    /// Requests sent.
    pub requests: u64,
    /// Those without a good answer.
    pub failed: u64,
    /// How long some component failed, in all.
    pub downtime_ms: u64,
    /// How long some component failed at a stretch, at most.
    pub longest_outage_ms: u64,
    /// Half of the answers came within this.
    pub p50_ms: Option<f64>,
    /// 99 % of the answers came within this.
    pub p99_ms: Option<f64>,
    /// The same by who should have answered.
    pub components: BTreeMap<String, Component>,
    /// The same by what kind of use it was part of: `browsing`, `posting`, `federation`, …
    #[serde(default)]
    pub classes: BTreeMap<String, Component>,
    /// Answers of an announced maintenance: neither good nor failed.
    #[serde(default)]
    pub maintenance: Maintenance,
    /// Failed requests by kind: `dns`, `connect`, `reset`, `status`, `wrong-component`, ….
    #[serde(default)]
    pub failures: BTreeMap<String, u64>,
}

/// What users got of an announced maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Maintenance {
    /// Requests answered with 503 and `Retry-After` while it was announced.
    pub requests: u64,
    /// From the first of them to the last.
    pub window_ms: u64,
}

/// The WebSockets held during the run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Streaming {
    /// Connections held.
    pub connections: u64,
    /// Reconnections, all together.
    pub reconnects: u64,
    /// Reconnections of the connection that had most.
    pub max_reconnects_per_connection: u64,
    /// The longest time that one of them was without a connection.
    pub longest_gap_ms: u64,
    /// Posts on their way to those that listen.
    #[serde(default)]
    pub delivery: Delivery,
}

/// Posts that were acknowledged, on their way to the WebSockets that listen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// Posts acknowledged.
    pub posts: u64,
    /// Those of them that somebody heard of.
    pub delivered: u64,
    /// Arrivals later than the profile's bound, over all WebSockets.
    pub late: u64,
    /// Half of the arrivals came within this of the acknowledgement.
    pub p50_ms: Option<f64>,
    /// 99 % of them came within this.
    pub p99_ms: Option<f64>,
    /// The last one came after this.
    pub longest_ms: Option<f64>,
}

/// What must hold at every instant. `None`: could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Invariants {
    /// Processes that served the `scheduler` queue at once, at most.
    pub max_schedulers: Option<u64>,
    /// Jobs enqueued and never done.
    pub jobs_lost: Option<u64>,
    /// Jobs done more than once.
    pub jobs_duplicated: Option<u64>,
    /// Rows acknowledged and not found.
    pub rows_lost: Option<u64>,
}

/// Where a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StepState {
    /// Never begun.
    Pending,
    /// Begun, not ended.
    Running,
    /// Done and verified.
    Done,
    /// Done or begun, then taken back.
    Undone,
    /// It failed and was not taken back.
    Failed,
}

impl StepState {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Failed => "failed",
        }
    }
}

/// When a step ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepSpan {
    /// The step's id in the plan.
    pub id: String,
    /// Where it came to.
    pub state: StepState,
    /// When it began.
    pub started_ms: Option<u64>,
    /// When it was done, or failed.
    pub ended_ms: Option<u64>,
    /// When taking it back began.
    #[serde(default)]
    pub undo_started_ms: Option<u64>,
    /// When it was taken back.
    #[serde(default)]
    pub undo_ended_ms: Option<u64>,
}

/// A rule of the guard that was broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Breach {
    /// The rule's id in the plan.
    pub rule: String,
    /// When.
    pub at_ms: u64,
    /// What was seen, in the metric's unit (percent, milliseconds, seconds).
    pub observed: f64,
    /// What it was held against, in the same unit.
    pub bound: f64,
    /// What followed.
    pub action: plan::RuleAction,
    /// Whether nothing could be measured, and the rule takes that for a reason.
    #[serde(default)]
    pub silent: bool,
}

/// The way back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rollback {
    /// Why, in words.
    pub reason: String,
    /// The first bad answer; none where no user's request met one.
    pub first_bad_ms: Option<u64>,
    /// When traffic was good again.
    pub restored_ms: Option<u64>,
    /// The time between the two.
    pub seconds: Option<f64>,
    /// From the verdict until users were on the old side again, and that was verified: going back in traffic.
    #[serde(default)]
    pub verdict_to_traffic_ms: Option<u64>,
    /// From the verdict until nothing of the new side was left: going back in full.
    #[serde(default)]
    pub verdict_to_release_ms: Option<u64>,
}

/// How the queues passed from one side to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queues {
    /// How the old side's workers were told to end.
    pub way: voyage::QueueWay,
    /// How many of them there were, where their Redis told.
    pub processes: usize,
    /// Until none ran a job any more.
    pub drained_ms: u64,
    /// Jobs that still ran when the time for them was over, as `class (queue)`: they are put back and run again.
    pub outlasted: Vec<String>,
    /// Jobs before.
    pub jobs_before: Option<movers::Jobs>,
    /// Jobs when the new side's workers had begun.
    pub jobs_after: Option<movers::Jobs>,
}

/// How the stores passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stores {
    /// For how long nobody could write, in milliseconds; not known where one process began it and another ended it.
    pub pause_ms: Option<f64>,
    /// From the last write on the old side until users were on the new one.
    pub last_write_to_users_ms: Option<u64>,
    /// Tables compared row by row.
    pub tables: Option<u64>,
    /// Their rows.
    pub rows: Option<u64>,
    /// Keys of Redis compared.
    pub keys: Option<u64>,
    /// Sidekiq's jobs in the pause, the same on both sides.
    pub jobs: Option<u64>,
    /// Objects of media at the new place.
    pub objects: Option<u64>,
    /// How many of them were carried in the pause.
    pub carried_in_the_pause: Option<u64>,
    /// Whether what is written afterwards is carried back.
    pub loses_nothing_back: bool,
}

/// Traffic within a small span of time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// When it began.
    pub at_ms: u64,
    /// Requests well answered.
    pub answered: u64,
    /// Requests not well answered.
    pub failed: u64,
    /// 99 % of its answers came within this.
    pub p99_ms: Option<f64>,
}

/// What a rehearsal or migration came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// What was run.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// The plan's strategy.
    pub strategy: String,
    /// What routes users to pods.
    pub front: String,
    /// The release green belongs to.
    pub release: String,
    /// What was read, as its user named it.
    pub source: String,
    /// The faults rehearsed, as they were asked for.
    #[serde(default)]
    pub faults: Vec<String>,
    /// The name of the profile that says who the users were.
    #[serde(default)]
    pub load: String,
    /// When it ended.
    pub finished: Option<jiff::Timestamp>,
    /// All requests.
    pub traffic: Traffic,
    /// The WebSockets.
    pub streaming: Streaming,
    /// What must hold at every instant.
    pub invariants: Invariants,
    /// How the queues passed.
    #[serde(default)]
    pub queues: Option<Queues>,
    /// How the stores passed over, where any did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores: Option<Stores>,
    /// Who applied the old side from a repository and stays paused.
    #[serde(default)]
    pub left_paused: Vec<voyage::LeftPaused>,
    /// The plan's steps in order.
    pub steps: Vec<StepSpan>,
    /// Rules of the guard that were broken.
    pub breaches: Vec<Breach>,
    /// The ledger in numbers: disposition to count, and `leaves`.
    pub ledger: BTreeMap<String, usize>,
    /// The way back, where there was one.
    pub rollback: Option<Rollback>,
    /// Whether blue is as before, object by object; asked after going back.
    pub blue_unchanged: Option<bool>,
    /// How many times as fast as life the cluster ran.
    pub speed: f64,
    /// How late the cluster was woken at most, in milliseconds of its own time: the machine may have been too busy for it.
    #[serde(default)]
    pub longest_delay_ms: Option<u64>,
    /// The process's memory at its highest.
    pub peak_memory_mb: Option<u64>,
    /// Why it was stopped or failed, in words; empty where it was not.
    #[serde(default)]
    pub reason: String,
    /// What could be better in what was read, whatever the run showed.
    #[serde(default)]
    pub advice: Vec<Advice>,
    /// What is left in the cluster that nobody needs any more; nothing where it was not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leftovers: Option<Vec<String>>,
    /// Traffic over time, for the report's curves; not part of the JSON.
    #[serde(skip)]
    pub buckets: Vec<Bucket>,
}

/// Whether an action's time is that of pods, endpoints or users, and not of requests alone.
fn waits(action: &Action) -> bool {
    matches!(
        action,
        Action::RecordBaseline { .. }
            | Action::AwaitReady { .. }
            | Action::DrainQueues { .. }
            | Action::StartQueues { .. }
            | Action::OpenOverlap { .. }
            | Action::CloseOverlap { .. }
            | Action::Observe { .. }
            | Action::RaiseGreen { .. }
            | Action::ShiftPods(_)
            | Action::ShiftWeights { .. }
            | Action::RaisePage { .. }
            | Action::ShowPage(_)
            | Action::HidePage(_)
            | Action::StopBlue { .. }
    )
}

impl Summary {
    /// How long a step would take on the real cluster, in seconds; nothing where it did not run to an end. What waits for the
    /// cluster runs by its clock; requests to the API server take real time in a rehearsal too.
    #[must_use]
    pub(crate) fn cluster_seconds(&self, step: &Step) -> Option<f64> {
        let span = self.steps.iter().find(|span| span.id == step.id.0)?;
        let (from, to) = span.started_ms.zip(span.ended_ms)?;
        let seconds = Duration::from_millis(to.saturating_sub(from)).as_secs_f64();
        Some(if waits(&step.action) { seconds * self.speed } else { seconds })
    }

    /// How long the whole of it would take on the real cluster, the way back included; nothing where no step ran.
    #[must_use]
    pub(crate) fn total_cluster_seconds(&self, plan: &Plan) -> Option<f64> {
        let there =
            plan.steps.iter().filter_map(|step| self.cluster_seconds(step)).reduce(|all, one| all + one)?;
        let undone = self.steps.iter().filter_map(|span| span.undo_started_ms.zip(span.undo_ended_ms));
        let back: u64 = undone.map(|(from, to)| to.saturating_sub(from)).sum();
        Some(there + Duration::from_millis(back).as_secs_f64() * self.speed)
    }

    /// Whether the first steps, which look and keep others out, said that it must not begin: nothing was changed. A pause
    /// there is no refusal.
    #[must_use]
    pub(crate) fn is_refused(&self) -> bool {
        let failed = |step: &StepSpan| step.state == StepState::Failed;
        self.outcome == Outcome::Stopped
            && self.steps.iter().take(2).any(failed)
            && self.steps.iter().skip(2).all(|step| step.state == StepState::Pending)
    }

    /// A span of the run in seconds on the real cluster, where whatever it waited for takes as much longer.
    #[must_use]
    pub(crate) fn in_life(&self, milliseconds: f64) -> f64 {
        milliseconds / 1000.0 * self.speed
    }

    /// How many leaves of the ledger have this disposition (or `leaves`).
    #[must_use]
    pub(crate) fn ledger_count(&self, name: &str) -> u64 {
        self.ledger.get(name).map_or(0, |count| u64::try_from(*count).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn the_json_has_the_names_scripts_rely_on_and_no_curves() {
        let value = serde_json::to_value(sample::completed()).expect("a summary is plain data");
        for pointer in [
            "/outcome",
            "/strategy",
            "/front",
            "/traffic/requests",
            "/traffic/failed",
            "/traffic/downtime_ms",
            "/traffic/longest_outage_ms",
            "/traffic/p50_ms",
            "/traffic/p99_ms",
            "/traffic/maintenance/requests",
            "/traffic/maintenance/window_ms",
            "/traffic/components/web/requests",
            "/traffic/components/web/failed",
            "/traffic/classes",
            "/streaming/connections",
            "/streaming/delivery/posts",
            "/streaming/reconnects",
            "/streaming/longest_gap_ms",
            "/invariants/max_schedulers",
            "/invariants/jobs_lost",
            "/invariants/jobs_duplicated",
            "/invariants/rows_lost",
            "/steps/0/id",
            "/steps/0/state",
            "/steps/0/started_ms",
            "/steps/0/ended_ms",
            "/breaches",
            "/ledger/leaves",
            "/ledger/unaccounted",
        ] {
            assert!(value.pointer(pointer).is_some(), "{pointer}");
        }
        assert_eq!(value["outcome"], "completed");
        assert!(value.get("buckets").is_none());
        let mut unmeasured = sample::completed();
        unmeasured.invariants.jobs_lost = None;
        let value = serde_json::to_value(unmeasured).expect("a summary is plain data");
        assert!(value["invariants"]["jobs_lost"].is_null());
    }
}
