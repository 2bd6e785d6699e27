//! The books of a run: every request that ended is entered once.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bucket::{BUCKET_MS, Open, OpenLatencies, Slice, Timeline};
use crate::failure::FailureKind;
use crate::latency::Latencies;
use crate::outage::{Outages, Silence};
use crate::report::{
    ComponentReport, FailureSpan, Maintenance, Mark, Phases, StreamingReport, TrafficReport,
};

/// What one request took, besides its total.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Durations {
    pub(crate) lateness: Duration,
    pub(crate) dns: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) first_byte: Option<Duration>,
}

/// A request that ended. Instants count from the start of the run.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) component: usize,
    pub(crate) class: Option<usize>,
    pub(crate) due: Duration,
    pub(crate) at: Duration,
    pub(crate) outcome: Result<(), FailureKind>,
    pub(crate) retries: u64,
    pub(crate) durations: Durations,
    pub(crate) acknowledged_id: Option<String>,
}

impl Ended {
    pub(crate) fn latency(&self) -> Duration {
        self.at.saturating_sub(self.due)
    }

    fn is_announced(&self) -> bool {
        self.outcome.is_err_and(FailureKind::is_announced)
    }
}

/// Requests that are told together: those that one component must answer, or those of one class.
#[derive(Debug)]
struct Component {
    name: String,
    requests: u64,
    retries: u64,
    failures: BTreeMap<FailureKind, u64>,
    total: Latencies<u64>,
    slices: Open<Slice>,
    outages: Outages,
    silence: Silence,
    announced: u64,
    /// When the first and the last answer of an announced maintenance were due.
    announced_ms: Option<(u64, u64)>,
}

impl Component {
    fn new((name, rate): &(String, f64)) -> Self {
        Self {
            name: name.clone(),
            requests: 0,
            retries: 0,
            failures: BTreeMap::new(),
            total: Latencies::fine(),
            slices: Open::new(),
            outages: Outages::default(),
            silence: Silence::new(*rate),
            announced: 0,
            announced_ms: None,
        }
    }

    fn enter(&mut self, ended: &Ended, (index, offset_ms): (u64, u64)) {
        self.requests += 1;
        self.retries += ended.retries;
        if ended.is_announced() {
            self.announced += 1;
            let due_ms = index * BUCKET_MS + offset_ms;
            let (first, last) = self.announced_ms.get_or_insert((due_ms, due_ms));
            (*first, *last) = ((*first).min(due_ms), (*last).max(due_ms));
            return;
        }
        self.slices.at(index).record(offset_ms, ended.outcome.is_ok());
        match ended.outcome {
            Ok(()) => {
                self.silence.answered(micros(ended.at));
                self.total.record(micros(ended.latency()));
            }
            Err(kind) => *self.failures.entry(kind).or_default() += 1,
        }
    }

    /// The account as it stands, and what is still open of it by bucket: whether it was down.
    fn standing(&self, last_due_us: u64) -> (ComponentReport, Vec<(u64, bool)>) {
        let mut outages = self.outages.clone();
        let open = self.slices.iter().map(|(index, slice)| (index, outages.follow(index, slice))).collect();
        (self.report(&outages, last_due_us), open)
    }

    fn report(&self, outages: &Outages, last_due_us: u64) -> ComponentReport {
        ComponentReport {
            requests: self.requests,
            failed: self.failures.values().sum(),
            downtime_ms: outages.downtime_ms(),
            longest_outage_ms: outages.longest_ms(),
            longest_silence_ms: self.silence.until(last_due_us) / 1000,
            p50_ms: self.total.quantile_ms(0.50),
            p99_ms: self.total.quantile_ms(0.99),
            retries: self.retries,
            failures: self.failures.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
        }
    }
}

/// The books. What is kept grows with the length of the run (a few bytes each 100 ms), not with its rate.
#[derive(Debug)]
pub(crate) struct Account {
    components: Vec<Component>,
    classes: Vec<Component>,
    timeline: Timeline,
    latencies: Open<OpenLatencies>,
    total: Latencies<u64>,
    lateness: Latencies<u64>,
    dns: Latencies<u64>,
    connect: Latencies<u64>,
    first_byte: Latencies<u64>,
    /// Closed buckets in which some component was down.
    down_buckets: u64,
    /// After so many buckets nothing can change any more.
    settled_after: u64,
    last_due: Duration,
    marks: Vec<Mark>,
    acknowledged_ids: Vec<String>,
}

