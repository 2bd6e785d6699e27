//! From YAML (and so JSON) text to nodes.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::{FileId, Files, Mapping, Node, Origin, Value, scalar};

/// The most nodes one file may become, aliases expanded: far above any real deployment, far below what an
/// alias bomb asks for.
pub const MAX_NODES: usize = 1_000_000;

/// How deep values may be nested, aliases followed: far deeper than anyone writes, and no danger to the stack.
pub const MAX_DEPTH: usize = 100;

/// A text could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where.
    pub origin: Origin,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParseErrorKind {
    /// A tab where YAML allows only spaces.
    #[error("a tab is used for indentation")]
    Tab,
    /// Not YAML, in the parser's words.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// The text ends in the middle of something.
    #[error("the text ends too early: {0}")]
    Truncated(String),
    /// A key stands twice in one mapping.
    #[error("the key {key:?} is already set on line {first_line}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stood first.
        first_line: u32,
    },
    /// A key is a collection.
    #[error("a mapping or sequence cannot be a key")]
    ComplexKey,
    /// `<<` names something that is not a mapping.
    #[error("the merge key << needs a mapping or a list of mappings")]
    BadMerge,
    /// An alias to nothing.
    #[error("the alias refers to no anchor")]
    UnknownAlias,
    /// More than [`MAX_NODES`].
    #[error("more than {MAX_NODES} values (an alias bomb?)")]
    TooLarge,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Reads every document of a file. Empty documents are left out.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(files: &Files, file: FileId) -> Result<Vec<Node>, ParseError> {
    parse_as(files, file, Dialect::Kustomize)
}

/// What a text means depends on who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml v3, under Kustomize: `yes` is a text, a key that stands twice is an error.
    Kustomize,
    /// go-yaml v2, under Helm and the Kubernetes API: `yes` is true, keys too are resolved (`on: x` becomes
    /// `"true": x`), and of two equal keys the later one counts.
    Helm,
}

/// Reads every document of a file as one of the dialects means it. Empty documents are left out.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse_as(files: &Files, file: FileId, dialect: Dialect) -> Result<Vec<Node>, ParseError> {
    let text = files.text(file);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = Reader::new(text, Place::File(file));
    reader.dialect = dialect;
    reader.documents()
}

/// Reads a document that stands inside a scalar of another (an inline patch): its nodes get the lines of
/// the file around it.
///
/// # Errors
/// The first thing that is wrong, with its place in the file around.
pub fn parse_embedded(scalar: &Node) -> Result<Vec<Node>, ParseError> {
    let text = scalar.as_str().unwrap_or_default();
    Reader::new(text, scalar.origin.map_or(Place::Nowhere, Place::Inside)).documents()
}

/// Documents with what their values alone do not tell.
#[derive(Debug, Clone, Default)]
pub struct Tagged {
    /// The documents, as [`parse`] reads them.
    pub documents: Vec<Node>,
    /// Application tags (`!reset`), by the place of the node that bears one.
    pub tags: HashMap<Origin, String>,
    /// Keys that are no text to YAML: `1`, `true`, `null`.
    pub odd_keys: Vec<Origin>,
}

/// Reads every document of a file, for formats that look at tags and at the types of keys.
///
/// # Errors
/// As [`parse`].
pub fn parse_tagged(files: &Files, file: FileId) -> Result<Tagged, ParseError> {
    let text = files.text(file);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut tagged = Tagged::default();
    let mut reader = Reader::new(text, Place::File(file));
    reader.notes = Some(&mut tagged);
    let documents = reader.documents()?;
    tagged.documents = documents;
    Ok(tagged)
}

#[derive(Clone, Copy)]
enum Place {
    File(FileId),
    Inside(Origin),
    Nowhere,
}

