//! How a fault is written: `WHO.WHAT[=VALUE][@WHEN[+FOR]]`.
//!
//! ```text
//! green.web.500=30%                      while users are on green
//! green.web.500=30%@observe+60s          for a minute from the step "observe" on
//! api.500=100%@install-green+20s         no answer of the API server for 20 s
//! node.lost@90s                          a minute and a half after the first step
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::catalogue::{Effect, Entry, Reads, Target, catalogue};

/// A fault, and when it bites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Who suffers.
    pub target: Target,
    /// What goes wrong.
    pub effect: Effect,
    /// When, if it was said.
    pub window: Option<Window>,
    pub(super) id: &'static str,
}

/// When a fault bites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// From when on.
    pub start: Start,
    /// For how long, in cluster time; to the end when nothing is said.
    pub span: Option<Duration>,
}

/// When a fault begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Cluster time after the first step began.
    After(Duration),
    /// When the plan's step of this id begins.
    Step(String),
}

/// Why a fault could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No entry of the catalogue has this id.
    #[error("no fault is called {id:?}")]
    Unknown {
        /// What was asked for.
        id: String,
        /// What may have been meant, where anything is near.
        nearest: Option<&'static str>,
    },
    /// The part after `=` is missing, not wanted or not readable.
    #[error("{given:?} cannot be read; write it as in {example:?}")]
    Value {
        /// What was asked for.
        given: String,
        /// How it is written.
        example: &'static str,
    },
    /// The part after `@` is no time.
    #[error(
        "{given:?} is no time; write a span or a step, and for how long, as in \"@30s+20s\" or \"@observe+60s\""
    )]
    Window {
        /// What was asked for.
        given: String,
    },
}

impl Fault {
    /// Reads a fault as a person writes it.
    ///
    /// # Errors
    /// When the catalogue has no such fault, or its value or time cannot be read.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let text = text.trim();
        let (what, window) = match text.split_once('@') {
            Some((what, when)) => {
                let read = window(when.trim());
                (what.trim(), Some(read.ok_or_else(|| FaultError::Window { given: when.trim().to_owned() })?))
            }
            None => (text, None),
        };
        let (id, value) = match what.split_once('=') {
            Some((id, value)) => (id.trim(), Some(value.trim())),
            None => (what, None),
        };
        let Some(entry) = catalogue().find(|entry| entry.id == id) else {
            return Err(FaultError::Unknown { id: id.to_owned(), nearest: nearest(id) });
        };
        let effect = effect(entry, value)
            .ok_or_else(|| FaultError::Value { given: what.to_owned(), example: entry.example })?;
        Ok(Self { target: entry.target, effect, window, id: entry.id })
    }

    /// The step at which it begins, if it was said so.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match &self.window.as_ref()?.start {
            Start::Step(step) => Some(step),
            Start::After(_) => None,
        }
    }

    /// Whether it lies on the way between the program and the API server.
    #[must_use]
    pub fn is_of_api(&self) -> bool {
        self.target == Target::Api
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::parse(text)
    }
}

fn effect(entry: &Entry, value: Option<&str>) -> Option<Effect> {
    match (entry.reads, value) {
        (Reads::Percent(of), Some(value)) => percent(value).map(of),
        // Longer than the catalogue says would be an outage, which is another fault.
        (Reads::Span(of, most), Some(value)) => {
            let span = span(value)?;
            (span <= Duration::from_millis(most)).then(|| of(span))
        }
        (Reads::Count(of), Some(value)) => value.parse().ok().filter(|count| *count > 0).map(of),
        (Reads::Nothing(effect), None) => Some(effect),
        _ => None,
    }
}

fn percent(value: &str) -> Option<u8> {
    let percent = value.strip_suffix('%')?.trim().parse::<u8>().ok()?;
    (1..=100).contains(&percent).then_some(percent)
}

/// `500ms`, `30s`, `10m` or `2h`; more than nothing.
fn span(value: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let (digits, scale) =
        UNITS.iter().find_map(|(unit, scale)| value.strip_suffix(unit).map(|digits| (digits, *scale)))?;
    let millis = digits.parse::<u64>().ok()?.checked_mul(scale)?;
    (millis > 0).then(|| Duration::from_millis(millis))
}

fn window(text: &str) -> Option<Window> {
    let (start, lasts) = match text.split_once('+') {
        Some((start, lasts)) => (start.trim(), Some(span(lasts.trim())?)),
        None => (text, None),
    };
    let is_step = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
    };
    let start = match span(start) {
        Some(after) => Start::After(after),
        None if is_step(start) => Start::Step(start.to_owned()),
        None => return None,
    };
    Some(Window { start, span: lasts })
}

