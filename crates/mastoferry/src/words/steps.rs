//! The words for each step of a plan.

use plan::{Action, Reason, Step};

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

/// The step in which green is watched while blue has no pods.
const OBSERVED_ALONE: &str = "observe-alone";

/// The action's name: how it is called in plans, and the stem of its messages' ids.
#[must_use]
pub(crate) fn action_name(action: &Action) -> &'static str {
    match action {
        Action::CheckAssumptions => "check-assumptions",
        Action::AcquireLease { .. } => "acquire-lease",
        Action::PauseAutoscalers { .. } => "pause-autoscalers",
        Action::PauseGitops { .. } => "pause-gitops",
        Action::BackUp => "back-up",
        Action::RecordBaseline { .. } => "record-baseline",
        Action::FollowStores { .. } => "follow-stores",
        Action::CutOverStores { .. } => "cut-over-stores",
        Action::InstallGreen => "install-green",
        Action::AwaitReady { .. } => "await-ready",
        Action::VerifyGreen { .. } => "verify-green",
        Action::DrainQueues { .. } => "drain-queues",
        Action::StartQueues { .. } => "start-queues",
        Action::OpenOverlap { .. } => "open-overlap",
        Action::CloseOverlap { .. } => "close-overlap",
        Action::HoldOverlap { .. } => "hold-overlap",
        Action::Observe { .. } => "observe",
        Action::RaiseGreen { .. } => "raise-green",
        Action::ShiftPods(_) => "shift-pods",
        Action::ShiftWeights { .. } => "shift-weights",
        Action::RestoreRoutes { .. } => "restore-routes",
        Action::RaisePage { .. } => "raise-page",
        Action::ShowPage(_) => "show-page",
        Action::HidePage(_) => "hide-page",
        Action::RemovePage => "remove-page",
        Action::StopBlue { .. } => "stop-blue",
        Action::RemoveBlue { .. } => "remove-blue",
        Action::Adopt => "adopt",
        Action::RecordRelease { .. } => "record-release",
        Action::FinalAudit => "final-audit",
        Action::ReleaseLease { .. } => "release-lease",
    }
}

impl Words {
    /// A step's name for people, with its part where there are several of its kind.
    #[must_use]
    pub(crate) fn title(&self, step: &Step) -> String {
        let title = self.of_step(step, Aspect::Title);
        if step.id.0 == OBSERVED_ALONE {
            return title;
        }
        let part = step.id.0.strip_prefix(action_name(&step.action)).and_then(|rest| rest.strip_prefix('-'));
        match part {
            Some(part) => self.tell("step-of-part", &[("title", &title), ("part", part)]),
            None => title,
        }
    }

    /// Why a plan follows its strategy; nothing where it was asked for.
    #[must_use]
    pub(crate) fn why_chosen(&self, reason: &Reason) -> Option<String> {
        Some(match reason {
            Reason::Asked => return None,
            Reason::Room => self.word("why-room"),
            Reason::Quota { quota, resource, left, needed } => self.tell(
                "why-quota",
                &[("quota", quota), ("resource", resource), ("left", left), ("needed", needed)],
            ),
            Reason::StoresMove => self.word("why-stores-move"),
            Reason::HostPort { port } => self.tell("why-host-port", &[("port", &port.to_string())]),
            Reason::ClaimOfOnePod { claim } => self.tell("why-claim-of-one-pod", &[("claim", claim)]),
        })
    }

    /// An aspect of a step in words. Where blue's pods have ended, nobody can be brought back to them within seconds.
    #[must_use]
    pub(crate) fn of_step(&self, step: &Step, aspect: Aspect) -> String {
        match aspect {
            Aspect::Title if step.id.0 == OBSERVED_ALONE => self.word("step-observe-alone-title"),
            Aspect::What if step.id.0 == OBSERVED_ALONE => self.word("step-observe-alone-what"),
            _ => self.step(&step.action, aspect),
        }
    }

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
            let fence = Action::PauseGitops { owners: Vec::new() };
            let sample = sample::plan().steps.into_iter().map(|step| step.action);
            for action in sample.chain([hold, fence]).chain(sample::passing_otherwise()) {
                names.insert(action_name(&action));
                let value = serde_json::to_value(&action).expect("an action is plain data");
                assert_eq!(value["action"], action_name(&action), "plans and words name it alike");
                for aspect in [Aspect::Title, Aspect::What, Aspect::Check, Aspect::Undo] {
                    let text = words.step(&action, aspect);
                    assert!(!text.starts_with("step-"), "{text} is not explained");
                }
            }
            assert_eq!(names.len(), 29, "the sample plan holds every action");
        }
    }
}
