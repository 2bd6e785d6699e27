//! Patterns of file names: `.Files.Glob`'s, and `.helmignore`'s.

use regex::Regex;

/// A pattern.
#[derive(Debug, Clone)]
pub(crate) struct Glob(Regex);

impl Glob {
    /// As `.Files.Glob` reads it (gobwas/glob, with `/` between parts): `*` stays in its part, `**` does not,
    /// `{a,b}` are alternatives. `None` where it is no pattern.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        compile(pattern, true)
    }

    /// As Go's `filepath.Match` reads it: `*`, `?`, `[a-z]` and a backslash.
    pub(crate) fn plain(pattern: &str) -> Option<Self> {
        compile(pattern, false)
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

fn compile(pattern: &str, has_alternatives: bool) -> Option<Glob> {
    let mut expression = String::from("(?s)^");
    let mut letters = pattern.chars().peekable();
    let mut open = 0_u32;
    while let Some(letter) = letters.next() {
        match letter {
            '*' if has_alternatives && letters.next_if_eq(&'*').is_some() => expression.push_str(".*"),
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' => expression.push_str(&class(&mut letters)?),
            '{' if has_alternatives => {
                open += 1;
                expression.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                expression.push(')');
            }
            ',' if open > 0 => expression.push('|'),
            '\\' => expression.push_str(&regex::escape(&letters.next()?.to_string())),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    (open == 0).then_some(())?;
    expression.push('$');
    Regex::new(&expression).ok().map(Glob)
}

fn class(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut class = String::from("[");
    if letters.next_if(|letter| matches!(letter, '^' | '!')).is_some() {
        class.push('^');
    }
    let mut is_empty = true;
    loop {
        match letters.next()? {
            ']' if !is_empty => break,
            '\\' => class.push_str(&regex::escape(&letters.next()?.to_string())),
            '-' => class.push('-'),
            other => class.push_str(&regex::escape(&other.to_string())),
        }
        is_empty = false;
    }
    class.push(']');
    Some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_their_part_unless_doubled() {
        let matches = |pattern: &str, path: &str| Glob::new(pattern).is_some_and(|glob| glob.matches(path));
        assert!(matches("config/*.toml", "config/a.toml"));
        assert!(!matches("config/*", "config/deep/a"));
        assert!(matches("config/**", "config/deep/a"));
        assert!(matches("{a,b}.[ty]*", "b.yaml"));
        assert!(!Glob::plain("*.txt").is_some_and(|glob| glob.matches("a/b.txt")));
        assert!(Glob::plain("[a").is_none());
    }
}
