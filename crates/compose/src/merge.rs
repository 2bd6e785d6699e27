//! Laying one file over another, attribute by attribute (compose-go, `override/merge.go`).

use tree::{Mapping, Node, Origin, Value};

use crate::error::{ComposeError, ComposeErrorKind, Result};
use crate::place::{Place, printed};

/// What overrode what.
pub(crate) type Overridden = Vec<(Origin, Origin)>;

#[derive(Clone, Copy)]
enum Rule {
    /// Lists and mappings alike become one list.
    Listed,
    Hosts,
    Replaced,
    Build,
    DependsOn,
    /// A list of names is a mapping of names to nothing.
    Named,
    Logging,
    Ipam,
}

const RULES: &[(&str, Rule)] = &[
    ("networks.*.ipam.config", Rule::Ipam),
    ("networks.*.labels", Rule::Listed),
    ("volumes.*.labels", Rule::Listed),
    ("services.*.annotations", Rule::Listed),
    ("services.*.build", Rule::Build),
    ("services.*.build.args", Rule::Listed),
    ("services.*.build.additional_contexts", Rule::Listed),
    ("services.*.build.extra_hosts", Rule::Hosts),
    ("services.*.build.labels", Rule::Listed),
    ("services.*.command", Rule::Replaced),
    ("services.*.depends_on", Rule::DependsOn),
    ("services.*.deploy.labels", Rule::Listed),
    ("services.*.dns", Rule::Listed),
    ("services.*.dns_opt", Rule::Listed),
    ("services.*.dns_search", Rule::Listed),
    ("services.*.entrypoint", Rule::Replaced),
    ("services.*.env_file", Rule::Listed),
    ("services.*.label_file", Rule::Listed),
    ("services.*.environment", Rule::Listed),
    ("services.*.extra_hosts", Rule::Hosts),
    ("services.*.healthcheck.test", Rule::Replaced),
    ("services.*.labels", Rule::Listed),
    ("services.*.volumes.*.volume.labels", Rule::Listed),
    ("services.*.logging", Rule::Logging),
    ("services.*.models", Rule::Named),
    ("services.*.networks", Rule::Named),
    ("services.*.sysctls", Rule::Listed),
    ("services.*.tmpfs", Rule::Listed),
    ("services.*.ulimits.*", Rule::Replaced),
];

/// Lays `over` on `base`.
pub(crate) fn merge(base: Node, over: Node, place: &Place, overridden: &mut Overridden) -> Result<Node> {
    if let Some(rule) = place.find(RULES) {
        return by_rule(rule, base, over, place, overridden);
    }
    if over.value == Value::Null {
        return Ok(base);
    }
    let origin = base.origin;
    match (base.value, over.value) {
        (Value::Mapping(base), Value::Mapping(over)) => mappings(base, over, origin, place, overridden),
        (Value::Sequence(mut items), Value::Sequence(more)) => {
            items.extend(more);
            Ok(Node::from(Value::Sequence(items)).at(origin))
        }
        (Value::Mapping(_) | Value::Sequence(_), _) => {
            let attribute = place.to_string();
            Err(ComposeError::at(ComposeErrorKind::CannotMerge { attribute }, over.origin))
        }
        (value, replacement) => {
            let base = Node { value, origin, spelling: base.spelling };
            let over = Node { value: replacement, origin: over.origin, spelling: over.spelling };
            note(&base, &over, overridden);
            Ok(over)
        }
    }
}

/// Notes that each leaf of a node has given way to another node.
pub(crate) fn note(base: &Node, over: &Node, overridden: &mut Overridden) {
    let Some(by) = over.origin else { return };
    let leaves = base.leaves();
    overridden.extend(leaves.iter().filter_map(|leaf| leaf.node.origin).map(|origin| (origin, by)));
}

fn mappings(
    mut base: Mapping,
    over: Mapping,
    origin: Option<Origin>,
    place: &Place,
    overridden: &mut Overridden,
) -> Result<Node> {
    for (key, child) in over {
        let merged = match base.get_mut(&key) {
            Some(existing) => {
                let existing = std::mem::replace(existing, Node::from(Value::Null));
                merge(existing, child, &place.key(&key), overridden)?
            }
            None => child,
        };
        base.insert(key, merged);
    }
    Ok(Node::from(Value::Mapping(base)).at(origin))
}

