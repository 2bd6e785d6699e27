//! Random installations: converted, rendered, read back, and held against what they were.
//!
//! The seed is fixed; `MASTOFERRY_SEED` takes another, `MASTOFERRY_CASES` more of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use camino::Utf8Path;
use installation::{Role, known_setting};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use target::helm::is_harmless;
use tree::{Files, Node};

use crate::conversions::losses;
use crate::environment::Environment;
use crate::ran::Ran;
use crate::side::{Part, Side};
use crate::sites::site;
use crate::validity::{Judge, Judgement};
use crate::ways::Way;

#[test]
fn what_is_written_is_what_was_read() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let cases = u32::try_from(number("MASTOFERRY_CASES", 24)).expect("some cases");
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number("MASTOFERRY_SEED", 4).to_le_bytes());
    let config = Config { cases, max_shrink_iters: 400, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let (ways, judge) = (Way::all(), Judge::new());
    let tapes = prop::collection::vec(any::<u8>(), 0..700);
    let outcome = runner.run(&tapes, |tape| {
        let faults = faults(&tape, &ways, &judge);
        prop_assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), told(&tape));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// The files of a site, an object a line.
fn told(tape: &[u8]) -> String {
    let mut told = String::new();
    for (name, text) in site(tape).files {
        let mut files = Files::new();
        let file = files.add(&*name, text);
        let documents = tree::parse(&files, file).expect("JSON is YAML");
        told.push_str(&format!("# {name}\n"));
        told.extend(documents.iter().map(|document| format!("--- {}\n", document.to_json())));
    }
    told
}

/// What goes wrong with a site, for every target.
fn faults(tape: &[u8], ways: &[Way], judge: &Judge) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in site(tape).files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let path = folder.path().to_str().expect("UTF-8");
    let sourced = match source::read(&path.parse().expect("a source")) {
        Ok(sourced) if sourced.unread.is_empty() => sourced,
        Ok(sourced) => return vec![format!("unread: {:?}", sourced.unread[0].kind)],
        Err(error) => return vec![format!("not read: {error}")],
    };
    let nodes: Vec<Node> = sourced.objects.iter().map(|object| object.node.clone()).collect();
    let before = Side::of(nodes).expect("a Mastodon");
    let mut faults = Vec::new();
    for way in ways {
        let found = converted(folder.path(), way, &before, judge);
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", way.name)));
    }
    faults
}

fn converted(folder: &Path, way: &Way, before: &Side, judge: &Judge) -> Vec<String> {
    let ran = Ran::convert(folder, &[&["."], way.arguments].concat());
    if ran.json.is_null() {
        return vec![format!("exit {:?}: {}", ran.exit, ran.problem)];
    }
    let mut faults = losses(&ran.json);
    let mut objects = match way.objects(&ran, true) {
        Ok(objects) => objects,
        Err(refused) => return vec![refused],
    };
    // Helm puts into the namespace of the release what names none.
    for object in objects.iter_mut().filter(|object| object["metadata"]["namespace"].is_null()) {
        if let Some(namespace) = &before.namespace {
            object["metadata"]["namespace"] = namespace.as_str().into();
        }
    }
    for object in &objects {
        if let Judgement::Faulty(found) = judge.judge(object) {
            faults.extend(found);
        }
    }
    let text: String = objects.iter().map(|object| format!("---\n{object:#}\n")).collect();
    let mut files = Files::new();
    let file = files.add("written", text);
    match Side::of(tree::parse(&files, file).expect("JSON is YAML")) {
        Ok(after) => {
            faults.extend(differences(before, &after, &watched(ran.out().as_path()), way.is_by_chart()))
        }
        Err(why) => faults.push(why),
    }
    faults
}

/// The settings that `SECRETS.md` tells its reader to look for in Secrets that are taken whole.
fn watched(out: &Utf8Path) -> BTreeSet<String> {
    let text = fs::read_to_string(out.join("SECRETS.md")).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("- ")).map(ToOwned::to_owned).collect()
}

