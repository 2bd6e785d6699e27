//! How far a pass is, on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use movers::{Meter, Standing};

use crate::data::size::size;
use crate::words::Words;

/// How often it is shown: on a terminal, and in a log.
const SHOWN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// Shows how far something is until it is done.
pub(super) async fn shown<T>(meter: Arc<Meter>, words: &Words, work: impl Future<Output = T>) -> T {
    let is_terminal = std::io::stderr().is_terminal();
    let bar = is_terminal.then(bar);
    let mut ticks = tokio::time::interval(if is_terminal { SHOWN.0 } else { SHOWN.1 });
    ticks.tick().await;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                if let Some(bar) = bar {
                    bar.finish_and_clear();
                }
                return done;
            }
            _ = ticks.tick() => {
                let standing = meter.look();
                let line = line(&standing, words);
                match &bar {
                    Some(bar) => {
                        bar.set_length(standing.items_in_all.max(1));
                        bar.set_position(standing.items);
                        bar.set_message(line);
                    }
                    // Nobody reads what cannot be written.
                    None => drop(writeln!(std::io::stderr().lock(), "{line}")),
                }
            }
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {bar:24} {msg}");
    ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn line(standing: &Standing, words: &Words) -> String {
    let left = standing.left.map(|it| words.span(it.as_secs_f64() * 1000.0));
    words.tell(
        "media-progress",
        &[
            ("items", &words.number(standing.items)),
            ("all", &words.number(standing.items_in_all)),
            ("bytes", &size(standing.bytes, words)),
            ("bytes-in-all", &size(standing.bytes_in_all, words)),
            ("rate", &size(standing.bytes_per_second as u64, words)),
            ("left", &left.unwrap_or_else(|| words.word("amount-unmeasured"))),
        ],
    )
}
