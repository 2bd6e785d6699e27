//! Writing YAML as go-yaml does, to the letter.
//!
//! `toYaml` goes through JSON (so whole floats lose their point and their exponent) and v2: two blanks of
//! indentation, lists flush with their key, lines folded after column 80, keys in natural order. `toYamlPretty` is
//! v3: lists indented, nothing folded, floats as `%g`.

use std::cmp::Ordering;

use super::style::{Analysis, Library, analyze, is_printable, means_something_else};
use crate::number;
use crate::value::{Items, MAX_DEPTH, Map, MapKind, Value};

/// Helm's `toYaml`, without the last line's end; `None` for what cannot be written.
pub(crate) fn write(value: &Value) -> Option<String> {
    emit(value, Library::Old)
}

/// Helm's `toYamlPretty`.
pub(crate) fn write_pretty(value: &Value) -> Option<String> {
    emit(value, Library::New)
}

fn emit(value: &Value, library: Library) -> Option<String> {
    let mut emitter = Emitter { text: String::new(), column: 0, library };
    emitter.node(value, -1, Place::Root, 0)?;
    Some(emitter.text.strip_suffix('\n').unwrap_or(&emitter.text).to_owned())
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Item,
    Member,
}

/// The column after which v2 folds.
const WIDTH: usize = 80;

struct Emitter {
    text: String,
    column: usize,
    library: Library,
}

impl Emitter {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        match text.rfind('\n') {
            Some(at) => self.column = text[at + 1..].chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn line(&mut self, indent: isize) {
        if self.column > 0 {
            self.put("\n");
        }
        self.put(&" ".repeat(usize::try_from(indent).unwrap_or(0)));
    }

    fn node(&mut self, value: &Value, indent: isize, place: Place, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match value {
            Value::Host(host) => self.node(&host.plain_value(), indent, place, depth + 1),
            Value::List(list)
                if matches!(list.kind, Items::None | Items::NoTexts) && self.library == Library::Old =>
            {
                self.scalar("null", place)
            }
            Value::List(list) if list.items.is_empty() => self.scalar("[]", place),
            Value::Map(map) if map.kind == MapKind::NoTexts && self.library == Library::Old => {
                self.scalar("null", place)
            }
            Value::Map(map) if map.len() == 0 => self.scalar("{}", place),
            Value::List(list) => self.list(&list.items, indent, place, depth),
            Value::Map(map) => self.map(map, indent, place, depth),
            Value::Absent | Value::Nil => self.scalar("null", place),
            Value::Bool(truth) => self.scalar(if *truth { "true" } else { "false" }, place),
            Value::Int(number) | Value::Int64(number) => self.scalar(&number.to_string(), place),
            Value::Float(number) => self.float(*number, place),
            Value::Text(text) => self.words(text, indent, place),
            Value::Time(time) => match self.library {
                Library::Old => self.words(&crate::date::rfc3339(time), indent, place),
                Library::New => self.scalar(&crate::date::rfc3339(time), place),
            },
        }
    }

    fn float(&mut self, number: f64, place: Place) -> Option<()> {
        match self.library {
            Library::New => {
                let text = match number::general(number).as_str() {
                    "+Inf" => ".inf".to_owned(),
                    "-Inf" => "-.inf".to_owned(),
                    "NaN" => ".nan".to_owned(),
                    other => other.to_owned(),
                };
                self.scalar(&text, place)
            }
            // Through JSON, and there read as YAML: a whole number if it has neither point nor exponent.
            Library::Old => {
                let json = number::json(number)?;
                let is_whole = json.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
                let fits = json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok();
                let text = if is_whole && fits { json } else { number::general(number) };
                self.scalar(if text == "-0" { "0" } else { &text }, place)
            }
        }
    }

    /// A plain scalar and its line's end.
    fn scalar(&mut self, text: &str, place: Place) -> Option<()> {
        if place != Place::Root {
            self.put(" ");
        }
        self.put(text);
        self.put("\n");
        Some(())
    }

    fn list(&mut self, items: &[Value], indent: isize, place: Place, depth: usize) -> Option<()> {
        let is_flush = place == Place::Member && self.library == Library::Old;
        let indent = if is_flush { indent.max(0) } else { indent_more(indent) };
        for (index, item) in items.iter().enumerate() {
            if place == Place::Item && index == 0 {
                self.put(" ");
            } else {
                self.line(indent);
            }
            self.put("-");
            self.node(item, indent, Place::Item, depth + 1)?;
        }
        Some(())
    }

    fn map(&mut self, map: &Map, indent: isize, place: Place, depth: usize) -> Option<()> {
        let indent = indent_more(indent);
        let mut entries = map.snapshot();
        entries.sort_by(|(a, _), (b, _)| natural(a, b));
        for (index, (key, value)) in entries.iter().enumerate() {
            if place == Place::Item && index == 0 {
                self.put(" ");
            } else {
                self.line(indent);
            }
            self.key(key, indent);
            self.node(value, indent, Place::Member, depth + 1)?;
        }
        Some(())
    }

    fn key(&mut self, key: &str, indent: isize) {
        let analysis = analyze(key);
        let is_simple = !analysis.is_multiline && key.len() <= 128;
        if !is_simple {
            self.put("? ");
        }
        if analysis.is_multiline && !is_simple && analysis.may_be_block {
            self.block(key, indent_more(indent));
        } else if key.is_empty() || means_something_else(key) || analysis.is_multiline {
            self.double_quoted(key, indent, false);
        } else if analysis.may_be_plain {
            self.put(key);
        } else if analysis.may_be_single_quoted {
            self.single_quoted(key, indent, false);
        } else {
            self.double_quoted(key, indent, false);
        }
        if !is_simple {
            self.line(indent);
        }
        self.put(":");
    }

