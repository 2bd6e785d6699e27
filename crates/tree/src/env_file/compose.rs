//! Env files as Docker Compose v2 reads them (compose-go 2.9.1, `dotenv/parser.go`).

use std::collections::HashMap;

use super::{EnvFileError, EnvFileErrorKind, MAX_EXPANDED, Places, Source, Variable, is_space};
use crate::template::{Interpolated, TemplateError, interpolate};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn parse(
    source: &Source<'_>,
    lookup: Lookup<'_>,
    earlier: Lookup<'_>,
) -> Result<Vec<Variable>, EnvFileError> {
    let mut reader = Reader {
        text: source.text,
        places: Places::new(source),
        lookup,
        earlier,
        values: HashMap::new(),
        expanded: 0,
    };
    let mut variables = Vec::new();
    let mut at = 0;
    while let Some(start) = statement(source.text, at) {
        let (variable, next) = reader.statement(start)?;
        if let Some(variable) = variable {
            reader.values.insert(variable.name.clone(), variable.value.clone());
            variables.push(variable);
        }
        at = next;
    }
    Ok(variables)
}

struct Reader<'a> {
    text: &'a str,
    places: Places<'a>,
    lookup: Lookup<'a>,
    earlier: Lookup<'a>,
    values: HashMap<String, String>,
    expanded: usize,
}

/// How a name ends.
#[derive(PartialEq)]
enum NameEnd {
    /// At `=` or `:`.
    Separator,
    /// At the end of its line: the environment gives the value.
    Line,
    /// At the end of the file. The tool then takes the whole for a value without a name.
    File,
}

/// Where the next statement begins: whitespace and comments are passed over.
fn statement(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let rest = &text[at..];
        at += rest.find(|c| !is_space(c))?;
        if !text[at..].starts_with('#') {
            return Some(at);
        }
        at += text[at..].find('\n')?;
    }
}

/// Whitespace that ends no line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// The place behind blanks.
fn skip_blanks(text: &str, at: usize) -> usize {
    text[at..].find(|c| !is_blank(c)).map_or(text.len(), |skipped| at + skipped)
}

impl<'a> Reader<'a> {
    fn error(&mut self, kind: EnvFileErrorKind, start: usize) -> EnvFileError {
        EnvFileError { kind, origin: self.places.origin(start, start) }
    }

    fn statement(&mut self, start: usize) -> Result<(Option<Variable>, usize), EnvFileError> {
        let text = self.text;
        // Go's `\s` ends the word.
        let exported = text[start..]
            .strip_prefix("export")
            .filter(|rest| rest.starts_with(['\t', '\n', '\u{c}', '\r', ' ']));
        let name_start = exported.map_or(start, |rest| skip_blanks(text, text.len() - rest.len()));
        let (name, end, next) = self.name(name_start)?;
        if name.contains(' ') {
            return Err(self.error(EnvFileErrorKind::Name, name_start));
        }
        if end == NameEnd::Line {
            let Some(value) = (self.lookup)(name) else { return Ok((None, next)) };
            let origin = self.places.origin(name_start, name_start + name.len());
            let used = vec![name.to_owned()];
            let variable = Variable { name: name.to_owned(), value, origin, used, unset: Vec::new() };
            return Ok((Some(variable), next));
        }
        let (value, value_end, next) = self.value(name, name_start, next)?;
        let origin = self.places.origin(name_start, value_end);
        let Interpolated { text: value, used, unset, .. } = value;
        Ok((Some(Variable { name: name.to_owned(), value, origin, used, unset }), next))
    }

    /// The name that begins here, how it ends, and where what follows it begins.
    fn name(&mut self, start: usize) -> Result<(&'a str, NameEnd, usize), EnvFileError> {
        let text = self.text;
        if start == text.len() {
            return Err(self.error(EnvFileErrorKind::Name, start));
        }
        for (at, c) in text[start..].char_indices() {
            let end = match c {
                '=' | ':' => NameEnd::Separator,
                '\n' => NameEnd::Line,
                '_' | '.' | '-' | '[' | ']' => continue,
                c if is_blank(c) || c.is_alphabetic() || c.is_numeric() => continue,
                _ => return Err(self.error(EnvFileErrorKind::Name, start)),
            };
            let name = text[start..start + at].trim_end_matches(is_space);
            return Ok((name, end, skip_blanks(text, start + at + 1)));
        }
        Ok(("", NameEnd::File, start))
    }

