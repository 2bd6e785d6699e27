//! The schemas of custom kinds: what is pruned, filled in and refused by them.
//!
//! The words are those of the real server's validator (`k8s.io/kube-openapi/pkg/validation`). Rules in CEL
//! (`x-kubernetes-validations`) are not read.

use regex::Regex;
use serde_json::{Map, Value};

use super::super::status::Cause;

/// What the definition of a custom kind says of its objects, in one version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Custom {
    /// `openAPIV3Schema`; null when the kind was made known without a definition.
    pub(crate) schema: Value,
    /// The name of the definition; empty when there is none.
    pub(crate) definition: String,
    /// The object's paths of wished and present replicas and of the selector, for `scale`.
    pub(crate) scale: Option<Value>,
    /// The singular name and the short ones.
    pub(crate) singular: String,
    pub(crate) short: Vec<String>,
}

impl Eq for Custom {}

const ROOT: &[&str] = &["apiVersion", "kind", "metadata"];

/// Takes out what the schema does not know, and fills in its defaults. Says what was taken.
pub(crate) fn prune_and_fill(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    if schema.is_object() {
        prune(object, schema, "", true, &mut unknown);
        fill(object, schema);
    }
    unknown
}

fn keeps(schema: &Value) -> bool {
    schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true))
}

fn below<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties").and_then(|all| all.get(name))
}

fn prune(value: &mut Value, schema: &Value, at: &str, is_root: bool, unknown: &mut Vec<String>) {
    let is_embedded = schema.get("x-kubernetes-embedded-resource") == Some(&Value::Bool(true));
    match value {
        Value::Object(members) => {
            let any = schema.get("additionalProperties");
            members.retain(|name, member| {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                if (is_root || is_embedded) && ROOT.contains(&name.as_str()) {
                    return true;
                }
                match below(schema, name).or(any.filter(|any| any.is_object())) {
                    Some(schema) => prune(member, schema, &path, false, unknown),
                    None if keeps(schema) || any == Some(&Value::Bool(true)) => {}
                    None => {
                        unknown.push(format!("unknown field \"{path}\""));
                        return false;
                    }
                }
                true
            });
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter_mut().enumerate() {
                prune(item, schema, &format!("{at}[{index}]"), false, unknown);
            }
        }
        _ => {}
    }
}

fn fill(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(members) => {
            for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
                let is_missing = members.get(name).is_none_or(|value| value.is_null() && !is_nullable);
                if is_missing && let Some(default) = schema.get("default") {
                    members.insert(name.clone(), default.clone());
                }
                if let Some(member) = members.get_mut(name) {
                    fill(member, schema);
                }
            }
            if let Some(schema) = schema.get("additionalProperties").filter(|one| one.is_object()) {
                members.values_mut().for_each(|member| fill(member, schema));
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| fill(item, schema));
            }
        }
        _ => {}
    }
}

/// What a custom object breaks of its schema.
pub(crate) fn refusals(object: &Value, schema: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if schema.is_object() {
        check(object, schema, "", &mut causes);
    }
    causes
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check(value: &Value, schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
    if value.is_null() && is_nullable {
        return;
    }
    let kind = kind_of(value);
    let either = schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true));
    let wanted = schema.get("type").and_then(Value::as_str);
    let fits = match wanted {
        None if either => matches!(kind, "integer" | "string"),
        None | Some("") => true,
        Some("number") => matches!(kind, "integer" | "number"),
        Some(wanted) => wanted == kind,
    };
    if !fits {
        let wanted = wanted.unwrap_or("integer,string");
        let why = format!("{at} in body must be of type {wanted}: \"{kind}\"");
        let message = format!("Invalid value: \"{kind}\": {why}");
        causes.push(Cause { reason: "FieldValueTypeInvalid", message, field: at.to_owned() });
        return;
    }
    listed(value, schema, at, causes);
    match value {
        Value::Object(members) => object(members, schema, at, causes),
        Value::Array(items) => array(items, schema, at, causes),
        Value::String(text) => string(text, schema, at, causes),
        Value::Number(number) => numeric(number, schema, at, causes),
        _ => {}
    }
}

fn listed(value: &Value, schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let Some(listed) = schema.get("enum").and_then(Value::as_array) else { return };
    if !listed.contains(value) {
        let texts: Vec<String> = listed.iter().map(ToString::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(|text| text.trim_matches('"')).collect();
        causes.push(Cause::unsupported(at, value, &texts));
    }
}

fn object(members: &Map<String, Value>, schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let join = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        if !members.contains_key(name) {
            causes.push(Cause::required(join(name)));
        }
    }
    let any = schema.get("additionalProperties").filter(|one| one.is_object());
    for (name, member) in members {
        if at.is_empty() && ROOT.contains(&name.as_str()) {
            continue;
        }
        if let Some(schema) = below(schema, name).or(any) {
            check(member, schema, &join(name), causes);
        }
    }
    if let Some(most) = schema.get("maxProperties").and_then(Value::as_u64)
        && members.len() as u64 > most
    {
        causes.push(Cause::too_many(at, members.len(), most));
    }
}

fn array(items: &[Value], schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    if let Some(most) = schema.get("maxItems").and_then(Value::as_u64)
        && items.len() as u64 > most
    {
        causes.push(Cause::too_many(at, items.len(), most));
    }
    if let Some(least) = schema.get("minItems").and_then(Value::as_u64)
        && (items.len() as u64) < least
    {
        let why = format!("{at} in body should have at least {least} items");
        causes.push(Cause::invalid(at, &items.len().into(), &why));
    }
    if let Some(schema) = schema.get("items") {
        for (index, item) in items.iter().enumerate() {
            check(item, schema, &format!("{at}[{index}]"), causes);
        }
    }
}

fn string(text: &str, schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let length = text.chars().count() as u64;
    if let Some(most) = schema.get("maxLength").and_then(Value::as_u64).filter(|most| length > *most) {
        let message = format!("Too long: may not be more than {most} bytes");
        causes.push(Cause { reason: "FieldValueTooLong", message, field: at.to_owned() });
    }
    if let Some(least) = schema.get("minLength").and_then(Value::as_u64).filter(|least| length < *least) {
        let why = format!("{at} in body should be at least {least} chars long");
        causes.push(Cause::invalid(at, &text.into(), &why));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        let why = format!("{at} in body should match '{pattern}'");
        causes.push(Cause::invalid(at, &text.into(), &why));
    }
}

fn numeric(number: &serde_json::Number, schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let is = |field: &str| schema.get(field) == Some(&Value::Bool(true));
    let limit = |field: &str| schema.get(field).filter(|limit| limit.is_number());
    let value = number.as_f64().unwrap_or_default();
    let mut refuse = |breaks: bool, words: &str, limit: &Value| {
        if breaks {
            let why = format!("{at} in body should be {words} {limit}");
            causes.push(Cause::invalid(at, &Value::Number(number.clone()), &why));
        }
    };
    if let Some(limit) = limit("minimum") {
        let least = limit.as_f64().unwrap_or_default();
        let is_open = is("exclusiveMinimum");
        let words = if is_open { "greater than" } else { "greater than or equal to" };
        refuse(value < least || (is_open && value <= least), words, limit);
    }
    if let Some(limit) = limit("maximum") {
        let most = limit.as_f64().unwrap_or_default();
        let is_open = is("exclusiveMaximum");
        let words = if is_open { "less than" } else { "less than or equal to" };
        refuse(value > most || (is_open && value >= most), words, limit);
    }
}
