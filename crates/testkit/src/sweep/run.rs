//! One run after another, several at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use plan::Strategy;
use tokio::sync::Semaphore;
use voyage::{Outcome, Phase, VoyageError};

use super::accident::{Accident, Wake};
use super::chart::Chart;
use super::laws::{self, Ends};
use super::life::{Leg, Life, Way};
use super::sea::Sea;
use super::stint::Call;
use crate::failure::Failure;

/// How many runs at once: each mostly waits.
const AT_ONCE: usize = 6;
/// No leg may take longer, in real time: an endless wait is a violation, too.
const LIMIT: Duration = Duration::from_secs(240);
/// How long the last jobs may take, in real time.
const LAST_JOBS: Duration = Duration::from_secs(20);
/// How late a machine may have been for what it showed to count.
const LATE: Duration = Duration::from_millis(50);
/// How late a machine must have been to have shown nothing at all: a minute and more of the cluster's time.
const HELD_UP: Duration = Duration::from_secs(1);
/// How much faster than life the cluster is in each try: those after the first are made alone, as the machine was late.
const SPEEDS: [f64; 3] = [60.0, 20.0, 10.0];

/// What came of one run.
#[derive(Debug)]
pub struct Swept {
    /// What happened in it.
    pub life: Life,
    /// The laws it broke.
    pub wrong: Vec<String>,
    /// Whether the machine stood still for so long, in the last try as well, that what went wrong shows nothing.
    pub undecided: bool,
    /// Its accidents, where they lay in the end.
    pub accidents: Vec<String>,
    /// How many of its accidents it met: another machine may ask less often.
    pub met: usize,
    /// What it broke when it was tried before, on a machine that was too busy to count.
    pub before: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Runs these lives, and tells what came of each as it ends.
pub fn sweep(chart: Arc<Chart>, lives: impl Iterator<Item = Life> + Send) -> impl Stream<Item = Swept> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let runs = lives.map(move |life| tried(Arc::clone(&chart), Arc::clone(&places), life));
    futures::stream::iter(runs).buffer_unordered(AT_ONCE)
}

/// What came in the way of a life.
#[derive(Default)]
struct Met {
    accidents: Vec<String>,
    met: usize,
}

async fn tried(chart: Arc<Chart>, places: Arc<Semaphore>, life: Life) -> Swept {
    let began = Instant::now();
    let mut tries: Vec<Tried> = Vec::new();
    for speed in SPEEDS {
        let needed = if tries.is_empty() { 1 } else { AT_ONCE };
        let _place = places.acquire_many(u32::try_from(needed).unwrap_or(u32::MAX)).await;
        let tried = once(&chart, &life, speed).await;
        let ends = tried.wrong.is_empty() || tried.late < LATE;
        tries.push(tried);
        if ends {
            break;
        }
    }
    let Tried { wrong, late, met: Met { accidents, met } } = tries.pop().unwrap_or_default();
    let before =
        tries.iter().map(|tried| format!("{:?} late: {}", tried.late, tried.wrong.join("; "))).collect();
    let undecided = !wrong.is_empty() && late >= HELD_UP;
    Swept { life, wrong, undecided, accidents, met, before, took: began.elapsed() }
}

/// What one try of a run showed.
#[derive(Default)]
struct Tried {
    wrong: Vec<String>,
    late: Duration,
    met: Met,
}

async fn once(chart: &Chart, life: &Life, speed: f64) -> Tried {
    let pulse = clock::Pulse::start();
    let mut met = Met::default();
    let wrong = match Box::pin(lived(chart, life, speed, &mut met)).await {
        Ok(wrong) => wrong,
        Err(failure) => vec![failure.to_string()],
    };
    Tried { wrong, late: pulse.longest_delay(), met }
}

/// Every call of a voyage there and back that nothing comes in the way of.
pub(crate) async fn undisturbed(strategy: Strategy) -> Result<Vec<Call>, Failure> {
    let sea = Sea::calm(strategy, SPEEDS[0]).await?;
    let mut calls = Vec::new();
    for way in [Way::On, Way::Back] {
        let wake = Arc::default();
        let outcome = sailed(&sea, way, None, &wake).await;
        let outcome = outcome.map_err(|error| Failure::NoVoyage(error.to_string()))?;
        if !matches!(outcome, Outcome::Completed | Outcome::RolledBack { .. }) {
            return Err(Failure::NoVoyage(format!("undisturbed: {outcome:?}")));
        }
        calls.extend(wake.calls());
    }
    sea.ends().await;
    Ok(calls)
}

async fn lived(chart: &Chart, life: &Life, speed: f64, met: &mut Met) -> Result<Vec<String>, Failure> {
    let sea = Sea::calm(life.strategy, speed).await?;
    let wrong = lived_at(&sea, chart, life, met).await;
    sea.ends().await;
    wrong
}

async fn lived_at(sea: &Sea, chart: &Chart, life: &Life, met: &mut Met) -> Result<Vec<String>, Failure> {
    let before = sea.standing().await?;
    for leg in &life.legs {
        let course = sea.course().map_err(|error| Failure::NoVoyage(error.to_string()))?;
        let accident = leg.aim.as_ref().and_then(|aim| chart.resolve(aim, &sea.plan, &course, leg.way));
        let told = accident.as_ref().map_or_else(String::new, ToString::to_string);
        met.accidents.push(format!("{}: {told}", leg.way));
        let wake = Arc::new(Wake::default());
        let leg_of = sailed(sea, leg.way, accident.as_ref(), &wake);
        match tokio::time::timeout(LIMIT, Box::pin(leg_of)).await {
            Err(_) => return Ok(vec![format!("an endless wait: {leg}")]),
            Ok(Err(error)) if error.is_halt() => met.met += 1,
            Ok(Err(error)) => return Ok(vec![format!("{leg}: {error}")]),
            Ok(Ok(_)) => met.met += usize::from(wake.has_met()),
        }
        sea.clears_up().await?;
    }
    let last = Leg { way: life.last, aim: None };
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        match tokio::time::timeout(LIMIT, Box::pin(sailed(sea, last.way, None, &Arc::default()))).await {
            Ok(Ok(outcome)) => outcomes.push(outcome),
            Ok(Err(error)) => return Ok(vec![format!("{last}: {error}")]),
            Err(_) => return Ok(vec![format!("an endless wait: {last}")]),
        }
    }
    let (Some(outcome), Some(again)) = (outcomes.first(), outcomes.get(1)) else { return Ok(Vec::new()) };
    sea.inside.world().move_ended();
    let drained = sea.inside.world().drained(LAST_JOBS).await;
    let window = sea.prober.window(Duration::from_secs(3600));
    let after = sea.standing().await?;
    let wrong = laws::violations(&Ends {
        outcome,
        again,
        before: &before,
        after: &after,
        invariants: sea.inside.world().invariants(),
        failed_requests: window.failed,
        drained,
    });
    Ok(wrong)
}

/// What a new process comes to that is asked to go this way.
async fn sailed(
    sea: &Sea,
    way: Way,
    accident: Option<&Accident>,
    wake: &Arc<Wake>,
) -> Result<Outcome, VoyageError> {
    let mut voyage = sea.voyage(accident, wake)?;
    match way {
        Way::On => voyage.resume().await,
        // Nothing was begun: there is nothing to take back.
        Way::Back if *voyage.phase() == Phase::Fresh => Ok(Outcome::RolledBack { reason: String::new() }),
        Way::Back => voyage.roll_back("the sweep goes back").await,
    }
}
