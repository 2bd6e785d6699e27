//! What is shown while a run goes on: the steps, and live traffic below them.
//!
//! On a terminal, finished steps scroll up above two live lines; elsewhere each event is a line of its own and
//! traffic is left out. All of it goes to standard error.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plan::{Step, StepId};

use crate::words::{Aspect, Words};

/// The display. Clones share it.
#[derive(Clone)]
pub(crate) struct Progress {
    words: Words,
    titles: Arc<HashMap<StepId, (usize, String)>>,
    begun: Arc<Mutex<HashMap<StepId, Instant>>>,
    bars: MultiProgress,
    steps: ProgressBar,
    traffic: ProgressBar,
    live: bool,
}

impl Progress {
    /// A display of a plan's steps.
    pub(crate) fn new(words: &Words, steps: &[Step]) -> Self {
        let live = std::io::stderr().is_terminal();
        let target = if live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let count = u64::try_from(steps.len()).unwrap_or_default();
        let bar = bars.add(ProgressBar::new(count));
        bar.set_style(style("{spinner} {bar:24} {pos}/{len} {wide_msg}"));
        let traffic = bars.add(ProgressBar::new_spinner());
        traffic.set_style(style("  {wide_msg}"));
        traffic.set_message(words.word("progress-traffic-waiting"));
        bar.enable_steady_tick(Duration::from_millis(120));
        let titles = steps
            .iter()
            .enumerate()
            .map(|(place, step)| (step.id.clone(), (place, words.step(&step.action, Aspect::Title))))
            .collect();
        Self {
            words: words.clone(),
            titles: Arc::new(titles),
            begun: Arc::default(),
            bars,
            steps: bar,
            traffic,
            live,
        }
    }

    /// A step began.
    pub(crate) fn step_started(&self, id: &StepId) {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Instant::now());
        let (place, title) = self.title(id);
        self.steps.set_position(u64::try_from(place).unwrap_or_default());
        self.steps.set_message(title);
    }

    /// A step is done.
    pub(crate) fn step_done(&self, id: &StepId) {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let took = begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64() * 1000.0);
        let (place, title) = self.title(id);
        self.steps.set_position(u64::try_from(place + 1).unwrap_or_default());
        let took = self.words.span(took);
        self.say(&self.words.tell("progress-step-done", &[("step", &title), ("took", &took)]));
    }

    /// A step was taken back.
    pub(crate) fn step_undone(&self, id: &StepId) {
        let (place, title) = self.title(id);
        self.steps.set_position(u64::try_from(place).unwrap_or_default());
        self.say(&self.words.tell("progress-step-undone", &[("step", &title)]));
    }

    /// What users get now.
    pub(crate) fn traffic(&self, requests: u64, failed: u64, rate: f64, p99_ms: f64, sockets: u64) {
        let values = [
            ("rate", self.words.measure(rate)),
            ("requests", self.words.number(requests)),
            ("failed", self.words.number(failed)),
            ("p99", self.words.span(p99_ms)),
            ("sockets", self.words.number(sockets)),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.traffic.set_message(self.words.tell("progress-traffic", &values));
    }

    /// A line that stays.
    pub(crate) fn say(&self, text: &str) {
        use std::io::Write as _;
        // Nobody reads progress that cannot be written.
        if self.live {
            let _ = self.bars.println(text);
        } else {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Takes the live lines away.
    pub(crate) fn finish(&self) {
        self.steps.finish_and_clear();
        self.traffic.finish_and_clear();
    }

    fn title(&self, id: &StepId) -> (usize, String) {
        self.titles.get(id).cloned().unwrap_or_else(|| (0, id.to_string()))
    }
}

fn style(template: &str) -> ProgressStyle {
    // A template of ours that does not parse falls back to indicatif's own: only looks are at stake.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╾─")
}
