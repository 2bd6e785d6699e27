//! The texts that were read, and the places in them.

use std::fmt;
use std::sync::Arc;

/// A file in [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// Where a node was written: unique for each node of all files read in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Bytes from the start of the file.
    pub offset: u32,
    /// Bytes of the node's text; 0 where it has none (an empty value).
    pub length: u32,
}

#[derive(Clone)]
struct File {
    name: String,
    text: Arc<str>,
}

/// All texts of one run, each with the name its user knows it by. `Debug` shows the names alone: texts may hold
/// secrets.
#[derive(Clone, Default)]
pub struct Files {
    files: Vec<File>,
}

impl fmt::Debug for Files {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.files.iter().map(|file| &file.name)).finish()
    }
}

impl Files {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a text under a name (a path as the user would write it).
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(File { name: name.into(), text: text.into() });
        id
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self, id: FileId) -> &str {
        self.files.get(id.0 as usize).map_or("?", |file| &file.name)
    }

    /// The file's text. May hold secrets: never print more of it than the line of an error that is
    /// known to hold none.
    #[must_use]
    pub fn text(&self, id: FileId) -> Arc<str> {
        self.files.get(id.0 as usize).map_or_else(|| Arc::from(""), |file| Arc::clone(&file.text))
    }

    /// `file:line`, as editors and compilers write it.
    #[must_use]
    pub fn place(&self, origin: Origin) -> String {
        format!("{}:{}", self.name(origin.file), origin.line)
    }

    /// All files in the order they were read.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..u32::try_from(self.files.len()).unwrap_or(u32::MAX)).map(FileId)
    }
}
