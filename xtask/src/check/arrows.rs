//! The arrows between rooms (design, section 3): who may rest on whom.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::run::{cargo_command, output};

/// A room, the rooms it may rest on, and whether it is pure: no tokio, no Kubernetes, in all that it rests on.
const ROOMS: &[(&str, &[&str], bool)] = &[
    ("tree", &[], true),
    ("kustomize", &["tree"], true),
    ("compose", &["tree"], true),
    ("chart", &["tree"], true),
    ("installation", &["tree"], true),
    ("source", &["tree", "installation", "kustomize", "compose", "chart"], true),
    ("target", &["tree", "installation", "kustomize", "chart"], true),
    ("audit", &["tree", "installation", "target"], true),
    ("plan", &["tree", "installation", "audit", "target"], true),
    ("clock", &[], false),
    ("cluster", &["clock"], false),
    ("movers", &["clock"], false),
    ("probe", &[], false),
    ("voyage", &["tree", "installation", "chart", "plan", "cluster", "movers", "probe", "clock"], false),
    ("rehearsal", &["tree", "clock"], false),
];

/// Rooms that stand above all others, or beside them.
const ABOVE: [&str; 3] = ["mastoferry", "testkit", "xtask"];
/// YAML libraries: `tree` is the only room that names one.
const YAML: [&str; 6] =
    ["granit-parser", "serde-saphyr", "saphyr", "serde_yaml", "serde_yaml_ng", "yaml-rust2"];
const IMPURE: [&str; 3] = ["tokio", "kube", "k8s-openapi"];
/// Rooms that talk to anything but Kubernetes.
const NO_KUBERNETES: [&str; 3] = ["probe", "movers", "clock"];

pub(crate) fn check() -> Result<Vec<String>, String> {
    let text = output(cargo_command(&["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let direct = direct(&metadata);
    let mut broken = judge(&direct);
    broken.extend(judge_members(&members(&metadata), &direct));
    Ok(broken)
}

/// Direct dependencies of every package, tests' own left out.
fn direct(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut names = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        if let (Some(id), Some(name)) = (package["id"].as_str(), package["name"].as_str()) {
            names.insert(id.to_owned(), name.to_owned());
        }
    }
    let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().into_iter().flatten() {
        let Some(name) = node["id"].as_str().and_then(|id| names.get(id)) else { continue };
        let entry = direct.entry(name.clone()).or_default();
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let is_normal =
                dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null());
            if let (true, Some(name)) = (is_normal, dependency["pkg"].as_str().and_then(|id| names.get(id))) {
                entry.insert(name.clone());
            }
        }
    }
    direct
}

/// The workspace's own packages.
fn members(metadata: &Value) -> BTreeSet<String> {
    let ids: BTreeSet<&str> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|package| package["id"].as_str().is_some_and(|id| ids.contains(id)))
        .filter_map(|package| package["name"].as_str().map(str::to_owned))
        .collect()
}

/// What holds for every room: it has its line in the table, and leaves YAML to `tree`.
fn judge_members(members: &BTreeSet<String>, direct: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members {
        let name = member.as_str();
        if !ABOVE.contains(&name) && !ROOMS.iter().any(|(room, ..)| *room == name) {
            broken.push(format!("{name} is a room without a rule; give it a line in arrows.rs"));
        }
        let own = direct.get(name).into_iter().flatten();
        for library in own.filter(|used| name != "tree" && YAML.contains(&used.as_str())) {
            broken.push(format!("{name} must leave YAML to tree and not name {library}"));
        }
    }
    broken
}

fn judge(direct: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|(room, ..)| *room).collect();
    let mut broken = Vec::new();
    for (room, allowed, pure) in ROOMS {
        let Some(own) = direct.get(*room) else { continue };
        for used in own.iter().filter(|name| rooms.contains(name.as_str()) || *name == "mastoferry") {
            if !allowed.contains(&used.as_str()) {
                broken.push(format!("{room} must not use {used}"));
            }
        }
        let reached = reach(direct, room);
        for impure in IMPURE.iter().filter(|name| *pure && reached.contains(**name)) {
            broken.push(format!("{room} is pure and must not reach {impure}"));
        }
        for kubernetes in ["kube", "k8s-openapi"] {
            if NO_KUBERNETES.contains(room) && reached.contains(kubernetes) {
                broken.push(format!("{room} must not reach {kubernetes}"));
            }
        }
    }
    broken
}

fn reach(direct: &BTreeMap<String, BTreeSet<String>>, room: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![room.to_owned()];
    while let Some(name) = open.pop() {
        for next in direct.get(&name).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in arrows {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        assert_eq!(judge(&graph(&[("kustomize", "tree"), ("tree", "serde")])), Vec::<String>::new());
        assert_eq!(judge(&graph(&[("tree", "kustomize")])), ["tree must not use kustomize"]);
        assert_eq!(judge(&graph(&[("rehearsal", "voyage")])), ["rehearsal must not use voyage"]);
    }

    #[test]
    fn a_pure_room_must_not_reach_tokio_through_others() {
        let broken = judge(&graph(&[("plan", "innocent"), ("innocent", "tokio")]));
        assert_eq!(broken, ["plan is pure and must not reach tokio"]);
    }

    #[test]
    fn an_unknown_room_and_yaml_outside_tree_are_found() {
        let members = ["attic", "source", "tree", "xtask"].map(str::to_owned).into();
        let broken = judge_members(&members, &graph(&[("source", "serde-saphyr"), ("tree", "serde-saphyr")]));
        assert_eq!(
            broken,
            [
                "attic is a room without a rule; give it a line in arrows.rs",
                "source must leave YAML to tree and not name serde-saphyr",
            ]
        );
    }
}