impl Account {
    /// For components and classes of these names and rates. No request ends later than `longest` after it was due,
    /// save when the prober itself is starved; it then counts in the oldest bucket still open.
    pub(crate) fn new(components: &[(String, f64)], classes: &[(String, f64)], longest: Duration) -> Self {
        let settled_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).saturating_add(5_000);
        Self {
            components: components.iter().map(Component::new).collect(),
            classes: classes.iter().map(Component::new).collect(),
            timeline: Timeline::default(),
            latencies: Open::new(),
            total: Latencies::fine(),
            lateness: Latencies::fine(),
            dns: Latencies::fine(),
            connect: Latencies::fine(),
            first_byte: Latencies::fine(),
            down_buckets: 0,
            settled_after: settled_ms / BUCKET_MS,
            last_due: Duration::ZERO,
            marks: Vec::new(),
            acknowledged_ids: Vec::new(),
        }
    }

    pub(crate) fn enter(&mut self, mut ended: Ended) {
        let due_ms = u64::try_from(ended.due.as_millis()).unwrap_or(u64::MAX);
        let (index, offset_ms) = (due_ms / BUCKET_MS, due_ms % BUCKET_MS);
        self.settle(micros(ended.at) / 1000 / BUCKET_MS);
        self.last_due = self.last_due.max(ended.due);
        self.acknowledged_ids.extend(ended.acknowledged_id.take());

        let place = (index, offset_ms);
        self.components[ended.component].enter(&ended, place);
        if let Some(class) = ended.class {
            self.classes[class].enter(&ended, place);
        }
        if !ended.is_announced() {
            self.timeline.record(due_ms, ended.outcome.is_ok());
        }
        if ended.outcome.is_ok() {
            let latency_us = micros(ended.latency());
            self.total.record(latency_us);
            let bucket = self.latencies.at(index);
            bucket.get_or_insert_with(|| Box::new(Latencies::coarse())).record(latency_us);
        }
        let durations = ended.durations;
        self.lateness.record(micros(durations.lateness));
        record_some(&mut self.dns, durations.dns);
        record_some(&mut self.connect, durations.connect);
        record_some(&mut self.first_byte, durations.first_byte);
    }

    /// Closes the buckets in which no request can end any more.
    fn settle(&mut self, now: u64) {
        while self.latencies.first() + self.settled_after < now {
            let (index, latencies) = self.latencies.close();
            self.timeline.close(index, &latencies);
            // All components are followed through one bucket before the next, so that a bucket in which
            // several were down counts once.
            let mut down = false;
            for component in &mut self.components {
                let (index, slice) = component.slices.close();
                down |= component.outages.follow(index, &slice);
            }
            self.down_buckets += u64::from(down);
            for class in &mut self.classes {
                let (index, slice) = class.slices.close();
                class.outages.follow(index, &slice);
            }
        }
    }

    pub(crate) fn mark(&mut self, at: Duration, label: &str) {
        let at_ms = micros(at) / 1000;
        self.marks.push(Mark { at_ms, label: label.to_owned() });
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        let requests = self.components.iter().map(|component| component.requests).sum();
        let failed = self.components.iter().flat_map(|component| component.failures.values()).sum();
        (requests, failed)
    }

    pub(crate) fn failures_between(&self, from_ms: u64, to_ms: u64) -> Option<FailureSpan> {
        self.timeline.failures_between(from_ms, to_ms)
    }

    /// The books as they stand.
    pub(crate) fn report(&self, streaming: StreamingReport) -> TrafficReport {
        let mut down: BTreeMap<u64, bool> = BTreeMap::new();
        let mut components = BTreeMap::new();
        let mut failures = BTreeMap::<String, u64>::new();
        for component in &self.components {
            let (told, open) = component.standing(micros(self.last_due));
            for (index, is_down) in open {
                *down.entry(index).or_default() |= is_down;
            }
            for (kind, count) in &told.failures {
                *failures.entry(kind.clone()).or_default() += count;
            }
            components.insert(component.name.clone(), told);
        }
        let classes = self.classes.iter();
        let classes = classes.map(|class| (class.name.clone(), class.standing(micros(self.last_due)).0));
        let open_down = down.values().filter(|down| **down).count() as u64;
        let most = |field: fn(&ComponentReport) -> u64| components.values().map(field).max().unwrap_or(0);
        let (requests, failed) = self.counts();
        let spans = self.components.iter().filter_map(|component| component.announced_ms);
        let maintenance = Maintenance {
            requests: self.components.iter().map(|component| component.announced).sum(),
            window_ms: spans.map(|(first, last)| last - first).max().unwrap_or(0),
        };
        TrafficReport {
            requests,
            failed,
            downtime_ms: (self.down_buckets + open_down) * BUCKET_MS,
            longest_outage_ms: most(|component| component.longest_outage_ms),
            longest_silence_ms: most(|component| component.longest_silence_ms),
            p50_ms: self.total.quantile_ms(0.50),
            p99_ms: self.total.quantile_ms(0.99),
            failures,
            maintenance,
            retries: components.values().map(|component| component.retries).sum(),
            phases: Phases {
                lateness: self.lateness.quantiles(),
                dns: self.dns.quantiles(),
                connect: self.connect.quantiles(),
                first_byte: self.first_byte.quantiles(),
                total: self.total.quantiles(),
            },
            components,
            classes: classes.collect(),
            streaming,
            marks: self.marks.clone(),
            buckets: self.timeline.buckets(&self.latencies),
            acknowledged_ids: self.acknowledged_ids.clone(),
        }
    }
}

