//! What is done in a scenario: one sentence, one deed.

use std::collections::BTreeMap;
use std::time::Duration;

use plan::Strategy;
use serde_json::Value;

use crate::condition::Condition;
use crate::kinds::{Kind, Kinds, Target};
use crate::text::{ScenarioErrorKind, Sentence};

/// How an object is written as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Apply,
    Replace,
}

/// A kind of patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    Strategic,
}

/// How a request is made, beyond what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The field manager.
    pub(crate) manager: String,
    pub(crate) forced: bool,
    pub(crate) dry_run: bool,
    /// With the version and uid that were remembered.
    pub(crate) as_remembered: bool,
    /// The part of the object: `status`.
    pub(crate) part: Option<String>,
    /// `Foreground`, `Background`, `Orphan`.
    pub(crate) propagation: Option<&'static str>,
    /// Without a grace period.
    pub(crate) at_once: bool,
    pub(crate) within: Option<Duration>,
}

/// Labels or a selector, as `key=value,key=value`.
pub(crate) type Labels = BTreeMap<String, String>;

/// What one sentence does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    Write(Verb, Vec<Value>),
    Patch(PatchKind, Target, Value),
    Delete(Target),
    Remember(Target),
    Read(Target),
    List(Kind, Labels),
    Watch(Kind, Option<Target>),
    Scale(Target, u32),
    Label(Labels, Labels),
    Unlabel(Labels, Labels),
    Select(Target, Labels),
    TakeLease { name: String, holder: String, lasts: Duration },
    GiveBackLease { name: String, holder: String },
    Evict(Labels),
    Ask { pods: Labels, port: u16, path: String, contains: String },
    AskService { service: Target, port: u16, path: String },
    May { verb: String, resource: String },
    Snapshot,
    Wait(Condition),
    Pass(Duration),
    Fault(String),
    UsersArrive,
    Sail { rolled_back: bool, strategy: Strategy },
}

/// What must come of a deed that does not simply succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// HTTP code and reason, or words of the failure.
    pub(crate) wanted: String,
}

/// A deed, and what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) deed: Deed,
    pub(crate) manner: Manner,
    pub(crate) expects: Option<Expectation>,
}

pub(crate) fn unreadable(given: &str, wanted: &'static str) -> ScenarioErrorKind {
    ScenarioErrorKind::Unreadable { given: given.to_owned(), wanted }
}

/// Reads a sentence: what is done, then how, the parts divided by `, `.
pub(crate) fn read(sentence: &Sentence<'_>, kinds: &Kinds) -> Result<Step, ScenarioErrorKind> {
    let (text, has_block) = match sentence.text.strip_suffix(':') {
        Some(text) => (text, true),
        None => (sentence.text, false),
    };
    if has_block == sentence.block.is_empty() {
        return Err(ScenarioErrorKind::Block(
            "a sentence ends with a colon when YAML stands under it, and only then",
        ));
    }
    let mut clauses = text.split(", ");
    let head = clauses.next().unwrap_or_default();
    let mut manner = Manner::default();
    for clause in clauses {
        manner.learn(clause)?;
    }
    let yaml = sentence.yaml()?;
    let deed = deed(head, yaml, kinds)?;
    let text = sentence.text.to_owned();
    Ok(Step { line: sentence.number, text, deed, manner, expects: None })
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            manager: cluster::MANAGER.to_owned(),
            forced: false,
            dry_run: false,
            as_remembered: false,
            part: None,
            propagation: None,
            at_once: false,
            within: None,
        }
    }
}

impl Manner {
    fn learn(&mut self, clause: &str) -> Result<(), ScenarioErrorKind> {
        let words: Vec<&str> = clause.split_whitespace().collect();
        match words[..] {
            ["as", "remembered"] => self.as_remembered = true,
            ["as", manager] => manager.clone_into(&mut self.manager),
            ["by", "force"] => self.forced = true,
            ["dry", "run"] => self.dry_run = true,
            ["of", part] => self.part = Some(part.to_owned()),
            ["foreground"] => self.propagation = Some("Foreground"),
            ["background"] => self.propagation = Some("Background"),
            ["orphaning"] => self.propagation = Some("Orphan"),
            ["at", "once"] => self.at_once = true,
            ["observing", ..] => self.within = Some(span(clause.trim_start_matches("observing "))?),
            ["within", ..] => self.within = Some(span(clause.trim_start_matches("within "))?),
            _ => {
                return Err(unreadable(
                    clause,
                    "a manner (`as NAME`, `by force`, `dry run`, `within 5 s` …)",
                ));
            }
        }
        Ok(())
    }
}

