//! What is drawn.

/// What a shape stands for, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// People who use the server.
    People,
    /// A way in: a host name.
    Door,
    /// A part of Mastodon that answers.
    Part,
    /// A part of Mastodon that works queues.
    Worker,
    /// Something that runs and ends.
    Task,
    /// Where data lives.
    Store,
    /// What watches.
    Watcher,
    /// What stands beside.
    Beside,
}

impl Look {
    /// Every look.
    pub const ALL: [Self; 8] = [
        Self::People,
        Self::Door,
        Self::Part,
        Self::Worker,
        Self::Task,
        Self::Store,
        Self::Watcher,
        Self::Beside,
    ];

    /// The look's name in diagrams: the class, and the beginning of identifiers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Door => "door",
            Self::Part => "part",
            Self::Worker => "worker",
            Self::Task => "task",
            Self::Store => "store",
            Self::Watcher => "watcher",
            Self::Beside => "beside",
        }
    }

    /// Fill and border as `#rrggbb`; writing on them is [`INK`].
    pub(super) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::People => ("#f4f4f5", "#52525b"),
            Self::Door => ("#fef3c7", "#b45309"),
            Self::Part => ("#dbeafe", "#1d4ed8"),
            Self::Worker => ("#e0e7ff", "#4338ca"),
            Self::Task => ("#ede9fe", "#6d28d9"),
            Self::Store => ("#dcfce7", "#15803d"),
            Self::Watcher => ("#fce7f3", "#be185d"),
            Self::Beside => ("#f4f4f5", "#71717a"),
        }
    }
}

/// The colour of writing: dark on every fill, whatever the page around it looks like.
pub(super) const INK: &str = "#18181b";

/// The colour of frames, visible on light and dark pages.
pub(super) const FRAME: &str = "#8b8b94";

/// A frame around shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its heading.
    pub label: String,
    /// The group it stands in, by index; a group comes after the one it stands in.
    pub inside: Option<usize>,
}

/// A thing in the diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// What it stands for.
    pub look: Look,
    /// What is written in it, its name first.
    pub lines: Vec<String>,
    /// The group it stands in, by index.
    pub group: Option<usize>,
}

/// An end of an arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A shape, by index.
    Shape(usize),
    /// A whole group, by index.
    Group(usize),
}

/// An arrow from one thing to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Where it begins.
    pub from: End,
    /// Where it points.
    pub to: End,
    /// What is written at it.
    pub lines: Vec<String>,
    /// Whether it is drawn as a dashed line: something that looks on, rather than a way that data takes.
    pub dashed: bool,
}

/// A diagram. Written as [D2](https://d2lang.com) or as [Mermaid](https://mermaid.js.org); the same diagram
/// always gives the same text, and no text in it can be taken for the language's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagram {
    /// The frames. Those that nothing stands in are left out.
    pub groups: Vec<Group>,
    /// The things.
    pub shapes: Vec<Shape>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
}

impl Diagram {
    /// Adds a frame; its index.
    pub fn group(&mut self, label: impl Into<String>, inside: Option<usize>) -> usize {
        self.groups.push(Group { label: label.into(), inside });
        self.groups.len() - 1
    }

    /// Adds a thing; its index.
    pub fn shape(&mut self, look: Look, lines: Vec<String>, group: Option<usize>) -> usize {
        self.shapes.push(Shape { look, lines, group });
        self.shapes.len() - 1
    }

    /// Adds an arrow.
    pub fn arrow(&mut self, from: End, to: End, lines: Vec<String>, dashed: bool) {
        self.arrows.push(Arrow { from, to, lines, dashed });
    }

    /// Whether anything stands in a group or in those inside it.
    pub(super) fn is_used(&self, group: usize) -> bool {
        self.shapes.iter().any(|shape| shape.group == Some(group))
            || (group + 1..self.groups.len())
                .any(|other| self.groups[other].inside == Some(group) && self.is_used(other))
    }
}
