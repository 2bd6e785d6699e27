//! What is kept, who can read it, and that restoring puts back exactly that.

use std::path::{Path, PathBuf};
use std::process::Command;

use cluster::{Cluster, Kind, ObjectRef, Propagation};
use serde_json::json;

use super::world::World;
use crate::machine::program::has;
use crate::{Backup, BackupError, Crash, Identity, Outcome, Standing};

const FAST: f64 = 200.0;

/// Where the backup of a voyage that kept everything is, and who can read its Secrets. The voyage died after it.
async fn kept(world: &World) -> Identity {
    let identity = Identity::in_file(&world.state.with_extension("identity")).unwrap();
    let done = world.plan.steps.iter().position(|step| step.id.0 == "back-up").unwrap();
    let mut voyage = world.voyage();
    voyage.keep_secrets_for(identity.recipient());
    voyage.crash_at(Crash::After(2 * done + 2));
    let error = voyage.run().await.unwrap_err();
    assert!(error.is_halt(), "{error}");
    std::fs::remove_file(world.state.with_extension("identity")).unwrap();
    identity
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

async fn damage(cluster: &Cluster) {
    let place = |version: &str, kind: &str, name: &str| ObjectRef::new(Kind::new(version, kind), name);
    for gone in [place("v1", "ConfigMap", "settings"), place("batch/v1", "CronJob", "clean")] {
        let found = cluster.need(&gone).await.unwrap();
        cluster.delete(&found, Propagation::Background).await.unwrap();
    }
    let labelled = json!({"metadata": {"labels": {"someone": "was-here"}}});
    cluster.patch_merge(&place("v1", "Service", "web"), &labelled).await.unwrap();
    let secret = json!({"data": {"SECRET_KEY_BASE": "b3RoZXI="}});
    cluster.patch_merge(&place("v1", "Secret", "keys"), &secret).await.unwrap();
    cluster.scale("streaming", 0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_or_deleted_is_put_back_object_by_object() {
    let world = World::new(FAST, 1).await;
    let identity = kept(&world).await;
    let cluster = world.cluster();
    let backup = Backup::read(&world.state, Some(&identity)).unwrap();
    let standing = |all: &[(ObjectRef, Standing)]| all.iter().filter(|(_, it)| *it != Standing::Same).count();
    // The autoscaler is pinned, as the voyage left it.
    assert_eq!(standing(&backup.compare(&cluster).await.unwrap()), 1);
    damage(&cluster).await;
    let told = backup.compare(&cluster).await.unwrap();
    let of = |name: &str| &told.iter().find(|(place, _)| place.to_string() == name).unwrap().1;
    assert_eq!(*of("ConfigMap/settings"), Standing::Missing);
    assert_eq!(*of("Service/web"), Standing::Differs(vec!["metadata.labels".to_owned()]));
    assert_eq!(*of("Secret/keys"), Standing::Differs(vec!["data".to_owned()]));
    assert_eq!(*of("Deployment/streaming"), Standing::Differs(vec!["spec.replicas".to_owned()]));
    assert_eq!(standing(&told), 6);
    let changed = backup.put_back(&cluster).await.unwrap();
    assert_eq!(changed.len(), 6, "{changed:?}");
    assert_eq!(standing(&backup.compare(&cluster).await.unwrap()), 0);
    assert_eq!(backup.put_back(&cluster).await.unwrap(), [], "twice is once");
    // What is left of the voyage is its Lease.
    let back = world.voyage().roll_back("enough").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    super::sidekiq::until("the pods", async || world.snapshot().await == world.initial()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_can_be_read_in_no_file_but_by_whom_they_are_for() {
    let world = World::new(FAST, 1).await;
    let identity = kept(&world).await;
    for path in files(&world.state) {
        let bytes = std::fs::read(&path).unwrap();
        for value in ["hush-hush", "aHVzaC1odXNo"] {
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
    let locked = Backup::read(&world.state, None).unwrap_err();
    assert!(matches!(&locked, BackupError::Locked(recipient) if recipient.starts_with("age1")), "{locked}");
    let other = Identity::in_file(&world.state.join("other")).unwrap();
    let wrong = Backup::read(&world.state, Some(&other)).unwrap_err();
    assert!(matches!(wrong, BackupError::OtherIdentity(_)), "{wrong}");
    assert!(!format!("{identity:?}").contains("AGE-SECRET-KEY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_age_itself_reads_what_was_encrypted() {
    if !has("age", "age") {
        return;
    }
    let world = World::new(FAST, 1).await;
    let file = world.state.with_extension("identity");
    let identity = Identity::in_file(&file).unwrap();
    let mut voyage = world.voyage();
    voyage.keep_secrets_for(identity.recipient());
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let secret = world.state.join("backup/Secret.core-keys.json.age");
    let read = Command::new("age").arg("-d").arg("-i").arg(&file).arg(secret).output().unwrap();
    std::fs::remove_file(&file).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(object["data"]["SECRET_KEY_BASE"], "aHVzaC1odXNo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_refused_with_what_is_wrong() {
    let world = World::new(FAST, 1).await;
    let identity = kept(&world).await;
    let folder = world.state.join("backup");
    let read = || Backup::read(&folder, Some(&identity));
    read().unwrap();
    let file = folder.join("Service.core-web.json");
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    std::fs::write(&file, &flipped).unwrap();
    assert_eq!(read().unwrap_err().to_string(), "the backup is damaged: Service.core-web.json was changed");
    std::fs::remove_file(&file).unwrap();
    assert!(read().unwrap_err().to_string().contains("Service.core-web.json: No such file"));
    std::fs::write(&file, &whole).unwrap();
    std::fs::write(folder.join("Service.core-more.json"), b"{}").unwrap();
    assert!(read().unwrap_err().to_string().contains("Service.core-more.json is not in the manifest"));
    std::fs::remove_file(folder.join("manifest.json")).unwrap();
    assert!(matches!(read().unwrap_err(), BackupError::None(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_kept_is_stated_and_a_new_side_that_runs_is_not_joined_by_the_old_one() {
    let world = World::new(FAST, 1).await;
    let mut voyage = world.voyage();
    // Nobody to encrypt for.
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let backup = Backup::read(&world.state, None).unwrap();
    let unkept: Vec<&str> = backup.manifest().unkept.iter().map(|it| it.object.as_str()).collect();
    assert_eq!(unkept, ["Secret/keys"]);
    let refused = backup.put_back(&world.cluster()).await.unwrap_err();
    assert!(
        matches!(&refused, BackupError::NewSideRuns(names) if names.contains(&"Deployment/green-worker".to_owned())),
        "{refused}"
    );
}
