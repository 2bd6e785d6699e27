//! What a rehearsal in a cluster would make, told before anything is made.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::adapt::{Adapted, named};
use super::place::Finding;
use super::settings::Asked;
use crate::words::Words;

/// As a page.
pub(crate) fn text(adapted: &Adapted, asked: &Asked, found: &[Finding], words: &Words) -> String {
    let mut page =
        words.tell("staging-title", &[("namespace", &asked.namespace), ("context", &asked.context)]);
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(page, "\n\n{}", words.word(title));
            for line in lines {
                let _ = write!(page, "\n  {line}");
            }
        }
    };
    section("staging-made", counted(adapted));
    section("staging-left-out", adapted.left_out.iter().cloned().collect());
    section("staging-secrets", needs(adapted));
    section(
        "staging-hosts",
        adapted.hosts.iter().map(|(host, stands)| format!("{host} → {stands}")).collect(),
    );
    // Values of settings are not told: some hold passwords.
    section("staging-settings", asked.settings.iter().map(|(key, _)| key.clone()).collect());
    section("staging-warnings", warnings(adapted, asked, words));
    section("staging-findings", findings(found, asked, words));
    let last = if found.is_empty() { "staging-approve" } else { "staging-not-yet" };
    let _ = write!(page, "\n\n{}\n", words.word(last));
    page
}

/// For programs.
pub(crate) fn json(adapted: &Adapted, asked: &Asked, found: &[Finding], words: &Words) -> String {
    let made: Vec<String> = adapted.beside.iter().chain(&adapted.plan.blue).map(named).collect();
    let later: Vec<String> = adapted.plan.green.iter().chain(&adapted.plan.adopted).map(named).collect();
    let needs: Vec<Value> = adapted
        .plan
        .needs
        .iter()
        .map(|need| json!({"secret": need.secret, "keys": need.keys, "whole": need.whole}))
        .collect();
    let told = json!({
        "state": "preview",
        "context": asked.context,
        "namespace": asked.namespace,
        "made": made,
        "made_by_the_move": later,
        "left_out": adapted.left_out,
        "secrets": needs,
        "hosts": adapted.hosts,
        "settings": asked.settings.iter().map(|(key, _)| key).collect::<Vec<_>>(),
        "findings": findings(found, asked, words),
        "ready": found.is_empty(),
    });
    format!("{told:#}\n")
}

/// How many of each kind, with their names.
fn counted(adapted: &Adapted) -> Vec<String> {
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in adapted.beside.iter().chain(&adapted.plan.blue) {
        let (kind, name) = (named(object), object["metadata"]["name"].as_str().unwrap_or_default());
        let kind = kind.split('/').next().unwrap_or_default().to_owned();
        kinds.entry(kind).or_default().push(name.to_owned());
    }
    kinds.into_iter().map(|(kind, names)| format!("{} {kind}: {}", names.len(), names.join(", "))).collect()
}

fn needs(adapted: &Adapted) -> Vec<String> {
    let needs = adapted.plan.needs.iter();
    needs
        .map(|need| match need.keys.is_empty() {
            true => need.secret.clone(),
            false => format!("{}: {}", need.secret, need.keys.join(", ")),
        })
        .collect()
}

fn warnings(adapted: &Adapted, asked: &Asked, words: &Words) -> Vec<String> {
    let mut warnings = vec![words.word("staging-warning-copy")];
    if asked.open_egress {
        warnings.push(words.word("staging-warning-egress-open"));
    } else {
        warnings.push(words.word("staging-warning-egress"));
    }
    if adapted.hosts.is_empty() {
        warnings.push(words.word("staging-warning-no-host"));
    }
    warnings
}

/// What keeps it from beginning, each with what to do.
pub(crate) fn findings(found: &[Finding], asked: &Asked, words: &Words) -> Vec<String> {
    let namespace = ("namespace", asked.namespace.as_str());
    let line = |finding: &Finding| match finding {
        Finding::LiveNamespace => words.tell("staging-finding-live", &[namespace]),
        Finding::NoNamespace => words.tell("staging-finding-no-namespace", &[namespace]),
        Finding::Occupied(object) => words.tell("staging-finding-occupied", &[namespace, ("object", object)]),
        Finding::Taken(object) => words.tell("staging-finding-taken", &[namespace, ("object", object)]),
        Finding::NoSecret(secret) => words.tell("staging-finding-secret", &[namespace, ("secret", secret)]),
        Finding::SharedStore(key) => words.tell("staging-finding-store", &[("key", key)]),
        Finding::SetNowhere(key) => words.tell("staging-finding-nowhere", &[("key", key)]),
    };
    found.iter().map(line).collect()
}
