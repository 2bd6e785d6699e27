//! How far a mover is, on standard error: a bar on a terminal, a line now and then in a log.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use movers::{Meter, Standing};

use super::size::size;
use crate::words::Words;

/// How often it is shown: on a terminal, and in a log.
const SHOWN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counted {
    Rows,
    Keys,
    Objects,
}

impl Counted {
    fn message(self) -> &'static str {
        match self {
            Self::Rows => "data-progress-rows",
            Self::Keys => "data-progress-keys",
            Self::Objects => "data-progress-objects",
        }
    }
}

/// Shows how far something is until it is done.
pub(crate) async fn shown<T>(
    meter: &Arc<Meter>,
    counted: Counted,
    words: &Words,
    work: impl Future<Output = T>,
) -> T {
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
                let line = line(&standing, counted, words);
                match &bar {
                    Some(bar) => {
                        let (done, all) = share(&standing);
                        bar.set_length(all.max(1));
                        bar.set_position(done);
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

/// How much of how much, by what is known best: what is left follows from the same.
fn share(standing: &Standing) -> (u64, u64) {
    match standing.bytes_in_all {
        0 => (standing.items, standing.items_in_all),
        all => (standing.bytes, all),
    }
}

fn line(standing: &Standing, counted: Counted, words: &Words) -> String {
    let of = |done: String, all: Option<String>| match all {
        Some(all) => words.tell("data-progress-of", &[("done", &done), ("all", &all)]),
        None => done,
    };
    let known = |done: u64, all: u64| (all > 0).then_some(all.max(done));
    let all = known(standing.items, standing.items_in_all).map(|it| words.number(it));
    let items = words.tell(counted.message(), &[("count", &of(words.number(standing.items), all))]);
    let all = known(standing.bytes, standing.bytes_in_all).map(|it| size(it, words));
    let bytes = of(size(standing.bytes, words), all);
    let Some(left) = standing.left else {
        return words.tell("data-progress-begin", &[("items", &items), ("bytes", &bytes)]);
    };
    let rate = size(standing.bytes_per_second as u64, words);
    let left = words.span(left.as_secs_f64() * 1_000.0);
    let told = [("items", items.as_str()), ("bytes", &bytes), ("rate", &rate), ("left", &left)];
    words.tell("data-progress", &told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn what_is_not_known_is_not_told() {
        let meter = Meter::default();
        meter.add(7, 3 << 20);
        let standing = meter.look();
        let words = Words::new(Language::En);
        assert_eq!(line(&standing, Counted::Keys, &words), "7 keys, 3 MiB");
        let standing = Standing {
            bytes_in_all: 6 << 20,
            bytes_per_second: f64::from(1 << 20),
            left: Some(Duration::from_secs(3)),
            ..standing
        };
        assert_eq!(line(&standing, Counted::Rows, &words), "7 rows, 3 MiB of 6 MiB, 1 MiB/s, 3 s left");
    }
}
