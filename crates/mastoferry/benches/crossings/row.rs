//! What is told of each crossing.

use serde::{Deserialize, Serialize};

/// What users had of one part of the site.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) failed: u64,
    pub(crate) outage_ms: u64,
}

/// A move that went to its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Crossed {
    pub(crate) outcome: String,
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    pub(crate) failures: std::collections::BTreeMap<String, u64>,
    pub(crate) announced: u64,
    pub(crate) announced_window_ms: u64,
    pub(crate) longest_outage_ms: u64,
    pub(crate) p99_ms: f64,
    /// How late the prober itself was with its requests (99th percentile): a machine that was busy with something else.
    pub(crate) late_ms: f64,
    pub(crate) sockets: u64,
    pub(crate) reconnects: u64,
    pub(crate) longest_gap_ms: u64,
    pub(crate) parts: std::collections::BTreeMap<String, Part>,
    pub(crate) took_s: f64,
}

/// A move whose new side fell ill.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TakenBack {
    pub(crate) outcome: String,
    /// Why the guard called for it.
    pub(crate) rule: String,
    /// From the verdict until blue alone answered what is asked of web, whose new side was ill.
    pub(crate) web_ms: u64,
    /// From the verdict until blue alone answered everything.
    pub(crate) all_ms: u64,
    /// Requests that failed after blue alone answered.
    pub(crate) failed_after: u64,
    pub(crate) requests: u64,
    /// Objects of the backup, and those that do not stand as it has them.
    pub(crate) kept: u64,
    pub(crate) differ: Vec<String>,
    pub(crate) took_s: f64,
}

/// One deployment by one strategy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) deployment: String,
    pub(crate) strategy: String,
    pub(crate) by_hand: bool,
    /// When it was measured, by the minute.
    pub(crate) made: String,
    /// What measuring it took, in minutes.
    pub(crate) minutes: f64,
    pub(crate) crossed: Option<Crossed>,
    pub(crate) taken_back: Option<TakenBack>,
    /// Objects of the new side that do not stand after the move.
    pub(crate) missing: Vec<String>,
    pub(crate) max_schedulers: u32,
    pub(crate) jobs_lost: u64,
    pub(crate) jobs_duplicated: u64,
    /// Commands, and those that failed as they are written; by hand only.
    pub(crate) commands: u64,
    pub(crate) commands_failed: u64,
    /// Why there is no more to tell.
    pub(crate) trouble: Option<String>,
}

/// Beyond this the machine is measured, and not the move.
const BUSY_MS: f64 = 100.0;

impl Row {
    /// What one asks for it by.
    pub(crate) fn name(&self) -> String {
        let place = if self.by_hand { "by-hand" } else { &self.deployment };
        format!("{place}/{}", self.strategy)
    }

    /// What was asked for, and did not come.
    pub(crate) fn shortfalls(&self) -> Vec<String> {
        let mut all: Vec<String> = self.trouble.iter().cloned().collect();
        if self.by_hand {
            return all;
        }
        let mut must = |holds: bool, what: String| {
            if !holds {
                all.push(what)
            }
        };
        if let Some(crossed) = &self.crossed {
            let late = crossed.late_ms;
            must(
                late < BUSY_MS,
                format!("the machine was busy: requests were sent {late:.0} ms late; measure again"),
            );
            must(crossed.outcome == "completed", format!("the move ended as {}", crossed.outcome));
            must(crossed.failed == 0, format!("{} requests failed", crossed.failed));
            let may = self.strategy == "maintenance";
            must(may || crossed.announced == 0, "503 without a maintenance".to_owned());
        }
        if let Some(back) = &self.taken_back {
            must(back.outcome == "rolled-back", format!("the ill move ended as {}", back.outcome));
            must(back.differ.is_empty(), format!("not as in the backup: {}", back.differ.join(", ")));
            must(
                back.failed_after == 0,
                format!("{} requests failed after users were back", back.failed_after),
            );
            // By maintenance blue has ended by then, and by rolling its streaming has.
            let is_hot = self.strategy != "maintenance";
            must(!is_hot || back.web_ms < 2000, format!("web was blue alone only after {} ms", back.web_ms));
            let is_whole = self.strategy == "blue-green";
            must(!is_whole || back.all_ms < 2000, format!("blue alone only after {} ms", back.all_ms));
        }
        must(self.missing.is_empty(), format!("does not stand: {}", self.missing.join(", ")));
        must(self.max_schedulers == 1, format!("{} schedulers at once", self.max_schedulers));
        must(self.jobs_lost == 0 && self.jobs_duplicated == 0, "jobs lost or done twice".to_owned());
        all
    }
}
