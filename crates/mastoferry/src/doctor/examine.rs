//! Everything that can be looked at without changing anything.

use std::time::Duration;

use cluster::{Cluster, ClusterError};
use plan::Plan;
use probe::{ComponentReport, Prober};
use rehearsal::Profile as Front;
use tokio_util::sync::CancellationToken;
use voyage::preflight::{self, Facts, FactsError, Finding, Grade};

use super::trial;
use crate::data::aboard;
use crate::explain;
use crate::load::{Profile, traffic};
use crate::migrate::{Asked, Way, connect, runtime};
use crate::problem::{Exit, Problem};
use crate::reach::Reach;
use crate::rehearse::trouble;
use crate::words::Words;

/// How long users' requests are tried out, and how many there are at least in a second: each component gets some.
const ASKING: Duration = Duration::from_secs(3);
const LEAST_RATE: f64 = 20.0;

/// Examines the cluster that was asked for.
///
/// # Errors
/// When there is no way to it.
pub(crate) fn examine(
    plan: &Plan,
    asked: &Asked,
    load: &Profile,
    words: &Words,
) -> Result<Vec<Finding>, Problem> {
    if asked.namespace != plan.namespace {
        let other = Finding::new(Grade::Refused, "place-other").with("namespace", &asked.namespace);
        return Ok(vec![other.with("planned", &plan.namespace)]);
    }
    runtime(words)?.block_on(Box::pin(async {
        let cluster = connect(asked, words).await?;
        let facts = match Facts::read(plan, &cluster).await {
            Ok(facts) => facts,
            Err(FactsError::Cluster(ClusterError::Missing(place))) if place.kind.kind == "Namespace" => {
                let missing = Finding::new(Grade::Refused, "place-missing");
                return Ok(vec![missing.with("namespace", &asked.namespace)]);
            }
            Err(FactsError::Cluster(error)) => {
                return Err(explain::listing(words, &asked.context, &asked.namespace, &error));
            }
            Err(FactsError::Step(error)) => return Err(trouble(words, "voyage", &error)),
        };
        let place = Finding::new(Grade::Ok, "place-found").with("namespace", &asked.namespace);
        let mut found = vec![place.with("context", &asked.context)];
        found.extend(preflight::examine(plan, &facts));
        found.extend(registered(plan, asked, &facts, words).await?);
        found.extend(chart_fits(plan, &facts));
        found.extend(same_front(plan, &facts));
        if !plan.stores.is_empty() {
            found.extend(aboard::look(&asked.reach, plan, words).await?);
        }
        found.extend(answers(plan, asked, load, words).await?);
        found.extend(accepted(plan, &cluster, &found).await);
        Ok(found)
    }))
}

/// Whether somebody else keeps the schedule, where Sidekiq's own Redis is within reach.
async fn registered(
    plan: &Plan,
    asked: &Asked,
    facts: &Facts,
    words: &Words,
) -> Result<Vec<Finding>, Problem> {
    let reached = Reach::open(&asked.reach, plan, words).await?;
    let Some(sidekiq) = reached.sidekiq() else { return Ok(Vec::new()) };
    preflight::registered(plan, facts, sidekiq).await.map_err(|error| {
        Problem::new(words, Exit::Refused, "redis-unreachable", &[("detail", &error.to_string())])
    })
}

/// Whether the new side's chart takes this Kubernetes: `helm upgrade` would refuse it afterwards.
fn chart_fits(plan: &Plan, facts: &Facts) -> Option<Finding> {
    let helm = plan.helm.as_ref()?;
    let wanted = helm.record.pointer("/chart/metadata/kubeVersion")?.as_str().filter(|it| !it.is_empty())?;
    let version = &facts.server.as_ref()?.version;
    let fits = chart::is_compatible(wanted, version);
    let finding = match fits {
        true => Finding::new(Grade::Ok, "versions-chart"),
        false => Finding::new(Grade::Refused, "versions-chart-other"),
    };
    let chart = format!("{} {}", helm.chart, helm.version);
    Some(finding.with("chart", chart).with("wanted", wanted).with("version", version))
}

