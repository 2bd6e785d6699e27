//! Texts: quoting, cutting, indenting, joining.

use super::{Answer, Call, Function};
use crate::print;
use crate::value::{List, Map, MapKind, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "quote" => quote,
        "squote" => squote,
        "indent" => indent,
        "nindent" => nindent,
        "trim" => |call| change(call, |text| text.trim().to_owned()),
        "trimAll" | "trimall" => trim_all,
        "trimSuffix" => trim_suffix,
        "trimPrefix" => trim_prefix,
        "upper" => |call| change(call, |text| text.chars().map(upper).collect()),
        "lower" => |call| change(call, |text| text.chars().map(lower).collect()),
        "replace" => replace,
        "contains" => |call| test(call, |text, part| text.contains(part)),
        "hasPrefix" => |call| test(call, |text, part| text.starts_with(part)),
        "hasSuffix" => |call| test(call, |text, part| text.ends_with(part)),
        "trunc" => trunc,
        "substr" => substr,
        "repeat" => repeat,
        "cat" => cat,
        "join" => join,
        "split" => split,
        "splitList" => split_list,
        "splitn" => splitn,
        "toString" => to_string,
        "toStrings" => |call| {
            call.exactly(1)?;
            Ok(Value::texts(strings(&call.any(0))))
        },
        "print" => |call| {
            let text = print::sprint(&call.arguments);
            call.made(text)
        },
        "println" => |call| {
            let text = print::sprintln(&call.arguments);
            call.made(text)
        },
        "printf" => printf,
        "html" => |call| {
            escaped(call, &[('&', "&amp;"), ('\'', "&#39;"), ('"', "&#34;"), ('<', "&lt;"), ('>', "&gt;")])
        },
        "js" => |call| {
            escaped(
                call,
                &[
                    ('\\', "\\\\"),
                    ('\'', "\\'"),
                    ('"', "\\\""),
                    ('<', "\\u003C"),
                    ('>', "\\u003E"),
                    ('&', "\\u0026"),
                    ('=', "\\u003D"),
                    ('\n', "\\u000A"),
                    ('\r', "\\u000D"),
                    ('\t', "\\u0009"),
                ],
            )
        },
        _ => return None,
    })
}

/// Sprig's text of a value: texts as they are, others as `%v`.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => print::plain(other),
    }
}

/// Sprig's list of texts of a value: those of a list's items that are not nil, or the value itself.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Nil | Value::Absent => Vec::new(),
        Value::List(List { items, .. }) => items.iter().filter(|item| !item.is_nil()).map(text_of).collect(),
        other => vec![text_of(other)],
    }
}

/// A capital, as Go has it: of `ß` there is none, because it would be two letters.
pub(super) fn upper(letter: char) -> char {
    let mut capitals = letter.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) => capital,
        _ => letter,
    }
}

/// A small letter.
pub(super) fn lower(letter: char) -> char {
    let mut small = letter.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => letter,
    }
}