fn by_rule(rule: Rule, base: Node, over: Node, place: &Place, overridden: &mut Overridden) -> Result<Node> {
    let origin = base.origin;
    match rule {
        Rule::Replaced => {
            note(&base, &over, overridden);
            Ok(over)
        }
        Rule::Listed => {
            let mut items = listed(base);
            items.extend(listed(over));
            Ok(Node::from(Value::Sequence(items)).at(origin))
        }
        Rule::Hosts => {
            let mut items = listed(base);
            for item in listed(over) {
                if !items.iter().any(|known| known.to_json() == item.to_json()) {
                    items.push(item);
                }
            }
            Ok(Node::from(Value::Sequence(items)).at(origin))
        }
        Rule::Build => {
            let spelt = |node: Node| match &node.value {
                Value::String(_) => {
                    let mut build = Node::mapping().at(node.origin);
                    build.set("context", node);
                    build
                }
                _ => node,
            };
            as_mappings(spelt(base), spelt(over), place, overridden)
        }
        Rule::DependsOn => as_mappings(named(base, true), named(over, true), place, overridden),
        Rule::Named => as_mappings(named(base, false), named(over, false), place, overridden),
        Rule::Logging => {
            let (one, other) = (base.get("driver"), over.get("driver"));
            let same = one.is_none() || other.is_none() || one.map(Node::to_json) == other.map(Node::to_json);
            if same {
                return as_mappings(base, over, place, overridden);
            }
            note(&base, &over, overridden);
            Ok(over)
        }
        Rule::Ipam => pools(base, over, place, overridden),
    }
}

fn as_mappings(base: Node, over: Node, place: &Place, overridden: &mut Overridden) -> Result<Node> {
    let origin = base.origin;
    match (base.value, over.value) {
        (Value::Mapping(base), Value::Mapping(over)) => mappings(base, over, origin, place, overridden),
        (Value::Mapping(base), _) => Ok(Node::from(Value::Mapping(base)).at(origin)),
        (_, over_value) => Ok(Node::from(over_value).at(over.origin)),
    }
}

/// A mapping of names as `NAME=value`, sorted; a text alone as a list of one.
fn listed(node: Node) -> Vec<Node> {
    match node.value {
        Value::Sequence(items) => items,
        Value::String(_) => vec![node],
        Value::Mapping(mapping) => {
            let mut entries: Vec<(String, Option<Origin>)> = Vec::new();
            for (key, child) in mapping {
                match &child.value {
                    Value::Null => entries.push((key, child.origin)),
                    Value::Sequence(items) => {
                        let each = items.iter().filter_map(|item| Some((printed(item)?, item.origin)));
                        entries.extend(each.map(|(text, origin)| (format!("{key}={text}"), origin)));
                    }
                    _ => {
                        entries.push((format!("{key}={}", printed(&child).unwrap_or_default()), child.origin))
                    }
                }
            }
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            entries.into_iter().map(|(text, origin)| Node::from(text).at(origin)).collect()
        }
        _ => Vec::new(),
    }
}

/// A list of names as a mapping: to what a short `depends_on` means, or to nothing.
fn named(node: Node, depends_on: bool) -> Node {
    let origin = node.origin;
    let Value::Sequence(items) = node.value else { return node };
    let mut mapping = Mapping::new();
    for item in items {
        let name = printed(&item).unwrap_or_default();
        let value = if depends_on { started(item.origin) } else { Node::from(Value::Null).at(item.origin) };
        mapping.insert(name, value);
    }
    Node::from(Value::Mapping(mapping)).at(origin)
}

/// What a name alone means in `depends_on`.
pub(crate) fn started(origin: Option<Origin>) -> Node {
    let mut dependency = Node::mapping().at(origin);
    dependency.set("condition", Node::from("service_started").at(origin));
    dependency.set("required", Node::from(true).at(origin));
    dependency
}

fn pools(base: Node, over: Node, place: &Place, overridden: &mut Overridden) -> Result<Node> {
    let origin = base.origin;
    let (Some(configs), Some(overrides)) = (base.as_sequence(), over.as_sequence()) else {
        let attribute = place.to_string();
        return Err(ComposeError::at(ComposeErrorKind::CannotMerge { attribute }, over.origin));
    };
    let subnet = |node: &Node| node.get("subnet").map(Node::to_json);
    let mut pools: Vec<Node> = Vec::new();
    for original in configs {
        for over in overrides {
            if subnet(over) != subnet(original) && !pools.iter().any(|pool| subnet(pool) == subnet(over)) {
                pools.push(over.clone());
                continue;
            }
            let merged = as_mappings(original.clone(), over.clone(), place, overridden)?;
            match pools.iter_mut().find(|pool| subnet(pool) == subnet(&merged)) {
                Some(pool) => *pool = merged,
                None => pools.push(merged),
            }
        }
    }
    Ok(Node::from(Value::Sequence(pools)).at(origin))
}
