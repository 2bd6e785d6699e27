//! What becomes of a happening: a new Event, one more count of an old one, or nothing.
//!
//! The rules are those of client-go's `record.EventCorrelator`: the same words about the same object are one
//! Event that is counted; from the tenth different wording of one reason within ten minutes on, the rest are
//! combined; and one source may write about one object 25 times at once, then once every five minutes.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::api::object;

/// How many wordings of one reason are told one by one, and within what time.
const WORDINGS: usize = 10;
const TOGETHER: Duration = Duration::from_secs(600);
/// How much one source may say of one object at once, and how long until it may say one thing more.
const BURST: f64 = 25.0;
const REFILL: Duration = Duration::from_secs(300);
/// How many objects, groups and Events are remembered of each kind of memory, as in client-go's caches.
const MEMORY: usize = 4096;

/// Something that happened to an object.
#[derive(Debug, Clone)]
pub(crate) struct Happening<'a> {
    /// Who tells it, such as `deployment-controller`.
    pub(crate) component: &'a str,
    /// The node it is told from; empty when it is told by the control plane.
    pub(crate) host: &'a str,
    /// The object, whole.
    pub(crate) object: &'a Value,
    /// Which part of it, such as `spec.containers{web}`; empty for the whole.
    pub(crate) part: &'a str,
    /// Whether it is a warning.
    pub(crate) warns: bool,
    pub(crate) reason: &'a str,
    pub(crate) message: &'a str,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// A new Event.
    New(Value),
    /// An Event that stands is counted once more: its name, and the merge patch.
    Again { namespace: String, name: String, patch: Value },
    /// The source has said too much about this object.
    Dropped,
}

/// Who tells of which object, why, in which tone.
type Group = (String, String, String, String, bool);

#[derive(Debug)]
struct Wordings {
    known: HashSet<String>,
    last: SystemTime,
}

#[derive(Debug)]
struct Told {
    name: String,
    first: String,
    count: i64,
    last: SystemTime,
}

#[derive(Debug)]
struct Allowance {
    left: f64,
    last: SystemTime,
}

/// Remembers what has been told.
#[derive(Debug, Default)]
pub(crate) struct Correlator {
    wordings: HashMap<Group, Wordings>,
    /// By group and, where they are not combined, the wording.
    told: HashMap<(Group, Option<String>), Told>,
    allowances: HashMap<(String, String), Allowance>,
    number: u64,
}

impl Correlator {
    /// Takes a happening and says what is to be written.
    pub(crate) fn hear(&mut self, happening: &Happening, now: SystemTime) -> Outcome {
        let uid = object::uid(happening.object).to_owned();
        let group = (
            format!("{}/{}", happening.component, happening.host),
            uid,
            happening.part.to_owned(),
            happening.reason.to_owned(),
            happening.warns,
        );
        let is_combined = self.is_combined(&group, happening.message, now);
        if !self.is_allowed(&group, now) {
            return Outcome::Dropped;
        }
        let message = if is_combined {
            format!("(combined from similar events): {}", happening.message)
        } else {
            happening.message.to_owned()
        };
        let wording = (!is_combined).then(|| happening.message.to_owned());
        self.write((group, wording), happening, message, now)
    }

    /// Forgets an Event that is gone, so that it is written anew.
    pub(crate) fn forget(&mut self, name: &str) {
        self.told.retain(|_, told| told.name != name);
    }

    fn is_combined(&mut self, group: &Group, message: &str, now: SystemTime) -> bool {
        make_room(&mut self.wordings, |wordings| wordings.last);
        let wordings = self
            .wordings
            .entry(group.clone())
            .or_insert_with(|| Wordings { known: HashSet::new(), last: now });
        if now.duration_since(wordings.last).is_ok_and(|since| since > TOGETHER) {
            wordings.known.clear();
        }
        wordings.last = now;
        if wordings.known.len() < WORDINGS {
            wordings.known.insert(message.to_owned());
        }
        wordings.known.len() >= WORDINGS
    }

    fn is_allowed(&mut self, group: &Group, now: SystemTime) -> bool {
        make_room(&mut self.allowances, |allowance| allowance.last);
        let key = (group.0.clone(), group.1.clone());
        let allowance = self.allowances.entry(key).or_insert(Allowance { left: BURST, last: now });
        let since = now.duration_since(allowance.last).unwrap_or_default();
        allowance.left = (allowance.left + since.as_secs_f64() / REFILL.as_secs_f64()).min(BURST);
        allowance.last = now;
        let is_allowed = allowance.left >= 1.0;
        if is_allowed {
            allowance.left -= 1.0;
        }
        is_allowed
    }

