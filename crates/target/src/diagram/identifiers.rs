//! Identifiers that both languages take as they stand.

use super::graph::Diagram;

/// An identifier for each shape, in order: its look and as much of its name as is plain ASCII, so that the text
/// reads well, with a number where two would be alike. The look in front keeps every name from being a keyword.
pub(super) fn of_shapes(diagram: &Diagram) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for shape in &diagram.shapes {
        let name = shape.lines.first().map(String::as_str).unwrap_or_default();
        let stem = format!("{}{}", shape.look.name(), plain(name));
        let mut identifier = stem.clone();
        let mut number = 1;
        while taken.contains(&identifier) {
            number += 1;
            identifier = format!("{stem}_{number}");
        }
        taken.push(identifier);
    }
    taken
}

/// An identifier for a group.
pub(super) fn of_group(index: usize) -> String {
    format!("group_{}", index + 1)
}

/// The letters and digits of a name in words, each after an underscore.
fn plain(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty()).take(6);
    words.map(|word| format!("_{}", word.to_ascii_lowercase().chars().take(24).collect::<String>())).collect()
}
