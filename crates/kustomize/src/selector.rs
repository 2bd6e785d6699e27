//! Which objects a patch is meant for.

use regex_lite::Regex;
use tree::Node;

use crate::error::KustomizeErrorKind;
use crate::identity::{Id, Object};

/// The `target` of a patch: all that is said must fit.
pub(crate) struct Selector {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// One requirement of a label selector.
#[derive(Debug, PartialEq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, PartialEq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    pub(crate) fn read(target: &Node) -> Result<Self, KustomizeErrorKind> {
        let pattern = |member: &str| {
            let text = target.str_at(&[member]).filter(|text| !text.is_empty());
            text.map(|text| Pattern::read(text, member)).transpose()
        };
        let requirements = |member: &str| {
            let text = target.str_at(&[member]).unwrap_or_default();
            requirements(text).ok_or_else(|| KustomizeErrorKind::BadField {
                field: format!("target.{member}"),
                wanted: "a label selector",
            })
        };
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            labels: requirements("labelSelector")?,
            annotations: requirements("annotationSelector")?,
        })
    }

    /// The one name that fits, if only one does.
    pub(crate) fn only_name(&self) -> Option<&str> {
        match &self.name {
            Some(Pattern::Word(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether a patch with this target is for the object.
    pub(crate) fn fits(&self, object: &Object) -> bool {
        let (now, (_, name, namespace)) = (object.id(), object.original());
        (fits(&self.namespace, namespace) || fits(&self.namespace, now.effective_namespace()))
            && (fits(&self.name, name) || fits(&self.name, &now.name))
            && fits(&self.group, &now.group)
            && fits(&self.version, &now.version)
            && fits(&self.kind, &now.kind)
            && self.fits_marks(&object.node)
    }

    /// Whether one of an object's names fits; group and version are those it has now.
    pub(crate) fn fits_name(&self, id: &Id, kind: &str, name: &str, namespace: &str) -> bool {
        fits(&self.group, &id.group)
            && fits(&self.version, &id.version)
            && fits(&self.kind, kind)
            && fits(&self.name, name)
            && fits(&self.namespace, namespace)
    }

    /// Whether labels and annotations fit.
    pub(crate) fn fits_marks(&self, object: &Node) -> bool {
        let metadata = |member: &str| object.at_keys(&["metadata", member]);
        self.labels.iter().all(|requirement| requirement.fits(metadata("labels")))
            && self.annotations.iter().all(|requirement| requirement.fits(metadata("annotations")))
    }

    /// Whether it says anything about labels or annotations.
    pub(crate) fn has_marks(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    /// Whether it says anything about names and kinds.
    pub(crate) fn has_names(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace].iter().any(|it| it.is_some())
    }
}

/// A regular expression that must fit from end to end. Most are plain words.
enum Pattern {
    Word(String),
    Regex(Regex),
}

impl Pattern {
    fn read(text: &str, member: &str) -> Result<Self, KustomizeErrorKind> {
        if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_/".contains(c)) {
            return Ok(Self::Word(text.to_owned()));
        }
        let regex = Regex::new(&format!("^(?:{text})$"));
        regex.map(Self::Regex).map_err(|_| KustomizeErrorKind::BadField {
            field: format!("target.{member}"),
            wanted: "a regular expression",
        })
    }
}

fn fits(pattern: &Option<Pattern>, text: &str) -> bool {
    match pattern {
        None => true,
        Some(Pattern::Word(word)) => word == text,
        Some(Pattern::Regex(regex)) => regex.is_match(text),
    }
}

impl Requirement {
    fn fits(&self, labels: Option<&Node>) -> bool {
        let value = labels.and_then(|labels| labels.get(&self.key)).and_then(Node::as_text);
        match (&self.test, value) {
            (Test::Exists, value) => value.is_some(),
            (Test::Absent, value) => value.is_none(),
            (Test::In(values), Some(value)) => values.contains(&value),
            (Test::In(_), None) => false,
            (Test::NotIn(values), Some(value)) => !values.contains(&value),
            (Test::NotIn(_), None) => true,
        }
    }
}

/// Reads a label selector (`a=b,c!=d,e in (x,y),!f`).
fn requirements(text: &str) -> Option<Vec<Requirement>> {
    let mut read = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        // A comma within brackets separates values, not requirements.
        let mut depth = 0_u32;
        let end = rest.find(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        let (one, more) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
        if end.is_some() && more.trim().is_empty() {
            return None;
        }
        read.push(requirement(one.trim())?);
        rest = more.trim();
    }
    Some(read)
}

fn requirement(text: &str) -> Option<Requirement> {
    let made = |key: &str, test| {
        let key = key.trim();
        let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        plain.then(|| Requirement { key: key.to_owned(), test })
    };
    if let Some(key) = text.strip_prefix('!') {
        return made(key, Test::Absent);
    }
    if let Some((before, values)) = text.split_once('(') {
        let values: Vec<String> =
            values.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = before.split_whitespace();
        let test = match (words.next(), words.next(), words.next()) {
            (Some(_), Some("in"), None) => Test::In(values),
            (Some(_), Some("notin"), None) => Test::NotIn(values),
            _ => return None,
        };
        return made(before.split_whitespace().next()?, test);
    }
    let value = |text: &str| vec![text.trim().to_owned()];
    if let Some((key, wanted)) = text.split_once("!=") {
        return made(key, Test::NotIn(value(wanted)));
    }
    if let Some((key, wanted)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return made(key, Test::In(value(wanted)));
    }
    made(text, Test::Exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors_are_read_as_kubernetes_reads_them() {
        let labels = {
            let mut labels = Node::mapping();
            labels.set("app", "web");
            labels.set("a.b/tier", "front");
            labels
        };
        let table = [
            ("", true),
            ("app", true),
            ("!app", false),
            ("app=web", true),
            ("app==web,a.b/tier!=back", true),
            ("app in (web, api), a.b/tier notin (front)", false),
            ("missing!=x", true),
            ("missing=x", false),
        ];
        for (text, fits) in table {
            let read = requirements(text).expect(text);
            assert_eq!(read.iter().all(|one| one.fits(Some(&labels))), fits, "{text:?}");
        }
        for text in ["app,", "in (a)", "a in (b", "a b", "=x"] {
            assert_eq!(requirements(text), None, "{text:?}");
        }
    }
}