    fn write(
        &mut self,
        key: (Group, Option<String>),
        happening: &Happening,
        message: String,
        now: SystemTime,
    ) -> Outcome {
        let time = object::timestamp(now);
        let namespace = match object::namespace(happening.object) {
            "" => "default",
            namespace => namespace,
        };
        if let Some(told) = self.told.get_mut(&key) {
            told.count += 1;
            told.last = now;
            let patch = json!({
                "message": message, "count": told.count, "firstTimestamp": told.first, "lastTimestamp": time,
            });
            return Outcome::Again { namespace: namespace.to_owned(), name: told.name.clone(), patch };
        }
        self.number += 1;
        let nanos = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        // Times of a fast clock may fall together; the number keeps the names apart.
        let stamp = u64::try_from(nanos).unwrap_or_default().wrapping_add(self.number);
        let name = format!("{}.{stamp:016x}", object::name(happening.object));
        let event = event(happening, namespace, &name, &message, &time);
        make_room(&mut self.told, |told| told.last);
        self.told.insert(key, Told { name, first: time, count: 1, last: now });
        Outcome::New(event)
    }
}

fn event(happening: &Happening, namespace: &str, name: &str, message: &str, time: &str) -> Value {
    let Happening { component, host, object: about, part, warns, reason, .. } = happening;
    let mut involved = json!({
        "kind": about.get("kind"),
        "name": object::name(about),
        "uid": object::uid(about),
        "apiVersion": about.get("apiVersion"),
        "resourceVersion": object::at(about, &["metadata", "resourceVersion"]),
    });
    if !object::namespace(about).is_empty() {
        involved["namespace"] = object::namespace(about).into();
    }
    if !part.is_empty() {
        involved["fieldPath"] = (*part).into();
    }
    let mut source = json!({ "component": component });
    if !host.is_empty() {
        source["host"] = (*host).into();
    }
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "source": source,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
        "type": if *warns { "Warning" } else { "Normal" },
        "eventTime": null,
        "reportingComponent": component,
        "reportingInstance": host,
    })
}

/// Lets the older half of a full memory go.
fn make_room<K: Clone + Eq + Hash, V>(memory: &mut HashMap<K, V>, time: impl Fn(&V) -> SystemTime) {
    if memory.len() < MEMORY {
        return;
    }
    let mut times: Vec<SystemTime> = memory.values().map(&time).collect();
    times.sort_unstable();
    let middle = times[times.len() / 2];
    memory.retain(|_, value| time(value) > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(correlator: &mut Correlator, reason: &str, message: &str, second: u64) -> Outcome {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web-1", "namespace": "social", "uid": "7"}});
        let happening = Happening {
            component: "kubelet",
            host: "hollow-0",
            object: &pod,
            part: "",
            warns: true,
            reason,
            message,
        };
        correlator.hear(&happening, SystemTime::UNIX_EPOCH + Duration::from_secs(second))
    }

    #[test]
    fn the_same_words_are_counted_and_other_words_are_not() {
        let mut correlator = Correlator::default();
        let Outcome::New(event) = hear(&mut correlator, "Unhealthy", "it hangs", 1) else { panic!("told") };
        assert_eq!((&event["count"], &event["firstTimestamp"]), (&json!(1), &json!("1970-01-01T00:00:01Z")));
        let Outcome::Again { name, patch, .. } = hear(&mut correlator, "Unhealthy", "it hangs", 9) else {
            panic!("told again")
        };
        assert_eq!(event["metadata"]["name"], name.as_str());
        assert_eq!((&patch["count"], &patch["lastTimestamp"]), (&json!(2), &json!("1970-01-01T00:00:09Z")));
        assert_eq!(patch["firstTimestamp"], "1970-01-01T00:00:01Z");
        assert!(matches!(hear(&mut correlator, "Unhealthy", "it refuses", 9), Outcome::New(_)));
    }

    #[test]
    fn the_tenth_wording_of_one_reason_combines_the_rest() {
        let mut correlator = Correlator::default();
        for wording in 0..9 {
            let told = hear(&mut correlator, "Failed", &format!("wording {wording}"), 1);
            assert!(matches!(told, Outcome::New(_)));
        }
        let Outcome::New(event) = hear(&mut correlator, "Failed", "wording 9", 2) else { panic!("combined") };
        assert_eq!(event["message"], "(combined from similar events): wording 9");
        assert!(matches!(hear(&mut correlator, "Failed", "wording 10", 3), Outcome::Again { .. }));
        // After ten quiet minutes each wording counts for itself again.
        let Outcome::New(event) = hear(&mut correlator, "Failed", "wording 11", 700) else { panic!("new") };
        assert_eq!(event["message"], "wording 11");
    }

    #[test]
    fn who_says_too_much_is_not_heard_until_later() {
        let mut correlator = Correlator::default();
        for _ in 0..25 {
            assert_ne!(hear(&mut correlator, "BackOff", "back-off", 1), Outcome::Dropped);
        }
        assert_eq!(hear(&mut correlator, "BackOff", "back-off", 2), Outcome::Dropped);
        assert_ne!(hear(&mut correlator, "BackOff", "back-off", 302), Outcome::Dropped);
        assert_eq!(hear(&mut correlator, "BackOff", "back-off", 303), Outcome::Dropped);
    }
}