/// A byte index moved back to where a letter starts: Go cuts letters in two, this program has no halves.
fn floor(text: &str, mut index: usize) -> usize {
    index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn change(call: &mut Call<'_>, change: impl Fn(&str) -> String) -> Answer {
    call.exactly(1)?;
    let text = change(&call.text(0)?);
    call.made(text)
}

fn test(call: &mut Call<'_>, test: impl Fn(&str, &str) -> bool) -> Answer {
    call.exactly(2)?;
    let (part, text) = (call.text(0)?, call.text(1)?);
    Ok(Value::Bool(test(&text, &part)))
}

fn quote(call: &mut Call<'_>) -> Answer {
    let present = call.arguments.iter().filter(|value| !value.is_nil());
    let words: Vec<String> = present.map(|value| print::quoted(&text_of(value))).collect();
    call.made(words.join(" "))
}

fn squote(call: &mut Call<'_>) -> Answer {
    let present = call.arguments.iter().filter(|value| !value.is_nil());
    let words: Vec<String> = present.map(|value| format!("'{}'", print::plain(value))).collect();
    call.made(words.join(" "))
}

fn cat(call: &mut Call<'_>) -> Answer {
    let present = call.arguments.iter().filter(|value| !value.is_nil());
    let words: Vec<String> = present.map(print::plain).collect();
    call.made(words.join(" "))
}

fn indented(call: &Call<'_>) -> Result<String, crate::template::Fault> {
    call.exactly(2)?;
    let (width, text) = (call.int(0)?, call.text(1)?);
    let Ok(width) = usize::try_from(width) else { return call.fail("strings: negative Repeat count") };
    if width.saturating_mul(text.matches('\n').count() + 1) > MAX_TEXT {
        return Err(crate::template::FaultKind::Bound("size").into());
    }
    let pad = " ".repeat(width);
    Ok(format!("{pad}{}", text.replace('\n', &format!("\n{pad}"))))
}

/// The longest text one call may make.
const MAX_TEXT: usize = 64 * 1024 * 1024;

fn indent(call: &mut Call<'_>) -> Answer {
    let text = indented(call)?;
    call.made(text)
}

fn nindent(call: &mut Call<'_>) -> Answer {
    let text = indented(call)?;
    call.made(format!("\n{text}"))
}

fn trim_all(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (cut, text) = (call.text(0)?, call.text(1)?);
    call.made(text.trim_matches(|letter| cut.contains(letter)))
}

fn trim_suffix(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (suffix, text) = (call.text(0)?, call.text(1)?);
    call.made(text.strip_suffix(&*suffix).unwrap_or(&text))
}

fn trim_prefix(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (prefix, text) = (call.text(0)?, call.text(1)?);
    call.made(text.strip_prefix(&*prefix).unwrap_or(&text))
}

fn replace(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (old, new, text) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let growth = new.len().saturating_sub(old.len());
    if growth.saturating_mul(text.len()) > MAX_TEXT {
        return Err(crate::template::FaultKind::Bound("size").into());
    }
    call.made(text.replace(&*old, &new))
}

fn trunc(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (length, text) = (call.int(0)?, call.text(1)?);
    let wanted = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    let cut = if length >= 0 {
        &text[..floor(&text, wanted)]
    } else if wanted < text.len() {
        &text[floor(&text, text.len() - wanted)..]
    } else {
        &text
    };
    let cut = cut.to_owned();
    call.made(cut)
}

fn substr(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (start, end, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
    let place = |index: i64| usize::try_from(index).ok().filter(|index| *index <= text.len());
    let part = match (usize::try_from(start).is_ok(), place(start), place(end)) {
        (false, _, Some(end)) => text.get(..floor(&text, end)),
        (true, Some(start), None) => text.get(floor(&text, start)..),
        (true, Some(start), Some(end)) if start <= end => text.get(floor(&text, start)..floor(&text, end)),
        _ => None,
    };
    match part {
        Some(part) => call.made(part),
        None => call.fail("runtime error: slice bounds out of range"),
    }
}

fn repeat(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (count, text) = (call.int(0)?, call.text(1)?);
    let Ok(count) = usize::try_from(count) else { return call.fail("strings: negative Repeat count") };
    if count.saturating_mul(text.len()) > MAX_TEXT {
        return Err(crate::template::FaultKind::Bound("size").into());
    }
    call.made(text.repeat(count))
}

fn join(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let separator = call.text(0)?;
    let text = strings(&call.any(1)).join(&separator);
    call.made(text)
}

/// Go's `strings.Split`: without a separator, every letter.
fn parts(text: &str, separator: &str, most: Option<usize>) -> Vec<String> {
    let most = most.unwrap_or(usize::MAX);
    if separator.is_empty() {
        let letters = text.chars().count();
        if letters <= most {
            return text.chars().map(String::from).collect();
        }
        let mut parts: Vec<String> = text.chars().take(most - 1).map(String::from).collect();
        parts.push(text.chars().skip(most - 1).collect());
        return parts;
    }
    text.splitn(most, separator).map(str::to_owned).collect()
}

fn numbered(parts: Vec<String>) -> Value {
    let entries =
        parts.into_iter().enumerate().map(|(index, part)| (format!("_{index}").into(), Value::from(part)));
    Value::Map(Map::of(entries.collect()).with_kind(MapKind::Texts))
}

fn split(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (separator, text) = (call.text(0)?, call.text(1)?);
    Ok(numbered(parts(&text, &separator, None)))
}

fn split_list(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (separator, text) = (call.text(0)?, call.text(1)?);
    Ok(Value::texts(parts(&text, &separator, None)))
}

fn splitn(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (separator, most, text) = (call.text(0)?, call.int(1)?, call.text(2)?);
    let parts = match usize::try_from(most) {
        Ok(0) => Vec::new(),
        Ok(most) => parts(&text, &separator, Some(most)),
        Err(_) => parts(&text, &separator, None),
    };
    Ok(numbered(parts))
}

fn to_string(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = text_of(&call.any(0));
    call.made(text)
}

fn printf(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let format = call.text(0)?;
    let text = print::sprintf(&format, &call.arguments[1..]);
    call.made(text)
}

fn escaped(call: &mut Call<'_>, escapes: &[(char, &str)]) -> Answer {
    let text = print::sprint(&call.arguments);
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        match escapes.iter().find(|(known, _)| *known == letter) {
            Some((_, escape)) => result.push_str(escape),
            None => result.push(letter),
        }
    }
    call.made(result)
}
