//! The words for each step of a plan.

use plan::Action;

use super::Words;

/// What can be told about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// Its name for people.
    Title,
    /// What happens.
    What,
    /// How to see that it is done.
    Check,
    /// How to go back.
    Undo,
}

/// The action's name: how it is called in plans, and the stem of its messages' ids.
#[must_use]
pub(crate) fn action_name(action: &Action) -> &'static str {
    match action {
        Action::CheckAssumptions => "check-assumptions",
        Action::AcquireLease { .. } => "acquire-lease",
        Action::PauseAutoscalers { .. } => "pause-autoscalers",
        Action::BackUp => "back-up",
        Action::RecordBaseline { .. } => "record-baseline",
        Action::InstallGreen => "install-green",
        Action::AwaitReady { .. } => "await-ready",
        Action::VerifyGreen { .. } => "verify-green",
        Action::DrainQueues { .. } => "drain-queues",
        Action::StartQueues { .. } => "start-queues",
        Action::OpenOverlap { .. } => "open-overlap",
        Action::CloseOverlap { .. } => "close-overlap",
        Action::HoldOverlap { .. } => "hold-overlap",
        Action::Observe { .. } => "observe",
        Action::StopBlue { .. } => "stop-blue",
        Action::RemoveBlue { .. } => "remove-blue",
        Action::Adopt => "adopt",
        Action::RecordRelease { .. } => "record-release",
        Action::FinalAudit => "final-audit",
        Action::ReleaseLease { .. } => "release-lease",
    }
}

impl Words {
    /// An aspect of an action in words.
    #[must_use]
    pub(crate) fn step(&self, action: &Action, aspect: Aspect) -> String {
        let aspect = match aspect {
            Aspect::Title => "title",
            Aspect::What => "what",
            Aspect::Check => "check",
            Aspect::Undo => "undo",
        };
        self.word(&format!("step-{}-{aspect}", action_name(action)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;
    use crate::summary::sample;

    #[test]
    fn every_step_is_explained_in_both_languages() {
        for words in [Words::new(Language::En), Words::new(Language::Ja)] {
            let mut names = std::collections::BTreeSet::new();
            // Only some fronts need an overlap that is held; the sample's does not.
            let hold = Action::HoldOverlap { seconds: 24 };
            for action in sample::plan().steps.into_iter().map(|step| step.action).chain([hold]) {
                names.insert(action_name(&action));
                let value = serde_json::to_value(&action).expect("an action is plain data");
                assert_eq!(value["action"], action_name(&action), "plans and words name it alike");
                for aspect in [Aspect::Title, Aspect::What, Aspect::Check, Aspect::Undo] {
                    let text = words.step(&action, aspect);
                    assert!(!text.starts_with("step-"), "{text} is not explained");
                }
            }
            assert_eq!(names.len(), 20, "the sample plan holds every action");
        }
    }
}
