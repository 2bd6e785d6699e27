//! `replacements`: values copied from one object into fields of others.

use tree::patch::{self, Losses};
use tree::{Node, Value};

use crate::config;
use crate::error::KustomizeErrorKind;
use crate::fieldpath::{self, Create, Search};
use crate::identity::Object;
use crate::selector::Selector;

/// A replacement that is written in the kustomization, or in a file of its own.
pub(crate) fn replace(
    objects: &mut [Object],
    entry: &Node,
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    let bad = |field: &str, wanted| KustomizeErrorKind::BadField { field: field.to_owned(), wanted };
    let Some(targets) = entry.get("targets") else {
        return Err(bad("replacements.targets", "given"));
    };
    let value = match (entry.get("source"), entry.get("sourceValue")) {
        (Some(source), None) => value_of(objects, source)?,
        (None, Some(value)) => value.clone(),
        (Some(_), Some(_)) => return Err(bad("replacements.sourceValue", "absent beside a source")),
        (None, None) => return Err(bad("replacements.source", "given")),
    };
    for target in targets.items() {
        let Some(select) = target.get("select") else {
            return Err(bad("replacements.targets.select", "given"));
        };
        let select = Selector::read(select)?;
        let reject: Result<Vec<Selector>, _> =
            target.get("reject").into_iter().flat_map(Node::items).map(Selector::read).collect();
        let reject = reject?;
        for object in objects.iter_mut() {
            if chosen(object, &select, &reject) {
                copy(object, &value, target, losses)?;
                object.settle();
            }
        }
    }
    Ok(())
}

/// The value at a source.
fn value_of(objects: &[Object], source: &Node) -> Result<Node, KustomizeErrorKind> {
    let gvk = config::gvk(source);
    let text = |member: &str| source.str_at(&[member]).unwrap_or_default();
    let (name, namespace) = (text("name"), text("namespace"));
    let fits = |object: &&Object| {
        let id = object.id();
        let is = |kind: &str, own_name: &str, own_namespace: &str| {
            gvk.selects(&id.group, &id.version, kind)
                && (name.is_empty() || name == own_name)
                && (namespace.is_empty() || namespace == own_namespace)
        };
        let own = if id.namespace.is_empty() { "default" } else { &id.namespace };
        is(&id.kind, &id.name, own)
            || object.former.iter().any(|former| is(&former.kind, &former.name, &former.namespace))
    };
    let described = format!("{}/{name}", gvk.kind);
    let mut fitting = objects.iter().filter(fits);
    let Some(object) = fitting.next() else { return Err(KustomizeErrorKind::NoMatch { id: described }) };
    if fitting.next().is_some() {
        return Err(KustomizeErrorKind::SeveralMatches { id: described });
    }
    let path = if text("fieldPath").is_empty() { "metadata.name" } else { text("fieldPath") };
    let missing = || KustomizeErrorKind::NoField { field: path.to_owned(), id: object.id().to_string() };
    let found = fieldpath::look_up(&object.node, &fieldpath::parts(path)).ok_or_else(missing)?;
    let empty = match &found.value {
        Value::Null => true,
        Value::Mapping(members) => members.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        _ => false,
    };
    if empty {
        return Err(missing());
    }
    refined(found, source.get("options"))
}

fn delimiter(options: Option<&Node>) -> Option<(&str, i64)> {
    let delimiter = options?.str_at(&["delimiter"]).filter(|text| !text.is_empty())?;
    Some((delimiter, options?.get("index").and_then(Node::as_i64).unwrap_or(0)))
}

/// The part of a source that its options name.
fn refined(node: &Node, options: Option<&Node>) -> Result<Node, KustomizeErrorKind> {
    let Some((delimiter, index)) = delimiter(options) else { return Ok(node.clone()) };
    let bad =
        |wanted| KustomizeErrorKind::BadField { field: "replacements.source.options".to_owned(), wanted };
    let text = node.as_text().ok_or_else(|| bad("absent where the source is no scalar"))?;
    let part = usize::try_from(index).ok().and_then(|index| text.split(delimiter).nth(index));
    let part = part.ok_or_else(|| bad("an index that the value has"))?;
    Ok(retyped(node, part))
}

