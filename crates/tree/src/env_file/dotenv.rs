//! Env files as the Ruby gem dotenv 2.8 reads them (`lib/dotenv/parser.rb`, `substitutions/variable.rb`).
//!
//! The gem reads with one regular expression that runs over line ends. This is that expression taken apart, so
//! that no text makes it slow.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{EnvFileError, EnvFileErrorKind, MAX_EXPANDED, Places, Source, Variable};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The most bytes looked at for closing quotes, however many lines look for one.
const MAX_SCANNED: usize = 256 * 1024 * 1024;

/// An assignment found, as ranges of the text.
struct Line<'t> {
    name: &'t str,
    value: &'t str,
    start: usize,
    value_end: usize,
    end: usize,
}

pub(super) fn parse(
    source: &Source<'_>,
    lookup: Lookup<'_>,
    earlier: Lookup<'_>,
) -> Result<Vec<Variable>, EnvFileError> {
    let (text, removed) = unix_lines(source.text);
    let mut places = Places::new(source);
    // Where a place of the normalised text stands in the text as written.
    let written = |at: usize| at + removed.partition_point(|cut| *cut <= at);
    let mut place = |start: usize, end: usize| places.origin(written(start), written(end));
    let mut values: HashMap<String, String> = HashMap::new();
    let mut variables = Vec::new();
    let mut left_over: Vec<(usize, &str)> = Vec::new();
    let mut matcher = Matcher { text: &text, scanned: 0 };
    let (mut at, mut expanded) = (0, 0_usize);
    while at < text.len() {
        let Some(line) = matcher.line(at) else {
            if matcher.scanned > MAX_SCANNED {
                return Err(EnvFileError { kind: EnvFileErrorKind::TooLarge, origin: place(at, at) });
            }
            // Blank lines before it would only find the same.
            let start = skip_spaces(&text, at);
            at = text[start..].find('\n').map_or(text.len(), |end| start + end + 1);
            left_over.push((start, &text[start..at]));
            continue;
        };
        let find = |name: &str| lookup(name).or_else(|| values.get(name).cloned()).or_else(|| earlier(name));
        let made = Value::read(line.value, &find, MAX_EXPANDED.saturating_sub(expanded));
        let made = made.map_err(|refused| {
            let name = line.name.to_owned();
            let kind = match refused {
                Refused::Command => EnvFileErrorKind::Command { name },
                Refused::TooLarge => EnvFileErrorKind::TooLarge,
            };
            EnvFileError { kind, origin: place(line.start, line.start) }
        })?;
        expanded += made.text.len();
        values.insert(line.name.to_owned(), made.text.clone());
        let origin = place(line.start, line.value_end);
        let Value { text: value, used, unset } = made;
        variables.push(Variable { name: line.name.to_owned(), value, origin, used, unset });
        // A match ends at the end of a line; what follows begins the next.
        at = line.end.max(at) + usize::from(text[line.end..].starts_with('\n'));
    }
    for (start, line) in left_over {
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some("export") && !words.all(|name| values.contains_key(name)) {
            let mut places = Places::new(source);
            let origin = places.origin(written(start), written(start));
            return Err(EnvFileError { kind: EnvFileErrorKind::ExportUnset, origin });
        }
    }
    Ok(variables)
}

/// Line ends made `\n`, and the places from which on one more byte is missing.
fn unix_lines(text: &str) -> (Cow<'_, str>, Vec<usize>) {
    if !text.contains('\r') {
        return (text.into(), Vec::new());
    }
    let mut out = String::with_capacity(text.len());
    let mut removed = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\r' {
            if characters.peek() == Some(&'\n') {
                characters.next();
                removed.push(out.len() + 1);
            }
            out.push('\n');
        } else {
            out.push(c);
        }
    }
    (out.into(), removed)
}

/// Ruby's `\s`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{b}' | '\u{c}')
}

fn skip_spaces(text: &str, at: usize) -> usize {
    text[at..].find(|c| !is_space(c)).map_or(text.len(), |skipped| at + skipped)
}

struct Matcher<'t> {
    text: &'t str,
    scanned: usize,
}

