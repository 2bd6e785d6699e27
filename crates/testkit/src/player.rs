//! Carrying out the steps of a scenario.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use cluster::{Cluster, ClusterError, Holder, Selector};
use http::Method;
use rehearsal::Fault;
use serde_json::{Value, json};

use crate::condition::{self, Condition};
use crate::deed::{Deed, Labels, Manner, PatchKind, Step, Verb};
use crate::failure::Failure;
use crate::kinds::{Kind, Kinds, Target};
use crate::sailing::{self, Means};
use crate::stage::Stage;
use crate::wire::{self, Reply};

/// How long is waited for anything, in cluster time, where a step does not say.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often is looked at what the steps of a plan never wait for.
const LOOK: Duration = Duration::from_millis(15);

/// What came of a step.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was done; what was read is told.
    Done(Option<String>),
    /// It was refused or failed: the code and reason, and the words.
    Refused(String, String),
}

/// Plays the steps of one scenario.
pub(crate) struct Player<'a> {
    stage: &'a Stage,
    kinds: &'a Kinds,
    given: &'a [Value],
    cluster: Cluster,
    /// Objects as they were when they were remembered.
    memory: HashMap<String, Value>,
    voyage: Option<sailing::Sailing>,
    faults: Vec<Fault>,
}

impl<'a> Player<'a> {
    pub(crate) fn new(stage: &'a Stage, kinds: &'a Kinds, given: &'a [Value]) -> Self {
        let cluster = Cluster::new(stage.client.clone(), &stage.namespace, stage.clock);
        Self { stage, kinds, given, cluster, memory: HashMap::new(), voyage: None, faults: Vec::new() }
    }

    /// Carries out a step; what it answers where there is something to tell.
    pub(crate) async fn play(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        let outcome = Box::pin(self.carry_out(&step.deed, &step.manner)).await?;
        let unexpected = |expected: &str, got: String| Failure::Unexpected {
            line: step.line,
            step: step.text.clone(),
            expected: expected.to_owned(),
            got,
        };
        match (outcome, &step.expects) {
            (Outcome::Done(told), None) => Ok(told),
            (Outcome::Done(Some(told)), Some(expects)) if told.contains(&expects.wanted) => Ok(Some(told)),
            (Outcome::Done(told), Some(expects)) => {
                Err(unexpected(&expects.wanted, told.unwrap_or_else(|| "success".to_owned())))
            }
            (Outcome::Refused(verdict, words), Some(expects))
                if verdict == expects.wanted || words.contains(&expects.wanted) =>
            {
                Ok(Some(if verdict.is_empty() { words } else { format!("{verdict}: {words}") }))
            }
            (Outcome::Refused(verdict, words), expects) => {
                let expected = expects.as_ref().map_or("success", |expects| &expects.wanted);
                Err(unexpected(expected, format!("{verdict}: {words}")))
            }
        }
    }

