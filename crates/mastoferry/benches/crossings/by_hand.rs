//! The manual procedure on k01, as scripts of kubectl and helm: the commands of its document, each repaired as little as
//! possible at the moment it fails, by somebody who needs no time to think. In real time: nothing is faster than life.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clock::Clock;
use plan::Plan;
use probe::Prober;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::ground::Ground;
use crate::ours::{had, planned, secrets};
use crate::row::{Crossed, Row};
use crate::sites::Site;
use crate::traefik;
use crate::users::traffic;

const PRELUDE: &str = include_str!("manual/prelude.sh");
const SCRIPTS: [(&str, &str); 3] = [
    ("blue-green", include_str!("manual/blue-green.sh")),
    ("rolling", include_str!("manual/rolling.sh")),
    ("maintenance", include_str!("manual/maintenance.sh")),
];
/// Users are there before and after.
const AROUND: Duration = Duration::from_secs(5);

/// Goes through the procedure's document.
pub(crate) async fn cross(site: &Site, strategy: &str, corpus: &Path, folder: &Path) -> Row {
    let (mut plan, _) = planned(site, "blue-green", corpus, folder);
    // The old side has long booted.
    plan.blue.iter_mut().for_each(boots_at_once);
    let ground = Ground::lay(&plan, Clock::real()).await;
    secrets(&ground, &plan).await;
    let front = traefik::start(traefik::program().expect("traefik on PATH"), &plan, 1.0).await;
    let over = CancellationToken::new();
    let prober = Prober::start(traffic(&plan, front.address), over.clone()).expect("a prober");
    tokio::time::sleep(AROUND).await;
    let begun = Instant::now();
    let script = SCRIPTS.iter().find(|(name, _)| *name == strategy).expect("a strategy").1;
    let log = folder.join("commands");
    let mut command = shell(script, &plan, corpus, folder);
    let ended = tokio::task::spawn_blocking(move || command.status()).await.expect("ended").expect("runs");
    let took_s = begun.elapsed().as_secs_f64();
    tokio::time::sleep(AROUND).await;
    let report = prober.finish().await;
    over.cancel();
    let account = ground.world.invariants();
    ground.leave(&plan.namespace).await;
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let outcome = if ended.success() { "ended" } else { "failed" };
    Row {
        deployment: site.name.to_owned(),
        strategy: strategy.to_owned(),
        by_hand: true,
        crossed: Some(Crossed { outcome: outcome.to_owned(), took_s, ..had(&report) }),
        max_schedulers: account.max_schedulers,
        jobs_lost: account.jobs_lost,
        jobs_duplicated: account.jobs_duplicated,
        commands: log.lines().count() as u64,
        commands_failed: log.lines().filter(|line| !line.starts_with("0 ")).count() as u64,
        ..Row::default()
    }
}

fn shell(script: &str, plan: &Plan, corpus: &Path, folder: &Path) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let log = std::fs::File::create(folder.join("by-hand.log")).expect("a log");
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!("{PRELUDE}\n{script}")).current_dir(folder).stdin(Stdio::null());
    command.env("NS", &plan.namespace).env("CHART", root.join("examples/chart"));
    command.env("VALUES", corpus.join("k01-ykzts-infra/helm/values-production.yaml"));
    command.env("COMMANDS", folder.join("commands"));
    for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(home, folder.join(home));
    }
    command.stdout(log.try_clone().expect("the same log")).stderr(log);
    command
}

fn boots_at_once(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("initialDelaySeconds") {
                fields.insert("initialDelaySeconds".to_owned(), Value::from(1));
            }
            fields.values_mut().for_each(boots_at_once);
        }
        Value::Array(items) => items.iter_mut().for_each(boots_at_once),
        _ => {}
    }
}
