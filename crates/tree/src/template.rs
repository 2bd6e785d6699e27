//! Interpolation of variables as Docker Compose does it, in Compose files and in env files alike.
//!
//! The grammar is compose-go's (`template/template.go`, v2.9.1): `$NAME`, `${NAME}`, `${NAME-word}`, `${NAME:-word}`,
//! `${NAME+word}`, `${NAME:+word}`, `${NAME?word}`, `${NAME:?word}`, `$$`; words are interpolated in turn, whether
//! or not they are used. A `$` that begins none of these stays.

/// The deepest nesting of words that is followed. Real files have two or three levels.
pub const MAX_NESTING: usize = 32;
/// The longest text that one interpolation may become, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024 * 1024;

/// Why a text could not be interpolated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${` that begins no valid expression.
    #[error("a ${{ without a valid variable after it")]
    Invalid,
    /// `${NAME?word}` of a variable without a value.
    #[error("the variable {name} is required, and is not set")]
    Required {
        /// The variable.
        name: String,
        /// What the file says about it; may be empty.
        reason: String,
    },
    /// More than [`MAX_NESTING`] levels, or more than [`MAX_LENGTH`] bytes.
    #[error("the variables expand to too much")]
    TooLarge,
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interpolated {
    /// The text with its variables replaced.
    pub text: String,
    /// The variables that were asked for, in that order, those in unused words included.
    pub used: Vec<String>,
    /// Those of them that were not set where nothing says what then; they became nothing.
    pub unset: Vec<String>,
    /// Variables that are required and have no value; they became nothing ([`interpolate_with_gaps`] only).
    pub missing: Vec<String>,
}

/// Replaces the variables of a text.
///
/// # Errors
/// If an expression is malformed, a required variable is missing, or the result would be too large.
pub fn interpolate(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Interpolated, TemplateError> {
    Run { lookup, gaps: false, result: Interpolated::default(), spent: 0 }.whole(text)
}

/// As [`interpolate`], with required variables that are missing listed rather than refused.
///
/// # Errors
/// If an expression is malformed, or the result would be too large.
pub fn interpolate_with_gaps(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Interpolated, TemplateError> {
    Run { lookup, gaps: true, result: Interpolated::default(), spent: 0 }.whole(text)
}

struct Run<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    gaps: bool,
    result: Interpolated,
    spent: usize,
}

/// `${NAME operator word}`, cut out of a text.
struct Braced<'t> {
    name: &'t str,
    /// With its colon, if it has one; empty where there is none.
    operator: &'t str,
    word: &'t str,
    rest: &'t str,
}

impl Run<'_> {
    fn whole(mut self, text: &str) -> Result<Interpolated, TemplateError> {
        let text = self.substitute(text, 0)?;
        Ok(Interpolated { text, ..self.result })
    }

    fn substitute(&mut self, text: &str, depth: usize) -> Result<String, TemplateError> {
        if depth > MAX_NESTING {
            return Err(TemplateError::TooLarge);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            self.push(&mut out, &rest[..at])?;
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some(inside) = after.strip_prefix('{') {
                let braced = braced(inside).ok_or(TemplateError::Invalid)?;
                let value = self.braced(&braced, depth)?;
                self.push(&mut out, &value)?;
                rest = braced.rest;
            } else {
                let name = name(after);
                if name.is_empty() {
                    out.push('$');
                } else {
                    let value = self.plain(name);
                    self.push(&mut out, &value)?;
                }
                rest = &after[name.len()..];
            }
        }
        self.push(&mut out, rest)?;
        Ok(out)
    }

    fn push(&mut self, out: &mut String, part: &str) -> Result<(), TemplateError> {
        self.spent = self.spent.saturating_add(part.len());
        if self.spent > MAX_LENGTH.saturating_mul(4) || out.len() + part.len() > MAX_LENGTH {
            return Err(TemplateError::TooLarge);
        }
        out.push_str(part);
        Ok(())
    }

    fn look_up(&mut self, name: &str) -> Option<String> {
        self.result.used.push(name.to_owned());
        (self.lookup)(name)
    }

    fn plain(&mut self, name: &str) -> String {
        self.look_up(name).unwrap_or_else(|| {
            self.result.unset.push(name.to_owned());
            String::new()
        })
    }

    fn braced(&mut self, braced: &Braced<'_>, depth: usize) -> Result<String, TemplateError> {
        if braced.operator.is_empty() {
            return Ok(self.plain(braced.name));
        }
        // A variable that only an unused word names is asked for too, but is not missed.
        let missed = self.result.unset.len();
        let word = self.substitute(braced.word, depth + 1)?;
        let value = self.look_up(braced.name);
        let filled = match (&value, braced.operator.starts_with(':')) {
            (Some(text), true) => !text.is_empty(),
            (value, _) => value.is_some(),
        };
        let (wanted, result) = match (braced.operator.trim_start_matches(':'), filled) {
            ("-", false) | ("+", true) => (true, word),
            ("?", false) if self.gaps => {
                self.result.missing.push(braced.name.to_owned());
                (false, String::new())
            }
            ("?", false) => {
                return Err(TemplateError::Required { name: braced.name.to_owned(), reason: word });
            }
            _ => (false, value.unwrap_or_default()),
        };
        if !wanted {
            self.result.unset.truncate(missed);
        }
        Ok(result)
    }
}