/// A scalar with another text, of the kind it was as far as the text allows.
fn retyped(like: &Node, text: &str) -> Node {
    let keep = || Node::from(text.to_owned());
    let node = match &like.value {
        Value::Number(_) => text.parse::<i64>().map_or_else(|_| keep(), Node::from),
        Value::Bool(_) => text.parse::<bool>().map_or_else(|_| keep(), Node::from),
        _ => keep(),
    };
    node.at(like.origin)
}

fn chosen(object: &Object, select: &Selector, reject: &[Selector]) -> bool {
    let ids = || {
        let id = object.id();
        let now = std::iter::once((id.kind.as_str(), id.name.as_str(), id.namespace.as_str()));
        let then = object.former.iter();
        now.chain(then.map(|former| (former.kind.as_str(), former.name.as_str(), former.namespace.as_str())))
    };
    let fits = |selector: &Selector| {
        ids().any(|(kind, name, namespace)| selector.fits_name(object.id(), kind, name, namespace))
    };
    if !select.fits_marks(&object.node) {
        return false;
    }
    if reject.iter().any(|selector| selector.has_marks() && selector.fits_marks(&object.node)) {
        return false;
    }
    !reject.iter().any(|selector| selector.has_names() && fits(selector)) && fits(select)
}

/// Copies a value to all fields of an object that a target names.
fn copy(
    object: &mut Object,
    value: &Node,
    target: &Node,
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    let own = [Node::from("metadata.name")];
    let paths = target.get("fieldPaths").and_then(Node::as_sequence).filter(|paths| !paths.is_empty());
    let options = target.get("options");
    let create =
        options.and_then(|options| options.get("create")).is_some_and(|node| node.value == Value::Bool(true));
    for path in paths.unwrap_or(&own).iter().filter_map(Node::as_str) {
        let mut search = Search {
            create: create.then(|| Create::like(value)),
            origin: value.origin,
            field: path.to_owned(),
            found: Vec::new(),
        };
        search.run(&mut object.node, &fieldpath::parts(path))?;
        if search.found.is_empty() {
            return Err(KustomizeErrorKind::NoField { field: path.to_owned(), id: object.id().to_string() });
        }
        for place in &search.found {
            if let Some(node) = fieldpath::at_mut(&mut object.node, place) {
                set(node, value, options, losses)?;
            }
        }
    }
    Ok(())
}

fn set(
    node: &mut Node,
    value: &Node,
    options: Option<&Node>,
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    let scalar = |node: &Node| !matches!(node.value, Value::Mapping(_) | Value::Sequence(_));
    let mut new = value.clone();
    let mut partly = false;
    if let Some((delimiter, index)) = delimiter(options) {
        if !scalar(node) {
            let field = "replacements.targets.options".to_owned();
            let wanted = "absent where the target is no scalar";
            return Err(KustomizeErrorKind::BadField { field, wanted });
        }
        let text = node.as_text().unwrap_or_default();
        let part = value.as_text().unwrap_or_default();
        let mut all: Vec<&str> = text.split(delimiter).collect();
        match usize::try_from(index) {
            Err(_) => all.insert(0, &part),
            Ok(index) => match all.get_mut(index) {
                Some(slot) => *slot = &part,
                None => all.push(&part),
            },
        }
        new = Node::from(all.join(delimiter)).at(node.origin);
        partly = true;
    }
    if scalar(node) {
        let text = new.as_text().unwrap_or_default();
        let origin = if partly { node.origin } else { new.origin };
        new = retyped(node, &text).at(origin);
    }
    if new.value != node.value {
        patch::note_lost(losses, node, new.origin.or(value.origin));
        *node = new;
    }
    Ok(())
}
