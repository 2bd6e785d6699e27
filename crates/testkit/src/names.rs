//! Names, addresses and times as no run shares them with another, said alike.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use crate::recorder::Event;

/// What each generated name is called in records: ReplicaSets by their number (`web-#1`), what they and Jobs own by a
/// star (`web-#1-*`), EndpointSlices by their Service.
#[derive(Debug)]
pub(crate) struct Names {
    said: BTreeMap<String, String>,
    sets: BTreeMap<String, usize>,
    patterns: Vec<(Regex, &'static str)>,
}

/// The names of voyages, UUIDs, times, addresses of pods and Services. No pattern is ever wrong, so that a failure to read one only leaves it out.
const PATTERNS: [(&str, &str); 5] = [
    ("mastoferry-[0-9a-f]{16}", "VOYAGE"),
    ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", "TIME"),
    (r"\b(10|127)\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b", "ADDRESS"),
    (r#""?resourceVersion"?: "?[0-9]+"?"#, "VERSION"),
];

impl Names {
    pub(crate) fn new(namespace: &str) -> Self {
        let compiled = PATTERNS.iter().filter_map(|(pattern, said)| Some((Regex::new(pattern).ok()?, *said)));
        let mut names = Self { said: BTreeMap::new(), sets: BTreeMap::new(), patterns: compiled.collect() };
        names.said.insert(namespace.to_owned(), "NAMESPACE".to_owned());
        names
    }

    /// Learns the names that an event is the first to show.
    pub(crate) fn learn(&mut self, event: &Event) {
        let (object, name) = (&event.object, event.name());
        if self.said.contains_key(name) {
            return;
        }
        let said = match event.word.as_str() {
            "replicaset" => {
                let owner = owner(object).unwrap_or_else(|| name.to_owned());
                let number = self.sets.entry(owner.clone()).or_default();
                *number += 1;
                let said = format!("{owner}-#{number}");
                if let Some(hash) = object["metadata"]["labels"]["pod-template-hash"].as_str() {
                    self.said.insert(hash.to_owned(), format!("#{number}"));
                }
                said
            }
            "endpointslice" => {
                let service = object["metadata"]["labels"]["kubernetes.io/service-name"].as_str();
                format!("{}-*", service.unwrap_or_default())
            }
            "pod" | "job" => match (owner(object), object["metadata"]["generateName"].as_str()) {
                (Some(owner), _) => format!("{}-*", self.plain(&owner)),
                (None, Some(stem)) => format!("{stem}*"),
                (None, None) => return,
            },
            _ => match object["metadata"]["generateName"].as_str() {
                Some(stem) => format!("{stem}*"),
                None => return,
            },
        };
        // The pods of StatefulSets have names of their own.
        let own = object["metadata"].get("generateName").is_none() && event.word == "pod";
        if !own || owner_kind(object) != Some("StatefulSet") {
            self.said.insert(name.to_owned(), said);
        }
    }

    /// A name as records say it.
    pub(crate) fn plain(&self, name: &str) -> String {
        self.said.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// A text as records say it: every name, address and time in it.
    pub(crate) fn say(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut longest: Vec<(&String, &String)> = self.said.iter().collect();
        longest.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, said) in longest {
            text = text.replace(name.as_str(), said);
        }
        for (pattern, said) in &self.patterns {
            text = pattern.replace_all(&text, *said).into_owned();
        }
        text
    }
}

fn controller(object: &Value) -> Option<&Value> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)
}

/// The name of what controls an object.
pub(crate) fn owner(object: &Value) -> Option<String> {
    controller(object)?["name"].as_str().map(str::to_owned)
}

/// The kind of what controls an object.
pub(crate) fn owner_kind(object: &Value) -> Option<&str> {
    controller(object)?["kind"].as_str()
}
