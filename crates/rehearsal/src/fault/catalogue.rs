//! The faults there are, and how they are written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// A component that can be told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Patient {
    /// The Rails application server.
    Web,
    /// The streaming API.
    Streaming,
    /// The background workers.
    Sidekiq,
}

impl Patient {
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Streaming => "streaming",
            Self::Sidekiq => "sidekiq",
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// This many of each hundred requests are answered with 500.
    Fails {
        /// Per cent of the requests, 1 to 100.
        percent: u8,
    },
    /// Every answer is this much later, in real time, as users feel it.
    Late {
        /// The delay added.
        by: Duration,
    },
    /// The process never finishes booting: it opens no port and registers nowhere.
    NeverReady,
}

/// One fault on the green side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which component fails.
    pub patient: Patient,
    /// How it fails.
    pub effect: Effect,
}

/// A line of the catalogue of faults.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The id, as it is written before `=`.
    pub id: &'static str,
    /// An example of the whole argument.
    pub example: &'static str,
    patient: Patient,
    reads: Reads,
}

#[derive(Debug, Clone, Copy)]
enum Reads {
    Percent,
    Duration,
    Nothing,
}

/// Every fault that can be injected.
pub const CATALOGUE: &[Entry] = &[
    entry("green.web.500", "green.web.500=30%", Patient::Web, Reads::Percent),
    entry("green.web.latency", "green.web.latency=500ms", Patient::Web, Reads::Duration),
    entry("green.web.never-ready", "green.web.never-ready", Patient::Web, Reads::Nothing),
    entry("green.streaming.500", "green.streaming.500=30%", Patient::Streaming, Reads::Percent),
    entry("green.streaming.latency", "green.streaming.latency=500ms", Patient::Streaming, Reads::Duration),
    entry("green.streaming.never-ready", "green.streaming.never-ready", Patient::Streaming, Reads::Nothing),
    entry("green.sidekiq.never-ready", "green.sidekiq.never-ready", Patient::Sidekiq, Reads::Nothing),
];

const fn entry(id: &'static str, example: &'static str, patient: Patient, reads: Reads) -> Entry {
    Entry { id, example, patient, reads }
}

/// Why a fault could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No entry of the catalogue has this id.
    #[error("no fault is called {id:?}; there are: {}", catalogue_ids())]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// The part after `=` is missing, not wanted or not readable.
    #[error("{given:?} cannot be read; write it as in {example:?}")]
    Value {
        /// What was asked for.
        given: String,
        /// How it is written.
        example: &'static str,
    },
}

fn catalogue_ids() -> String {
    CATALOGUE.iter().map(|entry| entry.id).collect::<Vec<_>>().join(", ")
}

impl Fault {
    /// Reads a fault as a person writes it.
    ///
    /// # Errors
    /// When the catalogue has no such fault, or its value cannot be read.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let text = text.trim();
        let (id, value) = match text.split_once('=') {
            Some((id, value)) => (id.trim(), Some(value.trim())),
            None => (text, None),
        };
        let Some(entry) = CATALOGUE.iter().find(|entry| entry.id == id) else {
            return Err(FaultError::Unknown { id: id.to_owned() });
        };
        let effect = match (entry.reads, value) {
            (Reads::Percent, Some(value)) => percent(value).map(|percent| Effect::Fails { percent }),
            (Reads::Duration, Some(value)) => duration(value).map(|by| Effect::Late { by }),
            (Reads::Nothing, None) => Some(Effect::NeverReady),
            _ => None,
        };
        let effect =
            effect.ok_or_else(|| FaultError::Value { given: text.to_owned(), example: entry.example })?;
        Ok(Self { patient: entry.patient, effect })
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::parse(text)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "green.{}.", self.patient.name())?;
        match self.effect {
            Effect::Fails { percent } => write!(f, "500={percent}%"),
            Effect::Late { by } => write!(f, "latency={}ms", by.as_millis()),
            Effect::NeverReady => f.write_str("never-ready"),
        }
    }
}

fn percent(value: &str) -> Option<u8> {
    let percent = value.strip_suffix('%')?.trim().parse::<u8>().ok()?;
    (1..=100).contains(&percent).then_some(percent)
}

fn duration(value: &str) -> Option<Duration> {
    let (digits, scale) = match value.strip_suffix("ms") {
        Some(digits) => (digits, 1),
        None => (value.strip_suffix('s')?, 1000),
    };
    let millis = digits.trim().parse::<u64>().ok()?.checked_mul(scale)?;
    // Longer than any probe waits would be an outage, which is another fault.
    (1..=60_000).contains(&millis).then(|| Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_the_catalogue_is_read_and_written_back() {
        for entry in CATALOGUE {
            let fault = Fault::parse(entry.example).unwrap();
            assert_eq!(fault.to_string(), entry.example);
        }
        let half = Fault::parse("green.web.latency=2s").unwrap();
        assert_eq!(half.effect, Effect::Late { by: Duration::from_secs(2) });
    }

    #[test]
    fn a_wrong_fault_says_what_would_be_right() {
        let unknown = Fault::parse("green.web.fire").unwrap_err().to_string();
        assert!(unknown.contains("green.web.500"), "{unknown}");
        for wrong in ["green.web.500", "green.web.500=0%", "green.web.500=130%", "green.web.500=30"] {
            let message = Fault::parse(wrong).unwrap_err().to_string();
            assert!(message.contains("green.web.500=30%"), "{message}");
        }
        for wrong in ["green.web.never-ready=yes", "green.web.latency=5", "green.web.latency=-5ms"] {
            assert!(matches!(Fault::parse(wrong), Err(FaultError::Value { .. })), "{wrong}");
        }
    }
}
