//! The grammar of `--set` and its kin: `a.b=1,c[0].d={x,y},e\.f=g`.

use serde_json::{Map as JsonMap, Value as Json};

type Table = JsonMap<String, Json>;

/// The largest index of a list.
const MAX_INDEX: usize = 65_536;
/// How deep names may nest.
const MAX_NESTING: usize = 30;

/// The most bytes of a file that is a value, as of a file of a chart.
const MAX_FILE_BYTES: u64 = crate::archive::MAX_FILE_BYTES;

/// How a `--set` reads its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// `--set`: truth values, null and whole numbers are recognised.
    Typed,
    /// `--set-string`: everything is a text.
    Text,
    /// `--set-json`: JSON.
    Json,
    /// `--set-file`: the text of the file that the value names.
    File,
    /// `--set-literal`: the rest of the argument is the text, as it stands.
    Literal,
}

impl Set {
    /// The option of `helm` it stands for.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Set::Typed => "--set",
            Set::Text => "--set-string",
            Set::Json => "--set-json",
            Set::File => "--set-file",
            Set::Literal => "--set-literal",
        }
    }
}

/// Why reading stopped.
enum Stop {
    /// The end of the argument, after a whole setting.
    End,
    Error(String),
}

fn error<T>(reason: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Error(reason.into()))
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    kind: Set,
}

/// Takes the settings of an argument over values.
///
/// # Errors
/// In words, without repeating what was given.
pub(crate) fn apply(values: &mut Table, kind: Set, argument: &str) -> Result<(), String> {
    if kind == Set::Json && argument.trim_start().starts_with('{') {
        let whole: Json =
            serde_json::from_str(argument.trim()).map_err(|_| "not a JSON object".to_owned())?;
        if let Json::Object(members) = crate::json::floats(whole) {
            *values = crate::values::merged(std::mem::take(values), members);
        }
        return Ok(());
    }
    let mut reader = Reader { letters: argument.chars().collect(), at: 0, kind };
    loop {
        match reader.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(reason)) => return Err(reason),
        }
    }
}

impl Reader {
    fn next(&mut self) -> Option<char> {
        let letter = self.letters.get(self.at).copied();
        self.at += usize::from(letter.is_some());
        letter
    }

