//! Loads as they are told, for autoscalers to read: there is nothing in a stand-in that could be measured.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How busy each workload is. Copies share what is told.
#[derive(Debug, Clone, Default)]
pub struct Gauges(Arc<RwLock<BTreeMap<String, Load>>>);

/// How busy the pods of one workload are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Each of its pods uses so many per cent of the CPU it requests, however many they are.
    Each(u32),
    /// Its pods together use so many per cent of the CPU that one of them requests, and share the work.
    Shared(u32),
}

impl Gauges {
    /// Tells how busy the pods of a Deployment, StatefulSet or ReplicaSet are from now on.
    pub fn set(&self, workload: &str, load: Load) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(workload.to_owned(), load);
    }

    /// Tells nothing of that workload any more, as when its metrics are lost.
    pub fn clear(&self, workload: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(workload);
    }

    /// How many per cent of its request each of so many pods uses; none when nothing is told.
    #[must_use]
    pub fn each(&self, workload: &str, pods: u32) -> Option<u32> {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).get(workload)? {
            Load::Each(percent) => Some(*percent),
            Load::Shared(percent) => Some(percent / pods.max(1)),
        }
    }
}
