//! How much a project may become.

use tree::{Node, Value};

use crate::error::{ComposeError, ComposeErrorKind, Result};

/// The most nodes that copying (`extends`) and spelling out (port ranges) may make.
const MAX_MADE: usize = 2_000_000;
/// The most bytes that variables and env files may expand to in one project.
const MAX_TEXT: usize = 128 * 1024 * 1024;
/// The most files one project may read, each counted as often as it is read.
const MAX_FILES: usize = 2_000;

/// What has been spent so far.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    made: usize,
    text: usize,
    files: usize,
}

impl Budget {
    pub(crate) fn nodes(&mut self, more: usize, at: &Node) -> Result<()> {
        self.made = self.made.saturating_add(more);
        within(self.made, MAX_MADE, at)
    }

    pub(crate) fn text(&mut self, more: usize, at: &Node) -> Result<()> {
        self.text = self.text.saturating_add(more);
        within(self.text, MAX_TEXT, at)
    }

    pub(crate) fn file(&mut self, at: &Node) -> Result<()> {
        self.files += 1;
        within(self.files, MAX_FILES, at)
    }
}

fn within(spent: usize, limit: usize, at: &Node) -> Result<()> {
    if spent > limit {
        return Err(ComposeError::at(ComposeErrorKind::TooLarge, at.origin));
    }
    Ok(())
}

/// The nodes of a tree.
pub(crate) fn size(node: &Node) -> usize {
    match &node.value {
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(mapping) => 1 + mapping.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
