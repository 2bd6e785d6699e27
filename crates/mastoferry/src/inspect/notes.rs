//! Notes of a source in words.

use source::NoteKind;

/// A note's name (its message is `note-<name>`) and what the message says of it.
pub(crate) fn note(kind: &NoteKind) -> (&'static str, Vec<(&'static str, String)>) {
    match kind {
        NoteKind::InertKey { key, chart } => {
            ("inert-key", vec![("key", key.clone()), ("chart", chart.clone())])
        }
        NoteKind::OtherChart { chart } => ("other-chart", vec![("chart", chart.clone())]),
        NoteKind::NotListed { kind, reason } => {
            ("not-listed", vec![("kind", kind.clone()), ("reason", reason.clone())])
        }
    }
}
