//! The few lines around a place in a user's file, made fit to be shown: no secret in them, and no wider than a
//! screen, however long the file's lines are.

use installation::{holds_secret, is_secret};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use tree::{Files, Origin};

/// Lines shown before and after the one in question.
const AROUND: usize = 1;
/// Characters of a line that are shown, at most.
const WIDTH: usize = 120;
/// Of these, the characters before the place.
const BEFORE: usize = 48;
/// From this length on, a word of letters and digits may be a key or a token.
const TOKEN: usize = 24;
/// From this length on, only the part of a line that is shown is looked at, and its beginning, where its name is.
const LONG: usize = 4096;
const HIDDEN: &str = "•••";

/// Lines of a file with a place marked in them.
#[derive(Debug, Clone)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    first_line: usize,
    /// The mark's column in the file, counted from 0.
    column: usize,
    /// Start and length of the mark, in bytes of the text shown.
    pub(crate) mark: (usize, usize),
}

impl Excerpt {
    /// The lines around a place. `None` where nothing may be shown of the file: it describes a Secret.
    pub(crate) fn around(files: &Files, origin: Origin) -> Option<Self> {
        let text = files.text(origin.file);
        if text.lines().any(|line| line.contains("kind:") && line.contains("Secret")) {
            return None;
        }
        let start = floor(&text, (origin.offset as usize).min(text.len()));
        let lines = Lines::around(&text, start);
        let mut shown = String::new();
        let mut mark = (0, 1);
        for (index, line) in lines.texts.iter().enumerate() {
            let column = if index == lines.marked { start - lines.marked_start } else { 0 };
            let (clipped, column) = fit(line, column, lines.before[index], files.name(origin.file));
            if index == lines.marked {
                let end = floor(&clipped, clipped.len().min(column + origin.length as usize));
                let one = clipped[column..].chars().next().map_or(1, char::len_utf8);
                mark = (shown.len() + column, end.saturating_sub(column).max(one));
            }
            shown.push_str(&clipped);
            shown.push('\n');
        }
        Some(Self {
            name: files.name(origin.file).to_owned(),
            text: shown,
            first_line: lines.first,
            column: (origin.column as usize).saturating_sub(1),
            mark,
        })
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, before, after)?;
        // Without context it is asked for to name the place: the file's column, not that of the cut line.
        let column = if (before, after) == (0, 0) { self.column } else { contents.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            contents.line() + self.first_line,
            column,
            contents.line_count(),
        )))
    }
}

/// The lines to show.
struct Lines<'a> {
    texts: Vec<&'a str>,
    /// For each, what stands before it.
    before: Vec<&'a str>,
    /// Number of the first, counted from 0.
    first: usize,
    /// Which of them holds the place.
    marked: usize,
    /// Where that one starts in the file.
    marked_start: usize,
}

impl<'a> Lines<'a> {
    fn around(text: &'a str, place: usize) -> Self {
        let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |found| found + 1);
        let marked_start = line_start(place);
        let mut starts = vec![marked_start];
        for _ in 0..AROUND {
            match starts[0] {
                0 => break,
                first => starts.insert(0, line_start(first - 1)),
            }
        }
        let marked = starts.len() - 1;
        let mut next = marked_start;
        for _ in 0..AROUND {
            match text[next..].find('\n') {
                Some(end) if next + end + 1 < text.len() => next += end + 1,
                _ => break,
            }
            starts.push(next);
        }
        let line = |start: usize| text[start..].lines().next().unwrap_or_default();
        Self {
            texts: starts.iter().map(|start| line(*start)).collect(),
            before: starts.iter().map(|start| &text[..*start]).collect(),
            first: text[..starts[0]].matches('\n').count(),
            marked,
            marked_start,
        }
    }
}

/// What is shown of a line, and where its column has come to.
fn fit(line: &str, column: usize, before: &str, file: &str) -> (String, usize) {
    if line.len() > LONG {
        let head = &line[..floor(line, LONG / 16)];
        let (part, column) = clip(line, column);
        let is_open = hide(head, before, file).1.is_none() && hide(&part, "", "").1.is_none();
        return if is_open { (part, column) } else { (HIDDEN.to_owned(), 0) };
    }
    let (clean, hidden_from) = hide(line, before, file);
    let column = hidden_from.map_or(column, |from| column.min(from)).min(clean.len());
    clip(&clean, floor(&clean, column))
}

/// A line without what may be secret in it, and where something was hidden.
fn hide(line: &str, before: &str, file: &str) -> (String, Option<usize>) {
    let from = if belongs_to_secret(line, before) {
        Some(line.len() - line.trim_start().len())
    } else if is_env_file(file) || names_secret(line, before) || holds_secret(line) {
        line.find([':', '=']).map(|at| at + 1)
    } else {
        None
    };
    match from {
        Some(from) => (format!("{}{HIDDEN}", &line[..from]), Some(from)),
        None => without_tokens(line),
    }
}

