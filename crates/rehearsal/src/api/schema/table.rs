//! The table of built-in types.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::registry::Kind;

/// `kinds.txt`, made from Kubernetes' own sources by `generate.go`, which tells its form.
const TABLE: &str = include_str!("kinds.txt");

/// A Go struct.
#[derive(Debug)]
pub(crate) struct Type {
    /// As Go's messages show it, such as `v1.Container`.
    pub(crate) go: &'static str,
    /// Whether it is owned as a whole.
    pub(crate) atomic: bool,
    pub(crate) fields: Vec<Field>,
    by_name: HashMap<&'static str, usize>,
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// Whether it is left out when it holds nothing (of a struct: never, in Go).
    pub(crate) omit: bool,
    /// Whether it is left out when it is a zero struct.
    pub(crate) zero: bool,
    /// Whether a mapping is owned as a whole.
    pub(crate) atomic: bool,
    /// Whether a list is a set of its values.
    pub(crate) set: bool,
    /// The keys that tell a list's elements apart.
    pub(crate) keys: Vec<&'static str>,
    /// What stands here when nothing is said, as JSON.
    pub(crate) default: Option<&'static str>,
}

/// The form of a value.
#[derive(Debug)]
pub(crate) enum Form {
    /// A leaf, and its Go type.
    Leaf(Leaf, &'static str),
    /// A struct, by its name in the table.
    Struct(&'static str),
    List(Box<Form>),
    Map(Box<Form>),
    Pointer(Box<Form>),
}

/// What a leaf holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    Text,
    Bool,
    /// A whole number of so many bits.
    Int(u32),
    Float,
    Bytes,
    Quantity,
    IntOrText,
    Time,
    MicroTime,
    Duration,
    Any,
}

impl Type {
    /// The field of that name, and its place.
    pub(crate) fn field(&self, name: &str) -> Option<(usize, &Field)> {
        let index = *self.by_name.get(name)?;
        Some((index, &self.fields[index]))
    }
}

impl Form {
    /// The Go type as messages show it.
    pub(crate) fn go(&self) -> String {
        match self {
            Self::Leaf(_, go) => (*go).to_owned(),
            Self::Struct(name) => named(name).map_or(*name, |found| found.go).to_owned(),
            Self::List(item) => format!("[]{}", item.go()),
            Self::Map(value) => format!("map[string]{}", value.go()),
            Self::Pointer(to) => to.go(),
        }
    }

    /// Without the pointers.
    pub(crate) fn target(&self) -> &Form {
        match self {
            Self::Pointer(to) => to.target(),
            form => form,
        }
    }
}

/// The struct of that name.
pub(crate) fn named(name: &str) -> Option<&'static Type> {
    static TYPES: LazyLock<HashMap<&'static str, Type>> = LazyLock::new(read);
    TYPES.get(name)
}

/// The struct of a built-in kind.
pub(crate) fn of_kind(kind: &Kind) -> Option<&'static Type> {
    let package = match kind.group.as_str() {
        "" => "core",
        group => group.split('.').next().unwrap_or_default(),
    };
    let is_builtin = !kind.group.contains('.') || kind.group.ends_with(".k8s.io");
    let found = || named(&format!("{package}/{}.{}", kind.version, kind.kind));
    (is_builtin && kind.custom.is_none()).then(found).flatten()
}

fn read() -> HashMap<&'static str, Type> {
    let mut types = HashMap::new();
    let mut open: Option<(&'static str, Type)> = None;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), mut rest) = (words.next(), words) else { continue };
        if line.starts_with(' ') {
            let form = form(rest.next().unwrap_or_default());
            let Some((_, open)) = &mut open else { continue };
            open.by_name.insert(name, open.fields.len());
            open.fields.push(field(name, form, rest));
            continue;
        }
        types.extend(open.take());
        let go = name.rsplit('/').next().unwrap_or(name);
        let atomic = rest.next() == Some("atomic");
        open = Some((name, Type { go, atomic, fields: Vec::new(), by_name: HashMap::new() }));
    }
    types.extend(open);
    types
}

fn field(name: &'static str, form: Form, flags: impl Iterator<Item = &'static str>) -> Field {
    let (omit, zero, atomic, set) = (false, false, false, false);
    let mut field = Field { name, form, omit, zero, atomic, set, keys: Vec::new(), default: None };
    for flag in flags {
        match flag.split_once('=') {
            Some(("map", keys)) => field.keys = keys.split(',').collect(),
            Some(("default", json)) => field.default = Some(json),
            _ => match flag {
                "omit" => field.omit = true,
                "zero" => field.zero = true,
                "atomic" => field.atomic = true,
                "set" => field.set = true,
                _ => {}
            },
        }
    }
    field
}

fn form(text: &'static str) -> Form {
    if let Some(to) = text.strip_prefix('*') {
        return Form::Pointer(Box::new(form(to)));
    }
    if let Some(item) = text.strip_prefix("[]") {
        return Form::List(Box::new(form(item)));
    }
    if let Some(value) = text.strip_prefix("{}") {
        return Form::Map(Box::new(form(value)));
    }
    let (leaf, go) = text.split_once('/').unwrap_or((text, text));
    let leaf = match leaf {
        "string" => Leaf::Text,
        "bool" => Leaf::Bool,
        "int32" | "uint32" => Leaf::Int(32),
        "int64" => Leaf::Int(64),
        "float64" => Leaf::Float,
        "bytes" => Leaf::Bytes,
        "quantity" => Leaf::Quantity,
        "intstr" => Leaf::IntOrText,
        "time" => Leaf::Time,
        "microtime" => Leaf::MicroTime,
        "duration" => Leaf::Duration,
        "any" => Leaf::Any,
        _ => return Form::Struct(text),
    };
    Form::Leaf(leaf, go)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_a_containers_fields() {
        let container = named("core/v1.Container").expect("a type");
        assert_eq!(container.go, "v1.Container");
        let (_, ports) = container.field("ports").expect("a field");
        assert_eq!(ports.keys, ["containerPort", "protocol"]);
        assert!(named("apps/v1.Deployment").is_some() && named("meta/v1.LabelSelector").expect("one").atomic);
        for (name, found) in read() {
            for field in &found.fields {
                let mut form = field.form.target();
                while let Form::List(inner) | Form::Map(inner) | Form::Pointer(inner) = form {
                    form = inner;
                }
                if let Form::Struct(of) = form {
                    assert!(named(of).is_some(), "{name}.{} names {of}", field.name);
                }
            }
        }
    }
}
