//! The table, for a terminal and as a page.

use crate::ours::{BASELINE_S, NODE_SPEED, OBSERVE_S, SPEED};
use crate::row::Row;
use crate::sites::SITES;
use crate::users::{RATE, SOCKETS};

/// A shortfall with its place.
pub(crate) fn named(row: &Row, what: &str) -> String {
    format!("{}/{}: {what}", row.deployment, row.strategy)
}

/// One line for a terminal.
pub(crate) fn line(row: &Row) -> String {
    let place = format!("{}{}", row.deployment, if row.by_hand { ", by hand" } else { "" });
    let mut line = format!("{place:<26} {:<12}", row.strategy);
    if let Some(it) = &row.crossed {
        line += &format!(
            " {:>6} requests {:>5} failed {:>5} announced ({:>5.1} s) outage {:>5.1} s p99 {:>5.1} ms {:>4.0} s",
            it.requests,
            it.failed,
            it.announced,
            seconds(it.announced_window_ms),
            seconds(it.longest_outage_ms),
            it.p99_ms,
            it.took_s
        );
    }
    line += &format!(" schedulers {}", row.max_schedulers);
    if let Some(it) = &row.taken_back {
        line += &format!(
            " {}: web back {:.2} s, all {:.2} s, equal {}/{}",
            it.rule,
            seconds(it.web_ms),
            seconds(it.all_ms),
            it.kept - it.differ.len() as u64,
            it.kept
        );
    }
    for what in row.shortfalls() {
        line += &format!("\n    {what}");
    }
    line
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// The whole page.
pub(crate) fn page(rows: &[Row]) -> String {
    let minutes: f64 = rows.iter().map(|row| row.minutes).sum();
    let made = || rows.iter().map(|row| row.made.as_str());
    let (from, until) = (made().min().unwrap_or_default(), made().max().unwrap_or_default());
    let mut text = format!(
        "# Crossings\n\nMade by `cargo xtask bench crossings` ({minutes:.0} min; from {from} until {until} UTC), not by hand.\n\n\
         Deployments of the corpus on a real control plane (etcd, kube-apiserver, kube-controller-manager, kube-scheduler),\n\
         moved by `mastoferry migrate` as users run it, behind a real Traefik with its defaults that reads Ingresses,\n\
         Services and EndpointSlices from that API server. Users ask for every route at {RATE:.0} requests a second, open\n\
         loop, one in twenty a post, and hold {SOCKETS} WebSockets. A good answer has status 200 *and* comes from the right\n\
         component.\n\n\
         Pods are stand-ins for Mastodon on a hollow node that boots them {NODE_SPEED:.0} times as fast as life; the program\n\
         waits {SPEED:.0} times as fast, and two looks of its plan are shortened: the baseline to {BASELINE_S} s, the last\n\
         observation to {OBSERVE_S} s of that time. Control plane, front, users and the guard's verdict live in real time.\n\
         Durations are those of the run.\n\n\
         *(mended)*: an Ingress was added where none is in the repository; in k15 a `hostPort` was taken out; k08 is\n\
         in the words of Kubernetes before 1.16 and got `apps/v1`, selectors and made-up secrets.\n\n\
         - *Failed*: no good answer. *Announced*: 503 with `Retry-After` while the page stands, and for how long.\n\
         - *Restored*: in another run all of green's web answers 500 a second after users came to it. From the verdict of the\n\
           guard (its rule is named) or of a step's own check until a watch outside, which asks web and streaming every 20 ms,\n\
           was answered by blue alone: what is asked of web, and everything. By `rolling` blue's streaming has ended by then,\n\
           by `maintenance` all of blue has: its pods boot anew, meanwhile green's well part or the page answers.\n\
           The program needs about 0.1 s for it. The rest is Traefik's, which takes a change in 2 s after the one before\n\
           (`providersThrottleDuration`): 2.1 s where it had just taken one in when the verdict fell.\n\
         - *Equal*: objects of the backup that stand as it has them after that, by `mastoferry restore`.\n\
         - *Schedulers*: processes that served the queue `scheduler` at once, at most, over both runs.\n\n\
         | deployment | shape | strategy | requests | failed | announced | longest outage | p99 | WebSockets: reconnects, longest gap | schedulers | duration | restored: web, all | equal |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    rows.iter().filter(|row| !row.by_hand).for_each(|row| text += &ours(row));
    text += BY_HAND;
    rows.iter().filter(|row| row.by_hand).for_each(|row| text += &by_hand(row));
    let short: Vec<String> =
        rows.iter().flat_map(|row| row.shortfalls().into_iter().map(|it| named(row, &it))).collect();
    if !short.is_empty() {
        text += "\n## Short of what was asked\n\n";
        short.iter().for_each(|it| text += &format!("- {}\n", it.lines().next().unwrap_or_default()));
    }
    text
}

fn ours(row: &Row) -> String {
    let site = SITES.iter().find(|site| site.name == row.deployment);
    let shape = site.map_or(String::new(), |site| {
        format!("{}{} → {}", site.shape, if site.is_changed() { " (mended)" } else { "" }, site.to)
    });
    let (Some(it), Some(back)) = (&row.crossed, &row.taken_back) else {
        return format!("| {} | {shape} | {} | did not come to its end |\n", row.deployment, row.strategy);
    };
    let announced = match it.announced {
        0 => "–".to_owned(),
        many => format!("{many} in {:.1} s", seconds(it.announced_window_ms)),
    };
    format!(
        "| {} | {shape} | {} | {} | {} | {announced} | {:.1} s | {:.1} ms | {} of {}, {:.1} s | {} | {:.0} s | {}: {:.2} s, {:.2} s | {} of {} |\n",
        row.deployment,
        row.strategy,
        it.requests,
        it.failed,
        seconds(it.longest_outage_ms),
        it.p99_ms,
        it.reconnects,
        it.sockets,
        seconds(it.longest_gap_ms),
        row.max_schedulers,
        it.took_s,
        back.rule,
        seconds(back.web_ms),
        seconds(back.all_ms),
        back.kept - back.differ.len() as u64,
        back.kept,
    )
}

fn by_hand(row: &Row) -> String {
    let Some(it) = &row.crossed else {
        return format!("| {} | did not come to its end |\n", row.strategy);
    };
    let outage = |name: &str| it.parts.get(name).map_or(0.0, |part| seconds(part.outage_ms));
    format!(
        "| {} | {} | {} | {:.1} s | {:.1} s | {:.1} s | {:.1} s | {} of {}, {:.1} s | {} | {:.0} s | {}, {} |\n",
        row.strategy,
        it.requests,
        it.failed,
        outage("web"),
        outage("streaming"),
        outage("manael"),
        seconds(it.longest_outage_ms),
        it.reconnects,
        it.sockets,
        seconds(it.longest_gap_ms),
        row.max_schedulers,
        it.took_s,
        row.commands,
        row.commands_failed,
    )
}

const BY_HAND: &str = "\n## By hand\n\n\
     The manual procedure that the project grew from, on k01 under the same users behind the same Traefik: its commands as\n\
     scripts (`crates/mastoferry/benches/crossings/manual`), each repaired as little as possible at the moment it fails, by\n\
     somebody who needs no time to think. Pods boot as slowly as in life (web 15 s), the document's pauses for looking are left out. The chart is\n\
     `examples/chart`, which has the official one's names, hooks and required values. *Outage*: the 100 ms slices without\n\
     one good answer, of each part. *Commands*: those of the document, and those of them that failed as written.\n\n\
     | strategy | requests | failed | outage of web | of streaming | of media | longest | WebSockets: reconnects, longest gap | schedulers | duration | commands, failed |\n\
     |---|---|---|---|---|---|---|---|---|---|---|\n";
