//! The record of an act: what a watcher saw of each object, and what came before what.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use crate::chain::{Chain, Seen};
use crate::facets;
use crate::names::{Names, owner};
use crate::order::{Moment, Order, What};
use crate::recorder::Event;

/// What is known of all objects, from act to act.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) names: Names,
    managers: Vec<String>,
    known: HashMap<String, Known>,
    slices: HashMap<String, Arc<Value>>,
    /// Who is behind each Service.
    reached: BTreeMap<String, Seen>,
    /// How each content is called, by object and digest.
    contents: HashMap<String, Vec<String>>,
}

#[derive(Debug)]
struct Known {
    facets: BTreeMap<&'static str, Seen>,
}

/// What happened to an object in an act.
#[derive(Debug)]
struct Thread {
    word: String,
    said: String,
    is_new: bool,
    is_gone: bool,
    chains: BTreeMap<&'static str, Chain>,
}

/// The kinds in the order they are told in.
const TOLD: [&str; 16] = [
    "lease",
    "autoscaler",
    "configmap",
    "secret",
    "claim",
    "ingress",
    "budget",
    "cronjob",
    "job",
    "statefulset",
    "deployment",
    "replicaset",
    "pod",
    "service",
    "endpointslice",
    "account",
];
/// The facets in the order they are told in.
const FACETS: [&str; 22] = [
    "holder",
    "changes hands",
    "bounds",
    "target",
    "phase",
    "schedule",
    "suspended",
    "content",
    "managers",
    "wants",
    "active",
    "succeeded",
    "failed",
    "ready",
    "Progressing",
    "Available",
    "ReplicaFailure",
    "conditions",
    "selects",
    "reaches",
    "lets go of",
    "deletion",
];

impl Record {
    pub(crate) fn new(namespace: &str, managers: Vec<String>) -> Self {
        Self {
            names: Names::new(namespace),
            managers,
            known: HashMap::new(),
            slices: HashMap::new(),
            reached: BTreeMap::new(),
            contents: HashMap::new(),
        }
    }

    /// Takes in the events of an act, in the server's order, and tells of it. Where the whole namespace goes, only that each object goes is told.
    pub(crate) fn act(&mut self, events: &[Event], all_goes: bool) -> String {
        let mut threads: BTreeMap<String, Thread> = BTreeMap::new();
        let mut order = Order::new(all_goes);
        for event in events {
            self.names.learn(event);
            if event.word == "endpointslice" {
                self.slice(event, &mut threads, &mut order);
            } else {
                self.object(event, &mut threads, &mut order);
            }
        }
        if all_goes {
            threads.values_mut().for_each(|thread| thread.chains.retain(|name, _| *name == "life"));
        }
        let mut text = self.names.say(&told(&threads));
        let order = order.told();
        if !order.is_empty() {
            text.push_str("order\n");
            order.iter().for_each(|line| {
                let _never_fails = writeln!(text, "  {line}");
            });
        }
        text
    }

    fn object(&mut self, event: &Event, threads: &mut BTreeMap<String, Thread>, order: &mut Order) {
        let uid = event.uid().to_owned();
        let known = self.known.get(&uid);
        let mut seen = facets::of(
            &event.word,
            &event.object,
            known.and_then(|known| known.facets.get("life")),
            &self.managers,
        );
        for (name, seen) in &mut seen {
            if *name == "content" {
                *seen = self.named_content(&uid, seen);
            }
        }
        let said = self.names.plain(event.name());
        let known = self.known.get(&uid);
        let thread = threads.entry(uid.clone()).or_insert_with(|| Thread {
            word: event.word.clone(),
            said: said.clone(),
            is_new: known.is_none(),
            is_gone: false,
            chains: known.map_or_else(BTreeMap::new, |known| {
                known
                    .facets
                    .iter()
                    .map(|(name, seen)| (*name, Chain::beginning(Some(seen.clone()))))
                    .collect()
            }),
        });
        if known.is_none() {
            order.note(event, &said, What::Created);
        }
        if event.gone {
            thread.is_gone = true;
            if let Some(life) = thread.chains.get_mut("life") {
                life.push(Seen::Words("gone".to_owned()));
            }
            order.note(event, &said, What::Gone);
            self.known.remove(&uid);
            return;
        }
        let mut facets = BTreeMap::new();
        for (name, seen) in seen {
            if thread.chains.get(name).and_then(Chain::last) != Some(&seen) {
                if let Some(what) = What::of(name, &seen) {
                    order.note(event, &said, what);
                }
                thread.chains.entry(name).or_default().push(seen.clone());
            }
            facets.insert(name, seen);
        }
        self.known.insert(uid, Known { facets });
    }

    /// Contents are called a, b, c … per object, in the order they were seen in.
    fn named_content(&mut self, uid: &str, seen: &Seen) -> Seen {
        let Seen::Words(digest) = seen else { return seen.clone() };
        let contents = self.contents.entry(uid.to_owned()).or_default();
        let at = contents.iter().position(|known| known == digest).unwrap_or_else(|| {
            contents.push(digest.clone());
            contents.len() - 1
        });
        let letter = u8::try_from(at % 26).map_or('?', |at| char::from(b'a' + at));
        Seen::Words(letter.to_string())
    }