    async fn carry_out(&mut self, deed: &Deed, manner: &Manner) -> Result<Outcome, Failure> {
        let namespace = &self.stage.namespace;
        Ok(match deed {
            Deed::Write(verb, objects) => self.write(*verb, objects, manner).await?,
            Deed::Patch(kind, target, patch) => self.patch(*kind, target, patch, manner).await?,
            Deed::Delete(target) => self.delete(target, manner).await?,
            Deed::Remember(target) => {
                let reply =
                    wire::send(&self.stage.client, Method::GET, &target.path(namespace), None).await?;
                let outcome = of_reply(&reply, None);
                self.memory.insert(target.to_string(), reply.body);
                outcome
            }
            Deed::Read(target) => {
                let reply =
                    wire::send(&self.stage.client, Method::GET, &target.path(namespace), None).await?;
                of_reply(&reply, Some("it exists"))
            }
            Deed::List(kind, selector) => self.list(kind, selector).await?,
            Deed::Watch(kind, from) => self.watch(kind, from.as_ref()).await?,
            Deed::Scale(target, count) => of(self.cluster.scale(&target.name, *count).await),
            Deed::Label(pods, with) => {
                counted(self.cluster.label_pods(&Selector::labels(pods), with).await, "labelled")
            }
            Deed::Unlabel(pods, of) => {
                counted(self.cluster.unlabel_pods(&Selector::labels(pods), of).await, "unlabelled")
            }
            Deed::Select(target, selector) => of(self.cluster.set_selector(&target.name, selector).await),
            Deed::TakeLease { name, holder, lasts } => {
                let holder = Holder { identity: holder.clone(), duration: *lasts };
                of(self.cluster.acquire_lease(name, &holder).await)
            }
            Deed::GiveBackLease { name, holder } => {
                let holder = Holder { identity: holder.clone(), duration: Duration::ZERO };
                of(self.cluster.release_lease(name, &holder).await)
            }
            Deed::Evict(pods) => self.evict(pods, manner).await?,
            Deed::Ask { pods, port, path, contains } => self.ask(pods, *port, path, contains).await,
            Deed::AskService { service, port, path } => self.ask_service(service, *port, path).await,
            Deed::May { verb, resource } => self.may(verb, resource).await?,
            Deed::Snapshot => self.snapshot().await,
            Deed::Wait(condition) => {
                let limit = manner.within.unwrap_or(PATIENCE);
                Box::pin(self.wait(condition, limit)).await?
            }
            Deed::Pass(span) => {
                self.stage.clock.sleep(*span).await;
                Outcome::Done(None)
            }
            Deed::Fault(text) => match Fault::parse(text) {
                Ok(fault) => {
                    self.faults.push(fault.clone());
                    self.stage.world.inject(fault);
                    Outcome::Done(None)
                }
                Err(error) => Outcome::Refused(String::new(), error.to_string()),
            },
            Deed::UsersArrive => {
                self.stage.world.users_arrived();
                Outcome::Done(None)
            }
            Deed::Sail { rolled_back, strategy } => {
                if self.voyage.is_none() {
                    let (faults, observing) = (&self.faults, manner.within);
                    let means = Means { faults, strategy: *strategy, observing };
                    self.voyage = Some(sailing::Sailing::prepare(self.stage, self.given, &means).await?);
                }
                match &mut self.voyage {
                    Some(voyage) => Outcome::Done(Some(Box::pin(voyage.sail(*rolled_back)).await?)),
                    None => Outcome::Done(None),
                }
            }
        })
    }

    async fn write(&self, verb: Verb, objects: &[Value], manner: &Manner) -> Result<Outcome, Failure> {
        for object in objects {
            let Some(kind) = self.kinds.of(object) else {
                return Ok(Outcome::Refused(String::new(), format!("unknown kind {}", object["kind"])));
            };
            let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let all = kind.path(&self.stage.namespace);
            let mut object = object.clone();
            let (method, path, content_type) = match verb {
                Verb::Create => (Method::POST, all, "application/json"),
                Verb::Replace => (Method::PUT, format!("{all}/{name}"), "application/json"),
                Verb::Apply => (Method::PATCH, format!("{all}/{name}"), "application/apply-patch+yaml"),
            };
            if manner.as_remembered {
                let target = Target { kind: kind.clone(), name };
                let version = self.remembered(&target, "resourceVersion");
                object["metadata"]["resourceVersion"] = version;
            }
            let path = format!("{path}?{}", query(manner, verb == Verb::Apply));
            let reply = wire::send(&self.stage.client, method, &path, Some((content_type, &object))).await?;
            if !reply.is_good() {
                return Ok(of_reply(&reply, None));
            }
        }
        Ok(Outcome::Done(None))
    }