fn is_env_file(file: &str) -> bool {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.contains(".env") || name.starts_with("env.") || name.ends_with("env")
}

/// Whether the line sets a name that is a secret's: `NAME=…`, `NAME: …`, or `value: …` after `name: NAME`.
fn names_secret(line: &str, before: &str) -> bool {
    let names = line.split([':', '=']).map(key).take(2);
    let above = before.lines().next_back().unwrap_or_default();
    let named_above = key(line.split(':').next().unwrap_or_default()) == "value"
        && above.split_once("name:").is_some_and(|(_, name)| is_secret(key(name)));
    named_above || names.into_iter().any(is_secret)
}

fn key(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || "-\"'{,}".contains(letter))
}

/// Whether the line continues a text of several lines that a secret name begins.
fn belongs_to_secret(line: &str, before: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let head =
        before.lines().rev().take(200).find(|above| !above.trim().is_empty() && indent(above) < indent(line));
    head.is_some_and(|head| {
        let opens = head.trim_end().ends_with(['|', '>', '-', '+', '"', '\'']);
        opens && head.split_once(':').is_some_and(|(name, _)| is_secret(key(name)))
    })
}

/// Hides words that look like keys or tokens: long, and of letters and digits mixed.
fn without_tokens(line: &str) -> (String, Option<usize>) {
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || "+/=_".contains(letter);
    let mut clean = String::with_capacity(line.len().min(4096));
    let mut first = None;
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|letter| !in_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let mixed = word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_alphabetic());
        if word.len() >= TOKEN && mixed {
            first.get_or_insert(clean.len());
            clean.push_str(HIDDEN);
        } else {
            clean.push_str(word);
        }
        let gap = after.find(in_word).unwrap_or(after.len());
        clean.push_str(&after[..gap]);
        rest = &after[gap..];
    }
    (clean, first)
}

/// The part of a line around a column, with the column in it.
fn clip(line: &str, column: usize) -> (String, usize) {
    let from = line[..column].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
    let until = line[from..].char_indices().nth(WIDTH).map_or(line.len(), |(at, _)| from + at);
    let (start, end) = (if from > 0 { "…" } else { "" }, if until < line.len() { "…" } else { "" });
    (format!("{start}{}{end}", &line[from..until]), start.len() + column - from)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str, wanted: &str) -> String {
        let mut files = Files::new();
        let file = files.add(name, text);
        let offset = text.find(wanted).expect("is in the text");
        let line = u32::try_from(text[..offset].matches('\n').count()).expect("small") + 1;
        let origin = Origin {
            file,
            line,
            column: 1,
            offset: u32::try_from(offset).expect("small"),
            length: u32::try_from(wanted.len()).expect("small"),
        };
        Excerpt::around(&files, origin).map_or_else(String::new, |excerpt| {
            let (start, length) = excerpt.mark;
            assert!(excerpt.text.get(start..start + length).is_some(), "the mark is within the text");
            excerpt.text
        })
    }

    #[test]
    fn a_line_is_shown_with_its_neighbours() {
        let text = "a: 1\nb: 2\nc: 3\nd: 4\n";
        assert_eq!(shown("x.yaml", text, "c: 3"), "b: 2\nc: 3\nd: 4\n");
        assert_eq!(shown("x.yaml", text, "a: 1"), "a: 1\nb: 2\n");
    }

    #[test]
    fn no_secret_is_shown() {
        let cases = [
            ("docker-compose.yml", "environment:\n  DB_PASS: hush\n  B: 2\n", "B: 2"),
            ("docker-compose.yml", "environment:\n- DB_PASS=hush\n- B=2\n", "B=2"),
            ("web.yaml", "- name: OTP_SECRET\n  value: hush\n- name: B\n", "value"),
            ("values.yaml", "secrets:\n  secretKeyBase: |\n    hush\n    more\nx: 1\n", "more"),
            (".env.production", "ANYTHING=hush\nB=2\n", "B=2"),
            ("web.yaml", "a: postgres://mastodon:hush@db/x\nb: 1\n", "b: 1"),
            ("web.yaml", "a: hush1hush2hush3hush4hush5hush6hush7\nb: 1\n", "b: 1"),
            ("secret.yaml", "kind: Secret\ndata: {a: hush}\nb: 1\n", "b: 1"),
        ];
        for (name, text, wanted) in cases {
            assert!(!shown(name, text, wanted).contains("hush"), "{name}: {text:?}");
        }
    }

    #[test]
    fn a_long_line_is_clipped_around_the_place() {
        let text = format!("[{}x{}]\n", "1, ".repeat(100_000), ", 2".repeat(100_000));
        let shown = shown("x.yaml", &text, "x");
        assert!(shown.chars().count() < 130 && shown.contains('x'), "{shown:?}");
        assert!(shown.starts_with('…') && shown.ends_with("…\n"));
    }
}