    /// Reads up to one of some letters; `None` for the letter at the argument's end. A backslash takes the next
    /// letter as it is, but for literals.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(letter) = self.next() {
            if stops.contains(&letter) {
                return (text, Some(letter));
            }
            if letter == '\\' && self.kind != Set::Literal {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => return (text, None),
                }
            } else {
                text.push(letter);
            }
        }
        (text, None)
    }

    fn key(&mut self, table: &mut Table, nesting: usize) -> Result<(), Stop> {
        let stops: &[char] = if self.kind == Set::Literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (name, last) = self.until(stops);
        match last {
            None if name.is_empty() => Err(Stop::End),
            None => error(format!("key {name:?} has no value")),
            Some('[') => {
                let index = self.index()?;
                let mut list = match table.get(&name) {
                    None => Vec::new(),
                    Some(Json::Array(items)) => items.clone(),
                    Some(_) => return error(format!("key {name:?} is no list")),
                };
                let result = self.item(&mut list, index, nesting);
                insert(table, name, Json::Array(list));
                result
            }
            Some('=') => {
                let (value, result) = self.value()?;
                insert(table, name, value);
                result
            }
            Some(',') => {
                insert(table, name.clone(), "".into());
                error(format!("key {name:?} has no value (cannot end with ,)"))
            }
            Some(_) => {
                if nesting + 1 > MAX_NESTING {
                    return error(format!("names are nested deeper than {MAX_NESTING}"));
                }
                let mut inner = match table.get(&name) {
                    None => Table::new(),
                    Some(Json::Object(inner)) => inner.clone(),
                    Some(_) => return error(format!("key {name:?} is no table")),
                };
                let result = self.key(&mut inner, nesting + 1);
                if result.is_ok() && inner.is_empty() {
                    return error(format!("key map {name:?} has no value"));
                }
                if !inner.is_empty() {
                    insert(table, name, Json::Object(inner));
                }
                result
            }
        }
    }

    /// A value, and whether the argument goes on after it.
    fn value(&mut self) -> Result<(Json, Result<(), Stop>), Stop> {
        match self.kind {
            Set::Json => return Ok((self.json()?, Ok(()))),
            Set::Literal => {
                let rest = self.letters[self.at..].iter().collect::<String>();
                self.at = self.letters.len();
                return Ok((Json::String(rest), Ok(())));
            }
            Set::Typed | Set::Text | Set::File => {}
        }
        if self.at == self.letters.len() {
            return Ok(("".into(), Err(Stop::End)));
        }
        if self.letters[self.at] == '{' {
            self.at += 1;
            return Ok((self.list()?, Ok(())));
        }
        let (text, _) = self.until(&[',']);
        Ok((typed(text, self.kind)?, Ok(())))
    }

    fn list(&mut self) -> Result<Json, Stop> {
        let mut items = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return error("list must terminate with '}'"),
                Some('}') => {
                    if self.letters.get(self.at) == Some(&',') {
                        self.at += 1;
                    }
                    items.push(typed(text, self.kind)?);
                    return Ok(Json::Array(items));
                }
                Some(_) => items.push(typed(text, self.kind)?),
            }
        }
    }

    fn json(&mut self) -> Result<Json, Stop> {
        if self.is_empty_value() {
            return Ok(Json::Null);
        }
        let rest: String = self.letters[self.at..].iter().collect();
        let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<Json>();
        let Some(Ok(value)) = stream.next() else { return error("the value is not JSON") };
        self.at += rest[..stream.byte_offset()].chars().count();
        self.is_empty_value();
        Ok(crate::json::floats(value))
    }

    /// Passes over blanks and a comma; whether nothing else stood before it.
    fn is_empty_value(&mut self) -> bool {
        loop {
            match self.next() {
                None | Some(',') => return true,
                Some(letter) if letter.is_whitespace() => {}
                Some(_) => {
                    self.at -= 1;
                    return false;
                }
            }
        }
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (digits, last) = self.until(&[']']);
        match (last, digits.parse()) {
            // Helm takes the end of the argument for the end of the setting here.
            (None, _) => Err(Stop::End),
            (Some(_), Ok(index)) => Ok(index),
            (Some(_), Err(_)) => error("error parsing index"),
        }
    }

    fn item(&mut self, list: &mut Vec<Json>, index: i64, nesting: usize) -> Result<(), Stop> {
        let Ok(index) = usize::try_from(index) else { return error("a negative index is not allowed") };
        let (text, last) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return error("unexpected data at end of array index");
        }
        match last {
            None => Err(Stop::End),
            Some('=') => {
                let (value, _) = self.value()?;
                put(list, index, value)
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get(index) {
                    None | Some(Json::Null) => Vec::new(),
                    Some(Json::Array(items)) => items.clone(),
                    Some(_) => return error("the item is no list"),
                };
                // What ends too soon, or is wrong, leaves the list as it was.
                self.item(&mut inner, next, nesting)?;
                put(list, index, Json::Array(inner))
            }
            Some(_) => {
                let mut inner = match list.get(index) {
                    Some(Json::Object(inner)) => inner.clone(),
                    _ => Table::new(),
                };
                // A table that was there is changed in place, come what may.
                let was_there = matches!(list.get(index), Some(Json::Object(_)));
                let result = self.key(&mut inner, nesting);
                if result.is_ok() || was_there {
                    put(list, index, Json::Object(inner))?;
                }
                result
            }
        }
    }
}

fn insert(table: &mut Table, key: String, value: Json) {
    if !key.is_empty() {
        table.insert(key, value);
    }
}

fn put(list: &mut Vec<Json>, index: usize, value: Json) -> Result<(), Stop> {
    if index > MAX_INDEX {
        return error(format!("an index is greater than {MAX_INDEX}"));
    }
    if list.len() <= index {
        list.resize(index + 1, Json::Null);
    }
    list[index] = value;
    Ok(())
}

fn typed(text: String, kind: Set) -> Result<Json, Stop> {
    match kind {
        Set::Text => return Ok(Json::String(text)),
        Set::File => return contents(&text),
        _ => {}
    }
    let is_number = !text.starts_with('0');
    Ok(match text.to_lowercase().as_str() {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        "null" => Json::Null,
        "0" => Json::from(0_i64),
        _ => match text.parse::<i64>() {
            Ok(number) if is_number => Json::from(number),
            _ => Json::String(text),
        },
    })
}

/// A file's text, replacements where it is none.
fn contents(path: &str) -> Result<Json, Stop> {
    let about = std::fs::metadata(path);
    if about.as_ref().is_ok_and(|about| about.len() > MAX_FILE_BYTES) {
        return error(format!("{path} is larger than {MAX_FILE_BYTES} bytes"));
    }
    match about.and_then(|_| std::fs::read(path)) {
        Ok(bytes) => Ok(Json::String(String::from_utf8_lossy(&bytes).into_owned())),
        Err(reason) => error(format!("{path} cannot be read: {reason}")),
    }
}
