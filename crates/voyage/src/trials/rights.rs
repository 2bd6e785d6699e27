//! What a voyage does is what its preflight asks to be allowed.

use std::collections::BTreeSet;

use cluster::Right;
use plan::{Action, GitOpsKind, GitOpsOwner, Reversibility, Step, StepId, Strategy};

use super::plan::plan;
use super::world::World;
use crate::Outcome;
use crate::preflight::rights::needed;

const FAST: f64 = 100.0;

fn texts(rights: impl IntoIterator<Item = Right>) -> BTreeSet<String> {
    rights.into_iter().map(|right| right.to_string()).collect()
}

async fn uses_what_was_asked_for(strategy: Strategy) {
    let world = World::moving(strategy, FAST, 1).await;
    let (cluster, used) = world.recording();
    let mut voyage = world.voyage_through(cluster);
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let back = voyage.roll_back("a test wants it").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    let (used, asked) = (used.lock().unwrap().clone(), texts(needed(&world.plan)));
    let unasked: Vec<&String> = used.difference(&asked).collect();
    assert!(unasked.is_empty(), "{strategy:?} does what nobody asked for: {unasked:?}");
    assert!(used.len() > 30, "{used:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voyage_of_each_strategy_does_nothing_that_was_not_asked_for() {
    for strategy in [Strategy::BlueGreen, Strategy::Rolling, Strategy::Maintenance] {
        uses_what_was_asked_for(strategy).await;
    }
}

#[test]
fn each_strategy_asks_for_what_it_alone_uses() {
    let of = |strategy| texts(needed(&plan(strategy, 3000, 1)));
    let (blue_green, rolling) = (of(Strategy::BlueGreen), of(Strategy::Rolling));
    let weights = "update httproutes.gateway.networking.k8s.io";
    assert!(blue_green.contains(weights) && !rolling.contains(weights), "{rolling:?}");
    for strategy in [Strategy::BlueGreen, Strategy::Rolling, Strategy::Maintenance] {
        let asked = of(strategy);
        for right in ["patch pods", "update services", "patch deployments/scale.apps", "get pods/proxy"] {
            assert!(asked.contains(right), "{strategy:?}: {right} is not among {asked:?}");
        }
    }
}

#[test]
fn who_applies_blue_may_be_paused_where_it_is() {
    let mut plan = plan(Strategy::Rolling, 3000, 1);
    let owner = GitOpsOwner {
        kind: GitOpsKind::Kustomization,
        namespace: "flux-system".to_owned(),
        name: "mastodon".to_owned(),
    };
    let (id, action) = (StepId("pause-gitops".to_owned()), Action::PauseGitops { owners: vec![owner] });
    let (reversibility, expected_s, commands) = (Reversibility::Undoable, 1, Vec::new());
    plan.steps.insert(2, Step { id, action, reversibility, expected_s, commands });
    let asked = texts(needed(&plan));
    for verb in ["get", "patch"] {
        let right = format!("{verb} kustomizations.kustomize.toolkit.fluxcd.io in flux-system");
        assert!(asked.contains(&right), "{asked:?}");
    }
}