fn deed(head: &str, mut yaml: Vec<Value>, kinds: &Kinds) -> Result<Deed, ScenarioErrorKind> {
    let words: Vec<&str> = head.split_whitespace().collect();
    let target = |text: &str| Target::read(text, kinds);
    Ok(match words[..] {
        ["create" | "apply" | "replace"] if yaml.is_empty() => {
            return Err(ScenarioErrorKind::Block("the objects to write stand under this sentence"));
        }
        ["create"] => Deed::Write(Verb::Create, yaml),
        ["apply"] => Deed::Write(Verb::Apply, yaml),
        ["replace"] => Deed::Write(Verb::Replace, yaml),
        ["patch", place, "with", kind] if yaml.len() == 1 => {
            let kind = match kind {
                "json-patch" => PatchKind::Json,
                "merge-patch" => PatchKind::Merge,
                "strategic-patch" => PatchKind::Strategic,
                _ => return Err(unreadable(kind, "json-patch, merge-patch or strategic-patch")),
            };
            Deed::Patch(kind, target(place)?, yaml.remove(0))
        }
        _ if !yaml.is_empty() => return Err(ScenarioErrorKind::Block("this sentence takes no YAML")),
        ["delete", place] => Deed::Delete(target(place)?),
        ["remember", place] => Deed::Remember(target(place)?),
        ["read", place] => Deed::Read(target(place)?),
        ["list", kind] => Deed::List(kinds.find(kind)?, Labels::new()),
        ["list", kind, selector] => Deed::List(kinds.find(kind)?, labels(selector)?),
        ["watch", kind, "from", "the", "oldest", "version"] => Deed::Watch(kinds.find(kind)?, None),
        ["watch", kind, "from", "remembered", place] => Deed::Watch(kinds.find(kind)?, Some(target(place)?)),
        ["scale", place, "to", count] => Deed::Scale(target(place)?, number(count)?),
        ["label", "pods", pods, "with", with] => Deed::Label(labels(pods)?, labels(with)?),
        ["unlabel", "pods", pods, "of", of] => Deed::Unlabel(labels(pods)?, labels(of)?),
        ["select", by] => return Err(unreadable(by, "`select SERVICE by LABELS`")),
        ["select", place, "by", selector] => Deed::Select(target(place)?, labels(selector)?),
        ["take", "lease", name, "for", holder, "lasting", .., _] => {
            let lasts = span(&words[6..].join(" "))?;
            Deed::TakeLease { name: name.to_owned(), holder: holder.to_owned(), lasts }
        }
        ["give", "back", "lease", name, "of", holder] => {
            Deed::GiveBackLease { name: name.to_owned(), holder: holder.to_owned() }
        }
        ["evict", "a", "pod", "of", pods] => Deed::Evict(labels(pods)?),
        ["ask", "pods", pods, "at", port, "for", path, "wanting", contains] => Deed::Ask {
            pods: labels(pods)?,
            port: u16::try_from(number(port)?).map_err(|_| unreadable(port, "a port"))?,
            path: path.to_owned(),
            contains: contains.to_owned(),
        },
        ["ask", place, "at", port, "for", path] => Deed::AskService {
            service: target(place)?,
            port: u16::try_from(number(port)?).map_err(|_| unreadable(port, "a port"))?,
            path: path.to_owned(),
        },
        ["ask", "whether", "I", "may", verb, resource] => {
            Deed::May { verb: verb.to_owned(), resource: resource.to_owned() }
        }
        ["take", "a", "snapshot"] => Deed::Snapshot,
        ["wait", "until", ..] => {
            let rest = head.trim_start_matches("wait until ");
            Deed::Wait(Condition::read(rest, kinds)?)
        }
        ["let", .., "pass"] => Deed::Pass(span(&words[1..words.len() - 1].join(" "))?),
        ["fault", fault] => Deed::Fault(fault.to_owned()),
        ["users", "arrive"] => Deed::UsersArrive,
        ["sail"] => Deed::Sail { rolled_back: false, strategy: Strategy::BlueGreen },
        ["sail", "rolling"] => Deed::Sail { rolled_back: false, strategy: Strategy::Rolling },
        ["sail", "with", "a", "page"] => Deed::Sail { rolled_back: false, strategy: Strategy::Maintenance },
        ["roll", "back"] => Deed::Sail { rolled_back: true, strategy: Strategy::BlueGreen },
        _ => return Err(ScenarioErrorKind::UnknownSentence(head.to_owned())),
    })
}

pub(crate) fn number(text: &str) -> Result<u32, ScenarioErrorKind> {
    text.parse().map_err(|_| unreadable(text, "a number"))
}

/// `key=value,key=value`.
pub(crate) fn labels(text: &str) -> Result<Labels, ScenarioErrorKind> {
    let pairs = text.split(',').map(|pair| pair.split_once('='));
    let pairs: Option<Labels> =
        pairs.map(|pair| pair.map(|(key, value)| (key.to_owned(), value.to_owned()))).collect();
    pairs.ok_or_else(|| unreadable(text, "labels (key=value,key=value)"))
}

/// `500 ms`, `5 s`.
pub(crate) fn span(text: &str) -> Result<Duration, ScenarioErrorKind> {
    let wanted = "a span of time (`500 ms`, `5 s`)";
    let (count, unit) = text.split_once(' ').ok_or_else(|| unreadable(text, wanted))?;
    let count: u64 = count.parse().map_err(|_| unreadable(text, wanted))?;
    match unit {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        _ => Err(unreadable(text, wanted)),
    }
}
