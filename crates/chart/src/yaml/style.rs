//! How a scalar may be written: go-yaml's `analyze_scalar` and the rules around it.

use std::sync::LazyLock;

use regex::Regex;

/// What was found out about a text.
pub(super) struct Analysis {
    pub(super) is_multiline: bool,
    pub(super) may_be_plain: bool,
    pub(super) may_be_single_quoted: bool,
    pub(super) may_be_block: bool,
}

/// Which go-yaml writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    /// v2: `toYaml`.
    Old,
    /// v3: `toYamlPretty`.
    New,
}

fn is_break(letter: char) -> bool {
    matches!(letter, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether go-yaml writes a letter without escaping it.
pub(super) fn is_printable(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

pub(super) fn analyze(text: &str) -> Analysis {
    if text.is_empty() {
        return Analysis {
            is_multiline: false,
            may_be_plain: true,
            may_be_single_quoted: true,
            may_be_block: false,
        };
    }
    let letters: Vec<char> = text.chars().collect();
    let mut has_indicators = text.starts_with("---") || text.starts_with("...");
    let (mut has_breaks, mut has_special, mut break_space, mut space_break) = (false, false, false, false);
    let (mut after_space, mut after_break) = (false, false);
    let mut preceded_by_blank = true;
    let is_blank = |letter: char| letter == ' ' || letter == '\t';
    for (index, &letter) in letters.iter().enumerate() {
        has_indicators |= if index == 0 {
            matches!(
                letter,
                '#' | ','
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '&'
                    | '*'
                    | '!'
                    | '|'
                    | '>'
                    | '\''
                    | '"'
                    | '%'
                    | '@'
                    | '`'
            ) || matches!(letter, '?' | ':' | '-') && is_before_blank(&letters, index)
        } else {
            letter == ':' && is_before_blank(&letters, index) || letter == '#' && preceded_by_blank
        };
        has_special |= !is_printable(letter);
        if letter == ' ' {
            break_space |= after_break;
            (after_space, after_break) = (true, false);
        } else if is_break(letter) {
            has_breaks = true;
            space_break |= after_space;
            (after_space, after_break) = (false, true);
        } else {
            (after_space, after_break) = (false, false);
        }
        preceded_by_blank = is_blank(letter) || is_break(letter) || letter == '\0';
    }
    let is_edge = |letter: Option<&char>| letter.is_some_and(|letter| *letter == ' ' || is_break(*letter));
    let has_open_edge = is_edge(letters.first()) || is_edge(letters.last());
    let trailing_space = letters.last() == Some(&' ');
    let unquotable = space_break || has_special;
    Analysis {
        is_multiline: has_breaks,
        may_be_plain: !(has_open_edge || break_space || unquotable || has_breaks || has_indicators),
        may_be_single_quoted: !(break_space || unquotable),
        may_be_block: !(trailing_space || unquotable),
    }
}

/// Whether a blank or the end follows. go-yaml looks for blanks only, not for line breaks.
fn is_before_blank(letters: &[char], index: usize) -> bool {
    letters.get(index + 1).is_none_or(|next| *next == ' ' || *next == '\t')
}

static BASE_60: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$").ok());
static TIMESTAMP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?)?$").ok()
});

fn starts_like_a_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-'))
}

/// Whether a text would be read back as something else if it stood there plain.
pub(super) fn means_something_else(text: &str) -> bool {
    !matches!(tree::resolve_old(text), tree::Value::String(_))
        || matches!(text, ".nan" | ".NaN" | ".NAN")
        || matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF")
        || starts_like_a_number(text)
            && text.contains(':')
            && BASE_60.as_ref().is_some_and(|pattern| pattern.is_match(text))
        || text.as_bytes().get(4) == Some(&b'-')
            && TIMESTAMP.as_ref().is_some_and(|pattern| pattern.is_match(text))
}
