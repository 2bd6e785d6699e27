//! Go's `fmt`: `print`, `printf` and the verbs.

use crate::host::Host;
use crate::number;
use crate::value::{MAX_DEPTH, Map, Value};

/// `%v`.
pub(crate) fn plain(value: &Value) -> String {
    let mut text = String::new();
    write_plain(value, &mut text, 0);
    text
}

fn write_plain(value: &Value, text: &mut String, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Absent | Value::Nil => text.push_str("<nil>"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) | Value::Int64(number) => text.push_str(&number.to_string()),
        Value::Float(number) => text.push_str(&number::general(*number)),
        Value::Text(words) => text.push_str(words),
        Value::List(list) => {
            text.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                write_plain(item, text, depth + 1);
            }
            text.push(']');
        }
        Value::Map(map) => write_map(map, text, depth),
        Value::Time(time) => text.push_str(&time.strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string()),
        Value::Host(host) => text.push_str(&host.plain()),
    }
}

fn write_map(map: &Map, text: &mut String, depth: usize) {
    text.push_str("map[");
    for (index, (key, value)) in map.snapshot().iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(key);
        text.push(':');
        write_plain(value, text, depth + 1);
    }
    text.push(']');
}

/// What an action prints: as `%v`, and `<no value>` for none.
pub(crate) fn printed(value: &Value) -> String {
    match value {
        Value::Absent | Value::Nil => "<no value>".to_owned(),
        // Where it stands alone Go finds its method that makes a text; given to a function it does not.
        Value::Host(host) => match host.as_ref() {
            Host::KubeVersion { normal, .. } => normal.clone(),
            other => other.plain(),
        },
        other => plain(other),
    }
}

/// `print`: blanks between neighbours of which neither is a text.
pub(crate) fn sprint(values: &[Value]) -> String {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        if index > 0 && !is_text(value) && !is_text(&values[index - 1]) {
            text.push(' ');
        }
        text.push_str(&plain(value));
    }
    text
}

/// `println`: blanks between all.
pub(crate) fn sprintln(values: &[Value]) -> String {
    let words: Vec<String> = values.iter().map(plain).collect();
    format!("{}\n", words.join(" "))
}

/// `%q` of a text: a Go literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            ' '..='~' => quoted.push(letter),
            _ if letter < '\u{80}' => quoted.push_str(&format!("\\x{:02x}", u32::from(letter))),
            _ if is_printable(letter) => quoted.push(letter),
            _ if u32::from(letter) < 0x1_0000 => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// Go's `unicode.IsPrint` as far as text in charts goes: no control, format, private, surrogate or separator
/// letter but the plain space.
pub(crate) fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(u32::from(letter),
            0xa0 | 0xad | 0x1680 | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000
            | 0xd800..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff | 0xe0000..=0x10_ffff)
}

#[derive(Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The longest padding a width may ask for: enough for any table, too little to fill the memory.
const MAX_WIDTH: usize = 60_000;

/// `printf`.
pub(crate) fn sprintf(format: &str, values: &[Value]) -> String {
    let mut text = String::new();
    let mut letters = format.chars().peekable();
    let mut next = 0;
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let mut flags = Flags::default();
        while let Some(flag) = letters.peek() {
            match flag {
                '+' => flags.plus = true,
                '-' => flags.minus = true,
                '#' => flags.sharp = true,
                ' ' => flags.space = true,
                '0' => flags.zero = true,
                _ => break,
            }
            letters.next();
        }
        flags.width = size(&mut letters, values, &mut next);
        if letters.next_if_eq(&'.').is_some() {
            flags.precision = Some(size(&mut letters, values, &mut next).unwrap_or(0));
        }
        match letters.next() {
            None => text.push_str("%!(NOVERB)"),
            Some('%') => text.push('%'),
            Some(verb) => match values.get(next) {
                None => text.push_str(&format!("%!{verb}(MISSING)")),
                Some(value) => {
                    next += 1;
                    text.push_str(&one(verb, &flags, value));
                }
            },
        }
    }
    if next < values.len() {
        let extra: Vec<String> = values[next..]
            .iter()
            .map(|value| if value.is_nil() { "<nil>".to_owned() } else { typed(value) })
            .collect();
        text.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    text
}

fn typed(value: &Value) -> String {
    format!("{}={}", value.type_name(), plain(value))
}

fn size(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &[Value],
    next: &mut usize,
) -> Option<usize> {
    if letters.next_if_eq(&'*').is_some() {
        let value = values.get(*next);
        *next += 1;
        return match value {
            Some(Value::Int(number)) => usize::try_from(*number).ok().map(|width| width.min(MAX_WIDTH)),
            _ => None,
        };
    }
    let mut digits = String::new();
    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok().map(|width: usize| width.min(MAX_WIDTH))
}