    fn words(&mut self, text: &str, indent: isize, place: Place) -> Option<()> {
        if place != Place::Root {
            self.put(" ");
        }
        let analysis = analyze(text);
        let inner = indent.max(0) + 2;
        if text.contains('\n') {
            if analysis.may_be_block {
                self.block(text, inner);
                return Some(());
            }
            self.double_quoted(text, inner, true);
        } else if text.is_empty() || means_something_else(text) {
            self.double_quoted(text, inner, true);
        } else {
            self.on_one_line(text, &analysis, inner);
        }
        self.put("\n");
        Some(())
    }

    fn on_one_line(&mut self, text: &str, analysis: &Analysis, indent: isize) {
        if analysis.may_be_plain {
            self.plain(text, indent);
        } else if analysis.may_be_single_quoted {
            self.single_quoted(text, indent, true);
        } else {
            self.double_quoted(text, indent, true);
        }
    }

    fn folds(&self) -> bool {
        self.library == Library::Old && self.column > WIDTH
    }

    fn plain(&mut self, text: &str, indent: isize) {
        let letters: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (index, &letter) in letters.iter().enumerate() {
            if letter == ' ' {
                if !after_space && self.folds() && letters.get(index + 1) != Some(&' ') {
                    self.line(indent);
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else {
                self.put(letter.encode_utf8(&mut [0; 4]));
                after_space = false;
            }
        }
    }

    fn single_quoted(&mut self, text: &str, indent: isize, may_fold: bool) {
        self.put("'");
        let letters: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (index, &letter) in letters.iter().enumerate() {
            if letter == ' ' {
                let is_inside = index > 0 && index + 1 < letters.len();
                let folds = may_fold && !after_space && is_inside && self.folds();
                if folds && letters.get(index + 1) != Some(&' ') {
                    self.line(indent);
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else {
                if letter == '\'' {
                    self.put("'");
                }
                self.put(letter.encode_utf8(&mut [0; 4]));
                after_space = false;
            }
        }
        self.put("'");
    }

    fn double_quoted(&mut self, text: &str, indent: isize, may_fold: bool) {
        self.put("\"");
        let letters: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (index, &letter) in letters.iter().enumerate() {
            if letter == ' ' {
                let is_inside = index > 0 && index + 1 < letters.len();
                if may_fold && !after_space && is_inside && self.folds() {
                    self.line(indent);
                    if letters.get(index + 1) == Some(&' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else {
                let is_escaped = !is_printable(letter)
                    || matches!(
                        letter,
                        '\u{feff}' | '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' | '"' | '\\'
                    );
                if is_escaped {
                    self.put(&escape(letter));
                } else {
                    self.put(letter.encode_utf8(&mut [0; 4]));
                }
                after_space = false;
            }
        }
        self.put("\"");
    }

    /// A literal block, which ends its own line.
    fn block(&mut self, text: &str, indent: isize) {
        self.put("|");
        if text.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.put("2");
        }
        let is_break = |letter: char| matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let mut ends = text.chars().rev();
        match (ends.next().is_some_and(is_break), ends.next()) {
            (false, _) => self.put("-"),
            (true, None) => self.put("+"),
            (true, Some(letter)) if is_break(letter) => self.put("+"),
            _ => {}
        }
        self.put("\n");
        let mut starts_line = true;
        for letter in text.chars() {
            if is_break(letter) {
                self.put("\n");
                starts_line = true;
            } else {
                if starts_line {
                    self.put(&" ".repeat(usize::try_from(indent).unwrap_or(0)));
                }
                self.put(letter.encode_utf8(&mut [0; 4]));
                starts_line = false;
            }
        }
        if self.column > 0 {
            self.put("\n");
        }
    }
}

fn indent_more(indent: isize) -> isize {
    if indent < 0 { 0 } else { indent + 2 }
}

fn escape(letter: char) -> String {
    match letter {
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1b}' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        _ => match u32::from(letter) {
            code @ 0..=0xff => format!("\\x{code:02X}"),
            code @ 0x100..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    }
}

/// go-yaml's order of keys: numbers in texts by their value, letters after what is none.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for index in 0..a.len().min(b.len()) {
        if a[index] == b[index] {
            continue;
        }
        let (left, right) = (a[index].is_alphabetic(), b[index].is_alphabetic());
        if left && right {
            return a[index].cmp(&b[index]);
        }
        if left || right {
            return if right { Ordering::Less } else { Ordering::Greater };
        }
        let start = if a[index] == '0' || b[index] == '0' {
            let digits = a[..index].iter().rev().take_while(|letter| letter.is_numeric());
            i64::from(digits.into_iter().any(|digit| *digit != '0'))
        } else {
            0
        };
        let number = |letters: &[char]| {
            letters[index..].iter().take_while(|letter| letter.is_ascii_digit()).fold(
                (start, 0_usize),
                |(number, length), digit| {
                    let value = i64::from(digit.to_digit(10).unwrap_or(0));
                    (number.wrapping_mul(10).wrapping_add(value), length + 1)
                },
            )
        };
        let (left, right) = (number(&a), number(&b));
        if left != right {
            return left.cmp(&right);
        }
        return a[index].cmp(&b[index]);
    }
    a.len().cmp(&b.len())
}
