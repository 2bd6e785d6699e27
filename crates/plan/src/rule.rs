//! The guard's rules.

use serde::{Deserialize, Serialize};

/// What a rule watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The share of requests answered with 5xx, or not at all, in percent.
    ServerErrors,
    /// The 95th percentile of latency, in milliseconds.
    Latency,
    /// Cluster seconds since the rule was armed without a ready pod in a component of green.
    NotReady,
    /// What Prometheus says (the rule's `query`), in the query's own unit.
    Prometheus,
}

/// What Prometheus is asked. `$window` in it is the rule's window as Prometheus writes it (`30s`), or the time since the
/// rule was armed where that is shorter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The metric: one number.
    pub promql: String,
    /// Over how many samples it is, in the same window; without it, each answer that is a number counts as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<String>,
}

/// When a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Comparison {
    /// The metric is above this value.
    Above {
        /// The bound, in the metric's unit.
        value: f64,
    },
    /// The metric is above this many times the recorded baseline, and above `floor`, below which a
    /// difference is nobody's concern.
    TimesBaseline {
        /// How many times.
        factor: f64,
        /// In the metric's unit.
        floor: f64,
    },
}

/// What no samples at all mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoData {
    /// Note it and go on.
    Note,
    /// Count it as a breach.
    Breach,
}

/// What a breach causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAction {
    /// Only tell.
    Note,
    /// Stop and ask a human.
    Pause,
    /// Traffic and queues go back, green is removed.
    RollBack,
}

/// A rule of the guard. Windows are cluster time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable name, shown in breaches.
    pub id: String,
    /// What it watches.
    pub metric: Metric,
    /// What Prometheus is asked, where it is the one who says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// When it is broken.
    pub comparison: Comparison,
    /// Seconds looked back over.
    pub window_s: u64,
    /// Samples needed in the window before the rule can speak; with fewer it is inconclusive.
    pub minimum_samples: u64,
    /// How many evaluations in a row must break the rule.
    pub tolerance: u32,
    /// What no samples mean.
    pub no_data: NoData,
    /// What a breach causes.
    pub action: RuleAction,
}

impl Rule {
    /// The defaults of the guide this project grew from: 5xx above 5 % or latency above twice the baseline,
    /// a pod not ready in ten minutes; and above 50 % 5xx at once.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let traffic = |id: &str, metric, comparison, window_s, minimum_samples, tolerance| Self {
            id: id.to_owned(),
            metric,
            query: None,
            comparison,
            window_s,
            minimum_samples,
            tolerance,
            no_data: NoData::Note,
            action: RuleAction::RollBack,
        };
        vec![
            traffic("errors-50", Metric::ServerErrors, Comparison::Above { value: 50.0 }, 5, 20, 1),
            traffic("errors-5", Metric::ServerErrors, Comparison::Above { value: 5.0 }, 30, 50, 2),
            traffic(
                "latency-2x",
                Metric::Latency,
                Comparison::TimesBaseline { factor: 2.0, floor: 500.0 },
                60,
                100,
                8,
            ),
            Self {
                id: "not-ready".to_owned(),
                metric: Metric::NotReady,
                query: None,
                comparison: Comparison::Above { value: 600.0 },
                window_s: 600,
                minimum_samples: 1,
                tolerance: 1,
                no_data: NoData::Note,
                action: RuleAction::RollBack,
            },
        ]
    }
}