    async fn patch(
        &self,
        kind: PatchKind,
        target: &Target,
        patch: &Value,
        manner: &Manner,
    ) -> Result<Outcome, Failure> {
        let content_type = match kind {
            PatchKind::Json => "application/json-patch+json",
            PatchKind::Merge => "application/merge-patch+json",
            PatchKind::Strategic => "application/strategic-merge-patch+json",
        };
        let mut patch = patch.clone();
        if manner.as_remembered {
            patch["metadata"]["resourceVersion"] = self.remembered(target, "resourceVersion");
        }
        let part = manner.part.as_ref().map(|part| format!("/{part}")).unwrap_or_default();
        let path = format!("{}{part}?{}", target.path(&self.stage.namespace), query(manner, false));
        let reply =
            wire::send(&self.stage.client, Method::PATCH, &path, Some((content_type, &patch))).await?;
        Ok(of_reply(&reply, None))
    }

    async fn delete(&self, target: &Target, manner: &Manner) -> Result<Outcome, Failure> {
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        if let Some(propagation) = manner.propagation {
            options["propagationPolicy"] = json!(propagation);
        }
        if manner.at_once {
            options["gracePeriodSeconds"] = json!(0);
        }
        if manner.dry_run {
            options["dryRun"] = json!(["All"]);
        }
        if manner.as_remembered {
            options["preconditions"] = json!({"uid": self.remembered(target, "uid")});
        }
        let path = target.path(&self.stage.namespace);
        let content = Some(("application/json", &options));
        let reply = wire::send(&self.stage.client, Method::DELETE, &path, content).await?;
        Ok(of_reply(&reply, None))
    }

    fn remembered(&self, target: &Target, field: &str) -> Value {
        self.memory.get(&target.to_string()).map_or(Value::Null, |object| object["metadata"][field].clone())
    }

    async fn list(&self, kind: &Kind, selector: &Labels) -> Result<Outcome, Failure> {
        let selector: Vec<String> = selector.iter().map(|(key, value)| format!("{key}%3D{value}")).collect();
        let path = format!("{}?labelSelector={}", kind.path(&self.stage.namespace), selector.join("%2C"));
        let reply = wire::send(&self.stage.client, Method::GET, &path, None).await?;
        let count = reply.body["items"].as_array().map_or(0, Vec::len);
        Ok(of_reply(&reply, Some(&format!("{count} {}", kind.plural))))
    }

    /// Watches for a second and tells what came.
    async fn watch(&self, kind: &Kind, from: Option<&Target>) -> Result<Outcome, Failure> {
        let version = match from {
            Some(target) => {
                self.remembered(target, "resourceVersion").as_str().unwrap_or_default().to_owned()
            }
            None => "1".to_owned(),
        };
        let all = kind.path(&self.stage.namespace);
        let path = format!("{all}?watch=1&timeoutSeconds=1&resourceVersion={version}");
        wire::watch(&self.stage.client, &path).await.map(|(reply, events)| match reply {
            Some(refused) => of_reply(&refused, None),
            None => {
                Outcome::Done(Some(if events.is_empty() { "nothing".to_owned() } else { events.join(", ") }))
            }
        })
    }

    async fn pods(&self, pods: &Labels) -> Result<Vec<Value>, ClusterError> {
        self.cluster.list(&cluster::Kind::pod(), Some(&Selector::labels(pods))).await
    }

    async fn evict(&self, pods: &Labels, manner: &Manner) -> Result<Outcome, Failure> {
        let found = match self.pods(pods).await {
            Ok(found) => found,
            Err(error) => return Ok(refused(&error)),
        };
        // The first by name among those that stay, so that a second eviction strikes another.
        let mut names: Vec<&str> = found
            .iter()
            .filter(|pod| pod["metadata"].get("deletionTimestamp").is_none())
            .filter_map(|pod| pod["metadata"]["name"].as_str())
            .collect();
        names.sort_unstable();
        let Some(name) = names.first() else {
            return Ok(Outcome::Refused(String::new(), "there is no such pod".to_owned()));
        };
        let mut eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": self.stage.namespace}});
        if manner.dry_run {
            eviction["deleteOptions"] = json!({"dryRun": ["All"]});
        }
        let path = format!("/api/v1/namespaces/{}/pods/{name}/eviction", self.stage.namespace);
        let content = Some(("application/json", &eviction));
        let reply = wire::send(&self.stage.client, Method::POST, &path, content).await?;
        Ok(of_reply(&reply, None))
    }

