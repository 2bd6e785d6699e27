//! Case, abbreviations and wrapping, as the Go libraries under Sprig have them.

use super::text::{lower, upper};
use super::{Answer, Call, Function};
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "title" => |call| change(call, title),
        "untitle" => |call| change(call, untitle),
        "swapcase" => |call| change(call, swap_case),
        "nospace" => |call| change(call, |text| text.chars().filter(|c| !c.is_whitespace()).collect()),
        "initials" => |call| change(call, initials),
        "camelcase" => |call| change(call, pascal_case),
        "snakecase" => |call| change(call, |text| separated(text, '_')),
        "kebabcase" => |call| change(call, |text| separated(text, '-')),
        "plural" => plural,
        "abbrev" => abbrev,
        "abbrevboth" => abbrev_both,
        "wrap" => |call| {
            call.exactly(2)?;
            let (width, text) = (call.int(0)?, call.text(1)?);
            call.made(wrap(&text, width, "\n", false))
        },
        "wrapWith" => |call| {
            call.exactly(3)?;
            let (width, line, text) = (call.int(0)?, call.text(1)?, call.text(2)?);
            let line = if line.is_empty() { "\n" } else { &*line };
            call.made(wrap(&text, width, line, true))
        },
        _ => return None,
    })
}

fn change(call: &mut Call<'_>, change: impl Fn(&str) -> String) -> Answer {
    call.exactly(1)?;
    let text = change(&call.text(0)?);
    call.made(text)
}

/// Go's `strings.Title`: every sign of ASCII parts words, even an apostrophe.
fn title(text: &str) -> String {
    let mut previous = ' ';
    text.chars()
        .map(|letter| {
            let is_part = previous.is_alphanumeric() || previous == '_';
            let starts = !is_part && (previous.is_ascii() || previous.is_whitespace());
            previous = letter;
            if starts { upper(letter) } else { letter }
        })
        .collect()
}

fn untitle(text: &str) -> String {
    let mut starts = true;
    text.chars()
        .map(|letter| {
            let lowers = starts && !letter.is_whitespace();
            starts = letter.is_whitespace();
            if lowers { lower(letter) } else { letter }
        })
        .collect()
}

fn swap_case(text: &str) -> String {
    text.chars().map(|letter| if letter.is_uppercase() { lower(letter) } else { upper(letter) }).collect()
}

fn initials(text: &str) -> String {
    text.split_whitespace().filter_map(|word| word.chars().next()).collect()
}

fn is_connector(letter: char) -> bool {
    letter == '-' || letter == '_' || letter.is_whitespace()
}

