//! `values.yaml`, each value with the line it came from.

use std::collections::HashMap;
use std::fmt::Write as _;

use target::helm::HelmTarget;
use tree::{Node, Value};

use super::supplements::plugin_name;
use crate::chart::GivenChart;
use crate::commands::convert::yaml;
use crate::prepare::Converted;
use crate::problem::Problem;
use crate::words::Words;

/// The text of the file.
pub(crate) fn text(
    converted: &Converted<HelmTarget>,
    given: &GivenChart,
    words: &Words,
) -> Result<String, Problem> {
    let target = &converted.target;
    let mut text = String::new();
    let release = &target.naming.release;
    let title = format!("{} {}", given.official.repository(), given.version);
    let arguments = [("chart", &*title), ("release", &**release), ("plugin", &*plugin_name(target))];
    for line in words.tell("values-head", &arguments).lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    text.push('\n');
    let comments = target.comments.iter();
    let comments =
        comments.map(|comment| (comment.path.clone(), words.tell(comment.why.id(), &[]))).collect();
    let mut writer = Writer { converted, comments, words, text };
    writer.mapping(&target.values, "", 0)?;
    Ok(writer.text)
}

struct Writer<'a> {
    converted: &'a Converted<HelmTarget>,
    comments: HashMap<String, String>,
    words: &'a Words,
    text: String,
}

impl Writer<'_> {
    fn mapping(&mut self, node: &Node, path: &str, depth: usize) -> Result<(), Problem> {
        for (key, child) in node.as_mapping().into_iter().flatten() {
            let way = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.member(key, child, &way, depth)?;
        }
        Ok(())
    }

    fn member(&mut self, key: &str, child: &Node, way: &str, depth: usize) -> Result<(), Problem> {
        let indent = "  ".repeat(depth);
        let decided = self.comments.get(way).cloned();
        match &child.value {
            Value::Mapping(members) if !members.is_empty() => {
                if let Some(comment) = decided {
                    let _ = writeln!(self.text, "{indent}# {comment}");
                }
                let _ = writeln!(self.text, "{indent}{}:", self.key(key)?);
                self.mapping(child, way, depth + 1)
            }
            Value::Sequence(items) if items.iter().any(|item| item.as_mapping().is_some()) => {
                let _ = writeln!(self.text, "{indent}{}:", self.key(key)?);
                for item in items {
                    self.item(item, way, depth)?;
                }
                Ok(())
            }
            _ => self.leaf(key, child, decided, &indent),
        }
    }

    /// An element of a list of mappings: as a mapping, with a dash before its first line.
    fn item(&mut self, item: &Node, way: &str, depth: usize) -> Result<(), Problem> {
        let start = self.text.len();
        self.mapping(item, way, depth + 1)?;
        let dash = start + 2 * depth;
        if item.as_mapping().is_some() && self.text.get(dash..dash + 2) == Some("  ") {
            self.text.replace_range(dash..dash + 2, "- ");
        } else if item.as_mapping().is_none() {
            let text = yaml(item, self.words)?;
            let _ = writeln!(self.text, "{}- {}", "  ".repeat(depth), text.trim_end());
        }
        Ok(())
    }

    fn key(&self, key: &str) -> Result<String, Problem> {
        let mut pair = Node::mapping();
        pair.set(key, Value::Null);
        let text = yaml(&pair, self.words)?;
        Ok(text.trim_end().trim_end_matches("null").trim_end().trim_end_matches(':').to_owned())
    }

    fn leaf(
        &mut self,
        key: &str,
        child: &Node,
        decided: Option<String>,
        indent: &str,
    ) -> Result<(), Problem> {
        let mut pair = Node::mapping();
        pair.set(key, child.clone());
        let text = yaml(&pair, self.words)?;
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let comment = decided.or_else(|| self.places(child));
        match (&lines[..], comment) {
            ([line], Some(comment)) => {
                let _ = writeln!(self.text, "{indent}{line}  # {comment}");
            }
            (lines, comment) => {
                if let Some(comment) = comment {
                    let _ = writeln!(self.text, "{indent}# {comment}");
                }
                for line in lines {
                    let _ = writeln!(self.text, "{}", format!("{indent}{line}").trim_end());
                }
            }
        }
        Ok(())
    }

    /// `file:line` of every leaf below, each once.
    fn places(&self, node: &Node) -> Option<String> {
        let files = &self.converted.read.sourced.files;
        let mut places: Vec<String> = Vec::new();
        for leaf in node.leaves() {
            let place = leaf.node.origin.or(node.origin).map(|origin| files.place(origin));
            places.extend(place.filter(|place| !places.contains(place)));
        }
        (!places.is_empty()).then(|| places.join(", "))
    }
}