    async fn ask(&self, pods: &Labels, port: u16, path: &str, contains: &str) -> Outcome {
        let found = match self.pods(pods).await {
            Ok(found) => found,
            Err(error) => return refused(&error),
        };
        let mut told = Vec::new();
        for name in found.iter().filter_map(|pod| pod["metadata"]["name"].as_str()) {
            match self.cluster.ask_pod(name, port, path, "mastodon.example").await {
                Ok(answer) if answer.text.contains(contains) => {
                    told.push(format!("{} as wanted", answer.status))
                }
                Ok(answer) => told.push(format!("{} otherwise", answer.status)),
                Err(error) => return refused(&error),
            }
        }
        told.sort();
        Outcome::Done(Some(told.join(", ")))
    }

    async fn ask_service(&self, service: &Target, port: u16, path: &str) -> Outcome {
        let request = http::Request::get(path).body(Bytes::new());
        let Ok(request) = request else { return Outcome::Refused(String::new(), "no path".to_owned()) };
        match self.cluster.ask_service(&service.name, port, request).await {
            Ok(answer) => {
                let text = String::from_utf8_lossy(answer.body());
                let status: Value = serde_json::from_str(&text).unwrap_or_default();
                let reason = status["reason"].as_str().unwrap_or_default();
                Outcome::Done(Some(format!("{} {reason}", answer.status().as_u16()).trim_end().to_owned()))
            }
            Err(error) => refused(&error),
        }
    }