fn pascal_case(text: &str) -> String {
    let mut result = String::new();
    let mut letters = text.chars().peekable();
    while let Some(connector) = letters.next_if(|letter| is_connector(*letter)) {
        if letters.peek().is_none() {
            result.push(connector);
            return result;
        }
        result.push(connector);
    }
    let Some(first) = letters.next() else { return result };
    let mut is_upper_run = first.is_uppercase();
    let mut current = upper(first);
    for letter in letters {
        let previous = current;
        current = letter;
        if is_connector(current) && is_connector(previous) {
            result.push(previous);
            continue;
        }
        if is_connector(previous) {
            is_upper_run = current.is_uppercase();
            current = upper(current);
        } else {
            if is_upper_run {
                if current.is_uppercase() {
                    current = lower(current);
                } else {
                    is_upper_run = false;
                }
            }
            result.push(previous);
        }
    }
    result.push(current);
    result
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_punctuation(letter: char) -> bool {
    letter.is_ascii_punctuation() && !matches!(letter, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
}

/// The next word of a text: its kind, its letters, the rest.
fn next_word(text: &[char]) -> (Word, &[char], &[char]) {
    let Some((&first, rest)) = text.split_first() else { return (Word::None, text, text) };
    let run = |test: &dyn Fn(char) -> bool| 1 + rest.iter().take_while(|letter| test(**letter)).count();
    let is_small = |letter: char| letter.is_alphabetic() && !letter.is_uppercase();
    let (kind, length) = if is_connector(first) {
        (Word::Connector, run(&is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(&is_punctuation))
    } else if first.is_uppercase() {
        let capitals = run(&char::is_uppercase);
        if capitals > 1 {
            let followed = text.get(capitals).is_some_and(|letter| letter.is_alphabetic());
            (Word::Upper, if followed { capitals - 1 } else { capitals })
        } else {
            (Word::Upper, run(&is_small))
        }
    } else if first.is_alphabetic() {
        (Word::Letters, run(&is_small))
    } else if first.is_numeric() {
        (Word::Number, run(&char::is_numeric))
    } else {
        let is_other =
            |letter: char| !(is_connector(letter) || letter.is_alphanumeric() || is_punctuation(letter));
        (Word::Other, run(&is_other))
    };
    (kind, &text[..length], &text[length..])
}

fn write_lower(result: &mut String, kind: Word, word: &[char], connector: char) {
    match kind {
        Word::Upper => result.extend(word.iter().map(|letter| lower(*letter))),
        Word::Connector => result.extend(word.iter().map(|_| connector)),
        _ => result.extend(word),
    }
}

/// `xstrings.ToSnakeCase` and `ToKebabCase`.
fn separated(text: &str, connector: char) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut result = String::new();
    let (mut kind, mut word, mut rest) = next_word(&letters);
    let ends = |kind: Word| matches!(kind, Word::Connector | Word::Punctuation);
    while !rest.is_empty() {
        if kind != Word::Connector {
            write_lower(&mut result, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                while matches!(kind, Word::Letters | Word::Number) {
                    write_lower(&mut result, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Word::None && !ends(kind) {
                    result.push(connector);
                }
            }
            Word::Connector => write_lower(&mut result, previous, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !ends(kind) {
                    result.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let digits = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Letters {
                    write_lower(&mut result, Word::Number, digits, connector);
                    if !ends(kind) {
                        result.push(connector);
                    }
                    continue;
                }
                result.push(connector);
                write_lower(&mut result, Word::Number, digits, connector);
                while matches!(kind, Word::Letters | Word::Number) {
                    write_lower(&mut result, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Word::None && !ends(kind) {
                    result.push(connector);
                }
            }
        }
    }
    write_lower(&mut result, kind, word, connector);
    result
}

fn plural(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (one, many, count) = (call.text(0)?, call.text(1)?, call.int(2)?);
    Ok(Value::Text(if count == 1 { one } else { many }))
}

fn abbrev(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (width, text) = (call.int(0)?, call.text(1)?);
    call.made(abbreviate(&text, 0, width).unwrap_or_default())
}

fn abbrev_both(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (left, right, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
    if right < 4 || left > 0 && right < 7 {
        return Ok(Value::Text(text));
    }
    call.made(abbreviate(&text, left, right).unwrap_or_default())
}

fn abbreviate(text: &str, offset: i64, width: i64) -> Option<String> {
    let length = i64::try_from(text.len()).ok()?;
    if width < 4 || length <= width {
        return Some(text.to_owned());
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    let part = |start: i64, end: i64| text.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?);
    if offset <= 4 {
        return Some(format!("{}...", part(0, width - 3)?));
    }
    if width < 7 {
        return None;
    }
    if offset + width - 3 < length {
        return Some(format!("...{}", abbreviate(part(offset, length)?, 0, width - 3)?));
    }
    Some(format!("...{}", part(length - (width - 3), length)?))
}

/// `goutils.WrapCustom`, letters counted in bytes as there.
fn wrap(text: &str, width: i64, line: &str, breaks_words: bool) -> String {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut result = Vec::new();
    let bytes = text.as_bytes();
    let mut offset = 0;
    while bytes.len().saturating_sub(offset) > width {
        if bytes[offset] == b' ' {
            offset += 1;
            continue;
        }
        let window = &bytes[offset..=offset + width];
        if let Some(space) = window.iter().rposition(|byte| *byte == b' ') {
            result.extend_from_slice(&bytes[offset..offset + space]);
            result.extend_from_slice(line.as_bytes());
            offset += space + 1;
        } else if breaks_words {
            result.extend_from_slice(&bytes[offset..offset + width]);
            result.extend_from_slice(line.as_bytes());
            offset += width;
        } else {
            match bytes[offset + width..].iter().position(|byte| *byte == b' ') {
                None => {
                    result.extend_from_slice(&bytes[offset..]);
                    offset = bytes.len();
                }
                Some(space) => {
                    result.extend_from_slice(&bytes[offset..offset + width + space]);
                    result.extend_from_slice(line.as_bytes());
                    offset += width + space + 1;
                }
            }
        }
    }
    result.extend_from_slice(&bytes[offset..]);
    String::from_utf8_lossy(&result).into_owned()
}
