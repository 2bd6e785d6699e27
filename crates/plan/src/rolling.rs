//! The rolling strategy: green takes blue's place pod by pod, so that there is never more than one pod too many. Queues
//! pass worker by worker, then streaming passes, then web.

use crate::sides::{ASKED, Sides, is_worker, step};
use crate::{Action, PodShift, Replicas, Reversibility, Step};

/// Cluster seconds after which any front has taken in that a pod came or went, where it says nothing else: ingress-nginx
/// looks every 3.3 s (`--sync-rate-limit`), others every five at most.
const FRONT_FOLLOWS_S: u64 = 10;

/// The steps between green's objects, which stand at no pods, and the end of blue's.
pub(crate) fn steps(sides: &Sides<'_>) -> Vec<Step> {
    let mut steps = queues(sides);
    for component in ASKED {
        steps.extend(part(sides, component));
    }
    steps.push(step("observe-alone", Action::Observe { seconds: 300 }, Reversibility::ReadOnly, 300));
    steps
}

/// One worker after the other, so that most queues are worked all the while. A worker of green starts when the one that
/// it replaces has ended: never two of them, and so never two schedulers.
fn queues(sides: &Sides<'_>) -> Vec<Step> {
    let mut pairs: Vec<(Vec<Replicas>, Vec<Replicas>, String)> = Vec::new();
    let mut left = sides.blue_workers();
    for made in sides.target.green.iter().filter(|made| made.object.kind() == "Deployment" && is_worker(made))
    {
        let name = made.from.map(|from| sides.installation.objects[from].name());
        let place = left.iter().position(|own| Some(own.deployment.as_str()) == name);
        let old = place.map(|place| left.remove(place)).into_iter().collect();
        pairs.push((old, vec![sides.green_replicas(made)], made.component.clone()));
    }
    // What nothing of green's was made from ends before anything of green's begins.
    if let Some((old, ..)) = pairs.first_mut() {
        old.append(&mut left);
    }
    let count = pairs.len();
    let mut steps = Vec::new();
    for (index, (old, new, component)) in pairs.into_iter().enumerate() {
        let id = |verb: &str| if count == 1 { verb.to_owned() } else { format!("{verb}-{component}") };
        let cron_jobs = if index == 0 { sides.removed_of("CronJob") } else { Vec::new() };
        let drain = Action::DrainQueues { workers: old, cron_jobs, timeout_s: 300 };
        steps.push(step(id("drain-queues"), drain, Reversibility::Undoable, 30));
        let cron_jobs = if index + 1 == count { sides.green_cron_jobs() } else { Vec::new() };
        let start = Action::StartQueues { workers: new, cron_jobs, timeout_s: 600 };
        steps.push(step(id("start-queues"), start, Reversibility::Undoable, sides.worker_start()));
    }
    steps
}

/// A part that users ask: the first pod of green is ready and asked through the side door before any user reaches it.
///
/// New connections to streaming go to green alone before the first old pod ends, so that each live connection is made
/// anew once and not once for every pod that ends; requests to web need the old pods until the last.
fn part(sides: &Sides<'_>, component: &str) -> Vec<Step> {
    use Reversibility::{ReadOnly, Undoable};
    let (blue, green) = (sides.blue_serving(Some(component)), sides.green_serving(Some(component)));
    if green.is_empty() && blue.is_empty() {
        return Vec::new();
    }
    let services = sides.services_of(component);
    let pods = sides.overlap_labels(&services);
    let id = |verb: &str| format!("{verb}-{component}");
    let hold = sides.hold_overlap_s;
    let first: Vec<Replicas> =
        green.iter().map(|own| Replicas { replicas: own.replicas.min(1), ..own.clone() }).collect();
    let settle_s = hold.max(FRONT_FOLLOWS_S);
    let count: u64 = blue.iter().map(|own| u64::from(own.replicas)).sum();
    let shift = Action::ShiftPods(PodShift {
        component: component.to_owned(),
        blue,
        green,
        services: services.clone(),
        checks: sides.side_doors(Some(component)),
        settle_s,
        timeout_s: 600,
    });
    let each_s = sides.serving_start() + 2 * settle_s;
    let shift = step(id("shift-pods"), shift, Undoable, count * each_s);
    let close = Action::CloseOverlap { services: services.clone() };
    let close = step(id("close-overlap"), close, Undoable, 5);
    let mut steps = vec![
        step(
            id("raise-green"),
            Action::RaiseGreen { deployments: first, timeout_s: 600 },
            Undoable,
            sides.serving_start(),
        ),
        step(
            id("verify-green"),
            Action::VerifyGreen { checks: sides.side_doors(Some(component)) },
            ReadOnly,
            5,
        ),
    ];
    if services.is_empty() {
        steps.push(shift);
        return steps;
    }
    steps.push(step(id("open-overlap"), Action::OpenOverlap { pods, services }, Undoable, 5));
    if hold > 0 {
        steps.push(step(id("hold-overlap"), Action::HoldOverlap { seconds: hold }, ReadOnly, hold));
    }
    steps.extend(if component == "streaming" { [close, shift] } else { [shift, close] });
    steps
}
