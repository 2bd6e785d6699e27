//! What came before what, where a controller guarantees it.
//!
//! Objects that have nothing to do with one another change in no order. Of those that have, each rule here tells
//! which of two moments came first, whichever it was: a controller that turned it around would be seen.

use std::collections::BTreeMap;

use crate::chain::Seen;
use crate::record::belongs;
use crate::recorder::Event;

/// What owns what, of the kinds in records.
const OWNERS: [(&str, &str); 4] =
    [("deployment", "replicaset"), ("replicaset", "pod"), ("job", "pod"), ("statefulset", "pod")];

/// Something that can come before something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Created,
    Ready,
    Succeeded,
    Ending,
    Gone,
    Complete,
    Available,
    Reached,
    LetGo,
}

impl What {
    /// The moment a facet's new state is, if it is one.
    pub(crate) fn of(facet: &str, seen: &Seen) -> Option<Self> {
        let Seen::Words(words) = seen else { return None };
        match (facet, words.as_str()) {
            ("life", "ready") => Some(Self::Ready),
            ("life", "succeeded") => Some(Self::Succeeded),
            ("life", "ending") | ("deletion", "asked for") => Some(Self::Ending),
            ("conditions", words) if words.starts_with("Complete") => Some(Self::Complete),
            ("Available", words) if words.starts_with("True") => Some(Self::Available),
            _ => None,
        }
    }
}

/// A moment of one object.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    version: u64,
    word: String,
    name: String,
    /// What it is called in records; of a reach, the Service.
    said: String,
    /// The name of what controls it.
    owner: Option<String>,
    what: What,
}

impl Moment {
    /// A pod becomes, or is no longer, an endpoint of a Service.
    pub(crate) fn of_reach(version: u64, pod: &str, service: &str, what: What) -> Self {
        let (word, name, said) = ("endpoint".to_owned(), pod.to_owned(), service.to_owned());
        Self { version, word, name, said, owner: None, what }
    }
}

/// The moments of an act.
#[derive(Debug)]
pub(crate) struct Order {
    moments: Vec<Moment>,
    /// Whether a whole namespace goes: then its objects go in no order.
    all_goes: bool,
}

impl Order {
    pub(crate) fn new(all_goes: bool) -> Self {
        Self { moments: Vec::new(), all_goes }
    }

    pub(crate) fn note(&mut self, event: &Event, said: &str, what: What) {
        self.push(Moment {
            version: event.version,
            word: event.word.clone(),
            name: event.name().to_owned(),
            said: said.to_owned(),
            owner: belongs(event),
            what,
        });
    }

    pub(crate) fn push(&mut self, moment: Moment) {
        self.moments.push(moment);
    }

    fn all(&self, word: &'static str, what: What) -> impl Iterator<Item = &Moment> {
        self.moments.iter().filter(move |moment| moment.word == word && moment.what == what)
    }

    fn groups(&self, word: &'static str, what: What) -> BTreeMap<&str, Vec<&Moment>> {
        let mut groups: BTreeMap<&str, Vec<&Moment>> = BTreeMap::new();
        self.all(word, what).for_each(|moment| groups.entry(&moment.said).or_default().push(moment));
        groups
    }

