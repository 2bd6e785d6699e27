use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;

use plan::Strategy;

use super::world::World;
use crate::{Crash, Event, Outcome, Voyage, VoyageError, VoyageEvent};

/// Fast, and slow enough that what controllers may take is more than a busy machine needs for it.
const FAST: f64 = 100.0;
/// How many worlds live at once.
const AT_ONCE: usize = 8;

/// Goes on, as another process would, until an outcome.
async fn resumed(world: &World, crash: Crash) -> Outcome {
    let mut first = world.voyage();
    first.crash_at(crash);
    match first.resume().await {
        Ok(outcome) => outcome,
        Err(error) => {
            assert!(error.is_halt(), "{crash:?}: {error}");
            drop(first);
            world.voyage().resume().await.unwrap()
        }
    }
}

/// Where a voyage can die, on the way there and on the way back. Between a step's end and the next one's
/// beginning nothing happens, so dying before the one record is dying after the other.
async fn points_of_a_whole_life(strategy: Strategy) -> (Vec<Crash>, Vec<Crash>) {
    let world = World::moving(strategy, FAST, 1).await;
    let mut voyage = world.voyage();
    let outcome = voyage.run().await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    let forward = voyage.records().len();
    let outcome = voyage.roll_back("a test wants it").await.unwrap();
    assert_eq!(outcome, Outcome::RolledBack { reason: "a test wants it".to_owned() });
    world.assert_blue_as_before("after a whole life").await;
    let all = voyage.records().iter().enumerate().flat_map(|(at, record)| {
        let ends = matches!(record.event, Event::StepDone { .. } | Event::UndoDone { .. });
        ends.then_some(Crash::Before(at)).into_iter().chain([Crash::After(at)])
    });
    all.partition(|crash| matches!(crash, Crash::Before(at) | Crash::After(at) if *at < forward))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_blue_green_at_any_record_leaves_what_resume_completes_and_rollback_cleans() {
    resumed_from_anywhere(Strategy::BlueGreen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_rolling_at_any_record_leaves_what_resume_completes_and_rollback_cleans() {
    resumed_from_anywhere(Strategy::Rolling).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_maintenance_at_any_record_leaves_what_resume_completes_and_rollback_cleans() {
    resumed_from_anywhere(Strategy::Maintenance).await;
}

async fn resumed_from_anywhere(strategy: Strategy) {
    let (there, back) = points_of_a_whole_life(strategy).await;
    futures::stream::iter(there)
        .for_each_concurrent(AT_ONCE, |crash| async move {
            let world = World::moving(strategy, FAST, 1).await;
            assert_eq!(resumed(&world, crash).await, Outcome::Completed, "{crash:?}");
            let again = world.voyage().resume().await.unwrap();
            assert_eq!(again, Outcome::Completed, "{crash:?}: resuming what is complete");
            world.assert_nobody_suffered(&format!("{crash:?}"));
            let back = world.voyage().roll_back("enough").await.unwrap();
            assert_eq!(back, Outcome::RolledBack { reason: "enough".to_owned() }, "{crash:?}");
            world.assert_blue_as_before(&format!("{crash:?}")).await;
        })
        .await;
    futures::stream::iter(back)
        .for_each_concurrent(AT_ONCE, |crash| async move {
            let world = World::moving(strategy, FAST, 1).await;
            let mut voyage = world.voyage();
            voyage.run().await.unwrap();
            voyage.crash_at(crash);
            let error = voyage.roll_back("enough").await.unwrap_err();
            assert!(error.is_halt(), "{crash:?}: {error}");
            drop(voyage);
            // Where not even the wish was recorded, it has to be said again.
            let back = world.voyage().roll_back("enough").await.unwrap();
            assert_eq!(back, Outcome::RolledBack { reason: "enough".to_owned() }, "{crash:?}");
            let again = world.voyage().roll_back("enough").await.unwrap();
            assert_eq!(again, back, "{crash:?}: rolling back twice");
            world.assert_blue_as_before(&format!("{crash:?}")).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_blue_green_then_a_rollback_is_clean_from_any_record() {
    taken_back_from_anywhere(Strategy::BlueGreen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_rolling_then_a_rollback_is_clean_from_any_record() {
    taken_back_from_anywhere(Strategy::Rolling).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_maintenance_then_a_rollback_is_clean_from_any_record() {
    taken_back_from_anywhere(Strategy::Maintenance).await;
}

async fn taken_back_from_anywhere(strategy: Strategy) {
    let (there, _) = points_of_a_whole_life(strategy).await;
    futures::stream::iter(there)
        .for_each_concurrent(AT_ONCE, |crash| async move {
            let world = World::moving(strategy, FAST, 1).await;
            let mut voyage = world.voyage();
            voyage.crash_at(crash);
            assert!(voyage.run().await.unwrap_err().is_halt(), "{crash:?}");
            drop(voyage);
            let back = world.voyage().roll_back("enough").await.unwrap();
            assert_eq!(back, Outcome::RolledBack { reason: "enough".to_owned() }, "{crash:?}");
            world.assert_blue_as_before(&format!("{crash:?}")).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_any_request_of_blue_green_ends_with_blue_or_green_whole() {
    refused_anywhere(Strategy::BlueGreen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_any_request_of_rolling_ends_with_blue_or_green_whole() {
    refused_anywhere(Strategy::Rolling).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_any_request_of_maintenance_ends_with_blue_or_green_whole() {
    refused_anywhere(Strategy::Maintenance).await;
}

async fn refused_anywhere(strategy: Strategy) {
    // How many requests a whole voyage makes, so that the refusals reach into its last step.
    let world = World::moving(strategy, FAST, 1).await;
    let (cluster, left) = world.failing_at(i64::MAX);
    assert_eq!(world.voyage_through(cluster).run().await.unwrap(), Outcome::Completed);
    let requests = i64::MAX - left.load(Ordering::SeqCst);
    assert!(requests > 100, "only {requests} requests were counted");
    let step = usize::try_from(requests / 60).unwrap().max(1);
    let refused = &AtomicUsize::new(0);
    futures::stream::iter((0..requests).step_by(step))
        .for_each_concurrent(AT_ONCE, |number| async move {
            let world = World::moving(strategy, FAST, 1).await;
            let (cluster, left) = world.failing_at(number);
            let mut voyage = world.voyage_through(cluster);
            let outcome = voyage.run().await.unwrap();
            refused.fetch_add(usize::from(left.load(Ordering::SeqCst) < 0), Ordering::SeqCst);
            world.assert_nobody_suffered(&format!("request {number}: {outcome:?}"));
            if outcome != Outcome::Completed {
                let back = voyage.roll_back("a request was refused").await.unwrap();
                assert!(
                    matches!(back, Outcome::RolledBack { .. }),
                    "request {number}: {outcome:?}, {back:?}"
                );
                world.assert_blue_as_before(&format!("request {number}: {outcome:?}")).await;
            }
        })
        .await;
    // Waits differ in how often they look: a few runs may end before their request comes.
    let refused = refused.load(Ordering::SeqCst);
    assert!(refused >= 40, "only {refused} runs met their refusal of {requests} requests");
}

/// Users are led back pod by pod where blue's pods had ended.
#[tokio::test(flavor = "multi_thread")]
async fn users_who_suffer_get_blue_back_though_its_pods_had_ended() {
    let world = World::moving(Strategy::Rolling, 20.0, 72_000).await;
    let (_, outcome, seen) = breached(&world, 80).await;
    assert!(matches!(&outcome, Outcome::RolledBack { .. }), "{outcome:?}");
    let at = |wanted: &dyn Fn(&VoyageEvent) -> bool| seen.iter().position(wanted).unwrap();
    let undone = |name: &'static str| move |event: &VoyageEvent| matches!(event, VoyageEvent::StepUndone { id, .. } if id.0 == name);
    let restored = at(&|event| matches!(event, VoyageEvent::TrafficRestored { .. }));
    assert!(
        at(&undone("close-overlap-streaming")) < restored && restored < at(&undone("drain-queues")),
        "{seen:?}"
    );
    world.assert_blue_as_before("after a breach").await;
}

async fn breached(world: &World, failing: u64) -> (Voyage, Outcome, Vec<VoyageEvent>) {
    world.users.failing.store(failing, Ordering::SeqCst);
    let mut voyage = world.voyage();
    let mut events = voyage.events();
    let outcome = tokio::time::timeout(Duration::from_secs(60), voyage.run()).await.unwrap().unwrap();
    let mut seen = Vec::new();
    while let Ok(event) = events.try_recv() {
        seen.push(event);
    }
    (voyage, outcome, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_suffer_are_taken_back_to_blue_at_once() {
    // An hour of watching, unless something interrupts it.
    let world = World::new(20.0, 72_000).await;
    let (_, outcome, seen) = breached(&world, 80).await;
    assert!(
        matches!(&outcome, Outcome::RolledBack { reason } if reason.starts_with("errors-50")),
        "{outcome:?}"
    );
    let at = |wanted: fn(&VoyageEvent) -> bool| seen.iter().position(wanted).unwrap();
    let breach = at(|event| matches!(event, VoyageEvent::Breach(breach) if breach.bound > 49.0));
    let back = at(|event| matches!(event, VoyageEvent::RollbackStarted { .. }));
    let restored = at(|event| matches!(event, VoyageEvent::TrafficRestored { .. }));
    let queues = at(|event| matches!(event, VoyageEvent::StepUndone { id, .. } if id.0 == "drain-queues"));
    assert!(breach < back && back < restored && restored < queues, "{seen:?}");
    world.assert_blue_as_before("after a breach").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_green_that_never_becomes_ready_is_removed_before_any_user_saw_it() {
    let mut world = World::new(FAST, 1).await;
    // Two minutes of cluster time, so that it is the guard that speaks and not the step's own limit.
    for rule in world.plan.rules.iter_mut().filter(|rule| rule.metric == plan::Metric::NotReady) {
        rule.comparison = plan::Comparison::Above { value: 120.0 };
    }
    world.users.green_never_ready.store(true, Ordering::SeqCst);
    let (_, outcome, seen) = breached(&world, 0).await;
    assert!(
        matches!(&outcome, Outcome::RolledBack { reason } if reason.starts_with("not-ready")),
        "{outcome:?}"
    );
    assert!(!world.users.moved.load(Ordering::SeqCst));
    assert!(!seen.iter().any(|event| matches!(event, VoyageEvent::TrafficRestored { .. })), "{seen:?}");
    world.assert_blue_as_before("after a green that never was").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_without_a_probe_are_waited_for_until_they_answer() {
    for strategy in [Strategy::BlueGreen, Strategy::Rolling] {
        let world = World::moving(strategy, FAST, 1).await;
        world.users.booting.store(30, Ordering::SeqCst);
        let outcome = world.voyage().run().await.unwrap();
        assert_eq!(outcome, Outcome::Completed, "{strategy:?}");
        assert_eq!(world.users.booting.load(Ordering::SeqCst), 0, "nobody was waited for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drifted_installation_stops_the_voyage_before_anything_changes() {
    let world = World::new(FAST, 1).await;
    world.cluster().scale("streaming", 3).await.unwrap();
    let mut voyage = world.voyage();
    let outcome = voyage.run().await.unwrap();
    let Outcome::Stopped { reason } = &outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("Deployment/streaming differs in spec.replicas"), "{reason}");
    // Once it is as the plan says, the same voyage goes on.
    world.cluster().scale("streaming", 1).await.unwrap();
    assert_eq!(voyage.resume().await.unwrap(), Outcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_operator_is_kept_out_and_changes_nothing() {
    let world = World::new(FAST, 1).await;
    let other =
        cluster::Holder { identity: "somebody else".to_owned(), duration: Duration::from_secs(60_000) };
    world.cluster().acquire_lease("mastoferry", &other).await.unwrap();
    let outcome = world.voyage().run().await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Stopped { reason } if reason.contains("somebody else")),
        "{outcome:?}"
    );
    let back = world.voyage().roll_back("no way").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    assert!(world.cluster().holds_lease("mastoferry", &other).await.unwrap());
    world.cluster().release_lease("mastoferry", &other).await.unwrap();
    world.assert_blue_as_before("after a second operator").await;
}

/// A record of a release as Helm writes it: with its labels, and without this program's mark.
fn helms_own(revision: u32) -> serde_json::Value {
    let record = serde_json::json!({
        "name": "green", "namespace": super::plan::NAMESPACE, "version": revision, "info": {"status": "deployed"},
    });
    chart::release::to_secret(&record, 0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_helm_knows_stops_the_voyage_before_anything_changes() {
    let world = World::new(FAST, 1).await;
    // The first revision may be gone: Helm keeps ten.
    world.cluster().create(&helms_own(12)).await.unwrap();
    let outcome = world.voyage().run().await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Stopped { reason } if reason.contains("Helm knows a release green")),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_upgraded_with_helm_since_is_not_taken_from_them() {
    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage();
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let cluster = world.cluster();
    cluster.create(&helms_own(2)).await.unwrap();
    let back = voyage.roll_back("second thoughts").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    let secret = |name: &str| cluster::ObjectRef::new(cluster::Kind::secret(), name);
    assert_eq!(cluster.get(&secret("sh.helm.release.v1.green.v1")).await.unwrap(), None);
    let theirs = cluster.get(&secret("sh.helm.release.v1.green.v2")).await.unwrap();
    assert!(theirs.is_some(), "a person wrote it");
    world.assert_nobody_suffered("after second thoughts");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_kept_nowhere_and_what_is_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage();
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let mut directories = vec![world.state.clone()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
                continue;
            }
            files += 1;
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
            let text = std::fs::read_to_string(entry.path()).unwrap();
            assert!(!text.contains("aHVzaC1odXNo") && !text.contains("hush-hush"), "{:?}", entry.path());
        }
    }
    assert!(files > 5, "only {files} files were kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plan_is_refused_by_the_journal() {
    let mut world = World::new(FAST, 1).await;
    let mut voyage = world.voyage();
    voyage.crash_at(Crash::After(3));
    assert!(voyage.run().await.unwrap_err().is_halt());
    assert!(matches!(voyage.records()[0].event, Event::Started { .. }));
    drop(voyage);
    world.plan.domain = "another.example".to_owned();
    let opened = Voyage::open(
        world.plan.clone(),
        world.cluster(),
        &world.state,
        std::sync::Arc::clone(&world.users) as _,
    );
    assert!(matches!(opened, Err(VoyageError::AnotherPlan { .. })));
}
