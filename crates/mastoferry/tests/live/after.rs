//! What Helm makes of the release that a migration left: each strategy, moved by the program as its users run it.

use std::sync::{Mutex, PoisonError};

use cluster::Kind;

use crate::goes_on::{Release, required_secrets, tree};
use crate::helm::{has_helm, skipped};
use crate::migrate::{Field, code, said};

/// One move at a time: two clusters and their users are much for a small machine. Whether users noticed is held elsewhere.
static TURN: Mutex<()> = Mutex::new(());

fn helm_goes_on_after(strategy: &str) {
    if !has_helm() {
        return skipped("helm 4 on PATH");
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().expect("a folder");
    let tree = tree(folder.path());
    let field = Field::of(&tree, &["--strategy", strategy]);
    field.change(Kind::secret(), "mastodon-secrets", &required_secrets());
    let moved = field.on("migrate", &["--approve"]).output().expect("runs");
    assert_eq!(code(&moved), 0, "{strategy}: {}", said(&moved));
    let release = Release {
        cluster: &field.cluster,
        namespace: &field.plan.namespace,
        kubeconfig: &field.path("config"),
        folder: folder.path(),
    };
    field.runtime.block_on(release.helm_goes_on(&tree));
}

#[test]
fn helm_goes_on_after_a_blue_green_migration() {
    helm_goes_on_after("blue-green");
}

#[test]
fn helm_goes_on_after_a_rolling_migration() {
    helm_goes_on_after("rolling");
}

#[test]
fn helm_goes_on_after_a_migration_with_a_maintenance_page() {
    helm_goes_on_after("maintenance");
}
