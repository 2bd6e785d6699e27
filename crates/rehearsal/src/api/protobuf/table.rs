//! The fields of each message, by number.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What is known of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) number: u32,
    /// None where the fields of the value stand in its parent's place.
    pub(super) name: Option<&'static str>,
    /// Whether it is left out when its value is empty.
    pub(super) sparse: bool,
    pub(super) shape: Shape,
    pub(super) class: Class,
}

/// How often a value may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    List,
    Map,
    /// A list in a message of its own.
    Wrapped,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Text,
    Flag,
    Int,
    Real,
    Bytes,
    Time,
    Span,
    Quantity,
    /// `IntOrString`.
    Either,
    /// JSON within Protobuf.
    Raw,
    Message(&'static str),
}

type Messages = HashMap<&'static str, Vec<Field>>;

/// The fields of a message by its short name, such as `apps.v1.Deployment`.
pub(super) fn fields(message: &str) -> Option<&'static [Field]> {
    static MESSAGES: OnceLock<Messages> = OnceLock::new();
    MESSAGES.get_or_init(|| read(include_str!("messages.txt"))).get(message).map(Vec::as_slice)
}

fn read(text: &'static str) -> Messages {
    let mut messages = Messages::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match field(line) {
            Some(field) => messages.entry(current).or_default().push(field),
            None => {
                current = line;
                messages.entry(current).or_default();
            }
        }
    }
    messages
}

fn field(line: &'static str) -> Option<Field> {
    let mut parts = line.split(' ');
    let number = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let class = parts.next()?;
    let (shape, class) = [("[]", Shape::List), ("{}", Shape::Map), ("()", Shape::Wrapped)]
        .into_iter()
        .find_map(|(mark, shape)| class.strip_prefix(mark).map(|class| (shape, class)))
        .unwrap_or((Shape::One, class));
    let class = match class {
        "text" => Class::Text,
        "flag" => Class::Flag,
        "int" => Class::Int,
        "real" => Class::Real,
        "bytes" => Class::Bytes,
        "time" => Class::Time,
        "span" => Class::Span,
        "quantity" => Class::Quantity,
        "either" => Class::Either,
        "raw" => Class::Raw,
        message => Class::Message(message),
    };
    let sparse = name.ends_with('?');
    let name = name.trim_end_matches('?');
    Some(Field { number, name: (name != "-").then_some(name), sparse, shape, class })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_a_field_names_is_there() {
        let messages = read(include_str!("messages.txt"));
        assert!(messages.len() > 300);
        for (name, fields) in &messages {
            for field in fields {
                if let Class::Message(inner) = field.class {
                    assert!(messages.contains_key(inner), "{name}: {inner}");
                }
            }
        }
    }
}
