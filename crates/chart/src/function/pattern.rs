//! Regular expressions.
//!
//! Go's RE2 and the `regex` crate share their syntax but for rarities; what this one cannot read is refused.

use std::rc::Rc;

use regex::{NoExpand, Regex, RegexBuilder};

use super::{Answer, Call, Function};
use crate::template::Fault;
use crate::value::{Items, Value};

/// The most patterns that are kept: a template may make up any number.
const MAX_PATTERNS: usize = 64;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "regexMatch" => |call| {
            call.exactly(2)?;
            let (pattern, text) = (call.text(0)?, call.text(1)?);
            Ok(Value::Bool(compile(call, &pattern).is_ok_and(|pattern| pattern.is_match(&text))))
        },
        "mustRegexMatch" => |call| {
            call.exactly(2)?;
            let (pattern, text) = (call.text(0)?, call.text(1)?);
            Ok(Value::Bool(compile(call, &pattern)?.is_match(&text)))
        },
        "regexFind" | "mustRegexFind" => |call| {
            call.exactly(2)?;
            let (pattern, text) = (call.text(0)?, call.text(1)?);
            let pattern = compile(call, &pattern)?;
            call.made(pattern.find(&text).map_or("", |found| found.as_str()))
        },
        "regexFindAll" | "mustRegexFindAll" => find_all,
        "regexReplaceAll" | "mustRegexReplaceAll" => replace,
        "regexReplaceAllLiteral" | "mustRegexReplaceAllLiteral" => |call| {
            call.exactly(3)?;
            let (pattern, text, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
            let pattern = compile(call, &pattern)?;
            call.made(pattern.replace_all(&text, NoExpand(&new)))
        },
        "regexSplit" | "mustRegexSplit" => split,
        "regexQuoteMeta" => |call| {
            call.exactly(1)?;
            let text = quote(&call.text(0)?);
            call.made(text)
        },
        _ => return None,
    })
}

/// Reads a pattern once for all of a rendering: templates ask in loops.
fn compile(call: &mut Call<'_>, pattern: &str) -> Result<Rc<Regex>, Fault> {
    if let Some(known) = call.run.patterns.get(pattern) {
        return Ok(Rc::clone(known));
    }
    match RegexBuilder::new(&go_syntax(pattern)).size_limit(4 << 20).build() {
        Ok(compiled) => {
            let compiled = Rc::new(compiled);
            if call.run.patterns.len() < MAX_PATTERNS {
                call.run.patterns.insert(pattern.to_owned(), Rc::clone(&compiled));
            }
            Ok(compiled)
        }
        Err(error) => call.fail(format!("error parsing regexp: {error}")),
    }
}

/// Go's classes of `\d`, `\w` and `\s` are of ASCII, and a class holds no other class and no set operators.
fn go_syntax(pattern: &str) -> String {
    let mut result = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    let mut class_length: Option<usize> = None;
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            class_length = in_class(letter, class_length, letters.as_str(), &mut result);
            continue;
        }
        class_length = class_length.map(|length| length + 1);
        match letters.next() {
            Some('d') => result.push_str("[0-9]"),
            Some('D') => result.push_str("[^0-9]"),
            Some('w') => result.push_str("[0-9A-Za-z_]"),
            Some('W') => result.push_str("[^0-9A-Za-z_]"),
            Some('s') => result.push_str("[\\t\\n\\f\\r ]"),
            Some('S') => result.push_str("[^\\t\\n\\f\\r ]"),
            Some('Q') => result.push_str(&literal(&mut letters)),
            Some(other) => {
                result.push('\\');
                result.push(other);
            }
            None => result.push('\\'),
        }
    }
    result
}

/// Writes a letter of a pattern; how many letters of a class were read with it, if it stands in one.
fn in_class(letter: char, class_length: Option<usize>, rest: &str, result: &mut String) -> Option<usize> {
    match (letter, class_length) {
        ('[', None) => {
            result.push('[');
            Some(0)
        }
        ('^', Some(0)) => {
            result.push('^');
            Some(0)
        }
        (']', Some(length)) if length > 0 => {
            result.push(']');
            None
        }
        ('[', Some(length)) if rest.starts_with(':') => {
            result.push('[');
            // The class of a name ends with its own bracket; that of the whole goes on.
            Some(length)
        }
        (']' | '[' | '&' | '~', Some(length)) => {
            result.push('\\');
            result.push(letter);
            Some(length + 1)
        }
        (letter, Some(length)) => {
            result.push(letter);
            Some(length + 1)
        }
        (letter, None) => {
            result.push(letter);
            None
        }
    }
}

fn literal(letters: &mut std::str::Chars<'_>) -> String {
    let rest = letters.as_str();
    let (text, after) = rest.split_once("\\E").unwrap_or((rest, ""));
    let text = regex::escape(text);
    *letters = after.chars();
    text
}

fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}

fn find_all(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (pattern, text, most) = (call.text(0)?, call.text(1)?, call.int(2)?);
    let pattern = compile(call, &pattern)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut found = pattern.find_iter(&text).take(most).map(|found| found.as_str()).peekable();
    if found.peek().is_none() {
        return Ok(Value::no_list(Items::NoTexts));
    }
    Ok(Value::texts(found))
}

/// The names in Go's replacements are the same as in this crate's: `$1`, `${name}`, `$$`.
fn replace(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (pattern, text, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let pattern = compile(call, &pattern)?;
    call.made(pattern.replace_all(&text, &*new))
}

/// Go's `Split`: no empty text after a last match of nothing, and with `n` parts the last holds the rest.
fn split(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (pattern, text, most) = (call.text(0)?, call.text(1)?, call.int(2)?);
    let pattern = compile(call, &pattern)?;
    if most == 0 {
        return Ok(Value::no_list(Items::NoTexts));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts: Vec<&str> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in pattern.find_iter(&text) {
        if parts.len() + 1 == most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[start..end]);
        }
        start = found.end();
    }
    if end != text.len() {
        parts.push(&text[start..]);
    }
    if text.is_empty() && parts.is_empty() {
        parts.push("");
    }
    Ok(Value::texts(parts))
}
