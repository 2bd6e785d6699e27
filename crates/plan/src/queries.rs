//! Rules that Prometheus judges by: those known for usual exporters, and those an owner wrote.

use crate::{Comparison, Metric, NoData, Query, Rule, RuleAction};

/// Whose metrics a rule is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exporter {
    /// ingress-nginx's own (`nginx_ingress_controller_*`), by host.
    IngressNginx,
    /// Traefik's own (`traefik_service_*`), by the Service behind it.
    Traefik,
    /// Mastodon's, from 4.4 on (`ruby_http_*`): with `MASTODON_PROMETHEUS_EXPORTER_ENABLED` and
    /// `MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS`, by the namespace that Prometheus found it in.
    Mastodon,
}

impl Exporter {
    /// All, with their names on the command line.
    pub const ALL: [(&'static str, Self); 3] =
        [("ingress-nginx", Self::IngressNginx), ("traefik", Self::Traefik), ("mastodon", Self::Mastodon)];

    /// Two rules, as those of the program's own prober are: errors above 5 %, and a latency above twice the baseline and a
    /// floor. Where buckets are kept, that is the 95th percentile and half a second; Mastodon's exporter keeps a summary,
    /// from which only the mean of all requests can be told: a quarter of a second. No data is only noted: the prober
    /// watches besides.
    #[must_use]
    pub fn rules(self, host: &str, namespace: &str) -> Vec<Rule> {
        let (name, _) = Self::ALL[self as usize];
        let (requests, errors, latency) = self.metrics(host, namespace);
        let samples = format!("sum(increase({requests}[$window]))");
        let rule = |kind: &str, promql: String, comparison| Rule {
            id: format!("{name}-{kind}"),
            metric: Metric::Prometheus,
            query: Some(Query { promql, samples: Some(samples.clone()) }),
            comparison,
            window_s: 60,
            minimum_samples: 50,
            tolerance: 2,
            no_data: NoData::Note,
            action: RuleAction::RollBack,
        };
        let share =
            format!("100 * (sum(rate({errors}[$window])) or vector(0)) / sum(rate({requests}[$window]))");
        vec![
            rule("errors", share, Comparison::Above { value: 5.0 }),
            rule("latency", latency, Comparison::TimesBaseline { factor: 2.0, floor: self.floor_ms() }),
        ]
    }

    /// Below this many milliseconds a latency is nobody's concern; a mean is smaller than a 95th percentile.
    fn floor_ms(self) -> f64 {
        match self {
            Self::IngressNginx | Self::Traefik => 500.0,
            Self::Mastodon => 250.0,
        }
    }

    /// Requests, those of them that failed, and a latency in milliseconds.
    fn metrics(self, host: &str, namespace: &str) -> (String, String, String) {
        let quantile = |buckets: String| {
            format!("1000 * histogram_quantile(0.95, sum by (le) (rate({buckets}[$window])))")
        };
        // A live connection takes as long as it lives: it is left out of latencies.
        match self {
            Self::IngressNginx => (
                format!("nginx_ingress_controller_requests{{host=\"{host}\"}}"),
                format!("nginx_ingress_controller_requests{{host=\"{host}\",status=~\"5..\"}}"),
                quantile(format!(
                    "nginx_ingress_controller_request_duration_seconds_bucket{{host=\"{host}\",status!~\"1..\"}}"
                )),
            ),
            Self::Traefik => (
                format!("traefik_service_requests_total{{service=~\"{namespace}-.*@kubernetes.*\"}}"),
                format!(
                    "traefik_service_requests_total{{service=~\"{namespace}-.*@kubernetes.*\",code=~\"5..\"}}"
                ),
                quantile(format!(
                    "traefik_service_request_duration_seconds_bucket{{service=~\"{namespace}-.*@kubernetes.*\",protocol=\"http\"}}"
                )),
            ),
            Self::Mastodon => {
                let of = |metric: &str, more: &str| format!("{metric}{{namespace=\"{namespace}\"{more}}}");
                let mean = |part: &str| {
                    format!(
                        "sum(rate({}[$window]))",
                        of(&format!("ruby_http_request_duration_seconds_{part}"), "")
                    )
                };
                (
                    // Without its detailed metrics it counts requests and not what came of them: those say nothing.
                    of("ruby_http_requests_total", ",status=~\".+\""),
                    of("ruby_http_requests_total", ",status=~\"5..|-1\""),
                    // Its summaries have no 95th percentile, and those of several actions and processes cannot be joined.
                    format!("1000 * {} / {}", mean("sum"), mean("count")),
                )
            }
        }
    }
}

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// It is no list of rules in JSON.
    #[error("it is not a list of rules: {0}")]
    Form(String),
    /// Two rules of one name.
    #[error("two rules are called {0}")]
    Twice(String),
    /// A rule that asks Prometheus and does not say what, or the other way round.
    #[error("the rule {0} must have a query if its metric is prometheus, and only then")]
    Query(String),
    /// A window of no time.
    #[error("the rule {0} looks back over no time")]
    Window(String),
}

/// Reads rules that an owner wrote, as JSON: a list of what a plan holds as `rules`.
///
/// # Errors
/// When they are not of that form.
pub fn read_rules(text: &str) -> Result<Vec<Rule>, RulesError> {
    let rules: Vec<Rule> = serde_json::from_str(text).map_err(|error| RulesError::Form(error.to_string()))?;
    check_rules(&rules)?;
    Ok(rules)
}

/// What must hold of rules wherever they come from.
pub(crate) fn check_rules(rules: &[Rule]) -> Result<(), RulesError> {
    for (index, rule) in rules.iter().enumerate() {
        if rules.iter().skip(index + 1).any(|other| other.id == rule.id) {
            return Err(RulesError::Twice(rule.id.clone()));
        }
        if (rule.metric == Metric::Prometheus) != rule.query.is_some() {
            return Err(RulesError::Query(rule.id.clone()));
        }
        if rule.window_s == 0 {
            return Err(RulesError::Window(rule.id.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_rules_pass_their_own_check_and_come_back_from_json() {
        for (name, exporter) in Exporter::ALL {
            let rules = exporter.rules("mastodon.example", "social");
            assert!(rules.iter().all(|rule| rule.id.starts_with(name)), "{rules:?}");
            let text = serde_json::to_string(&rules).unwrap();
            assert_eq!(read_rules(&text).unwrap(), rules);
        }
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        let mut rules = Exporter::Traefik.rules("h", "n");
        rules[0].query = None;
        assert_eq!(check_rules(&rules), Err(RulesError::Query("traefik-errors".to_owned())));
        rules.push(rules[1].clone());
        rules.remove(0);
        assert_eq!(check_rules(&rules), Err(RulesError::Twice("traefik-latency".to_owned())));
        assert!(matches!(read_rules("[{\"id\": \"a\", \"minimum\": 3}]"), Err(RulesError::Form(_))));
    }
}
