//! The blue-green strategy: green is built beside blue, the queues are handed over, users pass in an overlap, and
//! blue goes only when green has served them under guard.

use crate::sides::{Sides, step};
use crate::weights::Weights;
use crate::{Action, Reversibility, Step, StoresMove, Waves, weights};

/// In how many parts live connections are let go at most, and the cluster seconds between two of them: apps wait some
/// seconds before they connect again, so that no part meets the one before.
const PARTS: u32 = 10;
const PAUSE_S: u64 = 10;

/// The steps between green's objects and the end of blue's.
pub(crate) fn steps(sides: &Sides<'_>, front: &str, stores: &StoresMove) -> Vec<Step> {
    use Reversibility::{ReadOnly, Undoable};
    let drain = Action::DrainQueues {
        workers: sides.blue_workers(),
        cron_jobs: sides.removed_of("CronJob"),
        timeout_s: 300,
    };
    let start = Action::StartQueues {
        workers: sides.green_workers(),
        cron_jobs: sides.green_cron_jobs(),
        timeout_s: 600,
    };
    let ready = Action::AwaitReady { deployments: sides.green_serving(None), timeout_s: 600 };
    let mut steps = vec![
        step("await-green", ready, ReadOnly, sides.serving_start()),
        step("verify-green", Action::VerifyGreen { checks: sides.side_doors(None) }, ReadOnly, 5),
        step("drain-queues", drain, Undoable, 30),
    ];
    let start = step("start-queues", start, Undoable, sides.worker_start());
    match stores.cut_over() {
        None => {
            steps.push(start);
            steps.extend(passing(sides, weights::of(sides, front)));
        }
        // From the fence on users want green, which alone can write: no stages, and workers when users are there.
        Some(cut_over) => {
            steps.push(cut_over);
            steps.extend(passing(sides, None));
            steps.push(start);
        }
    }
    steps.push(step("observe", Action::Observe { seconds: 300 }, ReadOnly, 300));
    let streaming = sides.blue_serving(Some("streaming"));
    let pods = streaming.iter().map(|own| own.replicas).max().unwrap_or(0);
    let waves = (pods > 1).then(|| Waves {
        deployments: streaming.into_iter().map(|own| own.deployment).collect(),
        parts: PARTS,
        pause_s: PAUSE_S,
    });
    let pauses_s = u64::from(pods.min(PARTS).saturating_sub(1)) * PAUSE_S;
    let stop = Action::StopBlue { deployments: sides.blue_serving(None), waves, timeout_s: 300 };
    steps.push(step("stop-blue", stop, Undoable, 30 + pauses_s));
    steps
}

/// How users pass. Where routes have weights, by and by to green's own Service; the Services behind the routes pass while
/// nobody comes through them, and the routes are put back.
fn passing(sides: &Sides<'_>, weights: Option<Weights>) -> Vec<Step> {
    use Reversibility::{ReadOnly, Undoable};
    let services = &sides.services;
    let hold = sides.hold_overlap_s;
    let mut steps = Vec::new();
    if let Some(weights) = &weights {
        let seconds = weights.stage_s * u64::try_from(weights.stages.len()).unwrap_or(0);
        let shift = Action::ShiftWeights {
            routes: weights.routes.clone(),
            stages: weights.stages.clone(),
            stage_s: weights.stage_s,
        };
        steps.push(step("shift-weights", shift, Undoable, seconds));
    }
    let pods = sides.overlap_labels(services);
    let open = Action::OpenOverlap { pods, services: services.clone() };
    steps.push(step("open-overlap", open, Undoable, 5));
    if hold > 0 {
        steps.push(step("hold-overlap", Action::HoldOverlap { seconds: hold }, ReadOnly, hold));
    }
    steps.push(step("close-overlap", Action::CloseOverlap { services: services.clone() }, Undoable, 5));
    if let Some(weights) = weights {
        steps.push(step("restore-routes", Action::RestoreRoutes { routes: weights.routes }, Undoable, 1));
    }
    steps
}
