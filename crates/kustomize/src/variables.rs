//! `vars`: values read from one object and written wherever `$(NAME)` stands.

use std::collections::BTreeMap;

use tree::patch::{self, Losses};
use tree::{Node, Origin, Value};

use crate::error::KustomizeErrorKind;
use crate::field::{FieldSpec, Make, Visit, rewrite};
use crate::fieldpath;
use crate::identity::{Id, Object};

/// A variable.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    path: String,
    /// Where it was declared.
    pub(crate) origin: Option<Origin>,
    object: Id,
}

impl Variable {
    pub(crate) fn read(entry: &Node) -> Self {
        let text = |keys: &[&str]| entry.str_at(keys).unwrap_or_default().to_owned();
        let version = text(&["objref", "apiVersion"]);
        let version = if version.is_empty() {
            let (group, version) = (text(&["objref", "group"]), text(&["objref", "version"]));
            if group.is_empty() { version } else { format!("{group}/{version}") }
        } else {
            version
        };
        let path = text(&["fieldref", "fieldPath"]);
        Self {
            name: text(&["name"]),
            path: if path.is_empty() { "metadata.name".to_owned() } else { path },
            origin: entry.get("name").and_then(|name| name.origin).or(entry.origin),
            object: Id::new(
                &version,
                text(&["objref", "kind"]),
                text(&["objref", "namespace"]),
                text(&["objref", "name"]),
            ),
        }
    }

    /// Marks the object that the variable is read from, where it is there already.
    pub(crate) fn mark(&self, objects: &mut [Object]) -> Result<(), KustomizeErrorKind> {
        let exact = !self.object.namespace.is_empty() || self.object.is_cluster_scoped();
        let fits = |object: &Object| {
            let id = object.id();
            if exact {
                return object.answers_to(&self.object);
            }
            let was = object
                .former
                .iter()
                .any(|former| former.name == self.object.name && former.kind == self.object.kind);
            id.same_but_namespace(&self.object)
                || (was && id.group == self.object.group && id.version == self.object.version)
        };
        let mut fitting = objects.iter_mut().filter(|object| fits(object));
        let Some(first) = fitting.next() else { return Ok(()) };
        if fitting.next().is_some() {
            return Err(KustomizeErrorKind::SeveralMatches { id: self.object.to_string() });
        }
        first.variables.push(self.name.clone());
        Ok(())
    }

    fn value(&self, objects: &[Object]) -> Result<Node, KustomizeErrorKind> {
        let holder = objects.iter().find(|object| object.variables.contains(&self.name));
        let Some(holder) = holder else {
            return Err(KustomizeErrorKind::NoMatch { id: self.object.to_string() });
        };
        let parts = fieldpath::parts_with_indices(&self.path);
        match fieldpath::look_up(&holder.node, &parts) {
            Some(node) => Ok(node.clone()),
            None => {
                Err(KustomizeErrorKind::NoField { field: self.path.clone(), id: self.object.to_string() })
            }
        }
    }
}

/// Writes the values of all variables where they are used.
pub(crate) fn resolve(
    objects: &mut [Object],
    variables: &BTreeMap<String, Variable>,
    specs: &[FieldSpec],
    losses: &mut Losses,
) -> Vec<(KustomizeErrorKind, Option<Origin>)> {
    let mut faults = Vec::new();
    let mut values = BTreeMap::new();
    for variable in variables.values() {
        match variable.value(objects) {
            Ok(value) => {
                values.insert(variable.name.clone(), value);
            }
            Err(kind) => faults.push((kind, variable.origin)),
        }
    }
    if values.is_empty() {
        return faults;
    }
    for object in objects {
        let id = object.id().clone();
        for spec in specs {
            let mut act = |node: &mut Node, losses: &mut Losses| {
                let texts_only = node.items().all(|item| item.as_str().is_some());
                if !texts_only {
                    let field = spec.path.clone();
                    return Err(KustomizeErrorKind::BadShape { field, id: id.to_string() });
                }
                expand_at(node, &values, losses);
                Ok(())
            };
            let visit = Visit { make: Make::Nothing, origin: None, losses, act: &mut act };
            if let Err(kind) = spec.visit(&id, &mut object.node, visit) {
                faults.push((kind, object.node.origin));
            }
        }
        object.settle();
    }
    faults
}

fn expand_at(node: &mut Node, values: &BTreeMap<String, Node>, losses: &mut Losses) {
    match &mut node.value {
        Value::String(_) => expand_text(node, values, losses),
        Value::Mapping(members) => {
            members.values_mut().for_each(|member| expand_text(member, values, losses));
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| expand_text(item, values, losses)),
        _ => {}
    }
}

fn expand_text(node: &mut Node, values: &BTreeMap<String, Node>, losses: &mut Losses) {
    let Value::String(text) = &node.value else { return };
    let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(value) = whole.and_then(|name| values.get(name)).filter(|value| is_simple(value)) {
        patch::note_lost(losses, node, value.origin);
        *node = value.clone();
        return;
    }
    let new = expand(text, values);
    if new != *text {
        rewrite(node, new);
    }
}

fn is_simple(node: &Node) -> bool {
    !matches!(node.value, Value::Mapping(_) | Value::Sequence(_) | Value::Null)
}

/// A text with the variables in it replaced. `$$` stands for `$`; a variable that is not known stays.
fn expand(text: &str, values: &BTreeMap<String, Node>) -> String {
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('$') {
        new.push_str(&rest[..place]);
        let after = &rest[place + 1..];
        if let Some(inner) = after.strip_prefix('(')
            && let Some(end) = inner.find(')')
        {
            let name = &inner[..end];
            match values.get(name).filter(|value| is_simple(value)).and_then(Node::as_text) {
                Some(value) => new.push_str(&value),
                None => new.push_str(&format!("$({name})")),
            }
            rest = &inner[end + 1..];
        } else if let Some(more) = after.strip_prefix('$') {
            new.push('$');
            rest = more;
        } else {
            new.push('$');
            rest = after;
        }
    }
    new.push_str(rest);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_as_kubernetes_expands_them() {
        let values = BTreeMap::from([("A".to_owned(), Node::from("x")), ("N".to_owned(), Node::from(8))]);
        let table = [
            ("$(A)", "x"),
            ("a$(A)b$(N)", "axb8"),
            ("$$(A)", "$(A)"),
            ("$(B) $A $", "$(B) $A $"),
            ("$(A", "$(A"),
            ("$$$(A)", "$x"),
            ("é$é", "é$é"),
        ];
        for (text, expected) in table {
            assert_eq!(expand(text, &values), expected, "{text}");
        }
    }
}
