//! One run on a real cluster: users are watched, the plan is carried out, users are watched a little longer, and it is told.

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use clock::Clock;
use cluster::{Cluster, ObjectRef};
use plan::{Action, Plan, StepId};
use probe::Prober;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use voyage::{Brake, Level, Outcome, Phase, Voyage, VoyageError, is_announced};

use super::journal::journal;
use super::state_copy::{self, opened};
use super::{Asked, Way, events, person};
use crate::data::aboard;
use crate::explain;
use crate::load::traffic;
use crate::problem::{Exit, Problem};
use crate::progress::Progress;
use crate::reach::{self, Reach};
use crate::rehearse::{Options, Seen, State, Told, essence, millis_since_1970, say, show, summary, trouble};
use crate::summary::Summary;
use crate::words::Words;

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the beginning, or on from where it ended early.
    Forward,
    /// Back, as far as is said.
    Back(Level),
}

/// How a run goes.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    /// Which way.
    pub(crate) direction: Direction,
    /// Before which steps it pauses.
    pub(crate) pauses: Vec<StepId>,
    /// The file that is told every event.
    pub(crate) events: Option<Utf8PathBuf>,
}

/// How long users are watched before anything is begun, so that the guard does not begin blind, and after the end, so that
/// what breaks late is seen; in cluster time.
const BEFORE: Duration = Duration::from_secs(10);
const AFTER: Duration = Duration::from_secs(30);
/// But no less, on the wall: traffic runs in real time.
const AT_LEAST: Duration = Duration::from_secs(2);

/// A runtime for what waits on a cluster.
///
/// # Errors
/// When the machine gives no threads.
pub(crate) fn runtime(words: &Words) -> Result<tokio::runtime::Runtime, Problem> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().map_err(|error| trouble(words, "voyage", &error))
}

/// The cluster that was asked for.
///
/// # Errors
/// When there is no way to it.
pub(crate) async fn connect(asked: &Asked, words: &Words) -> Result<Cluster, Problem> {
    let file = asked.kubeconfig.as_ref().map(|file| file.as_std_path());
    let connection = cluster::connect_by(file, Some(&asked.context)).await;
    let connection = connection.map_err(|error| explain::connection(words, &error))?;
    Ok(Cluster::new(connection.client, &asked.namespace, Clock::faster(asked.speed)))
}

/// Carries out a plan, or goes on with it, or takes it back; and keeps what it came to beside it.
///
/// # Errors
/// When the cluster cannot be reached, the state cannot be kept, or somebody else is at it.
pub(crate) fn carry_out(
    state: &State,
    plan: &Plan,
    options: &Options,
    course: Course,
    words: &Words,
) -> Result<Summary, Problem> {
    let runtime = runtime(words)?;
    let summary = runtime.block_on(Box::pin(run(state, plan, options, course, words)));
    // A thread that waits for an answer at the terminal would be waited for.
    runtime.shutdown_background();
    let summary = summary?;
    state.write("summary.json", &summary, words)?;
    state.write("buckets.json", &summary.buckets, words)?;
    Ok(summary)
}