fn padded(text: String, flags: &Flags) -> String {
    let width = flags.width.unwrap_or(0);
    let missing = width.saturating_sub(text.chars().count());
    if missing == 0 {
        text
    } else if flags.minus {
        text + &" ".repeat(missing)
    } else if flags.zero {
        match text.strip_prefix(['-', '+']) {
            Some(rest) => format!("{}{}{rest}", &text[..1], "0".repeat(missing)),
            None => "0".repeat(missing) + &text,
        }
    } else {
        " ".repeat(missing) + &text
    }
}

fn one(verb: char, flags: &Flags, value: &Value) -> String {
    match verb {
        'T' => return padded(value.type_name().to_owned(), flags),
        'v' if !matches!(value, Value::List(_)) || flags.sharp => {
            let text = match value {
                Value::Text(text) if flags.sharp => quoted(text),
                Value::Int(_) | Value::Int64(_) => return whole(value, 'd', flags),
                Value::Float(number) => signed(number::general(*number), flags),
                other => plain(other),
            };
            return padded(text, flags);
        }
        _ => {}
    }
    match value {
        Value::Absent | Value::Nil => format!("%!{verb}(<nil>)"),
        Value::Bool(truth) if verb == 't' => padded(truth.to_string(), flags),
        Value::Int(_) | Value::Int64(_) => whole(value, verb, flags),
        Value::Float(number) => float(*number, verb, flags).unwrap_or_else(|| bad(verb, value)),
        Value::Text(text) => words(text, verb, flags).unwrap_or_else(|| bad(verb, value)),
        Value::List(list) => {
            let items: Vec<String> = list.items.iter().map(|item| one(verb, flags, item)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let entries: Vec<String> = map
                .snapshot()
                .iter()
                .map(|(key, value)| {
                    format!("{}:{}", one(verb, flags, &Value::Text(key.clone())), one(verb, flags, value))
                })
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Time(_) | Value::Host(_) if matches!(verb, 's' | 'q' | 'v') => {
            let text = plain(value);
            padded(if verb == 'q' { quoted(&text) } else { text }, flags)
        }
        _ => bad(verb, value),
    }
}

fn bad(verb: char, value: &Value) -> String {
    format!("%!{verb}({})", typed(value))
}

fn signed(text: String, flags: &Flags) -> String {
    if text.starts_with('-') || text.starts_with('+') {
        text
    } else if flags.plus {
        format!("+{text}")
    } else if flags.space {
        format!(" {text}")
    } else {
        text
    }
}

fn whole(value: &Value, verb: char, flags: &Flags) -> String {
    let (Value::Int(number) | Value::Int64(number)) = value else { return bad(verb, value) };
    let sign = if *number < 0 { "-" } else { "" };
    let magnitude = number.unsigned_abs();
    let digits = match verb {
        'd' => magnitude.to_string(),
        'b' => format!("{magnitude:b}"),
        'o' => format!("{}{magnitude:o}", if flags.sharp { "0" } else { "" }),
        'O' => format!("0o{magnitude:o}"),
        'x' => format!("{}{magnitude:x}", if flags.sharp { "0x" } else { "" }),
        'X' => format!("{}{magnitude:X}", if flags.sharp { "0X" } else { "" }),
        'c' => {
            let letter = u32::try_from(magnitude).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            return padded(letter.to_string(), flags);
        }
        'q' => {
            let letter = u32::try_from(magnitude).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            return padded(format!("'{letter}'"), flags);
        }
        'U' => return padded(format!("U+{magnitude:04X}"), flags),
        _ => return bad(verb, value),
    };
    let digits = match flags.precision {
        Some(precision) => format!("{}{digits}", "0".repeat(precision.saturating_sub(digits.len()))),
        None => digits,
    };
    padded(signed(format!("{sign}{digits}"), flags), flags)
}

fn float(number: f64, verb: char, flags: &Flags) -> Option<String> {
    let text = match (verb, flags.precision) {
        ('G', None) => number::general(number).to_uppercase(),
        ('g' | 'v', None) => number::general(number),
        ('e' | 'E' | 'f' | 'F' | 'g' | 'G', precision) => {
            number::with_precision(number, verb, precision.unwrap_or(6))
        }
        ('v', Some(precision)) => number::with_precision(number, 'g', precision),
        _ => return None,
    };
    Some(padded(signed(text, flags), flags))
}

fn words(text: &str, verb: char, flags: &Flags) -> Option<String> {
    let cut: String = match flags.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    let text = match verb {
        's' | 'v' => cut,
        'q' if flags.sharp && !cut.contains('`') && !cut.contains(char::is_control) => format!("`{cut}`"),
        'q' => quoted(&cut),
        'x' => cut.bytes().map(|byte| format!("{byte:02x}")).collect(),
        'X' => cut.bytes().map(|byte| format!("{byte:02X}")).collect(),
        _ => return None,
    };
    Some(padded(text, flags))
}