    /// The value that begins here, where its text ends, and where the next statement may begin.
    fn value(
        &mut self,
        name: &str,
        name_start: usize,
        start: usize,
    ) -> Result<(Interpolated, usize, usize), EnvFileError> {
        let rest = &self.text[start..];
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            let line = rest.split('\n').next().unwrap_or_default();
            let value = line.split(" #").next().unwrap_or_default().trim_end_matches(is_space);
            let next = (start + line.len() + 1).min(self.text.len());
            return Ok((self.expand(name, name_start, value)?, start + value.len(), next));
        };
        let Some((inside, length)) = quoted(rest, quote) else {
            return Err(self.error(EnvFileErrorKind::Unterminated { name: name.to_owned() }, name_start));
        };
        let next = start + length;
        let value = if quote == '"' {
            self.expand(name, name_start, &unescape(&inside))?
        } else {
            self.count(inside.len(), name_start)?;
            Interpolated { text: inside, ..Interpolated::default() }
        };
        Ok((value, next, next))
    }

    fn expand(&mut self, name: &str, at: usize, value: &str) -> Result<Interpolated, EnvFileError> {
        let result = interpolate(value, &|name| {
            (self.lookup)(name).or_else(|| self.values.get(name).cloned()).or_else(|| (self.earlier)(name))
        });
        let name = name.to_owned();
        let kind = match result {
            Ok(value) => {
                self.count(value.text.len(), at)?;
                return Ok(value);
            }
            Err(TemplateError::Invalid) => EnvFileErrorKind::Expression { name },
            Err(TemplateError::Required { name: required, .. }) => {
                EnvFileErrorKind::Required { name, required }
            }
            Err(TemplateError::TooLarge) => EnvFileErrorKind::TooLarge,
        };
        Err(self.error(kind, at))
    }

    fn count(&mut self, more: usize, at: usize) -> Result<(), EnvFileError> {
        self.expanded = self.expanded.saturating_add(more);
        if self.expanded > MAX_EXPANDED {
            return Err(self.error(EnvFileErrorKind::TooLarge, at));
        }
        Ok(())
    }
}

/// What stands between quotes, and how long it is with them. A backslash takes the quote after it into the
/// text, and otherwise stays.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote {
            if !escaped {
                return Some((inside, at + 1));
            }
            inside.push(c);
            escaped = false;
        } else if c == '\\' && !escaped {
            escaped = true;
        } else {
            if escaped {
                inside.push('\\');
            }
            inside.push(c);
            escaped = false;
        }
    }
    None
}

/// Escapes in double quotes: those of Go's literals, octal as `\0nnn`, and `\$` for a dollar that is none.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = after.chars().next().map_or(0, char::len_utf8);
        let single = match after.chars().next() {
            Some('a') => Some("\u{7}"),
            Some('b') => Some("\u{8}"),
            Some('f') => Some("\u{c}"),
            Some('n') => Some("\n"),
            Some('r') => Some("\r"),
            Some('t') => Some("\t"),
            Some('v') => Some("\u{b}"),
            Some('"') => Some("\""),
            Some('\\') => Some("\\"),
            Some('$') => Some("$$"),
            _ => None,
        };
        if let Some(single) = single {
            out.push_str(single);
            rest = &after[length..];
        } else if let Some(digits) = after.strip_prefix('0') {
            let count = digits.bytes().take(3).take_while(u8::is_ascii_digit).count();
            let (digits, next) = digits.split_at(count);
            match u8::from_str_radix(digits, 8) {
                Ok(byte) if count == 3 => out.push(char::from(byte)),
                // The zero is lost where Go knows no such literal.
                _ => {
                    out.push('\\');
                    out.push_str(digits);
                }
            }
            rest = next;
        } else {
            out.push('\\');
            rest = after;
        }
    }
    out + rest
}