async fn run(
    state: &State,
    plan: &Plan,
    options: &Options,
    course: Course,
    words: &Words,
) -> Result<Summary, Problem> {
    let Some(asked) = &options.migration else {
        return Err(Problem::new(words, Exit::Unreadable, "not-a-migration", &[("state", state.name())]));
    };
    let cluster = connect(asked, words).await?;
    let reached = Reach::open(&asked.reach, plan, words).await?;
    let progress = Progress::new(words.clone(), &plan.steps);
    let before = blue_before(state, plan, &cluster, words).await?;
    let cancel = CancellationToken::new();
    let mut config = traffic(plan, probe::Address::Name(plan.domain.clone()), &options.load);
    Way::of(asked.via.as_ref()).lead(&mut config);
    let announced = journal(state, words)?.is_some_and(|journal| is_announced(plan, journal.course()));
    let prober = Prober::start(config, cancel.clone()).map_err(|error| trouble(words, "voyage", &error))?;
    // Before its first request: an earlier process may have shown the page.
    prober.announce_maintenance(announced);
    let began_ms = millis_since_1970();
    progress.say(&words.tell("migrate-traffic", &[("rate", &format!("{:.0}", options.load.rate))]));

    let seen = Arc::new(Seen { prober: prober.clone() });
    let voyage = Voyage::open(plan.clone(), cluster.clone(), state.directory.as_std_path(), seen);
    let mut voyage = voyage.map_err(|error| opened(words, &error))?;
    let recipient = reach::recipient(options.backup_recipient.as_deref(), &state.directory, words)?;
    voyage.keep_secrets_for(recipient);
    reached.equip(&mut voyage);
    if !plan.stores.is_empty() {
        let begun = voyage.stands(|action| matches!(action, Action::FollowStores { .. }));
        let stores = aboard::open(&asked.reach, plan, &state.directory, begun, words)?;
        voyage.move_stores(stores);
    }
    state_copy::keep(&mut voyage, plan, &cluster, state, words).await?;
    let showing = tokio::spawn(show(progress.clone(), voyage.events(), prober.clone(), cancel.clone()));
    if let Some(path) = &course.events {
        let file = events::open(path).map_err(|error| {
            let arguments = [("path", path.as_str()), ("reason", &*error.to_string())];
            Problem::new(words, Exit::Failed, "write-file", &arguments)
        })?;
        tokio::spawn(events::write(file, voyage.events(), prober.clone(), cancel.clone()));
    }
    let desk = person::is_there().then(|| {
        let (desk, questions) = tokio::sync::mpsc::channel(1);
        tokio::spawn(person::sit(questions, progress.clone(), words.clone()));
        desk
    });
    voyage.pause_before(course.pauses, desk);
    let braking = tokio::spawn(obey(voyage.brake(), progress.clone(), words.clone()));
    let watch = async |span| tokio::time::sleep(cluster.clock().on_the_wall(span).max(AT_LEAST)).await;
    watch(BEFORE).await;
    let outcome = match course.direction {
        Direction::Forward => voyage.resume().await,
        Direction::Back(_) if *voyage.phase() == Phase::Fresh => {
            Ok(Outcome::RolledBack { reason: String::new() })
        }
        Direction::Back(level) => voyage.roll_back_to(level, &words.word("rollback-asked-for")).await,
    };
    braking.abort();
    let outcome = outcome.map_err(|error| match error {
        VoyageError::AtRisk(risks) => aboard::at_risk(&risks, words),
        VoyageError::StoresPassed => Problem::new(words, Exit::Refused, "stores-passed", &[]),
        error => opened(words, &error),
    })?;
    watch(AFTER).await;
    let report = prober.finish().await;
    cancel.cancel();
    let events = showing.await.unwrap_or_default();
    progress.finish();
    let changed = if voyage.course().is_back() { changed(&before, &cluster).await } else { None };
    if let Some(changed) = changed.as_ref().filter(|changed| !changed.is_empty()) {
        say(&words.tell("migrate-changed", &[("objects", &changed.join(", "))]));
    }
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
        blue_unchanged: changed.map(|changed| changed.is_empty()),
        longest_delay: None,
        stores: voyage.stores_passed().map_err(|error| trouble(words, "voyage", &error))?,
        left_paused: voyage.left_paused().map_err(|error| trouble(words, "voyage", &error))?,
    };
    let mut summary = summary(&told, None);
    summary.advice = state.read("advice.json", words)?;
    summary.leftovers = super::leftovers(plan, &cluster).await.ok();
    Ok(summary)
}

/// ^C and SIGTERM stop it in an orderly way; a second one ends the process, from which `resume` goes on as well.
async fn obey(brake: Brake, progress: Progress, words: Words) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    for second in [false, true] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if second {
            std::process::exit(i32::from(Exit::Stopped as u8));
        }
        progress.say(&words.word("migrate-stopping"));
        brake.pull();
    }
}

/// The old side's objects as they stood before the first step, Secrets left out: their values are kept nowhere.
async fn blue_before(
    state: &State,
    plan: &Plan,
    cluster: &Cluster,
    words: &Words,
) -> Result<Vec<Value>, Problem> {
    const FILE: &str = "blue-before.json";
    if state.has(FILE) {
        return state.read(FILE, words);
    }
    let mut before = Vec::new();
    for object in plan.blue_here().filter(|object| object["kind"] != "Secret") {
        let found = match ObjectRef::of(object) {
            Ok(place) => cluster.get(&place).await,
            Err(error) => Err(error),
        };
        before.extend(found.map_err(|error| trouble(words, "voyage", &error))?);
    }
    state.write(FILE, &before, words)?;
    Ok(before)
}

/// Objects of the old side that do not stand as they stood; nothing where that cannot be asked.
async fn changed(before: &[Value], cluster: &Cluster) -> Option<Vec<String>> {
    let mut changed = Vec::new();
    for old in before {
        let place = ObjectRef::of(old).ok()?;
        let found = cluster.get(&place).await.ok()?;
        if found.is_none_or(|found| essence(old) != essence(&found)) {
            changed.push(place.to_string());
        }
    }
    Some(changed)
}