/// The id of the catalogue that takes the fewest changes of letters, unless it would be another word altogether.
fn nearest(id: &str) -> Option<&'static str> {
    let distance = |entry: &&Entry| {
        let mut row: Vec<usize> = (0..=entry.id.len()).collect();
        // What nobody types is not measured to its end.
        for (at, letter) in id.bytes().take(64).enumerate() {
            let mut corner = std::mem::replace(&mut row[0], at + 1);
            for (place, other) in entry.id.bytes().enumerate() {
                let change = corner + usize::from(letter != other);
                corner = row[place + 1];
                row[place + 1] = change.min(corner + 1).min(row[place] + 1);
            }
        }
        row[entry.id.len()]
    };
    let (changes, entry) =
        catalogue().map(|entry| (distance(&entry), entry)).min_by_key(|(changes, _)| *changes)?;
    (changes * 3 <= entry.id.len()).then_some(entry.id)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)?;
        match self.effect {
            Effect::Fails { percent }
            | Effect::WrongAnswer { percent }
            | Effect::ApiConflict { percent }
            | Effect::ApiBusy { percent }
            | Effect::ApiError { percent }
            | Effect::ApiLostAnswer { percent }
            | Effect::ApiHang { percent } => write!(f, "={percent}%")?,
            Effect::Late { by: span }
            | Effect::SlowBoot { by: span }
            | Effect::Drops { after: span }
            | Effect::WatchDrop { after: span }
            | Effect::Undoes { every: span }
            | Effect::ClockAhead { by: span }
            | Effect::ClockBehind { by: span } => write!(f, "={}", Span(span))?,
            Effect::LostEndpoint { pods } | Effect::ScaledTo { pods } => write!(f, "={pods}")?,
            Effect::NeverReady
            | Effect::CrashLoop
            | Effect::ImageMissing
            | Effect::DiskFull
            | Effect::Evicted
            | Effect::MigrationPending
            | Effect::DatabaseUnreachable
            | Effect::RedisUnreachable
            | Effect::Lost => {}
        }
        self.window.as_ref().map_or(Ok(()), |window| write!(f, "@{window}"))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.start {
            Start::After(span) => write!(f, "{}", Span(*span))?,
            Start::Step(step) => f.write_str(step)?,
        }
        self.span.map_or(Ok(()), |span| write!(f, "+{}", Span(span)))
    }
}

/// A span in the largest unit that says it whole.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1000) => write!(f, "{}s", millis / 1000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_example_of_the_catalogue_is_read_and_written_back() {
        for entry in catalogue() {
            let fault = Fault::parse(entry.example).unwrap();
            assert_eq!(fault.to_string(), entry.example);
        }
        let two = Fault::parse("green.web.latency=2s").unwrap();
        assert_eq!(two.effect, Effect::Late { by: Duration::from_secs(2) });
    }

    #[test]
    fn ids_are_told_apart() {
        let mut ids: Vec<&str> = catalogue().map(|entry| entry.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_wrong_fault_says_what_would_be_right() {
        for (wrong, right) in [
            ("green.web.crashloop", Some("green.web.crash-loop")),
            ("gren.web.500=30%", Some("green.web.500")),
            ("api.watchdrop=3s", Some("api.watch-drop")),
            ("earthquake", None),
            ("", None),
        ] {
            let Err(FaultError::Unknown { nearest, .. }) = Fault::parse(wrong) else { panic!("{wrong}") };
            assert_eq!(nearest, right, "{wrong}");
        }
        for wrong in ["green.web.500", "green.web.500=0%", "green.web.500=130%", "green.web.500=30"] {
            let message = Fault::parse(wrong).unwrap_err().to_string();
            assert!(message.contains("green.web.500=30%"), "{message}");
        }
        for wrong in [
            "green.web.never-ready=yes",
            "green.web.latency=5",
            "green.web.latency=-5ms",
            "green.web.latency=2m",
        ] {
            assert!(matches!(Fault::parse(wrong), Err(FaultError::Value { .. })), "{wrong}");
        }
        for wrong in
            ["node.lost@", "node.lost@Observe", "node.lost@30s+", "node.lost@30s+ever", "node.lost@+3s"]
        {
            assert!(matches!(Fault::parse(wrong), Err(FaultError::Window { .. })), "{wrong}");
        }
    }

    fn any_fault() -> impl Strategy<Value = String> {
        let span = || (1_u64..100_000).prop_map(|millis| format!("{millis}ms"));
        let start = prop_oneof![span(), "[a-z][a-z0-9-]{0,20}"];
        let window = proptest::option::of((start, proptest::option::of(span())));
        (0..catalogue().count(), 1_u8..=100, 1_u64..60_000, window).prop_map(|(at, few, millis, window)| {
            let entry = catalogue().nth(at).unwrap();
            let value = match entry.reads {
                Reads::Percent(_) => format!("={few}%"),
                Reads::Span(..) => format!("={millis}ms"),
                Reads::Count(_) => format!("={few}"),
                Reads::Nothing(_) => String::new(),
            };
            let window = window.map(|(start, span)| {
                span.map_or_else(|| format!("@{start}"), |span| format!("@{start}+{span}"))
            });
            format!("{}{value}{}", entry.id, window.unwrap_or_default())
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_fault(text in any_fault()) {
            let fault = Fault::parse(&text).unwrap();
            prop_assert_eq!(Fault::parse(&fault.to_string()).unwrap(), fault);
        }

        #[test]
        fn no_text_is_too_odd_to_be_refused(text in ".{0,80}") {
            // Whatever it is, it is read or refused.
            let _ = Fault::parse(&text);
        }
    }
}
