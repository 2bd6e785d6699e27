//! Diagrams in D2.

use std::fmt::Write as _;

use super::graph::{Diagram, End, FRAME, INK, Look};
use super::identifiers;

/// ELK keeps arrows out of shapes in frames; the engine that D2 takes by default does not.
const HEAD: &str = "vars: { d2-config: { layout-engine: elk } }\n\ndirection: right\n\nclasses: {\n";

impl Diagram {
    /// The diagram in D2 (version 0.6 and later).
    #[must_use]
    pub fn d2(&self) -> String {
        let shapes = identifiers::of_shapes(self);
        let mut text = String::from(HEAD);
        for look in Look::ALL.into_iter().filter(|look| self.shapes.iter().any(|shape| shape.look == *look)) {
            let (fill, border) = look.colours();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {}: {{", look.name());
            let _ = writeln!(text, "    shape: {}", form(look));
            let _ = writeln!(text, "    style: {{");
            let _ = writeln!(text, "      fill: \"{fill}\"");
            let _ = writeln!(text, "      stroke: \"{border}\"");
            let _ = writeln!(text, "      font-color: \"{INK}\"");
            text.push_str("      bold: false\n");
            if look == Look::Door {
                text.push_str("      border-radius: 24\n");
            }
            text.push_str("    }\n  }\n");
        }
        let _ = writeln!(text, "  frame: {{ style: {{ fill: transparent; stroke: \"{FRAME}\" }} }}");
        text.push_str("}\n\n");
        self.d2_inside(None, 0, &shapes, &mut text);
        if !self.arrows.is_empty() {
            text.push('\n');
        }
        for arrow in &self.arrows {
            let _ =
                write!(text, "{} -> {}", self.d2_path(arrow.from, &shapes), self.d2_path(arrow.to, &shapes));
            if !arrow.lines.is_empty() {
                let _ = write!(text, ": {}", quoted(&arrow.lines));
            }
            text.push_str(if arrow.dashed { " { style.stroke-dash: 4 }\n" } else { "\n" });
        }
        text
    }

    /// What stands directly in a group, or in none.
    fn d2_inside(&self, group: Option<usize>, depth: usize, shapes: &[String], text: &mut String) {
        let margin = "  ".repeat(depth);
        for (shape, identifier) in self.shapes.iter().zip(shapes).filter(|(shape, _)| shape.group == group) {
            let label = quoted(&shape.lines);
            let _ = writeln!(text, "{margin}{identifier}: {label} {{ class: {} }}", shape.look.name());
        }
        for (index, inner) in self.groups.iter().enumerate() {
            if inner.inside == group && self.is_used(index) {
                let label = quoted(std::slice::from_ref(&inner.label));
                let _ = writeln!(text, "{margin}{}: {label} {{", identifiers::of_group(index));
                let _ = writeln!(text, "{margin}  class: frame");
                self.d2_inside(Some(index), depth + 1, shapes, text);
                let _ = writeln!(text, "{margin}}}");
            }
        }
    }

    /// The way to a thing from the outermost frame.
    fn d2_path(&self, end: End, shapes: &[String]) -> String {
        let (mut group, mut path) = match end {
            End::Shape(index) => (self.shapes[index].group, vec![shapes[index].clone()]),
            End::Group(index) => (self.groups[index].inside, vec![identifiers::of_group(index)]),
        };
        while let Some(index) = group {
            path.push(identifiers::of_group(index));
            group = self.groups[index].inside;
        }
        path.reverse();
        path.join(".")
    }
}

fn form(look: Look) -> &'static str {
    match look {
        Look::People => "person",
        Look::Store => "cylinder",
        Look::Worker => "queue",
        Look::Door | Look::Part | Look::Task | Look::Watcher | Look::Beside => "rectangle",
    }
}

/// A quoted string: `$` would begin a substitution, and a line break would end it.
fn quoted(lines: &[String]) -> String {
    let mut text = String::from("\"");
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            text.push_str("\\n");
        }
        for character in line.chars() {
            match character {
                '"' | '\\' | '$' => text.extend(['\\', character]),
                _ if character.is_control() => text.push('\u{fffd}'),
                _ => text.push(character),
            }
        }
    }
    text.push('"');
    text
}
