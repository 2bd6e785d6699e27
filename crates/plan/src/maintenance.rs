//! The maintenance strategy: a page stands where users come while blue ends, so that nobody writes until green takes its
//! place. For moves that need a quiet database.

use serde_json::Value;

use crate::sides::{Sides, step};
use crate::{
    Action, PageSwitch, Replicas, Reversibility, ServiceSwitch, SideDoor, Step, StoresMove, choice, page,
};

/// The steps between green's objects, which stand at no pods, and the end of blue's.
pub(crate) fn steps(sides: &Sides<'_>, page: &[Value], stores: &StoresMove) -> Vec<Step> {
    use Reversibility::{ReadOnly, Undoable};
    let hold_s = sides.hold_overlap_s;
    let services = |from_page: bool| -> Vec<ServiceSwitch> {
        let own = |switch: &ServiceSwitch| {
            let page = page::selector(sides, &switch.component);
            let mut switch = switch.clone();
            *(if from_page { &mut switch.blue } else { &mut switch.green }) = page;
            switch
        };
        sides.services.iter().map(own).collect()
    };
    let pods = sides.overlap_labels(&sides.services);
    let show = Action::ShowPage(PageSwitch { pods, services: services(false), hold_s });
    let hide = Action::HidePage(PageSwitch { pods: Vec::new(), services: services(true), hold_s });
    let deployments = page::deployments(page);
    let raise_page = Action::RaisePage { checks: looks(page), deployments, timeout_s: 300 };
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
    let stop = Action::StopBlue { deployments: sides.blue_serving(None), waves: None, timeout_s: 300 };
    let raise: Vec<Replicas> = sides.green_serving(None);
    let raise = Action::RaiseGreen { deployments: raise, timeout_s: 600 };
    let rise = [
        step("raise-green", raise, Undoable, sides.serving_start()),
        step("verify-green", Action::VerifyGreen { checks: sides.side_doors(None) }, ReadOnly, 5),
    ];
    // Users wait for what stands between the page and green: green starts before, unless only blue's end makes room for it.
    let is_ready_before = choice::fits_beside(sides) && !stores.fills_in_the_pause();
    let (before, behind) = if is_ready_before { (Some(rise), None) } else { (None, Some(rise)) };
    let mut steps: Vec<Step> = before.into_iter().flatten().collect();
    steps.extend([
        step("raise-page", raise_page, Undoable, 15),
        // Users post while the workers end: their jobs wait, and the page stands for a shorter time.
        step("drain-queues", drain, Undoable, 30),
        step("show-page", show, Undoable, 5 + hold_s),
        step("stop-blue", stop, Undoable, 30),
    ]);
    steps.extend(stores.cut_over());
    steps.extend(behind.into_iter().flatten());
    steps.extend([
        step("hide-page", hide, Undoable, 15 + hold_s),
        // Jobs can wait; users cannot.
        step("start-queues", start, Undoable, sides.worker_start()),
        step("observe-alone", Action::Observe { seconds: 300 }, ReadOnly, 300),
        step("remove-page", Action::RemovePage, Undoable, 5),
    ]);
    steps
}

/// What each pod of the page is asked before anybody is sent there.
fn looks(page: &[Value]) -> Vec<SideDoor> {
    let deployments = page.iter().filter(|object| object["kind"] == "Deployment");
    let look = |object: &Value| {
        let spec = &object["spec"];
        let port = spec["template"]["spec"]["containers"][0]["ports"][0]["containerPort"].as_u64();
        let labels = spec["selector"]["matchLabels"].as_object().into_iter().flatten();
        SideDoor {
            component: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            selector: labels
                .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
            path: "/".to_owned(),
            contains: "<html".to_owned(),
        }
    };
    deployments.map(look).collect()
}
