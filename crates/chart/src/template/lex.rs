//! From a template's text to tokens.

use std::borrow::Cow;

use super::ast::{At, Number};
use crate::number::parse_any_base;

/// A text is not a template.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) at: At,
    pub(crate) detail: String,
    /// Whether it is one, but nested deeper than the stack bears.
    pub(crate) is_too_deep: bool,
}

/// A token and where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Token<'a> {
    pub(crate) at: At,
    pub(crate) kind: Kind<'a>,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'a> {
    /// What stands outside of actions.
    Text(&'a str),
    /// `{{`
    Open,
    /// `}}`
    Close,
    Space,
    Pipe,
    LeftParen,
    RightParen,
    Comma,
    Assign,
    Declare,
    Dot,
    /// `.name`
    Field(&'a str),
    /// `$name`, with its `$`.
    Variable(&'a str),
    /// A function, `true`, `false`, or a keyword.
    Word(&'a str),
    Number(NumberToken),
    /// A quoted text, its escapes read.
    Quoted(Cow<'a, str>),
    End,
}

/// A number, comparable for tests of token kinds; boxed, so that the many other tokens stay small.
#[derive(Debug, Clone)]
pub(crate) struct NumberToken(pub(crate) Box<Number>);

impl PartialEq for NumberToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.whole == other.0.whole && self.0.is_float == other.0.is_float
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: At,
    tokens: Vec<Token<'a>>,
    parens: usize,
}

/// Reads a whole template.
///
/// # Errors
/// The first thing that is no template.
pub(crate) fn lex(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::with_capacity(text.len() / 8), parens: 0 };
    lexer.document()?;
    lexer.push(lexer.at, Kind::End);
    Ok(lexer.tokens)
}

/// Where two letters stand side by side. Looking for one letter is much faster than looking for a text.
fn find_pair(text: &str, first: char, second: char) -> Option<usize> {
    text.match_indices(first).map(|(at, _)| at).find(|at| text[at + 1..].starts_with(second))
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

fn is_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

impl<'a> Lexer<'a> {
    fn push(&mut self, at: At, kind: Kind<'a>) {
        self.tokens.push(Token { at, kind });
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn fail<T>(&self, detail: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError { at: self.at, detail: detail.into(), is_too_deep: false })
    }

    fn document(&mut self) -> Result<(), SyntaxError> {
        let mut trims = false;
        loop {
            let start = self.at;
            let Some(length) = find_pair(self.rest(), '{', '{') else {
                self.at = self.text.len();
                self.text_between(start, self.text.len(), trims, false);
                return Ok(());
            };
            let open = start + length;
            let after = &self.text[open + 2..];
            let trims_before = after.starts_with('-') && after[1..].starts_with(is_space);
            self.text_between(start, open, trims, trims_before);
            self.at = open + 2 + if trims_before { 2 } else { 0 };
            trims = if self.rest().starts_with("/*") {
                self.comment()?
            } else {
                self.push(open, Kind::Open);
                self.action()?
            };
        }
    }

    fn text_between(&mut self, start: At, end: At, trims_start: bool, trims_end: bool) {
        let mut text = &self.text[start..end];
        if trims_start {
            text = text.trim_start_matches(is_space);
        }
        if trims_end {
            text = text.trim_end_matches(is_space);
        }
        if !text.is_empty() {
            self.push(start, Kind::Text(text));
        }
    }

    /// Whether the text after the comment is to be trimmed.
    fn comment(&mut self) -> Result<bool, SyntaxError> {
        let Some(end) = find_pair(self.rest(), '*', '/') else { return self.fail("unclosed comment") };
        self.at += end + 2;
        match self.closing() {
            Some((length, trims)) => {
                self.at += length;
                Ok(trims)
            }
            None => self.fail("comment ends before closing delimiter"),
        }
    }

    /// The length of a closing delimiter here, and whether it trims.
    fn closing(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        if rest.starts_with(is_space) && rest[1..].starts_with("-}}") {
            Some((4, true))
        } else if rest.starts_with("}}") {
            Some((2, false))
        } else {
            None
        }
    }

    /// Whether the text after the action is to be trimmed.
    fn action(&mut self) -> Result<bool, SyntaxError> {
        self.parens = 0;
        loop {
            if let Some((length, trims)) = self.closing() {
                if self.parens > 0 {
                    return self.fail("unclosed left paren");
                }
                self.push(self.at, Kind::Close);
                self.at += length;
                return Ok(trims);
            }
            self.inside_action()?;
        }
    }

    fn inside_action(&mut self) -> Result<(), SyntaxError> {
        let at = self.at;
        let Some(letter) = self.peek() else { return self.fail("unclosed action") };
        match letter {
            _ if is_space(letter) => {
                while self.peek().is_some_and(is_space) && (self.at == at || self.closing().is_none()) {
                    self.at += 1;
                }
                self.push(at, Kind::Space);
            }
            '=' => self.single(Kind::Assign),
            ':' if self.rest().starts_with(":=") => {
                self.at += 2;
                self.push(at, Kind::Declare);
            }
            ':' => return self.fail("expected :="),
            '|' => self.single(Kind::Pipe),
            ',' => self.single(Kind::Comma),
            '(' => {
                self.parens += 1;
                self.single(Kind::LeftParen);
            }
            ')' => {
                if self.parens == 0 {
                    return self.fail("unexpected right paren");
                }
                self.parens -= 1;
                self.single(Kind::RightParen);
            }
            '"' => self.quoted()?,
            '`' => self.raw()?,
            '\'' => self.character()?,
            '$' => self.named(true)?,
            '.' if !self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.named(false)?,
            '.' | '+' | '-' | '0'..='9' => self.number()?,
            _ if is_word(letter) => self.word()?,
            other => return self.fail(format!("unexpected character {other:?} in command")),
        }
        Ok(())
    }

    fn single(&mut self, kind: Kind<'a>) {
        self.push(self.at, kind);
        self.at += 1;
    }

    fn take_word(&mut self) -> &'a str {
        let rest = self.rest();
        // Nearly all names are plain letters, which are told apart by their bytes.
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let mut length = rest.bytes().position(|byte| !is_plain(&byte)).unwrap_or(rest.len());
        if rest.as_bytes().get(length).is_some_and(|byte| !byte.is_ascii()) {
            length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        }
        self.at += length;
        &rest[..length]
    }

    /// Whether a name may end here.
    fn is_terminated(&self) -> bool {
        match self.peek() {
            None => true,
            Some(letter) => {
                is_space(letter)
                    || matches!(letter, '.' | ',' | '|' | ':' | ')' | '(')
                    || self.rest().starts_with("}}")
            }
        }
    }

    fn named(&mut self, is_variable: bool) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += 1;
        let name = self.take_word();
        if !self.is_terminated() {
            let letter = self.peek().unwrap_or_default();
            return self.fail(format!("bad character U+{:04X} {letter:?}", u32::from(letter)));
        }
        let kind = match (is_variable, name) {
            (true, name) => Kind::Variable(&self.text[start..start + 1 + name.len()]),
            (false, "") => Kind::Dot,
            (false, name) => Kind::Field(name),
        };
        self.push(start, kind);
        Ok(())
    }

    fn word(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let word = self.take_word();
        if !self.is_terminated() {
            let letter = self.peek().unwrap_or_default();
            return self.fail(format!("bad character U+{:04X} {letter:?}", u32::from(letter)));
        }
        self.push(start, Kind::Word(word));
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        let mut previous = ' ';
        let is_hexadecimal = rest.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
        let length = rest
            .char_indices()
            .find(|(index, letter)| {
                let is_exponent_sign = matches!(letter, '+' | '-')
                    && (*index == 0
                        || (!is_hexadecimal && matches!(previous, 'e' | 'E'))
                        || (is_hexadecimal && matches!(previous, 'p' | 'P')));
                previous = *letter;
                !(is_word(*letter) || *letter == '.' || is_exponent_sign)
            })
            .map_or(rest.len(), |(index, _)| index);
        let text = &rest[..length];
        self.at += length;
        let whole = parse_any_base(text);
        let has_point = !is_hexadecimal && text.contains(['.', 'e', 'E']);
        let float = if has_point { text.replace('_', "").parse().ok() } else { None };
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "Go does the same")]
        let number = match (whole, float) {
            (Some(whole), _) => Number { whole: Some(whole), float: Some(whole as f64), is_float: false },
            (None, Some(float)) => {
                let float: f64 = float;
                let whole = (float.fract() == 0.0 && float.abs() < 9e18).then_some(float as i64);
                Number { whole, float: Some(float), is_float: true }
            }
            (None, None) => {
                self.at = start;
                return self.fail(format!("bad number syntax: {text:?}"));
            }
        };
        self.push(start, Kind::Number(NumberToken(Box::new(number))));
        Ok(())
    }

    fn raw(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find('`') else {
            return self.fail("unterminated raw quoted string");
        };
        let text = &self.rest()[1..=length];
        let text = if text.contains('\r') { text.replace('\r', "").into() } else { text.into() };
        self.at += length + 2;
        self.push(start, Kind::Quoted(text));
        Ok(())
    }

    fn quoted(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += 1;
        let plain = self.rest().find(['"', '\\', '\n']);
        if let Some(text) = plain.and_then(|length| self.rest().get(..length))
            && self.rest()[text.len()..].starts_with('"')
        {
            self.at += text.len() + 1;
            self.push(start, Kind::Quoted(text.into()));
            return Ok(());
        }
        let mut text = Vec::new();
        loop {
            match self.peek() {
                None | Some('\n') => return self.fail("unterminated quoted string"),
                Some('"') => break,
                Some('\\') => {
                    self.at += 1;
                    self.escape(&mut text, '"')?;
                }
                Some(letter) => {
                    self.at += letter.len_utf8();
                    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        self.at += 1;
        self.push(start, Kind::Quoted(String::from_utf8_lossy(&text).into_owned().into()));
        Ok(())
    }

    fn character(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut text = Vec::new();
        match self.peek() {
            None | Some('\n' | '\'') => return self.fail("malformed character constant"),
            Some('\\') => {
                self.at += 1;
                self.escape(&mut text, '\'')?;
            }
            Some(letter) => {
                self.at += letter.len_utf8();
                text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        if self.peek() != Some('\'') {
            return self.fail("malformed character constant");
        }
        self.at += 1;
        let code = String::from_utf8_lossy(&text).chars().next().map_or(0, u32::from);
        let number = Number { whole: Some(i64::from(code)), float: Some(f64::from(code)), is_float: false };
        self.push(start, Kind::Number(NumberToken(Box::new(number))));
        Ok(())
    }

    fn escape(&mut self, text: &mut Vec<u8>, quote: char) -> Result<(), SyntaxError> {
        let Some(letter) = self.peek() else { return self.fail("unterminated quoted string") };
        self.at += letter.len_utf8();
        let simple = match letter {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' => b'\\',
            _ if letter == quote => quote as u8,
            'x' | 'u' | 'U' | '0'..='7' => return self.coded(letter, text),
            _ => return self.fail("invalid syntax in quoted string"),
        };
        text.push(simple);
        Ok(())
    }

    fn coded(&mut self, letter: char, text: &mut Vec<u8>) -> Result<(), SyntaxError> {
        let (length, radix) = match letter {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            _ => {
                self.at -= 1;
                (3, 8)
            }
        };
        let code = self.rest().get(..length).and_then(|digits| u32::from_str_radix(digits, radix).ok());
        let Some(code) = code else { return self.fail("invalid syntax in quoted string") };
        self.at += length;
        if matches!(letter, 'u' | 'U') {
            let Some(letter) = char::from_u32(code) else { return self.fail("invalid code point") };
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            let Ok(byte) = u8::try_from(code) else { return self.fail("invalid syntax in quoted string") };
            text.push(byte);
        }
        Ok(())
    }
}
