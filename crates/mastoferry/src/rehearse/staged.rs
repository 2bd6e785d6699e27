//! One run in a namespace of a real cluster: what stands today is made there, the plan is carried out, and all of it is
//! removed.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use cluster::{Cluster, Condition};
use plan::Plan;
use probe::Prober;
use tokio_util::sync::CancellationToken;
use voyage::{Phase, Voyage};

use super::carry_out::{BLUE_BOOTS, millis_since_1970, show, trouble, without_stores};
use super::state::{Options, State};
use super::tell::{self, Told};
use super::traffic::Seen;
use crate::cli::ReachArgs;
use crate::explain;
use crate::load::traffic;
use crate::migrate::runtime;
use crate::migrate::state_copy::{self, opened};
use crate::problem::{Exit, Problem};
use crate::progress::Progress;
use crate::reach::{self, Reach};
use crate::staging::{Adapted, Asked, Bridge, Finding, Place};
use crate::summary::{self, Summary};
use crate::words::Words;

/// Cluster seconds that traffic goes on after arrival.
const TAIL: Duration = Duration::from_secs(30);

/// The place of a rehearsal, reached by the kubeconfig.
///
/// # Errors
/// When there is no way to the cluster.
async fn place(live: &str, asked: &Asked, speed: f64, words: &Words) -> Result<Place, Problem> {
    let connection = cluster::connect(Some(&asked.context));
    let connection = connection.await.map_err(|error| explain::connection(words, &error))?;
    let clock = Clock::faster(speed);
    let staged = Cluster::new(connection.client.clone(), &asked.namespace, clock);
    Ok(Place::new(staged, Cluster::new(connection.client, live, clock)))
}

fn listed(words: &Words, asked: &Asked, error: &cluster::ClusterError) -> Problem {
    explain::listing(words, &asked.context, &asked.namespace, error)
}

/// What keeps the rehearsal from beginning; nothing is made.
///
/// # Errors
/// When the cluster cannot be asked.
pub(crate) fn look(
    live: &Plan,
    adapted: &Adapted,
    asked: &Asked,
    speed: f64,
    words: &Words,
) -> Result<Vec<Finding>, Problem> {
    runtime(words)?.block_on(async {
        let place = place(&live.namespace, asked, speed, words).await?;
        place.findings(live, adapted, asked).await.map_err(|error| listed(words, asked, &error))
    })
}

/// Carries it out, and keeps what it came to in `state`. Everything made is removed in the end, unless it was asked to
/// stay or a human must look at it.
///
/// # Errors
/// When the cluster cannot be asked, or what stands today does not come to stand there.
pub(crate) fn carry_out(
    state: &State,
    live_namespace: &str,
    adapted: &Adapted,
    asked: &Asked,
    options: &Options,
    besides: &ReachArgs,
    words: &Words,
) -> Result<Summary, Problem> {
    let summary = runtime(words)?.block_on(Box::pin(async {
        let place = place(live_namespace, asked, options.speed, words).await?;
        let reached = Reach::open(besides, &adapted.plan, words).await?;
        let result = run(state, &place, adapted, options, reached, words).await;
        let must_stay = matches!(&result, Ok(summary) if summary.outcome == summary::Outcome::Stopped);
        if asked.keep || must_stay {
            super::say(&words.tell("staging-kept", &[("namespace", &asked.namespace)]));
            return result;
        }
        let left = place.remove(adapted).await.map_err(|error| listed(words, asked, &error))?;
        if left.is_empty() {
            super::say(&words.tell("staging-removed", &[("namespace", &asked.namespace)]));
        } else {
            super::say(&words.tell("staging-left", &[("objects", &left.join(", "))]));
        }
        result
    }))?;
    state.write("summary.json", &summary, words)?;
    state.write("buckets.json", &summary.buckets, words)?;
    Ok(summary)
}

async fn run(
    state: &State,
    place: &Place,
    adapted: &Adapted,
    options: &Options,
    reached: Reach,
    words: &Words,
) -> Result<Summary, Problem> {
    let plan = &adapted.plan;
    let progress = Progress::new(words.clone(), &plan.steps);
    stand(place, adapted, &progress, words).await?;
    let cluster = place.cluster().clone();
    let clock = cluster.clock();
    let bridge = Bridge::open(cluster.clone(), plan.routes.clone()).await;
    let bridge = bridge.map_err(|error| trouble(words, "voyage", &error))?;
    let cancel = CancellationToken::new();
    let config = traffic(plan, bridge.address(), &options.load);
    let prober = Prober::start(config, cancel.clone()).map_err(|error| trouble(words, "voyage", &error))?;
    let began_ms = millis_since_1970();
    let (rate, speed) = (format!("{:.0}", options.load.rate), format!("{}", options.speed));
    progress.say(&words.tell("rehearse-traffic", &[("rate", &rate), ("sockets", "0"), ("speed", &speed)]));

    let seen = Arc::new(Seen { prober: prober.clone() });
    let voyage = Voyage::open(plan.clone(), cluster.clone(), state.directory.as_std_path(), seen);
    let mut voyage = voyage.map_err(|error| opened(words, &error))?;
    let recipient = reach::recipient(options.backup_recipient.as_deref(), &state.directory, words)?;
    voyage.keep_secrets_for(recipient);
    without_stores(&mut voyage, plan, &progress, words);
    state_copy::keep(&mut voyage, plan, &cluster, state, words).await?;
    reached.equip(&mut voyage);
    let showing = tokio::spawn(show(progress.clone(), voyage.events(), prober.clone(), cancel.clone()));
    let outcome = match voyage.phase() {
        Phase::Fresh => voyage.run().await,
        _ => voyage.resume().await,
    };
    let outcome = outcome.map_err(|error| trouble(words, "voyage", &error))?;
    clock.sleep(TAIL).await;
    let report = prober.finish().await;
    cancel.cancel();
    let events = showing.await.unwrap_or_default();
    progress.finish();
    let told = Told {
        plan,
        options,
        outcome: &outcome,
        records: voyage.records(),
        events: &events,
        began_ms,
        report: &report,
        failures: prober.failures_between(0, u64::MAX),
        drained: false,
        blue_unchanged: None,
        longest_delay: None,
        stores: None,
        left_paused: voyage.left_paused().map_err(|error| trouble(words, "voyage", &error))?,
    };
    let mut summary = tell::summary(&told, None);
    summary.advice = state.read("advice.json", words)?;
    Ok(summary)
}

/// Makes what stands today, and waits until it does.
async fn stand(place: &Place, adapted: &Adapted, progress: &Progress, words: &Words) -> Result<(), Problem> {
    let failed = |error: cluster::ClusterError| trouble(words, "staging-make", &error);
    if place.leftovers(adapted).await.map_err(failed)? {
        progress.say(&words.word("staging-leftovers"));
        let left = place.remove(adapted).await.map_err(failed)?;
        if !left.is_empty() {
            let detail = left.join(", ");
            return Err(Problem::new(words, Exit::Failed, "staging-make", &[("detail", &detail)]));
        }
    }
    progress.say(&words.word("staging-making"));
    place.make(adapted).await.map_err(failed)?;
    for object in adapted.plan.blue.iter().filter(|object| object["kind"] == "Deployment") {
        let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
        let ready = Condition::Ready {
            deployment: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            replicas: u32::try_from(replicas).unwrap_or(u32::MAX),
        };
        place.cluster().wait(&ready, BLUE_BOOTS).await.map_err(|error| {
            Problem::new(words, Exit::Failed, "staging-not-ready", &[("detail", &error.to_string())])
        })?;
    }
    Ok(())
}