impl<'t> Matcher<'t> {
    /// The assignment that begins on the line that begins here (blank lines before it included).
    fn line(&mut self, line_start: usize) -> Option<Line<'t>> {
        let start = skip_spaces(self.text, line_start);
        let exported = self.text[start..].strip_prefix("export").filter(|rest| rest.starts_with(is_space));
        let exported = exported.map(|rest| skip_spaces(self.text, self.text.len() - rest.len()));
        exported.and_then(|name| self.assignment(name)).or_else(|| self.assignment(start))
    }

    fn assignment(&mut self, start: usize) -> Option<Line<'t>> {
        let text = self.text;
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let name_end = text[start..].find(|c| !is_word(c)).map_or(text.len(), |end| start + end);
        let name = &text[start..name_end];
        if name.is_empty() {
            return None;
        }
        let equals = skip_spaces(text, name_end);
        let at = if text[equals..].starts_with('=') {
            equals + 1
        } else {
            let rest = text[name_end..].strip_prefix(':').filter(|rest| rest.starts_with(is_space))?;
            text.len() - rest.len() + 1
        };
        let (value, value_end, end) = self.value(at);
        Some(Line { name, value, start, value_end, end })
    }

    /// The value that begins here, where its text ends, and where the match ends. There always is one: what is
    /// neither quoted nor plain is empty.
    fn value(&mut self, at: usize) -> (&'t str, usize, usize) {
        for quote in ['\'', '"'] {
            if let Some((close, end)) = self.quoted(at, quote) {
                return (&self.text[at..close], close, end);
            }
        }
        let plain = self.text[at..].find(['#', '\n']).map_or(self.text.len(), |end| at + end);
        let end = self.tail(plain).unwrap_or(plain);
        let value = &self.text[at..plain];
        (value, at + value.trim_end_matches(is_space).len(), end)
    }

    /// Quotes close at the first that no backslash precedes; where no line can end there, at the last of those
    /// before it where one can.
    fn quoted(&mut self, at: usize, quote: char) -> Option<(usize, usize)> {
        let open = skip_spaces(self.text, at);
        let inside = self.text[open..].strip_prefix(quote)?;
        let first = open + 1;
        let mut escaped = Vec::new();
        let mut close = None;
        for (offset, _) in inside.match_indices(quote) {
            if inside[..offset].ends_with('\\') {
                escaped.push(first + offset);
            } else {
                close = Some(first + offset);
                break;
            }
        }
        self.scanned += close.unwrap_or(self.text.len()) - open;
        if self.scanned > MAX_SCANNED {
            return None;
        }
        let candidates = close.into_iter().chain(escaped.into_iter().rev());
        candidates.map(|close| close + 1).find_map(|end| Some((end, self.tail(end)?)))
    }

    /// Where a match ends whose value ends here: whitespace and a comment may follow, on later lines too.
    fn tail(&self, at: usize) -> Option<usize> {
        let text = self.text;
        let next = skip_spaces(text, at);
        if text[next..].starts_with('#') {
            return Some(text[next..].find('\n').map_or(text.len(), |end| next + end));
        }
        if next == text.len() {
            return Some(next);
        }
        text[at..next].rfind('\n').map(|end| at + end)
    }
}

#[derive(Debug)]
enum Refused {
    Command,
    TooLarge,
}

/// A value, made.
struct Value {
    text: String,
    used: Vec<String>,
    unset: Vec<String>,
}

impl Value {
    fn read(raw: &str, find: &dyn Fn(&str) -> Option<String>, room: usize) -> Result<Self, Refused> {
        let stripped = raw.trim_matches(is_space);
        let quote = ['\'', '"']
            .into_iter()
            .find(|quote| stripped.len() >= 2 && stripped.starts_with(*quote) && stripped.ends_with(*quote));
        let inside = if quote.is_some() { &stripped[1..stripped.len() - 1] } else { stripped };
        let mut value = Self { text: String::new(), used: Vec::new(), unset: Vec::new() };
        if inside.len() > room {
            return Err(Refused::TooLarge);
        }
        match quote {
            Some('\'') => value.text = inside.to_owned(),
            Some(_) => {
                let lines = inside.replace("\\n", "\n").replace("\\r", "\r");
                value.substitute(&unescape(&lines), find, room)?;
            }
            None => value.substitute(&unescape(inside), find, room)?,
        }
        Ok(value)
    }

    /// Variables (`$NAME`, `${NAME}`, and `\$` for a dollar that is none), then commands.
    fn substitute(
        &mut self,
        text: &str,
        find: &dyn Fn(&str) -> Option<String>,
        room: usize,
    ) -> Result<(), Refused> {
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let after = &rest[at + 1..];
            let (before, is_escaped) = match rest[..at].strip_suffix('\\') {
                Some(before) if !after.starts_with('(') => (before, true),
                _ => (&rest[..at], false),
            };
            self.text.push_str(before);
            let inside = after.strip_prefix('{').unwrap_or(after);
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = &inside[..inside.find(|c| !is_word(c)).unwrap_or(inside.len())];
            let behind = &inside[name.len()..];
            rest = behind.strip_prefix('}').unwrap_or(behind);
            if after.starts_with('(') {
                self.text.push('$');
                rest = after;
            } else if is_escaped || name.is_empty() {
                self.text.push('$');
                self.text.push_str(&after[..after.len() - rest.len()]);
            } else {
                self.used.push(name.to_owned());
                match find(name) {
                    Some(found) => self.text.push_str(&found),
                    None => self.unset.push(name.to_owned()),
                }
            }
            if self.text.len() > room {
                return Err(Refused::TooLarge);
            }
        }
        self.text.push_str(rest);
        self.text = without_commands(&self.text)?;
        Ok(())
    }
}

/// Backslashes are taken away, but for one before a dollar.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, characters.clone().next()) {
            ('\\', Some(next)) if next != '$' => {
                out.push(next);
                characters.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// Refuses `$(command)`; a backslash before it is taken away instead. An open parenthesis that is not closed
/// begins no command, nor does an empty pair.
fn without_commands(text: &str) -> Result<String, Refused> {
    let closes = closings(text);
    let mut out = String::with_capacity(text.len());
    let mut rest_at = 0;
    while let Some(found) = text[rest_at..].find("$(") {
        let at = rest_at + found;
        let Some(close) = closes.get(&(at + 1)).copied() else {
            out.push_str(&text[rest_at..=at + 1]);
            rest_at = at + 2;
            continue;
        };
        let Some(before) = text[rest_at..at].strip_suffix('\\') else { return Err(Refused::Command) };
        out.push_str(before);
        out.push_str(&text[at..=close]);
        rest_at = close + 1;
    }
    out.push_str(&text[rest_at..]);
    Ok(out)
}

/// Where each parenthesis that holds something, and nothing empty, closes.
fn closings(text: &str) -> HashMap<usize, usize> {
    let mut closes = HashMap::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push((at, true)),
            b')' => {
                let Some((start, fine)) = open.pop() else { continue };
                let fine = fine && at > start + 1;
                if fine {
                    closes.insert(start, at);
                } else if let Some(around) = open.last_mut() {
                    around.1 = false;
                }
            }
            _ => {}
        }
    }
    closes
}
