//! Pauses, the level of traffic, and another machine that goes on with what the cluster keeps of a voyage.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt;
use plan::StepId;
use tokio::sync::mpsc;

use super::world::World;
use crate::{
    Copyist, Crash, Decision, Event, Files, Level, Outcome, Phase, StepState, Voyage, VoyageEvent, copies,
    unpack,
};

const FAST: f64 = 200.0;
const AT_ONCE: usize = 8;
const BOUND: Duration = Duration::from_secs(60);

fn step(name: &str) -> StepId {
    StepId(name.to_owned())
}

/// A voyage whose state the cluster keeps as well.
async fn copied(world: &World, state: &std::path::Path) -> Voyage {
    let traffic: Arc<dyn crate::TrafficSource> = Arc::clone(&world.users) as _;
    let mut voyage = Voyage::open(world.plan.clone(), world.cluster(), state, traffic).unwrap();
    let beside = Files::from([("plan.json".to_owned(), serde_json::to_string(&world.plan).unwrap())]);
    voyage.keep_copy(Copyist::new(world.cluster(), "mastoferry", state, beside)).await.unwrap();
    voyage
}

/// Another machine's folder, filled from the cluster.
async fn taken_over(world: &World) -> PathBuf {
    let place = world.state.join("elsewhere");
    let _nothing_there = std::fs::remove_dir_all(&place);
    let found = copies(&world.cluster()).await.unwrap();
    let [copy] = found.as_slice() else { panic!("{} copies", found.len()) };
    assert!(copy.is_open());
    assert_eq!(copy.files["plan.json"], serde_json::to_string(&world.plan).unwrap());
    unpack(copy, &place).unwrap();
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_completes_or_takes_back_what_died_at_any_record() {
    let world = World::new(FAST, 1).await;
    let mut whole = copied(&world, &world.state).await;
    assert_eq!(whole.run().await.unwrap(), Outcome::Completed);
    // Whoever dies before the first copy leaves nothing behind, in the cluster or elsewhere.
    let first = whole.records().iter().position(|it| matches!(it.event, Event::StepDone { .. })).unwrap();
    let records = whole.records().len();
    let points = (first..records).flat_map(|at| [(at, false), (at, true)]);
    futures::stream::iter(points)
        .for_each_concurrent(AT_ONCE, |(at, back)| async move {
            let world = World::new(FAST, 1).await;
            let mut voyage = copied(&world, &world.state).await;
            voyage.crash_at(Crash::Before(at));
            assert!(voyage.run().await.unwrap_err().is_halt(), "{at}");
            drop(voyage);
            // What the Lease waits for on a clock, a test does not: its holder is dead.
            world.expire_lease("mastoferry").await;
            let elsewhere = taken_over(&world).await;
            let mut other = copied(&world, &elsewhere).await;
            if back {
                let outcome = other.roll_back("taken over").await.unwrap();
                assert!(matches!(outcome, Outcome::RolledBack { .. }), "{at}: {outcome:?}");
                world.assert_blue_as_before(&format!("{at}, taken over")).await;
                assert!(copies(&world.cluster()).await.unwrap().is_empty(), "{at}: nothing is left");
            } else {
                let outcome = other.resume().await.unwrap();
                assert_eq!(outcome, Outcome::Completed, "{at}");
                world.assert_nobody_suffered(&format!("{at}, taken over"));
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_over_from_can_change_nothing_any_more() {
    let world = World::new(FAST, 1).await;
    let mut first = copied(&world, &world.state).await;
    first.pause_before(vec![step("open-overlap")], None);
    assert!(matches!(first.run().await.unwrap(), Outcome::Stopped { .. }));
    world.expire_lease("mastoferry").await;
    let elsewhere = taken_over(&world).await;
    let mut other = copied(&world, &elsewhere).await;
    other.pause_before(vec![step("observe")], None);
    assert!(matches!(other.resume().await.unwrap(), Outcome::Stopped { .. }));
    let services = world.cluster().list(&cluster::Kind::service(), None).await.unwrap();
    // The first machine still believes that it is its turn.
    let outcome = first.roll_back("nobody told me").await.unwrap();
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(world.cluster().list(&cluster::Kind::service(), None).await.unwrap(), services);
    // And where it begins anew, it is told.
    drop(first);
    let traffic: Arc<dyn crate::TrafficSource> = Arc::clone(&world.users) as _;
    let mut again = Voyage::open(world.plan.clone(), world.cluster(), &world.state, traffic).unwrap();
    let refused =
        again.keep_copy(Copyist::new(world.cluster(), "mastoferry", &world.state, Files::new())).await;
    assert!(refused.unwrap_err().is_in_other_hands());
    other.pause_before(Vec::new(), None);
    assert_eq!(other.resume().await.unwrap(), Outcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_voyage_does_not_begin_while_one_is_open() {
    let world = World::new(FAST, 1).await;
    let mut first = copied(&world, &world.state).await;
    first.pause_before(vec![step("install-green")], None);
    assert!(matches!(first.run().await.unwrap(), Outcome::Stopped { .. }));
    let elsewhere = world.state.join("second");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let traffic: Arc<dyn crate::TrafficSource> = Arc::clone(&world.users) as _;
    let mut second = Voyage::open(world.plan.clone(), world.cluster(), &elsewhere, traffic).unwrap();
    let refused =
        second.keep_copy(Copyist::new(world.cluster(), "mastoferry", &elsewhere, Files::new())).await;
    assert!(refused.unwrap_err().is_in_other_hands());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stops_before_its_step_and_resume_goes_on() {
    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage();
    voyage.pause_before(vec![step("drain-queues"), step("observe")], None);
    for next in ["drain-queues", "observe"] {
        let outcome = voyage.resume().await.unwrap();
        assert_eq!(outcome, Outcome::Stopped { reason: format!("paused before {next}") });
        assert_eq!(voyage.course().next_step(), Some(&step(next)));
        assert_eq!(voyage.course().state(&step(next)), Some(StepState::Pending));
    }
    assert_eq!(voyage.resume().await.unwrap(), Outcome::Completed);
    world.assert_nobody_suffered("paused twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_decides() {
    for (decision, expected) in
        [(Decision::GoOn, "completed"), (Decision::Stop, "stopped"), (Decision::GoBack, "rolled-back")]
    {
        let world = World::new(FAST, 1).await;
        let mut voyage = world.voyage();
        let (desk, mut questions) = mpsc::channel(1);
        voyage.pause_before(vec![step("observe")], Some(desk));
        tokio::spawn(async move {
            let question = questions.recv().await.unwrap();
            assert_eq!(question.step, step("observe"));
            question.answer.send(decision).unwrap();
        });
        let outcome = tokio::time::timeout(BOUND, voyage.run()).await.unwrap().unwrap();
        assert_eq!(outcome.name(), expected, "{decision:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_does_not_wait_for_an_answer() {
    let world = World::new(20.0, 1).await;
    let mut voyage = world.voyage();
    let mut events = voyage.events();
    let (desk, mut questions) = mpsc::channel(1);
    voyage.pause_before(vec![step("observe")], Some(desk));
    let users = Arc::clone(&world.users);
    let asked = tokio::spawn(async move {
        let question = questions.recv().await.unwrap();
        // Users suffer while somebody thinks, and never answers.
        users.failing.store(80, Ordering::SeqCst);
        std::future::pending::<()>().await;
        drop(question);
    });
    let outcome = tokio::time::timeout(BOUND, voyage.run()).await.unwrap().unwrap();
    assert!(
        matches!(&outcome, Outcome::RolledBack { reason } if reason.starts_with("errors-50")),
        "{outcome:?}"
    );
    asked.abort();
    let mut seen = Vec::new();
    while let Ok(event) = events.try_recv() {
        seen.push(event);
    }
    let at = |wanted: fn(&VoyageEvent) -> bool| seen.iter().position(wanted).unwrap();
    assert!(
        at(|it| matches!(it, VoyageEvent::Paused { .. })) < at(|it| matches!(it, VoyageEvent::Breach(_)))
    );
    world.assert_blue_as_before("after a breach while asked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_goes_back_while_green_stays_and_may_come_again() {
    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage();
    voyage.pause_before(vec![step("observe")], None);
    assert!(matches!(voyage.run().await.unwrap(), Outcome::Stopped { .. }));
    let outcome = voyage.roll_back_to(Level::Traffic, "users first").await.unwrap();
    assert!(matches!(outcome, Outcome::RolledBack { .. }));
    assert!(!voyage.course().is_back());
    assert_eq!(voyage.course().state(&step("install-green")), Some(StepState::Done), "green stands");
    assert_eq!(voyage.course().state(&step("drain-queues")), Some(StepState::Undone));
    let green = cluster::ObjectRef::new(cluster::Kind::deployment(), "green-web");
    assert!(world.cluster().get(&green).await.unwrap().is_some());
    let blue = super::plan::map(&[("run", "web")]);
    assert!(world.cluster().service_selects("web", &blue).await.unwrap());
    // Asked again, nothing happens; asked to go on, users are led there again; and then all of it can go back.
    assert_eq!(voyage.roll_back_to(Level::Traffic, "again").await.unwrap(), outcome);
    assert_eq!(voyage.resume().await.unwrap(), Outcome::Completed);
    assert_eq!(*voyage.phase(), Phase::Finished { outcome: Outcome::Completed, rolling_back: false });
    world.assert_nobody_suffered("there, back and there again");
    let outcome = voyage.roll_back_to(Level::Traffic, "users first").await.unwrap();
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome:?}");
    let outcome = voyage.roll_back("all of it").await.unwrap();
    assert_eq!(outcome, Outcome::RolledBack { reason: "all of it".to_owned() });
    assert!(voyage.course().is_back());
    world.assert_blue_as_before("taken back in two steps").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brake_stops_in_an_orderly_way() {
    let world = World::new(20.0, 72_000).await;
    let mut voyage = world.voyage();
    let (brake, mut events) = (voyage.brake(), voyage.events());
    tokio::spawn(async move {
        while let Ok(event) = events.recv().await {
            if matches!(&event, VoyageEvent::StepStarted { id, .. } if id.0 == "observe") {
                return brake.pull();
            }
        }
    });
    let outcome = tokio::time::timeout(BOUND, voyage.run()).await.unwrap().unwrap();
    assert!(matches!(&outcome, Outcome::Stopped { reason } if reason.contains("asked for")), "{outcome:?}");
    let back = tokio::time::timeout(BOUND, voyage.roll_back("enough")).await.unwrap().unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }));
    world.assert_blue_as_before("after a brake").await;
}
