//! What the ledger says of a difference.

use std::collections::HashMap;

use target::{Note, Reason};
use tree::Origin;

use crate::accept::ACCEPTED;
use crate::{Code, Difference};

/// The message ids of everything that may explain a difference, beside the reasons of notes.
const EXPLANATIONS: [&str; 9] = [
    ACCEPTED,
    "reason-chart-adds",
    "reason-named-of-whole",
    "audit-default",
    "audit-not-read",
    "audit-pinned",
    "audit-image-user",
    "audit-no-volume",
    "audit-as-before",
];

/// The explanation of this message id, as one that a ledger was written with says it.
#[must_use]
pub fn explanation(id: &str) -> Option<&'static str> {
    let reasons = Reason::ALL.iter().map(|reason| reason.id());
    EXPLANATIONS.into_iter().chain(reasons).find(|own| *own == id)
}

/// The notes of a writer, by the leaf that they are about.
pub(crate) struct Hints(HashMap<Origin, Reason>);

impl Hints {
    pub(crate) fn new(notes: &[Note]) -> Self {
        Self(notes.iter().map(|note| (note.origin, note.reason)).collect())
    }

    /// Explains what a note is about: one that is about any leaf of what differs, and whose reason is one for this kind
    /// of difference.
    pub(crate) fn explain(&self, differences: &mut [Difference]) {
        for difference in differences.iter_mut().filter(|difference| difference.explained_by.is_none()) {
            let reasons = difference.origins.iter().filter_map(|origin| self.0.get(origin));
            let mut fitting = reasons.filter(|reason| is_for(**reason, difference));
            difference.explained_by = fitting.next().map(|reason| reason.id());
        }
    }
}

/// Whether a reason says why a difference of this kind is none. Notes on a leaf's form never excuse a loss.
fn is_for(reason: Reason, difference: &Difference) -> bool {
    match difference.code {
        Code::ReplicasChanged | Code::StrategyChanged => reason == Reason::OneScheduler,
        Code::CommandChanged => reason == Reason::SameCommand,
        Code::KindChanged => reason == Reason::DeploymentOnly,
        // The Secret is made by the steps that are written beside the values.
        Code::EnvChanged | Code::SecretKeyUnsure => {
            reason == Reason::MovedToSecret && difference.after.starts_with("Secret/")
        }
        // Spread rules and affinities look for green's pods by the chart's labels.
        Code::SchedulingChanged => matches!(reason, Reason::ChartLabels | Reason::Reference),
        Code::MountChanged => reason == Reason::MediaVolume,
        Code::ProbeChanged | Code::LifecycleChanged => reason == Reason::PortName,
        Code::AutoscalerChanged
        | Code::DisruptionBudgetChanged
        | Code::ObjectChanged
        | Code::JobChanged
        | Code::ScheduleChanged => matches!(
            reason,
            Reason::Reference
                | Reason::ContainerName
                | Reason::ChartLabels
                | Reason::PortName
                | Reason::CurrentApi
        ),
        _ => false,
    }
}
