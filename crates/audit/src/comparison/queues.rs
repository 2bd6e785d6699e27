//! Who serves the queues: each of them by somebody, the schedule by one process.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Role, queues_of};

use super::side::Side;
use crate::difference::at;
use crate::{Code, Difference};

/// The most processes that serve each queue at once.
type Served<'a> = BTreeMap<&'a str, u64>;

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let (old, new) = (served(before), served(after));
    let here = at("queues");
    for queue in needed(before, after, &old) {
        let (from, to) = (count(&old, &queue), count(&new, &queue));
        if to == 0 {
            let lost = here.differs(Code::QueueUnserved, &queue, from.to_string(), "");
            found.push(lost.explained((from == 0).then_some("audit-as-before")));
        }
    }
    let (from, to) = (count(&old, "scheduler"), count(&new, "scheduler"));
    if to > 1 {
        let several = here.differs(Code::SecondScheduler, "scheduler", from.to_string(), to.to_string());
        found.push(several.explained((from >= to).then_some("audit-as-before")));
    }
}

fn count(served: &Served<'_>, queue: &str) -> u64 {
    served.get(queue).copied().unwrap_or_default()
}

fn served<'a>(side: &Side<'a>) -> Served<'a> {
    let mut served = Served::new();
    for component in &side.all.components {
        let Role::Sidekiq(command) = &component.role else { continue };
        let pods = side.most_pods(component.object);
        let mut names: Vec<&str> = command.queues.iter().map(|queue| queue.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for queue in names {
            *served.entry(queue).or_default() += pods;
        }
    }
    served
}

/// The queues of the release that shall run, and whatever is served today. Without any worker before there are none.
fn needed(before: &Side<'_>, after: &Side<'_>, old: &Served<'_>) -> BTreeSet<String> {
    let mut needed: BTreeSet<String> = old.keys().map(|queue| (*queue).to_owned()).collect();
    if !needed.is_empty() {
        let version =
            [after, before].iter().find_map(|side| side.all.versions.iter().find_map(|own| own.minor()));
        needed.extend(queues_of(version).into_iter().map(|queue| queue.name));
    }
    needed
}
