//! The display: bars on a terminal, a line for each event elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use movers::stores::{CutOver, Followed, GoneBack};
use plan::{Step, StepId};
use voyage::{Breach, QueueWay};

use super::tally::{Seen, Tally};
use crate::words::Words;

/// How often the display is redrawn while nothing happens, so that a wait looks alive.
const TICK: Duration = Duration::from_millis(120);

/// The display of a voyage. Copies show on the same screen, and may be used from any task.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    tally: Arc<Mutex<Tally>>,
    screen: Screen,
}

#[derive(Debug, Clone)]
enum Screen {
    Bars { all: MultiProgress, steps: ProgressBar, traffic: ProgressBar },
    Lines,
}

impl Progress {
    /// A display for these steps, on standard error.
    #[must_use]
    pub(crate) fn new(words: Words, steps: &[Step]) -> Self {
        let screen = if std::io::stderr().is_terminal() { bars(steps.len()) } else { Screen::Lines };
        Self { tally: Arc::new(Mutex::new(Tally::new(words, steps))), screen }
    }

    /// A step begins.
    pub(crate) fn step_started(&self, id: &StepId) {
        let (line, beside) = self.tally().started(id, Instant::now());
        match &self.screen {
            Screen::Bars { steps, .. } => steps.set_message(beside),
            Screen::Lines => tell(&line),
        }
    }

    /// A step is done.
    pub(crate) fn step_done(&self, id: &StepId) {
        let line = self.tally().finished(id, Instant::now());
        self.after_step(&line, "✓");
    }

    /// A step was taken back.
    pub(crate) fn step_undone(&self, id: &StepId) {
        let line = self.tally().undone(id);
        self.after_step(&line, "↶");
    }

    /// A step was not done.
    pub(crate) fn step_failed(&self, id: &StepId, reason: &str) {
        let line = self.tally().failed(id, reason);
        self.say(&line);
    }

    /// A rule of the guard was broken.
    pub(crate) fn breach(&self, breach: &Breach) {
        let line = self.tally().breach(breach);
        self.say(&line);
    }

    /// The old side's workers take no more jobs.
    pub(crate) fn queues_drained(&self, way: QueueWay, processes: usize, outlasted: &[String]) {
        let line = self.tally().queues_drained(way, processes, outlasted);
        self.say(&line);
    }

    /// The new stores are filled.
    pub(crate) fn stores_follow(&self, followed: &Followed) {
        let line = self.tally().stores_follow(followed);
        self.say(&line);
    }

    /// The stores have passed over.
    pub(crate) fn stores_passed(&self, cut_over: &CutOver) {
        let line = self.tally().stores_passed(cut_over);
        self.say(&line);
    }

    /// The old stores are the ones again.
    pub(crate) fn stores_returned(&self, gone: &GoneBack) {
        let line = self.tally().stores_returned(gone);
        self.say(&line);
    }

    /// Who applies the old side is paused.
    pub(crate) fn gitops_paused(&self, owners: &[String]) {
        if !owners.is_empty() {
            let line = self.tally().gitops_paused(owners);
            self.say(&line);
        }
    }

    /// Everything goes back.
    pub(crate) fn rolling_back(&self) {
        let line = self.tally().word("progress-rolling-back");
        self.say(&line);
    }

    /// Everything is done.
    pub(crate) fn arrived(&self) {
        let line = self.tally().word("rehearse-tail");
        self.say(&line);
    }

    /// Traffic at this moment; shown on a terminal only.
    pub(crate) fn traffic(&self, requests: u64, failed: u64, rate: f64, p99_ms: Option<f64>, sockets: u64) {
        if let Screen::Bars { traffic, .. } = &self.screen {
            let line = self.tally().traffic(&Seen { requests, failed, rate, p99_ms, sockets });
            traffic.set_message(line);
        }
    }

    /// Says something above the bars.
    pub(crate) fn say(&self, text: &str) {
        match &self.screen {
            // The terminal may be gone; the voyage goes on without an audience.
            Screen::Bars { all, .. } => drop(all.println(text)),
            Screen::Lines => tell(text),
        }
    }

    /// Takes the bars off the screen.
    pub(crate) fn finish(&self) {
        if let Screen::Bars { all, steps, traffic } = &self.screen {
            steps.finish_and_clear();
            traffic.finish_and_clear();
            drop(all.clear());
        }
    }

    fn after_step(&self, line: &str, mark: &str) {
        match &self.screen {
            Screen::Bars { all, steps, .. } => {
                drop(all.println(format!("{mark} {line}")));
                let done = self.tally().done();
                steps.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            }
            Screen::Lines => tell(line),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        // A tally is whole after every statement: a panic elsewhere leaves nothing half done.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bars(count: usize) -> Screen {
    let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
    let steps = all.add(ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX)));
    steps.set_style(style("{spinner} {bar:24.cyan/dim} {wide_msg}").progress_chars("━╸─"));
    steps.enable_steady_tick(TICK);
    let traffic = all.add(ProgressBar::new_spinner());
    traffic.set_style(style("  {wide_msg:.dim}"));
    Screen::Bars { all, steps, traffic }
}

fn style(template: &str) -> ProgressStyle {
    // Templates are constants; a test holds that they parse.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// One line to standard error. Nobody may be there to read it, which is no reason to stop a voyage.
fn tell(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_parse() {
        for template in ["{spinner} {bar:24.cyan/dim} {wide_msg}", "  {wide_msg:.dim}"] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