/// Whether what stands tells of the front that the plan was made for.
fn same_front(plan: &Plan, facts: &Facts) -> Option<Finding> {
    let detected = Front::detect(&facts.snapshot.objects)?;
    let name = detected.profile.name();
    (name != plan.front).then(|| {
        let other = Finding::new(Grade::Warning, "front-other").with("front", name);
        other.with("planned", &plan.front).with("by", &detected.by)
    })
}

/// Whether users' requests reach the old side from here. Without that nobody would see them suffer.
async fn answers(plan: &Plan, asked: &Asked, load: &Profile, words: &Words) -> Result<Vec<Finding>, Problem> {
    let mut config = traffic(plan, probe::Address::Name(plan.domain.clone()), load);
    let rate = load.rate.max(LEAST_RATE) / load.rate;
    config.targets.iter_mut().for_each(|target| target.rate *= rate);
    Way::of(asked.via.as_ref()).lead(&mut config);
    let cancel = CancellationToken::new();
    let prober = Prober::start(config, cancel.clone()).map_err(|error| trouble(words, "voyage", &error))?;
    tokio::time::sleep(ASKING).await;
    let report = prober.finish().await;
    cancel.cancel();
    let mut found: Vec<Finding> =
        report.components.iter().filter_map(|(component, own)| judged(component, own)).collect();
    if report.requests == 0 {
        found.push(Finding::new(Grade::Unchecked, "front-unseen"));
    } else if found.is_empty() {
        let answers = Finding::new(Grade::Ok, "front-answers");
        found.push(answers.with("requests", report.requests.to_string()));
    }
    Ok(found)
}

fn judged(component: &str, report: &ComponentReport) -> Option<Finding> {
    if report.failed == 0 {
        return None;
    }
    let silent = report.failed == report.requests;
    let finding = match silent {
        true => Finding::new(Grade::Refused, "front-silent"),
        false => Finding::new(Grade::Warning, "front-unwell"),
    };
    let most = report.failures.iter().max_by_key(|(_, count)| **count);
    let failure = most.map(|(kind, _)| kind.clone()).unwrap_or_default();
    let numbers = [("failed", report.failed), ("requests", report.requests)];
    let finding = finding.with("component", component).with("failure", failure);
    Some(numbers.into_iter().fold(finding, |finding, (name, count)| finding.with(name, count.to_string())))
}

/// Whether the API server would accept every change. Where a right is missing, that was said already.
async fn accepted(plan: &Plan, cluster: &Cluster, found: &[Finding]) -> Vec<Finding> {
    let known = |id: &str| found.iter().any(|finding| finding.id == id && finding.grade == Grade::Refused);
    if known("rights-missing") || known("standing-differs") {
        return vec![Finding::new(Grade::Unchecked, "trial-untried")];
    }
    let tried = trial::changes(plan, cluster).await;
    let refused = tried.iter().filter_map(|tried| Some((tried, tried.refusal.as_ref()?)));
    let mut found: Vec<Finding> = refused
        .map(|(tried, why)| {
            let refused = Finding::new(Grade::Refused, "trial-refused").with("change", &tried.change);
            refused.with("step", &tried.step).with("why", why)
        })
        .collect();
    if found.is_empty() {
        let accepted = Finding::new(Grade::Ok, "trial-accepted");
        found.push(accepted.with("changes", tried.len().to_string()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(requests: u64, failed: u64) -> ComponentReport {
        let failures = [("connect".to_owned(), failed)].into();
        ComponentReport { requests, failed, failures, ..ComponentReport::default() }
    }

    #[test]
    fn a_component_that_never_answers_is_refused_and_one_that_sometimes_fails_is_told() {
        assert_eq!(judged("web", &report(20, 0)), None);
        let unwell = judged("web", &report(20, 1)).expect("told");
        assert_eq!((unwell.grade, unwell.id), (Grade::Warning, "front-unwell"));
        let silent = judged("web", &report(20, 20)).expect("told");
        assert_eq!((silent.grade, silent.id), (Grade::Refused, "front-silent"));
        assert!(silent.details.contains(&("failure", "connect".to_owned())));
    }
}
