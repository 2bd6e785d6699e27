//! How far it is, on a terminal.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use movers::Meter;
use tokio::task::JoinHandle;

use crate::words::Words;

const TICK: Duration = Duration::from_millis(250);

/// A line that tells how far it is, until it ends. Nothing is shown where nobody looks.
pub(super) struct Shown {
    bar: ProgressBar,
    task: Option<JoinHandle<()>>,
}

impl Shown {
    pub(super) fn begin(meter: Arc<Meter>, words: Words) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden(), task: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        let line = bar.clone();
        let task = tokio::spawn(async move {
            loop {
                line.set_message(message(&meter, &words));
                line.tick();
                tokio::time::sleep(TICK).await;
            }
        });
        Self { bar, task: Some(task) }
    }

    pub(super) fn end(self) {
        if let Some(task) = self.task {
            task.abort();
        }
        self.bar.finish_and_clear();
    }
}

fn message(meter: &Meter, words: &Words) -> String {
    let now = meter.look();
    let mebibytes = |bytes: f64| words.measure(bytes / f64::from(1 << 20));
    let left = now.left.map(|left| words.span(left.as_secs_f64() * 1_000.0));
    let details = [
        ("keys", words.number(now.items)),
        ("all", words.number(now.items_in_all.max(now.items))),
        ("mebibytes", mebibytes(now.bytes as f64)),
        ("rate", mebibytes(now.bytes_per_second)),
        ("left", left.unwrap_or_else(|| words.word("data-redis-left-unknown"))),
    ];
    let details: Vec<(&str, &str)> = details.iter().map(|(name, text)| (*name, text.as_str())).collect();
    words.tell("data-redis-progress", &details)
}
