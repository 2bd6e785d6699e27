//! Diagrams in Mermaid.

use std::fmt::Write as _;

use super::graph::{Diagram, End, FRAME, INK, Look};
use super::identifiers;

/// Names of objects are long: Mermaid would break them over several lines.
const WIDE: &str = r#"%%{init: {"flowchart": {"wrappingWidth": 480}}}%%"#;

impl Diagram {
    /// The diagram as a Mermaid flowchart (version 10 and later; GitHub and GitLab draw it in a code block of the
    /// language `mermaid`).
    #[must_use]
    pub fn mermaid(&self) -> String {
        let shapes = identifiers::of_shapes(self);
        let mut text = format!("{WIDE}\nflowchart LR\n");
        self.mermaid_inside(None, 1, &shapes, &mut text);
        for arrow in &self.arrows {
            let name = |end| match end {
                End::Shape(index) => shapes[index].clone(),
                End::Group(index) => identifiers::of_group(index),
            };
            let line = if arrow.dashed { "-.->" } else { "-->" };
            let label =
                if arrow.lines.is_empty() { String::new() } else { format!("|{}|", quoted(&arrow.lines)) };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {} {line}{label} {}", name(arrow.from), name(arrow.to));
        }
        self.mermaid_columns(&shapes, &mut text);
        for look in Look::ALL.into_iter().filter(|look| self.shapes.iter().any(|shape| shape.look == *look)) {
            let (fill, border) = look.colours();
            let _ = writeln!(text, "  classDef {} fill:{fill},stroke:{border},color:{INK}", look.name());
        }
        let frames: Vec<String> =
            (0..self.groups.len()).filter(|index| self.is_used(*index)).map(identifiers::of_group).collect();
        if !frames.is_empty() {
            let _ = writeln!(text, "  classDef frame fill:none,stroke:{FRAME}");
            let _ = writeln!(text, "  class {} frame", frames.join(","));
        }
        text
    }

    /// Sets what works behind what answers, by links that are not drawn: in one column, arrows to what answers would
    /// run behind the rest.
    fn mermaid_columns(&self, shapes: &[String], text: &mut String) {
        for (index, shape) in self.shapes.iter().enumerate() {
            if matches!(shape.look, Look::Worker | Look::Task) {
                let front =
                    self.shapes.iter().position(|it| it.look == Look::Part && it.group == shape.group);
                if let Some(front) = front {
                    let _ = writeln!(text, "  {} ~~~ {}", shapes[front], shapes[index]);
                }
            }
        }
    }

    /// What stands directly in a group, or in none.
    fn mermaid_inside(&self, group: Option<usize>, depth: usize, shapes: &[String], text: &mut String) {
        let margin = "  ".repeat(depth);
        for (shape, identifier) in self.shapes.iter().zip(shapes).filter(|(shape, _)| shape.group == group) {
            let (open, close) = brackets(shape.look);
            let label = quoted(&shape.lines);
            let _ = writeln!(text, "{margin}{identifier}{open}{label}{close}:::{}", shape.look.name());
        }
        for (index, inner) in self.groups.iter().enumerate() {
            if inner.inside == group && self.is_used(index) {
                let label = quoted(std::slice::from_ref(&inner.label));
                let _ = writeln!(text, "{margin}subgraph {}[{label}]", identifiers::of_group(index));
                self.mermaid_inside(Some(index), depth + 1, shapes, text);
                let _ = writeln!(text, "{margin}end");
            }
        }
    }
}

/// The brackets that make a shape's form.
fn brackets(look: Look) -> (&'static str, &'static str) {
    match look {
        Look::People | Look::Door => ("([", "])"),
        Look::Store => ("[(", ")]"),
        Look::Worker => ("[[", "]]"),
        Look::Task => ("{{", "}}"),
        Look::Watcher => ("(", ")"),
        Look::Part | Look::Beside => ("[", "]"),
    }
}

/// A quoted label. All ASCII that is not letter, digit, blank or known to mean nothing becomes a character entity:
/// Mermaid reads labels as HTML, as Markdown, for directives, links and icons.
fn quoted(lines: &[String]) -> String {
    let mut text = String::from("\"");
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            text.push_str("<br/>");
        }
        let mut characters = line.chars().enumerate().peekable();
        while let Some((place, character)) = characters.next() {
            let before_digit = characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
            let means_nothing = matches!(character, ' ' | '/' | ',')
                || (place > 0 && matches!(character, '.' | '-'))
                || (character == ':' && before_digit)
                || character.is_ascii_alphanumeric();
            if character.is_control() {
                text.push('\u{fffd}');
            } else if means_nothing || !character.is_ascii() {
                text.push(character);
            } else {
                let _ = write!(text, "#{};", u32::from(character));
            }
        }
    }
    text.push('"');
    text
}