struct Reader<'a> {
    text: &'a str,
    place: Place,
    events: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    dialect: Dialect,
    depth: usize,
    notes: Option<&'a mut Tagged>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, place: Place) -> Self {
        let mut options = granit_parser::Options::default();
        options.set_emit_comments(false);
        let events = Parser::new_from_str_with_options(text, options);
        Self {
            text,
            place,
            events,
            anchors: HashMap::new(),
            nodes: 0,
            depth: 0,
            dialect: Dialect::Kustomize,
            notes: None,
        }
    }

    fn documents(mut self) -> Result<Vec<Node>, ParseError> {
        let mut documents = Vec::new();
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(documents),
                Event::DocumentStart(..) => self.anchors.clear(),
                Event::StreamStart | Event::DocumentEnd => {}
                other => {
                    let node = self.node(other, span)?;
                    if !(node.value == Value::Null && node.spelling.as_deref() == Some("")) {
                        documents.push(node);
                    }
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, granit_parser::Span), ParseError> {
        match self.events.next_event() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(error)) => Err(self.syntax_error(&error)),
            None => {
                let end = granit_parser::Marker::new(self.text.len(), 1, 0);
                Ok((Event::StreamEnd, granit_parser::Span::new(end, end)))
            }
        }
    }

    fn syntax_error(&self, error: &granit_parser::ScanError) -> ParseError {
        let origin = self.origin(granit_parser::Span::new(*error.marker(), *error.marker()));
        let origin = origin.unwrap_or_else(|| self.nowhere());
        let start = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let line_start = self.text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = self.text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let indentation = &line[..line.len() - line.trim_start().len()];
        let info = error.info();
        let kind = if indentation.contains('\t') || info.contains("tab") {
            ParseErrorKind::Tab
        } else if self.text.get(start..).is_none_or(|rest| rest.trim().is_empty())
            || info.starts_with("unclosed")
        {
            ParseErrorKind::Truncated(info)
        } else {
            ParseErrorKind::Syntax(info)
        };
        ParseError { kind, origin }
    }

    fn nowhere(&self) -> Origin {
        let file = match self.place {
            Place::File(file) => file,
            Place::Inside(around) => return around,
            Place::Nowhere => Files::new().add("", ""),
        };
        Origin { file, line: 1, column: 1, offset: 0, length: 0 }
    }

    fn origin(&self, span: granit_parser::Span) -> Option<Origin> {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let start = span.start.byte_offset().unwrap_or(0);
        let length = number(span.end.byte_offset().unwrap_or(start).saturating_sub(start));
        let line = number(span.start.line().max(1));
        let column = number(span.start.col() + 1);
        match self.place {
            Place::Nowhere => None,
            Place::File(file) => Some(Origin { file, line, column, offset: number(start), length }),
            // A block scalar's first line is the one below its `|`; a quoted one begins on its own line.
            Place::Inside(around) => Some(Origin {
                file: around.file,
                line: around.line + line - 1,
                column,
                offset: around.offset.saturating_add(1).saturating_add(number(start)),
                length,
            }),
        }
    }

    fn error(&self, kind: ParseErrorKind, origin: Option<Origin>) -> ParseError {
        ParseError { kind, origin: origin.unwrap_or_else(|| self.nowhere()) }
    }

    fn count(&mut self, more: usize, origin: Option<Origin>) -> Result<(), ParseError> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MAX_NODES {
            return Err(self.error(ParseErrorKind::TooLarge, origin));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: granit_parser::Span) -> Result<Node, ParseError> {
        let origin = self.origin(span);
        self.count(1, origin)?;
        self.note_tag(&event, origin);
        self.depth += 1;
        self.check_depth(0, origin)?;
        let node = self.value(event, origin);
        self.depth -= 1;
        node
    }

    fn check_depth(&self, more: usize, origin: Option<Origin>) -> Result<(), ParseError> {
        if self.depth + more > MAX_DEPTH {
            return Err(self.error(ParseErrorKind::TooDeep, origin));
        }
        Ok(())
    }

    /// Whether what stands here is the end of a text whose last line has no end: go-yaml v2 gives a block scalar there
    /// none either (helm 4.1.4), where YAML would have it end its last line.
    fn ends_unended(&self, origin: Option<Origin>) -> bool {
        let end = origin.map(|origin| u64::from(origin.offset) + u64::from(origin.length));
        !self.text.ends_with('\n') && end == u64::try_from(self.text.len()).ok()
    }

    fn value(&mut self, event: Event<'a>, origin: Option<Origin>) -> Result<Node, ParseError> {
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix() == "str");
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let value = match self.dialect {
                    Dialect::Helm if is_block && self.ends_unended(origin) => {
                        Value::String(text.strip_suffix('\n').unwrap_or(&text).to_owned())
                    }
                    _ if is_text => Value::String(text.to_string()),
                    Dialect::Kustomize => scalar::resolve(&text),
                    Dialect::Helm => scalar::resolve_old(&text),
                };
                let spelling = match value {
                    Value::String(_) => None,
                    _ => Some(text.as_ref().into()),
                };
                (Node { value, origin, spelling }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, span)?);
                }
                (Node::from(Value::Sequence(items)).at(origin), anchor)
            }
            Event::MappingStart(_, anchor, _) => (self.mapping(origin)?, anchor),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else {
                    return Err(self.error(ParseErrorKind::UnknownAlias, origin));
                };
                self.count(size(&node), origin)?;
                self.check_depth(depth(&node), origin)?;
                return Ok(node);
            }
            other => {
                let detail = format!("unexpected {other:?}");
                return Err(self.error(ParseErrorKind::Syntax(detail), origin));
            }
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn note_tag(&mut self, event: &Event<'a>, origin: Option<Origin>) {
        let (Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, _, tag) | Event::MappingStart(_, _, tag)) =
            event
        else {
            return;
        };
        if let (Some(notes), Some(tag), Some(origin)) = (&mut self.notes, tag, origin)
            && tag.handle() == "!"
        {
            notes.tags.insert(origin, tag.suffix().to_owned());
        }
    }

    fn note_key(&mut self, key: &(String, bool), origin: Option<Origin>) {
        if let (Some(notes), (text, true), Some(origin)) = (&mut self.notes, key, origin)
            && !matches!(scalar::resolve(text), Value::String(_))
        {
            notes.odd_keys.push(origin);
        }
    }

    fn mapping(&mut self, origin: Option<Origin>) -> Result<Node, ParseError> {
        let mut mapping = Mapping::new();
        // The line of each key, by its place in the mapping.
        let mut lines: Vec<u32> = Vec::new();
        let mut merged: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let key_origin = self.origin(span);
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, _, _) => (text.to_string(), style == ScalarStyle::Plain),
                Event::Alias(id) => match self.anchors.get(&id).and_then(Node::as_str) {
                    Some(text) => (text.to_owned(), false),
                    None => return Err(self.error(ParseErrorKind::ComplexKey, key_origin)),
                },
                _ => return Err(self.error(ParseErrorKind::ComplexKey, key_origin)),
            };
            self.note_key(&key, key_origin);
            if self.dialect == Dialect::Helm && key.1 && scalar::is_null(&key.0) {
                return Err(self.error(ParseErrorKind::Syntax("a key is missing".to_owned()), key_origin));
            }
            let key = match self.dialect {
                Dialect::Helm if key.1 && key.0 != "<<" => (scalar::key_of_old(&key.0), false),
                _ => key,
            };
            let (event, span) = self.next()?;
            let child = self.node(event, span)?;
            if key == ("<<".to_owned(), true) {
                match &child.value {
                    Value::Mapping(_) => merged.push(child),
                    Value::Sequence(items) if items.iter().all(|item| item.as_mapping().is_some()) => {
                        merged.extend(items.iter().cloned());
                    }
                    _ => return Err(self.error(ParseErrorKind::BadMerge, child.origin.or(key_origin))),
                }
                continue;
            }
            let line = key_origin.map_or(0, |origin| origin.line);
            if self.dialect == Dialect::Kustomize
                && let Some(index) = mapping.get_index_of(&key.0)
            {
                let kind = ParseErrorKind::DuplicateKey { key: key.0, first_line: lines[index] };
                return Err(self.error(kind, key_origin));
            }
            lines.push(line);
            mapping.insert(key.0, child);
        }
        for source in merged {
            if let Value::Mapping(inherited) = source.value {
                for (key, child) in inherited {
                    mapping.entry(key).or_insert(child);
                }
            }
        }
        Ok(Node::from(Value::Mapping(mapping)).at(origin))
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Mapping(mapping) => 1 + mapping.values().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(mapping) => 1 + mapping.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Node>, ParseError> {
        let mut files = Files::new();
        let file = files.add("a.yaml", text);
        parse(&files, file)
    }

    #[test]
    fn every_leaf_knows_its_line() {
        let documents = read("a: 1\nb:\n- x\n- y: {}\n---\nc: null\n").expect("valid");
        let places: Vec<(String, u32)> = documents
            .iter()
            .flat_map(Node::leaves)
            .map(|leaf| (leaf.path.to_string(), leaf.node.origin.expect("read from a file").line))
            .collect();
        let expected = [("a", 1), ("b[0]", 3), ("b[1].y", 4), ("c", 6)];
        assert_eq!(places, expected.map(|(path, line)| (path.to_owned(), line)));
    }

    #[test]
    fn an_embedded_document_has_the_lines_of_the_file_around_it() {
        let documents = read("patch: |-\n  a: 1\n  b: 2\n").expect("valid");
        let inner = parse_embedded(documents[0].get("patch").expect("there")).expect("valid");
        assert_eq!(inner[0].get("b").and_then(|node| node.origin).expect("origin").line, 3);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = read("a: 1\nb: 2\na: 3\n").expect_err("duplicate");
        assert_eq!(error.kind, ParseErrorKind::DuplicateKey { key: "a".into(), first_line: 1 });
        assert_eq!(error.origin.line, 3);
        let error = read("a:\n\tb: 1\n").expect_err("tab");
        assert_eq!((error.kind, error.origin.line), (ParseErrorKind::Tab, 2));
        let error = read("a: [1, 2\n").expect_err("truncated");
        assert!(matches!(error.kind, ParseErrorKind::Truncated(_)), "{error:?}");
        let error = read("a: \"x\n").expect_err("truncated");
        assert!(matches!(error.kind, ParseErrorKind::Truncated(_)), "{error:?}");
        assert_eq!(read("? [a]\n: b\n").expect_err("key").kind, ParseErrorKind::ComplexKey);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert_eq!(read(&text).expect_err("bomb").kind, ParseErrorKind::TooLarge);
    }

    #[test]
    fn helm_reads_as_the_older_library_does() {
        let text = "on: yes\na: 0b11\n0x10: off\nb: '10:00'\na: n\nc: 1_000\nd: 0o7\ne: 2.\n";
        let mut files = Files::new();
        let file = files.add("a.yaml", text);
        let documents = parse_as(&files, file, Dialect::Helm).expect("valid");
        let expected = r#"{"true":true,"a":false,"16":false,"b":"10:00","c":1000,"d":7,"e":2.0}"#;
        assert_eq!(documents[0].to_json().to_string(), expected);
        let file = files.add("b.yaml", "a:\n  : 1\n");
        assert!(matches!(parse_as(&files, file, Dialect::Helm), Err(error) if error.origin.line == 2));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
            let text = format!("{}x{}", open.repeat(100_000), close.repeat(100_000));
            let error = read(&text).expect_err("deep");
            assert!(matches!(error.kind, ParseErrorKind::TooDeep | ParseErrorKind::Syntax(_)), "{error:?}");
        }
        let mut text = format!("- &a0 {}{}\n", "[".repeat(90), "]".repeat(90));
        for level in 1..100 {
            text.push_str(&format!("- &a{level} [*a{}]\n", level - 1));
        }
        assert_eq!(read(&text).expect_err("deep").kind, ParseErrorKind::TooDeep);
    }

    #[test]
    fn merge_keys_yield_to_what_is_written() {
        let documents = read("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  x: 3\n").expect("valid");
        assert_eq!(documents[0].get("use").expect("there").to_json().to_string(), r#"{"x":3,"y":2}"#);
    }
}
