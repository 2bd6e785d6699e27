//! Voyages whose API server fails them now and then, as in a rehearsal with faults.

use std::time::Duration;

use futures::StreamExt;

use super::world::World;
use crate::Outcome;

/// Slower than the other trials: pauses between tries run on the cluster's clock, and must stay above what the machine needs.
const FAST: f64 = 100.0;
/// How many worlds live at once.
const AT_ONCE: usize = 5;
const BOUND: Duration = Duration::from_secs(120);

async fn sailed(faults: &[&str]) -> (World, Outcome) {
    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage_through(world.through(faults));
    let outcome = tokio::time::timeout(BOUND, voyage.run()).await.expect("in time").unwrap();
    (world, outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_waited_out() {
    let all = [
        &["api.409=30%"][..],
        &["api.429=30%"],
        &["api.500=30%"],
        &["api.lost-answer=30%"],
        &["api.watch-drop=1s"],
        &["api.409=20%", "api.429=10%", "api.500=10%", "api.lost-answer=20%", "api.watch-drop=2s"],
        // The whole control plane is away for two minutes, before users move and while they do.
        &["api.500=100%@install-green+120s"],
        &["api.500=100%@drain-queues+120s"],
        &["api.429=100%@close-overlap+120s"],
        &["api.500=100%@remove-blue+120s"],
    ];
    futures::stream::iter(all)
        .for_each_concurrent(AT_ONCE, |faults| async move {
            let (world, outcome) = sailed(faults).await;
            assert_eq!(outcome, Outcome::Completed, "{faults:?}");
            world.assert_nobody_suffered(&format!("{faults:?}"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_is_found_through_the_same_faults() {
    let all = [
        &["api.409=30%"][..],
        &["api.429=30%"],
        &["api.500=30%"],
        &["api.lost-answer=30%"],
        &["api.409=20%", "api.429=10%", "api.500=10%", "api.lost-answer=20%", "api.watch-drop=2s"],
    ];
    let there_and_back = |faults: &'static [&'static str]| async move {
        let world = World::new(FAST, 1).await;
        let mut voyage = world.voyage_through(world.through(faults));
        let outcome = tokio::time::timeout(BOUND, voyage.run()).await.expect("in time").unwrap();
        assert_eq!(outcome, Outcome::Completed, "{faults:?}");
        let back = tokio::time::timeout(BOUND, voyage.roll_back("enough")).await.expect("in time").unwrap();
        assert_eq!(back, Outcome::RolledBack { reason: "enough".to_owned() }, "{faults:?}");
        world.assert_blue_as_before(&format!("{faults:?}")).await;
    };
    futures::stream::iter(all).for_each_concurrent(AT_ONCE, there_and_back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_is_gone_for_good_leaves_blue_and_a_journal_that_goes_on() {
    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage_through(world.through(&["api.500=100%@open-overlap"]));
    let outcome = tokio::time::timeout(BOUND, voyage.run()).await.expect("in time").unwrap();
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    drop(voyage);
    world.assert_nobody_suffered("the API server is gone");
    let back = world.voyage().roll_back("it is there again").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    world.assert_blue_as_before("it is there again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_never_answered_are_given_up_and_made_again() {
    let (world, outcome) = sailed(&["api.hang=100%@install-green+3s"]).await;
    assert_eq!(outcome, Outcome::Completed);
    world.assert_nobody_suffered("a hang");
}
