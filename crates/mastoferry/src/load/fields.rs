//! The fields of a mapping in a profile, read one by one.

use tree::{Node, Value};

use super::error::{LoadError, LoadErrorKind};

/// The largest body: Mastodon takes no file beyond 99 MB.
const LARGEST: usize = 99 << 20;

/// A mapping all of whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    node: &'a Node,
}

pub(super) fn at(node: &Node, kind: LoadErrorKind) -> LoadError {
    LoadError { kind, origin: node.origin }
}

impl<'a> Fields<'a> {
    /// Takes a mapping that may hold these keys and no others.
    pub(super) fn of(node: &'a Node, what: &str, known: &[&str]) -> Result<Self, LoadError> {
        let Some(mapping) = node.as_mapping() else {
            return Err(at(node, LoadErrorKind::Mapping { what: what.to_owned() }));
        };
        for (key, value) in mapping {
            if !known.contains(&key.as_str()) {
                let kind = LoadErrorKind::Unknown { key: key.clone(), known: known.join(", ") };
                return Err(at(value, kind));
            }
        }
        Ok(Self { node })
    }

    pub(super) fn get(self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    pub(super) fn required(self, key: &str) -> Result<&'a Node, LoadError> {
        self.get(key).ok_or_else(|| at(self.node, LoadErrorKind::Missing { key: key.to_owned() }))
    }

    pub(super) fn text(self, key: &str) -> Result<Option<String>, LoadError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let text = node.as_text().filter(|_| !matches!(node.value, Value::Null));
        let wrong = || at(node, LoadErrorKind::Choice { key: key.to_owned(), choices: "text".to_owned() });
        text.map(Some).ok_or_else(wrong)
    }

    pub(super) fn number(self, key: &str, (low, high): (f64, f64)) -> Result<Option<f64>, LoadError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let number = match &node.value {
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        let fits = number.filter(|number| (low..=high).contains(number));
        fits.map(Some).ok_or_else(|| at(node, LoadErrorKind::Number { key: key.to_owned(), low, high }))
    }

    /// A whole number.
    pub(super) fn count(self, key: &str, most: u32) -> Result<Option<u32>, LoadError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let number = node.as_i64().and_then(|number| u32::try_from(number).ok());
        let fits = number.filter(|number| *number <= most);
        let kind = || LoadErrorKind::Number { key: key.to_owned(), low: 0.0, high: f64::from(most) };
        fits.map(Some).ok_or_else(|| at(node, kind()))
    }

    pub(super) fn choice<T: Copy>(self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, LoadError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let chosen = choices.iter().find(|(name, _)| node.as_str() == Some(name)).map(|(_, value)| *value);
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let wrong = || at(node, LoadErrorKind::Choice { key: key.to_owned(), choices: names.join(", ") });
        chosen.map(Some).ok_or_else(wrong)
    }

    pub(super) fn truth(self, key: &str) -> Result<bool, LoadError> {
        match self.get(key).map(|node| (node, &node.value)) {
            None => Ok(false),
            Some((_, Value::Bool(truth))) => Ok(*truth),
            Some((node, _)) => {
                let choices = "true, false".to_owned();
                Err(at(node, LoadErrorKind::Choice { key: key.to_owned(), choices }))
            }
        }
    }

    /// A path of a URL with its query.
    pub(super) fn path(self, key: &str) -> Result<Option<String>, LoadError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let path = node.as_str().filter(|path| {
            path.starts_with('/')
                && path.parse::<http::uri::PathAndQuery>().is_ok_and(|parsed| parsed == *path)
        });
        let wrong = || at(node, LoadErrorKind::Path { key: key.to_owned() });
        path.map(|path| Some(path.to_owned())).ok_or_else(wrong)
    }

    /// An amount of bytes: a number alone, or with kB, KiB, MB or MiB.
    pub(super) fn size(self, key: &str) -> Result<Option<usize>, LoadError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let bytes = node.as_text().and_then(|text| bytes(&text)).filter(|bytes| *bytes <= LARGEST);
        bytes.map(Some).ok_or_else(|| at(node, LoadErrorKind::Size { key: key.to_owned() }))
    }
}

fn bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" => 1_000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        _ => return None,
    };
    digits.trim().parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = ["512", "3KiB", "300 kB", "2MB", "1MiB"].map(bytes);
        assert_eq!(read, [Some(512), Some(3072), Some(300_000), Some(2_000_000), Some(1 << 20)]);
        for wrong in ["", "KiB", "-1", "1.5MB", "1Gi", "99999999999999999999MB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