/// The variable name a text begins with: empty if it begins with none. The tool's pattern ignores case by
/// Unicode's folding, under which ſ and K (Kelvin) are letters of the alphabet.
fn name(text: &str) -> &str {
    let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '\u{17f}' | '\u{212a}');
    if !text.starts_with(letter) {
        return "";
    }
    let end = text.find(|c: char| !letter(c) && !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

/// Reads an expression from behind its `${`.
fn braced(inside: &str) -> Option<Braced<'_>> {
    let name = name(inside);
    if name.is_empty() {
        return None;
    }
    let after = &inside[name.len()..];
    if let Some(rest) = after.strip_prefix('}') {
        return Some(Braced { name, operator: "", word: "", rest });
    }
    let colon = usize::from(after.starts_with(':'));
    if !after[colon..].starts_with(['-', '+', '?']) {
        return None;
    }
    let (operator, body) = after.split_at(colon + 1);
    // A word ends on its own line.
    let line = body.split('\n').next().unwrap_or_default();
    let end = match closing(line) {
        Some(end) => end,
        None => line.rfind('}')?,
    };
    Some(Braced { name, operator, word: &body[..end], rest: &body[end + 1..] })
}

/// Where the brace opened before `body` closes. As in the tool, the character after an opening brace is never
/// looked at.
fn closing(body: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut bytes = body.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                bytes.next();
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Interpolated, TemplateError> {
        interpolate(text, &|name| match name {
            "A" => Some("one".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn every_operator_reads_as_the_tool_reads_it() {
        let table = [
            ("$A-${A}", "one-one"),
            ("$$A $$$A", "$A $one"),
            ("$5 $ 5$", "$5 $ 5$"),
            ("${A:-x}${NO:-y}${EMPTY:-z}${EMPTY-z}${NO-w}", "oneyzw"),
            ("${A:+x}${NO:+y}${EMPTY:+z}${EMPTY+z}${NO+w}", "xz"),
            ("${A:?x}${EMPTY?x}", "one"),
            ("${NO:-${NO2:-${A}}} ${NO:-a}}", "one a}"),
            ("${NO:-{}}", "{}"),
            ("${NO:-$$A}", "$A"),
            ("${NO:-a:-b-c}", "a:-b-c"),
        ];
        for (text, expected) in table {
            assert_eq!(with(text).expect("valid").text, expected, "for {text}");
        }
    }

    #[test]
    fn what_is_malformed_or_missing_is_refused() {
        for text in ["${", "${}", "${5}", "${A!x}", "${A:-x", "${A:-x\n}", "${NO:-${}}"] {
            assert_eq!(with(text), Err(TemplateError::Invalid), "for {text}");
        }
        let error = TemplateError::Required { name: "NO".into(), reason: "say one".into() };
        assert_eq!(with("${NO:?say $A}"), Err(error));
    }

    #[test]
    fn only_what_becomes_nothing_is_unset() {
        assert_eq!(with("$NO ${NO2:-x} ${A:-$NO3}").expect("valid").unset, ["NO"]);
    }

    #[test]
    fn nesting_and_growth_have_an_end() {
        let deep = format!("{}{}", "${N:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(with(&deep), Err(TemplateError::TooLarge));
        let wide = "$A".repeat(30_000_000);
        let long = interpolate(&wide, &|_| Some("0123456789".repeat(100)));
        assert_eq!(long.expect_err("grows"), TemplateError::TooLarge);
    }
}