    /// An EndpointSlice is told of as its Service's reach.
    fn slice(&mut self, event: &Event, threads: &mut BTreeMap<String, Thread>, order: &mut Order) {
        let service = event.object["metadata"]["labels"]["kubernetes.io/service-name"].as_str();
        let service = service.unwrap_or_default().to_owned();
        let before = self.behind(&service);
        if event.gone {
            self.slices.remove(event.uid());
        } else {
            self.slices.insert(event.uid().to_owned(), Arc::clone(&event.object));
        }
        let after = self.behind(&service);
        for (pod, _) in after.iter().filter(|(pod, _)| !before.contains_key(*pod)) {
            order.push(Moment::of_reach(event.version, pod, &service, What::Reached));
        }
        for (pod, _) in before.iter().filter(|(pod, _)| !after.contains_key(*pod)) {
            order.push(Moment::of_reach(event.version, pod, &service, What::LetGo));
        }
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        after.into_values().for_each(|said| *counts.entry(said).or_default() += 1);
        let seen = Seen::Counts(counts.into_iter().collect());
        let known = self.reached.insert(service.clone(), seen.clone());
        let thread = threads.entry(format!("~{service}")).or_insert_with(|| {
            let first = known.clone().or_else(|| Some(Seen::Counts(Vec::new())));
            let chains = BTreeMap::from([("reaches", Chain::beginning(first))]);
            let (word, said) = ("service".to_owned(), service.clone());
            Thread { word, said, is_new: false, is_gone: false, chains }
        });
        thread.chains.entry("reaches").or_default().push(seen);
    }

    /// The pods that are ready behind a Service, with what they are called.
    fn behind(&self, service: &str) -> BTreeMap<String, String> {
        let slices = self.slices.values();
        let slices =
            slices.filter(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == service);
        slices
            .flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten())
            .filter(|endpoint| endpoint["conditions"]["ready"] == true)
            .map(|endpoint| {
                let pod = endpoint["targetRef"]["name"].as_str().or(endpoint["addresses"][0].as_str());
                let pod = pod.unwrap_or_default();
                (pod.to_owned(), self.names.plain(pod))
            })
            .collect()
    }
}

/// What is told of all objects of an act: pods that lived alike together.
fn told(threads: &BTreeMap<String, Thread>) -> String {
    let mut blocks: BTreeMap<(usize, String, String, String), usize> = BTreeMap::new();
    let mut of_services: BTreeMap<&str, String> = BTreeMap::new();
    for (uid, thread) in threads {
        let lines = thread.lines();
        if lines.is_empty() {
            continue;
        }
        if uid.starts_with('~') || thread.word == "service" {
            of_services.entry(&thread.said).or_default().push_str(&lines);
            continue;
        }
        *blocks.entry((rank(&thread.word), thread.word.clone(), thread.said.clone(), lines)).or_default() +=
            1;
    }
    for (service, lines) in of_services {
        blocks.insert((rank("service"), "service".to_owned(), service.to_owned(), lines), 1);
    }
    let mut text = String::new();
    for ((_, word, said, lines), count) in blocks {
        let times = if count == 1 { String::new() } else { format!("{count} × ") };
        let _never_fails = write!(text, "{times}{word}/{said}\n{lines}");
    }
    text
}

fn rank(word: &str) -> usize {
    TOLD.iter().position(|told| *told == word).unwrap_or(0)
}

impl Thread {
    fn lines(&self) -> String {
        let mut text = String::new();
        if self.word == "pod" {
            return self.pod_lines();
        }
        if self.is_new {
            text.push_str("  created\n");
        }
        for name in FACETS {
            let Some(chain) = self.chains.get(name) else { continue };
            let chain = match name {
                "ready" => chain.without_repeats(),
                // Made with no pods and scaled at once, it is first Available or never was.
                "Available" if self.is_new => chain.without_first("True MinimumReplicasAvailable"),
                _ => chain.clone(),
            };
            let Some(told) = chain.told(self.is_new) else { continue };
            // What an object holds when it is made is in the objects at the end.
            if name == "content" && !told.contains('→') {
                continue;
            }
            let _never_fails = writeln!(text, "  {name}: {told}");
        }
        if self.is_gone {
            text.push_str("  gone\n");
        }
        text
    }

    fn pod_lines(&self) -> String {
        let mut text = String::new();
        for (name, prefix) in [("life", ""), ("restarts", "restarts: "), ("labels", "labels: ")] {
            let Some(told) = self.chains.get(name).and_then(|chain| chain.told(self.is_new)) else {
                continue;
            };
            if name == "life" || told.contains('→') {
                let _never_fails = writeln!(text, "  {prefix}{told}");
            }
        }
        if let Some(told) = self.chains.get("managers").and_then(|chain| chain.told(self.is_new)) {
            let _never_fails = writeln!(text, "  managers: {told}");
        }
        text
    }
}

/// What an event's object belongs to: itself, or what controls it.
pub(crate) fn belongs(event: &Event) -> Option<String> {
    owner(&event.object)
}
