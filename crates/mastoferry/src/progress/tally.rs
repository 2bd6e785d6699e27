//! What has been said of the steps so far: pure, so that it can be tested without a terminal.

use std::time::{Duration, Instant};

use movers::stores::{CutOver, Followed, GoneBack};
use plan::{Step, StepId};
use voyage::{Breach, QueueWay};

use crate::report;
use crate::words::Words;

/// The steps' titles, and which of them are under way.
#[derive(Debug)]
pub(super) struct Tally {
    words: Words,
    titles: Vec<(StepId, String)>,
    started: Vec<(StepId, Instant)>,
    done: usize,
}

impl Tally {
    pub(super) fn new(words: Words, steps: &[Step]) -> Self {
        let titles = steps.iter().map(|step| (step.id.clone(), words.title(step))).collect();
        Self { words, titles, started: Vec::new(), done: 0 }
    }

    pub(super) fn done(&self) -> usize {
        self.done
    }

    fn title(&self, id: &StepId) -> String {
        self.titles
            .iter()
            .find(|(known, _)| known == id)
            .map_or_else(|| id.to_string(), |(_, title)| title.clone())
    }

    /// A step begins: its line, and what stands beside the bar.
    pub(super) fn started(&mut self, id: &StepId, now: Instant) -> (String, String) {
        self.started.retain(|(known, _)| known != id);
        self.started.push((id.clone(), now));
        let title = self.title(id);
        let number = self.titles.iter().position(|(known, _)| known == id).map_or(0, |place| place + 1);
        let steps = self
            .words
            .say("progress-steps", &[("number", number.into()), ("count", self.titles.len().into())]);
        (
            self.words.say("progress-step-started", &[("step", title.as_str().into())]),
            format!("{steps}  {title}"),
        )
    }

    /// A step is done: its line.
    pub(super) fn finished(&mut self, id: &StepId, now: Instant) -> String {
        self.done = (self.done + 1).min(self.titles.len());
        let took = self
            .started
            .iter()
            .find(|(known, _)| known == id)
            .map_or(Duration::ZERO, |(_, at)| now.saturating_duration_since(*at));
        self.words.say(
            "progress-step-done",
            &[("step", self.title(id).into()), ("took", self.words.span(took.as_secs_f64() * 1000.0).into())],
        )
    }

    /// A step was taken back: its line.
    pub(super) fn undone(&mut self, id: &StepId) -> String {
        self.done = self.done.saturating_sub(1);
        self.words.say("progress-step-undone", &[("step", self.title(id).into())])
    }

    /// A step was not done: its line.
    pub(super) fn failed(&self, id: &StepId, reason: &str) -> String {
        self.words.say(
            "progress-step-failed",
            &[("step", self.title(id).into()), ("reason", self.words.reason(reason).into())],
        )
    }

    /// A rule was broken: its line.
    pub(super) fn breach(&self, breach: &Breach) -> String {
        let seen = match &breach.missing {
            Some(_) => self.words.word("report-breach-silent"),
            None => report::measured(breach.metric, breach.value, breach.bound, &self.words),
        };
        self.words.say("progress-breach", &[("rule", breach.rule.as_str().into()), ("seen", seen.into())])
    }

    /// The old side's workers take no more jobs: its lines.
    pub(super) fn queues_drained(&self, way: QueueWay, processes: usize, outlasted: &[String]) -> String {
        match way {
            QueueWay::Pods => self.words.word("progress-queues-pods"),
            QueueWay::Redis if outlasted.is_empty() => {
                self.words.say("progress-queues-redis", &[("processes", processes.into())])
            }
            QueueWay::Redis => {
                self.words.say("progress-queues-outlasted", &[("jobs", outlasted.join(", ").into())])
            }
        }
    }

    /// The new stores are filled: its line.
    pub(super) fn stores_follow(&self, followed: &Followed) -> String {
        let told = [
            ("rows", followed.rows.into()),
            ("objects", followed.objects.into()),
            ("size", crate::data::size(followed.object_bytes, &self.words).into()),
        ];
        self.words.say("progress-stores-follow", &told)
    }

    /// The stores have passed over: its line.
    pub(super) fn stores_passed(&self, cut_over: &CutOver) -> String {
        let span = self.words.span_or_unmeasured(cut_over.pause_ms);
        self.words.say("progress-stores-passed", &[("span", span.into())])
    }

    /// The old stores are the ones again: its line.
    pub(super) fn stores_returned(&self, gone: &GoneBack) -> String {
        let after = if gone.after { "yes" } else { "no" };
        self.words.say("progress-stores-returned", &[("after", after.into())])
    }

    /// Who applies the old side is paused: its line.
    pub(super) fn gitops_paused(&self, owners: &[String]) -> String {
        self.words.say("progress-gitops-paused", &[("owners", owners.join(", ").into())])
    }

    /// A line that is always the same.
    pub(super) fn word(&self, id: &str) -> String {
        self.words.word(id)
    }

    /// The line on traffic.
    pub(super) fn traffic(&self, seen: &Seen) -> String {
        if seen.requests == 0 {
            return self.words.word("progress-traffic-waiting");
        }
        self.words.say(
            "progress-traffic",
            &[
                ("rate", self.words.measure(seen.rate).into()),
                ("requests", seen.requests.into()),
                ("failed", seen.failed.into()),
                ("p99", self.words.span_or_unmeasured(seen.p99_ms).into()),
                ("sockets", seen.sockets.into()),
            ],
        )
    }
}

/// Traffic as seen at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) rate: f64,
    pub(super) p99_ms: Option<f64>,
    pub(super) sockets: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    #[test]
    fn a_step_is_named_timed_and_counted() {
        let mut tally = Tally::new(Words::new(Language::En), &sample::plan().steps);
        let id = StepId("install-green".to_owned());
        let now = Instant::now();
        let (line, beside) = tally.started(&id, now);
        assert_eq!(line, "started: Build the new side in the dark");
        assert_eq!(beside, "step 6 of 19  Build the new side in the dark");
        let line = tally.finished(&id, now + Duration::from_millis(2_500));
        assert_eq!(line, "done: Build the new side in the dark (2.5 s)");
        assert_eq!(tally.done(), 1);
        assert_eq!(tally.undone(&id), "taken back: Build the new side in the dark");
        assert_eq!(tally.done(), 0);
    }

    #[test]
    fn traffic_is_told_in_one_line() {
        let tally = Tally::new(Words::new(Language::Ja), &[]);
        let seen = Seen { requests: 12_400, failed: 3, rate: 499.6, p99_ms: Some(8.24), sockets: 200 };
        assert_eq!(
            tally.traffic(&seen),
            "毎秒 500 件 · 送信 12,400 件 · 失敗 3 件 · 99 % は 8.2 ミリ秒以内 · 常時接続 200 本"
        );
        assert_eq!(tally.traffic(&Seen { requests: 0, ..seen }), "通信はまだありません");
    }
}