fn record_some(latencies: &mut Latencies<u64>, duration: Option<Duration>) {
    if let Some(duration) = duration {
        latencies.record(micros(duration));
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: usize = 0;
    const STREAMING: usize = 1;

    fn account() -> Account {
        let named = |name: &str, rate| (name.to_owned(), rate);
        let components = [named("web", 100.0), named("streaming", 10.0)];
        Account::new(&components, &[named("browsing", 100.0)], Duration::from_secs(1))
    }

    fn ended(component: usize, due_ms: u64, latency_ms: u64, outcome: Result<(), FailureKind>) -> Ended {
        Ended {
            component,
            class: (component == WEB).then_some(0),
            due: Duration::from_millis(due_ms),
            at: Duration::from_millis(due_ms + latency_ms),
            outcome,
            retries: 0,
            durations: Durations::default(),
            acknowledged_id: None,
        }
    }

    /// A minute in which web fails from 10.0 to 10.5 s and streaming from 10.2 to 11.0 s.
    fn minute() -> Account {
        let mut account = account();
        let refused = |failed: bool| if failed { Err(FailureKind::Connect) } else { Ok(()) };
        for due_ms in (0..60_000).step_by(10) {
            account.enter(ended(WEB, due_ms, 4, refused((10_000..10_500).contains(&due_ms))));
            if due_ms % 100 == 0 {
                account.enter(ended(STREAMING, due_ms, 8, refused((10_200..11_000).contains(&due_ms))));
            }
        }
        account
    }

    #[test]
    fn overlapping_outages_of_components_count_once_overall() {
        let report = minute().report(StreamingReport::default());
        assert_eq!((report.requests, report.failed), (6_600, 58));
        assert_eq!(report.components["web"].downtime_ms, 500);
        assert_eq!(report.components["streaming"].downtime_ms, 800);
        assert_eq!((report.downtime_ms, report.longest_outage_ms), (1_000, 800));
        assert_eq!(report.failures["connect"], 58);
        assert!((report.components["streaming"].p50_ms - 8.0).abs() < 0.01);
        assert_eq!(report.classes["browsing"], report.components["web"]);
    }

    #[test]
    fn buckets_add_up_to_the_requests() {
        let report = minute().report(StreamingReport::default());
        let sum = |field: fn(&crate::Bucket) -> u32| report.buckets.iter().map(field).sum::<u32>();
        assert_eq!((sum(|bucket| bucket.answered), sum(|bucket| bucket.failed)), (6_542, 58));
        assert_eq!(report.buckets.len(), 600);
        let dead = report.buckets.iter().find(|bucket| bucket.at_ms == 10_300).unwrap();
        assert_eq!((dead.answered, dead.failed, dead.p99_ms), (0, 11, None));
        let alive = report.buckets.iter().find(|bucket| bucket.at_ms == 9_900).unwrap();
        assert!((8.0..8.6).contains(&alive.p99_ms.unwrap()), "{alive:?}");
    }

    #[test]
    fn a_report_in_the_middle_changes_nothing() {
        let account = minute();
        let first = account.report(StreamingReport::default());
        assert_eq!(account.report(StreamingReport::default()), first);
    }

    #[test]
    fn answers_that_come_out_of_order_make_no_outage() {
        let mut account = account();
        for due_ms in (0..1_000).step_by(10) {
            // Every tenth is answered only after the nine that follow it.
            let latency_ms = if due_ms % 100 == 0 { 95 } else { 1 };
            account.enter(ended(WEB, due_ms, latency_ms, Ok(())));
        }
        let report = account.report(StreamingReport::default());
        assert_eq!((report.downtime_ms, report.longest_outage_ms), (0, 0));
    }

    #[test]
    fn a_stall_shows_as_silence_and_in_the_tail() {
        let mut account = account();
        let mut all: Vec<Ended> = (0..10_000)
            .step_by(10)
            .map(|due_ms| {
                let answered_ms = if (4_000..7_000).contains(&due_ms) { 7_000 } else { due_ms + 1 };
                ended(WEB, due_ms, answered_ms - due_ms, Ok(()))
            })
            .collect();
        all.sort_by_key(|ended| ended.at);
        all.into_iter().for_each(|ended| account.enter(ended));
        let report = account.report(StreamingReport::default());
        assert_eq!((report.failed, report.longest_outage_ms), (0, 0));
        assert_eq!(report.components["web"].longest_silence_ms, 2_999);
        assert!(report.p99_ms > 2_800.0, "{}", report.p99_ms);
    }

    #[test]
    fn an_hour_stays_small() {
        let mut account = account();
        for due_ms in (0..3_600_000).step_by(100) {
            account.enter(ended(WEB, due_ms, 900, Ok(())));
            account.enter(ended(STREAMING, due_ms, 1, Err(FailureKind::Timeout)));
        }
        assert!(account.latencies.iter().count() < 100);
        assert!(account.components.iter().all(|component| component.slices.iter().count() < 100));
        assert_eq!(account.report(StreamingReport::default()).downtime_ms, 3_600_000);
    }
}