    /// The lines, each a fact.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.births(&mut lines);
        if !self.all_goes {
            self.reaches(&mut lines);
        }
        self.rollouts(&mut lines);
        self.availability(&mut lines);
        if !self.all_goes {
            self.ends(&mut lines);
        }
        lines.sort();
        lines.dedup();
        lines
    }

    /// Who owns is there before what it owns.
    fn births(&self, lines: &mut Vec<String>) {
        for (owner, owned) in OWNERS {
            for owner in self.all(owner, What::Created) {
                let of = |moment: &&Moment| moment.owner.as_deref() == Some(&owner.name);
                for moment in self.all(owned, What::Created).filter(of) {
                    let is_first = before(owner.version < moment.version);
                    lines.push(format!(
                        "{}/{} is created {is_first} {owned}/{}",
                        owner.word, owner.said, moment.said
                    ));
                }
            }
        }
    }

    /// A pod is ready before it is reached, and on its way out before it is let go of.
    fn reaches(&self, lines: &mut Vec<String>) {
        for (pod_is, endpoint_is, told) in [
            (What::Ready, What::Reached, "is ready {} service/{} reaches it"),
            (What::Ending, What::LetGo, "is ending {} service/{} lets go of it"),
        ] {
            for reach in self.all("endpoint", endpoint_is) {
                // Where the Service itself goes, it may let go of its pods before or after they know.
                let goes = self.all("service", What::Gone).any(|service| service.said == reach.said);
                if goes && endpoint_is == What::LetGo {
                    continue;
                }
                for pod in self.all("pod", pod_is).filter(|pod| pod.name == reach.name) {
                    let is_first = before(pod.version < reach.version);
                    let told = told.replacen("{}", is_first, 1).replacen("{}", &reach.said, 1);
                    lines.push(format!("pod/{} {told}", pod.said));
                }
            }
        }
    }

    /// Of two ReplicaSets of one Deployment: whether the old pods go after the new are ready, or before they are made.
    fn rollouts(&self, lines: &mut Vec<String>) {
        let (ready, created) = (self.groups("pod", What::Ready), self.groups("pod", What::Created));
        for (old, ending) in self.groups("pod", What::Ending) {
            for (new, made) in &created {
                if *new == old || deployment_of(new).is_none() || deployment_of(new) != deployment_of(old) {
                    continue;
                }
                let gone = self.all("pod", What::Gone).filter(|moment| moment.said == old);
                let last_gone = gone.map(|moment| moment.version).max().unwrap_or(u64::MAX);
                if made.iter().all(|moment| moment.version > last_gone) {
                    lines.push(format!("pod/{new} is created after the last pod/{old} is gone"));
                    continue;
                }
                let first_ready = ready.get(new).into_iter().flatten().map(|moment| moment.version).min();
                let first_ending = ending.iter().map(|moment| moment.version).min();
                if let (Some(ready), Some(ending)) = (first_ready, first_ending) {
                    let is_first = before(ready < ending);
                    lines.push(format!(
                        "the first pod/{new} is ready {is_first} the first pod/{old} is ending"
                    ));
                }
            }
        }
    }

    /// Work is done before it is said to be.
    fn availability(&self, lines: &mut Vec<String>) {
        let mut last: BTreeMap<&str, &Moment> = BTreeMap::new();
        self.all("deployment", What::Available).for_each(|moment| {
            last.insert(&moment.said, moment);
        });
        for available in last.into_values() {
            let prefix = format!("{}-#", available.said);
            let ready = self.all("pod", What::Ready).filter(|pod| pod.said.starts_with(&prefix));
            if let Some(first) = ready.map(|pod| pod.version).min() {
                let is_first = before(first < available.version);
                lines.push(format!("a pod is ready {is_first} deployment/{} is Available", available.said));
            }
        }
        for complete in self.all("job", What::Complete) {
            for pod in
                self.all("pod", What::Succeeded).filter(|pod| pod.owner.as_deref() == Some(&complete.name))
            {
                let is_first = before(pod.version < complete.version);
                lines.push(format!("pod/{} succeeds {is_first} job/{} is Complete", pod.said, complete.said));
            }
        }
    }

    /// What owns and what is owned: which is gone first depends on how the deletion spreads.
    fn ends(&self, lines: &mut Vec<String>) {
        for owner in self.moments.iter().filter(|moment| moment.what == What::Gone && moment.word != "pod") {
            for owned in self.moments.iter().filter(|moment| moment.what == What::Gone) {
                // Others may be called as a Deployment is: its Service, its autoscaler.
                let owns = OWNERS.contains(&(&owner.word, &owned.word));
                if owns && owned.owner.as_deref() == Some(&owner.name) {
                    let is_first = before(owner.version < owned.version);
                    let (word, said) = (&owner.word, &owner.said);
                    lines.push(format!("{word}/{said} is gone {is_first} {}/{}", owned.word, owned.said));
                }
            }
        }
    }
}

fn before(is_before: bool) -> &'static str {
    if is_before { "before" } else { "after" }
}

/// `web` of `web-#2-*`.
fn deployment_of(said: &str) -> Option<&str> {
    said.rsplit_once("-#").map(|(deployment, _)| deployment)
}
