//! Reading scalars of which some are sealed. What is read here is looked into, never shown.

use std::borrow::Cow;

use tree::{Node, Value};

/// A scalar's text, sealed or not, to be taken apart: a command line that has a password in it still says what runs.
/// Whoever keeps a part of it must seal what is secret again.
pub(crate) fn text(node: &Node) -> Option<Cow<'_, str>> {
    match &node.value {
        Value::Secret(secret) => Some(Cow::Borrowed(secret.reveal())),
        Value::String(text) if node.spelling.is_none() => Some(Cow::Borrowed(text)),
        _ => node.as_text().map(Cow::Owned),
    }
}

/// A whole number that was written as a number or as a text.
pub(crate) fn number(node: &Node) -> Option<i64> {
    node.as_i64().or_else(|| text(node)?.trim().parse().ok())
}