fn differences(before: &Side, after: &Side, watched: &BTreeSet<String>, by_chart: bool) -> Vec<String> {
    let mut found = Vec::new();
    for old in &before.parts {
        let Some(new) = after.parts.iter().find(|new| new.key == old.key) else {
            found.push(format!("{} is gone", old.key));
            continue;
        };
        facts(old, new, by_chart, &mut found);
        environment(old, new, watched, by_chart, &mut found);
    }
    if before.parts.len() != after.parts.len() {
        found.push(format!("{} parts became {}", before.parts.len(), after.parts.len()));
    }
    for (fact, count) in &before.around {
        if after.around.get(fact) != Some(count) {
            found.push(format!("no longer: {fact}"));
        }
    }
    for (fact, count) in &after.around {
        if before.around.get(fact) != Some(count) {
            found.push(format!("new: {fact}"));
        }
    }
    for (id, object) in &before.neighbours {
        match after.neighbours.get(id) {
            None => found.push(format!("{id} is gone")),
            Some(other) if other != object => found.push(format!("{id} was {object}, is {other}")),
            Some(_) => {}
        }
    }
    found
}

fn facts(old: &Part, new: &Part, by_chart: bool, found: &mut Vec<String>) {
    let no_probes = !old.facts.keys().any(|fact| fact.starts_with("main ") && fact.ends_with("Probe"));
    for (fact, value) in &old.facts {
        match new.facts.get(fact) {
            None => found.push(format!("{}: {fact} is gone: {value}", old.key)),
            Some(other) if other != value => {
                found.push(format!("{}: {fact} was {value}, is {other}", old.key))
            }
            Some(_) => {}
        }
    }
    for (fact, value) in new.facts.iter().filter(|(fact, _)| !old.facts.contains_key(*fact)) {
        let of_chart =
            fact.contains(" port ") || (no_probes && fact.starts_with("main ") && fact.ends_with("Probe"));
        if !(by_chart && of_chart) {
            found.push(format!("{}: new {fact}: {value}", old.key));
        }
    }
}

fn environment(old: &Part, new: &Part, watched: &BTreeSet<String>, by_chart: bool, found: &mut Vec<String>) {
    let names: BTreeSet<String> = old.environment.names().union(&new.environment.names()).cloned().collect();
    for name in names {
        let (was, is) = (old.environment.given(&name), new.environment.given(&name));
        if was == is || (by_chart && !reads(&old.role, &name)) {
            continue;
        }
        let explained = match (&was, &is) {
            _ if !by_chart => false,
            // The chart says the number at which the part listens anyway.
            (None, Some(is)) if name == "PORT" => {
                *is == [if old.role == Role::Web { "= 3000" } else { "= 4000" }]
            }
            (None, Some(is)) => added(&name, is, &old.environment),
            (Some(was), Some(is)) => watched.contains(&name) && is.first() == was.first(),
            _ => false,
        };
        if !explained {
            found.push(format!("{}: {name} was {was:?}, is {is:?}", old.key));
        }
    }
    let (was, is) = (old.environment.all_wholes(), new.environment.all_wholes());
    if was != is {
        found.push(format!("{}: envFrom was {was:?}, is {is:?}", old.key));
    }
}

/// Whether a role acts by a variable.
fn reads(role: &Role, name: &str) -> bool {
    known_setting(name).is_none_or(|known| match role {
        Role::Web => known.by_web,
        Role::Streaming => known.by_streaming,
        _ => known.by_sidekiq,
    })
}

/// Whether what the chart adds changes nothing.
fn added(name: &str, is: &[String], before: &Environment) -> bool {
    let wholes = before.wholes(name);
    match is {
        [text, rest @ ..] if text.starts_with("= ") => {
            let text = &text[2..];
            let threads = name == "MIN_THREADS" && text == "5" && before.given("MAX_THREADS").is_none();
            // What is taken whole still wins where it says something.
            (is_harmless(name, text) || threads) && rest.len() == wholes.len()
        }
        // The same key of the last Secret that could give it, which may lack it.
        [reference] => {
            let mut secrets = wholes.iter().filter(|(id, _)| id.starts_with("Secret/"));
            secrets.next_back().is_some_and(|(id, prefix)| {
                let key = name.strip_prefix(prefix.as_str()).unwrap_or(name);
                *reference == format!("{} {key}?", id.trim_end_matches('?'))
            })
        }
        _ => false,
    }
}