    async fn may(&self, verb: &str, resource: &str) -> Result<Outcome, Failure> {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "namespace": self.stage.namespace, "verb": verb, "group": group, "resource": resource,
            }},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let content = Some(("application/json", &review));
        let reply = wire::send(&self.stage.client, Method::POST, path, content).await?;
        let allowed = if reply.body["status"]["allowed"] == true { "allowed" } else { "not allowed" };
        Ok(of_reply(&reply, Some(allowed)))
    }

    /// What a snapshot holds of the kinds that scenarios speak of.
    async fn snapshot(&self) -> Outcome {
        let snapshot = match self.cluster.snapshot().await {
            Ok(snapshot) => snapshot,
            Err(error) => return refused(&error),
        };
        let mut told: Vec<String> = snapshot
            .objects
            .iter()
            .filter_map(|object| Some((self.kinds.of(object)?, object["metadata"]["name"].as_str()?)))
            .filter(|(kind, name)| kind.namespaced && kind.word != "account" && *name != "kube-root-ca.crt")
            .map(|(kind, name)| format!("{}/{name}", kind.word))
            .collect();
        told.sort();
        told.extend(snapshot.unlisted.iter().map(|unlisted| format!("not listed: {}", unlisted.resource)));
        Outcome::Done(Some(told.join(", ")))
    }

    async fn wait(&self, wanted: &Condition, limit: Duration) -> Result<Outcome, Failure> {
        if let Some(condition) = match self.as_the_steps_wait(wanted).await {
            Ok(condition) => condition,
            Err(error) => return Ok(refused(&error)),
        } {
            return Ok(of(Box::pin(self.cluster.wait(&condition, limit)).await));
        }
        let deadline = self.stage.clock.after(limit);
        loop {
            if self.holds(wanted).await? {
                return Ok(Outcome::Done(None));
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(Outcome::Refused("timeout".to_owned(), "it did not come true in time".to_owned()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn as_the_steps_wait(
        &self,
        wanted: &Condition,
    ) -> Result<Option<cluster::Condition>, ClusterError> {
        Ok(Some(match wanted {
            Condition::Ready { deployment, replicas } => {
                cluster::Condition::Ready { deployment: deployment.clone(), replicas: *replicas }
            }
            Condition::Idle { deployment } => {
                let place = cluster::ObjectRef::new(cluster::Kind::deployment(), deployment);
                let selector = Selector::of_workload(&self.cluster.need(&place).await?)?;
                cluster::Condition::Idle { deployment: deployment.clone(), selector }
            }
            Condition::PodsGone(pods) => cluster::Condition::PodsGone(Selector::labels(pods)),
            Condition::ReachesAll { service, pods } => {
                cluster::Condition::ReachesAll { service: service.clone(), pods: Selector::labels(pods) }
            }
            Condition::ReachesOnly { service, pods } => {
                cluster::Condition::ReachesOnly { service: service.clone(), pods: Selector::labels(pods) }
            }
            Condition::Gone(target) => cluster::Condition::Gone(target.place(&self.stage.namespace)),
            _ => return Ok(None),
        }))
    }

    async fn holds(&self, wanted: &Condition) -> Result<bool, Failure> {
        let get = async |target: &Target| {
            let path = target.path(&self.stage.namespace);
            let reply = wire::send(&self.stage.client, Method::GET, &path, None).await?;
            Ok::<_, Failure>(reply.is_good().then_some(reply.body))
        };
        let pods = async |labels: &Labels| {
            self.pods(labels).await.map_err(|error| Failure::Unsent(error.to_string()))
        };
        Ok(match wanted {
            Condition::Is { target, condition, holds } => {
                get(target).await?.is_some_and(|object| condition::is(&object, condition, *holds))
            }
            Condition::Has { target, path, value } => {
                get(target).await?.and_then(|object| condition::field(&object, path)).as_ref() == Some(value)
            }
            Condition::Pods { pods: labels, count } => {
                let found = pods(labels).await?;
                found.len() == *count as usize && found.iter().all(condition::ready)
            }
            Condition::Waits { pods: labels, reason } => {
                pods(labels).await?.iter().any(|pod| condition::waits(pod, reason))
            }
            Condition::Exists(target) => get(target).await?.is_some(),
            _ => true,
        })
    }
}

fn query(manner: &Manner, applies: bool) -> String {
    let mut query = format!("fieldManager={}", manner.manager);
    if manner.dry_run {
        query.push_str("&dryRun=All");
    }
    if applies {
        query.push_str(if manner.forced { "&force=true" } else { "&force=false" });
    }
    query
}

fn of_reply(reply: &Reply, told: Option<&str>) -> Outcome {
    if reply.is_good() {
        return Outcome::Done(told.map(str::to_owned));
    }
    let message = reply.body["message"].as_str().unwrap_or_default();
    Outcome::Refused(reply.verdict(), message.to_owned())
}

fn of<T>(result: Result<T, ClusterError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done(None),
        Err(error) => refused(&error),
    }
}

fn counted(result: Result<usize, ClusterError>, what: &str) -> Outcome {
    match result {
        Ok(count) => Outcome::Done(Some(format!("{count} {what}"))),
        Err(error) => refused(&error),
    }
}

fn refused(error: &ClusterError) -> Outcome {
    match error {
        ClusterError::Request { source, .. } => match source.as_ref() {
            kube::Error::Api(status) => {
                Outcome::Refused(format!("{} {}", status.code, status.reason), status.message.clone())
            }
            other => Outcome::Refused(String::new(), other.to_string()),
        },
        ClusterError::Timeout { .. } => Outcome::Refused("timeout".to_owned(), error.to_string()),
        ClusterError::Held { .. } => Outcome::Refused("held".to_owned(), error.to_string()),
        other => Outcome::Refused(String::new(), other.to_string()),
    }
}
