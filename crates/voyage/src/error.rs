use cluster::ClusterError;
use plan::StepId;

use crate::interrupt::Interrupt;
use crate::{IllegalEvent, JournalError};

/// Why a step was not done, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The cluster refused, or did not get there in time.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// What stands is not what the plan assumes.
    #[error("what stands is not what the plan says: {}", .0.join("; "))]
    Assumptions(Vec<String>),
    /// An object has a name that is needed, and belongs to somebody else.
    #[error("{0} exists and is not of this voyage")]
    NotOurs(String),
    /// The plan names an object that it does not hold.
    #[error("the plan names {0} but does not hold it")]
    NotInPlan(String),
    /// Removing this could not be taken back.
    #[error("{0} is not removed: {1}")]
    Irremovable(String, &'static str),
    /// The step was carried out and its effect is not there.
    #[error("done, but not verified: {0}")]
    Unverified(String),
    /// What this voyage did is not so any more.
    #[error("what was done was undone by somebody else: {0}")]
    Undone(String),
    /// What a GitOps controller began before it was paused does not end.
    #[error("{0} is paused, and what it began before does not end")]
    AtWork(String),
    /// Containers end and are started again.
    #[error("the pods of Deployment/{0} do not keep running: their containers end and are started again")]
    Unsteady(String),
    /// Green does not answer as it must.
    #[error("the {component} pods do not answer {path} as they must: {answer}")]
    WrongAnswer {
        /// The component asked.
        component: String,
        /// What was asked for.
        path: String,
        /// What came instead, without the text.
        answer: String,
    },
    /// What is kept beside the journal cannot be written or read.
    #[error("{doing} {path}: {source}")]
    Kept {
        /// What was being done.
        doing: &'static str,
        /// The file's name.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The plan moves stores, and nobody said where they are.
    #[error("the plan moves stores, and nobody said where they are")]
    NoStores,
    /// Stores do not pass over, or back.
    #[error(transparent)]
    Stores(Box<movers::stores::StoresError>),
    /// Something more important came up while waiting.
    #[error("interrupted: {0}")]
    Interrupted(Interrupt),
    /// Sidekiq's Redis does not do what was asked.
    #[error("Redis: {0}")]
    Redis(#[from] movers::RedisError),
    /// Pods of workers run, and none is registered in the Redis that was given.
    #[error("none of {} is registered in this Redis: it is another one, another database of it, or the namespace is another", .0.join(", "))]
    OtherRedis(Vec<String>),
    /// A Sidekiq process of neither side keeps the schedule.
    #[error("the schedule is kept by a Sidekiq process of neither side, which must be ended first: {}", .0.join(", "))]
    StrangerSchedules(Vec<String>),
    /// Sidekiq processes whose pods are gone are still registered.
    #[error("Sidekiq processes are still registered although their pods are gone: {}", .0.join(", "))]
    StillRegistered(Vec<String>),
    /// Not every queue is worked, or the schedule is not kept by exactly one.
    #[error(
        "queues that nobody works: {}; processes that keep the schedule: {}",
        listed(missing),
        listed(schedulers)
    )]
    Uncovered {
        /// Queues that were worked before.
        missing: Vec<String>,
        /// Identities of the processes that keep the schedule.
        schedulers: Vec<String>,
    },
    /// The copy of the state in the cluster cannot be kept.
    #[error("the copy of the state in the cluster: {0}")]
    Copy(String),
    /// Another process or machine carries this out, or something else.
    #[error("the migration is in other hands: {0}")]
    Overtaken(String),
    /// The record of a release cannot be made.
    #[error(transparent)]
    Release(#[from] chart::release::ReleaseError),
}

/// Why a voyage could not even reach an outcome.
#[derive(Debug, thiserror::Error)]
pub enum VoyageError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The directory beside the journal cannot be used.
    #[error(transparent)]
    Kept(#[from] StepError),
    /// The journal belongs to another plan.
    #[error("the journal belongs to another plan (it has {journal}, this one is {plan})")]
    AnotherPlan {
        /// The hash in the journal.
        journal: String,
        /// The hash of the plan given.
        plan: String,
    },
    /// The voyage is not in a state where this can be asked for.
    #[error("{0}")]
    Untimely(&'static str),
    /// Going back would lose what was written to the new stores; nothing was touched.
    #[error("going back would lose what was written to the new stores since they took over")]
    AtRisk(Vec<movers::stores::AtRisk>),
    /// Users alone cannot go back: the stores have passed over. Nothing was touched.
    #[error("the stores have passed over, and users can only go back with them")]
    StoresPassed,
    /// The plan cannot be written as JSON.
    #[error("the plan cannot be written as JSON: {0}")]
    Plan(#[from] serde_json::Error),
    /// Two steps of the plan have the same name.
    #[error("the plan has two steps named {0}")]
    TwoSteps(StepId),
}

impl VoyageError {
    /// Whether the executor stopped at a point set for a crash test.
    #[must_use]
    pub fn is_halt(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Halted))
    }

    /// Whether another process or machine is at it.
    #[must_use]
    pub fn is_in_other_hands(&self) -> bool {
        matches!(self, Self::Journal(JournalError::InUse(_)) | Self::Kept(StepError::Overtaken(_)))
    }

    /// Whether the journal refused an event.
    #[must_use]
    pub fn illegal(&self) -> Option<&IllegalEvent> {
        match self {
            Self::Journal(JournalError::Illegal(event)) => Some(event),
            _ => None,
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
