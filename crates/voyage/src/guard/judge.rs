//! Rules as pure functions.

use plan::{Comparison, Metric, NoData, Rule, RuleAction};
use serde::{Deserialize, Serialize};

/// What was measured for a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The metric's value, in its unit; nothing when it could not be measured.
    pub value: Option<f64>,
    /// Over how many samples.
    pub samples: u64,
    /// The same metric before anything changed.
    pub baseline: Option<f64>,
}

/// What a rule says about a reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The rule holds.
    Ok,
    /// The rule is broken.
    Breach {
        /// What was measured.
        value: f64,
        /// What it may be at most.
        bound: f64,
    },
    /// Too few samples to say.
    Inconclusive {
        /// How many there were.
        samples: u64,
    },
    /// There is nothing to judge, or nothing to compare it with.
    CannotMeasure {
        /// What is missing.
        missing: &'static str,
    },
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The rule's id.
    pub rule: String,
    /// What it watches.
    pub metric: Metric,
    /// What was measured.
    pub value: f64,
    /// What it may be at most.
    pub bound: f64,
    /// When: milliseconds of real time since 1970.
    pub at_ms: u64,
    /// What it causes.
    pub action: RuleAction,
    /// What is missing, where no data is what broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rule, value, bound) = (&self.rule, self.value, self.bound);
        if let Some(missing) = &self.missing {
            return write!(formatter, "{rule}: no data: {missing}");
        }
        match self.metric {
            Metric::Prometheus => write!(formatter, "{rule}: Prometheus says {value:.2}, above {bound:.2}"),
            Metric::ServerErrors => write!(formatter, "{rule}: {value:.1} % errors, above {bound:.1} %"),
            Metric::Latency => write!(formatter, "{rule}: p95 {value:.0} ms, above {bound:.0} ms"),
            Metric::NotReady => {
                write!(formatter, "{rule}: no ready pod for {value:.0} s, above {bound:.0} s")
            }
        }
    }
}

/// Judges one reading by one rule, without its tolerance.
#[must_use]
pub fn judge(rule: &Rule, reading: &Reading) -> Verdict {
    let Some(value) = reading.value.filter(|_| reading.samples > 0) else {
        return match rule.no_data {
            NoData::Note => Verdict::CannotMeasure { missing: "there are no samples" },
            NoData::Breach => Verdict::Breach { value: 0.0, bound: 0.0 },
        };
    };
    let bound = match rule.comparison {
        Comparison::Above { value } => value,
        Comparison::TimesBaseline { factor, floor } => match reading.baseline {
            Some(baseline) => (baseline * factor).max(floor),
            None => return Verdict::CannotMeasure { missing: "there is no baseline" },
        },
    };
    if reading.samples < rule.minimum_samples {
        return Verdict::Inconclusive { samples: reading.samples };
    }
    if value > bound { Verdict::Breach { value, bound } } else { Verdict::Ok }
}

/// How often in a row a rule was broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streak(u32);

impl Streak {
    /// Counts a verdict; true when the rule's tolerance is used up. A verdict that says nothing neither
    /// counts nor forgives.
    pub fn count(&mut self, rule: &Rule, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Ok => self.0 = 0,
            Verdict::Breach { .. } => self.0 = self.0.saturating_add(1),
            Verdict::Inconclusive { .. } | Verdict::CannotMeasure { .. } => return false,
        }
        self.0 >= rule.tolerance.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str) -> Rule {
        Rule::defaults().into_iter().find(|rule| rule.id == id).unwrap()
    }

    fn reading(value: f64, samples: u64, baseline: Option<f64>) -> Reading {
        Reading { value: Some(value), samples, baseline }
    }

    #[test]
    fn every_default_rule_fires_above_its_bound_and_not_at_it() {
        for (id, at, baseline) in [
            ("errors-50", 50.0, None),
            ("errors-5", 5.0, None),
            ("latency-2x", 600.0, Some(300.0)),
            ("not-ready", 600.0, None),
        ] {
            let rule = rule(id);
            assert_eq!(judge(&rule, &reading(at, 1000, baseline)), Verdict::Ok, "{id}");
            let above = judge(&rule, &reading(at + 0.1, 1000, baseline));
            assert_eq!(above, Verdict::Breach { value: at + 0.1, bound: at }, "{id}");
        }
    }

    #[test]
    fn too_few_samples_are_inconclusive_however_bad() {
        let rule = rule("errors-50");
        assert_eq!(judge(&rule, &reading(100.0, 19, None)), Verdict::Inconclusive { samples: 19 });
        assert!(matches!(judge(&rule, &reading(100.0, 20, None)), Verdict::Breach { .. }));
    }

    #[test]
    fn latency_needs_a_baseline_and_small_latencies_are_nobodys_concern() {
        let rule = rule("latency-2x");
        let missing = judge(&rule, &reading(9000.0, 1000, None));
        assert_eq!(missing, Verdict::CannotMeasure { missing: "there is no baseline" });
        // Ten times a baseline of 20 ms is still below the floor of 250 ms.
        assert_eq!(judge(&rule, &reading(200.0, 1000, Some(20.0))), Verdict::Ok);
    }

    #[test]
    fn no_data_is_what_the_rule_says_it_is() {
        let mut rule = rule("errors-5");
        let nothing = Reading { value: None, samples: 0, baseline: None };
        assert_eq!(judge(&rule, &nothing), Verdict::CannotMeasure { missing: "there are no samples" });
        rule.no_data = NoData::Breach;
        assert!(matches!(judge(&rule, &nothing), Verdict::Breach { .. }));
    }

    #[test]
    fn tolerance_counts_breaches_in_a_row() {
        let rule = rule("errors-5");
        let bad = Verdict::Breach { value: 9.0, bound: 5.0 };
        let mut streak = Streak::default();
        assert!(!streak.count(&rule, &bad));
        assert!(!streak.count(&rule, &Verdict::Ok));
        assert!(!streak.count(&rule, &bad));
        assert!(!streak.count(&rule, &Verdict::Inconclusive { samples: 1 }));
        assert!(streak.count(&rule, &bad));
    }
}
