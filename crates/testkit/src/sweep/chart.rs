//! What undisturbed voyages show: what is asked for in which step, so that accidents lie where voyages come by.

use plan::{Action, Plan, StepId, Strategy};
use voyage::{Course, Crash, Outcome, Phase, StepState};

use super::accident::Accident;
use super::life::{Aim, Way};
use super::run;
use super::stint::{Call, Stint};
use crate::failure::Failure;

/// One strategy, there and back without any accident.
#[derive(Debug)]
pub(crate) struct Sounding {
    pub(crate) strategy: Strategy,
    pub(crate) calls: Vec<Call>,
}

/// Every strategy, sounded.
#[derive(Debug)]
pub struct Chart(Vec<Sounding>);

impl Chart {
    /// Sails each of these ways there and back, and notes every request.
    ///
    /// # Errors
    /// When one does not arrive, or does not come back.
    pub async fn sound(strategies: &[Strategy]) -> Result<Self, Failure> {
        let mut soundings = Vec::new();
        for strategy in strategies {
            soundings.push(Sounding { strategy: *strategy, calls: run::undisturbed(*strategy).await? });
        }
        Ok(Self(soundings))
    }

    pub(crate) fn soundings(&self) -> &[Sounding] {
        &self.0
    }

    /// How many requests were made while this was under way.
    fn requests(&self, strategy: Strategy, stint: &Stint) -> usize {
        let own = self.0.iter().filter(|sounding| sounding.strategy == strategy);
        own.flat_map(|sounding| &sounding.calls).filter(|call| call.stint == *stint).count()
    }

    /// What is aimed at, in a leg that begins from where a voyage stands, with so many records in its journal.
    pub(crate) fn resolve(
        &self,
        aim: &Aim,
        plan: &Plan,
        (course, records): &(Course, usize),
        way: Way,
    ) -> Option<Accident> {
        let ahead = ahead(plan, course, way);
        let risky = |stint: &Stint| stint.step.as_ref().is_some_and(|step| is_risky(plan, step));
        let has_risk = ahead.iter().any(risky);
        let wanted: Vec<usize> = (0..ahead.len())
            .filter(|place| !(aim.risky() && has_risk) || ahead.get(*place).is_some_and(risky))
            .collect();
        let pick = |share: u64, of: usize| usize::try_from(share).unwrap_or(0) * of / 1000;
        match aim {
            Aim::Call { call, times, ailment } => {
                Some(Accident::Call { call: call.clone(), times: *times, ailment: *ailment })
            }
            Aim::Crash { step, edge, .. } => {
                let place = *wanted.get(pick(*step, wanted.len()))?;
                // The leg's own first record, and two of each step.
                let record = records + 1 + 2 * place;
                Some(Accident::Crash(match edge {
                    0 => Crash::Before(record),
                    1 => Crash::After(record),
                    2 => Crash::Before(record + 1),
                    _ => Crash::After(record + 1),
                }))
            }
            Aim::Requests { request, times, ailment, .. } => {
                let counts: Vec<(usize, usize)> = wanted
                    .iter()
                    .filter_map(|place| Some((*place, self.requests(plan.strategy, ahead.get(*place)?))))
                    .collect();
                let mut at = pick(*request, counts.iter().map(|(_, count)| count).sum());
                let (place, _) = counts.iter().find(|(_, count)| {
                    let here = at < *count;
                    if !here {
                        at -= count;
                    }
                    here
                })?;
                let stint = ahead.get(*place)?.clone();
                Some(Accident::Requests { stint, at, times: *times, ailment: *ailment })
            }
        }
    }
}

/// What a leg will be at, in order.
fn ahead(plan: &Plan, course: &Course, way: Way) -> Vec<Stint> {
    let state = |id: &StepId| course.state(id).unwrap_or(StepState::Pending);
    let goes_back = way == Way::Back
        || match &course.phase {
            Phase::RollingBack => true,
            Phase::Finished { outcome: Outcome::Completed, .. } => return Vec::new(),
            Phase::Finished { rolling_back, .. } => *rolling_back,
            Phase::Fresh | Phase::Sailing => false,
        };
    let steps = plan.steps.iter().map(|step| &step.id);
    if goes_back {
        let touched = steps.filter(|id| !matches!(state(id), StepState::Pending | StepState::Undone));
        return touched.rev().map(|id| Stint::of(Way::Back, id)).collect();
    }
    steps.filter(|id| state(id) != StepState::Done).map(|id| Stint::of(Way::On, id)).collect()
}

/// Whether it is a step from the first that moves queues or users to the last that ends blue's pods.
fn is_risky(plan: &Plan, step: &StepId) -> bool {
    let risky = |action: &Action| {
        matches!(
            action,
            Action::DrainQueues { .. }
                | Action::OpenOverlap { .. }
                | Action::CloseOverlap { .. }
                | Action::ShiftPods(_)
                | Action::ShiftWeights { .. }
                | Action::ShowPage(_)
                | Action::HidePage(_)
                | Action::StopBlue { .. }
        )
    };
    let place = plan.steps.iter().position(|own| own.id == *step);
    let first = plan.steps.iter().position(|own| risky(&own.action));
    let last = plan.steps.iter().rposition(|own| risky(&own.action));
    place.is_some_and(|place| first.is_some_and(|first| first <= place) && Some(place) <= last)
}
