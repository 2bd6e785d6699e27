//! Which objects a patch is meant for.

use regex_lite::Regex;
use tree::Node;

use crate::error::KustomizeErrorKind;
use crate::identity::Object;
use crate::kustomization::known;

/// The `target` of a patch: all that is said must fit.
pub(crate) struct Selector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
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
        let members =
            ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
        known("target", target, &members)?;
        let pattern = |member: &str| {
            let text = target.get(member).and_then(Node::as_text).filter(|text| !text.is_empty());
            let Some(text) = text else { return Ok(None) };
            Regex::new(&format!("^(?:{text})$")).map(Some).map_err(|_| KustomizeErrorKind::BadField {
                field: format!("target.{member}"),
                wanted: "a regular expression",
            })
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

    pub(crate) fn fits(&self, object: &Object) -> bool {
        let (now, then) = (object.id(), object.original());
        let fits =
            |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|regex| regex.is_match(text));
        let metadata = |member: &str| object.node.at_keys(&["metadata", member]);
        (fits(&self.namespace, then.effective_namespace())
            || fits(&self.namespace, now.effective_namespace()))
            && (fits(&self.name, &then.name) || fits(&self.name, &now.name))
            && fits(&self.group, &now.group)
            && fits(&self.version, &now.version)
            && fits(&self.kind, &now.kind)
            && self.labels.iter().all(|requirement| requirement.fits(metadata("labels")))
            && self.annotations.iter().all(|requirement| requirement.fits(metadata("annotations")))
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
