//! Patterns of file names: `.Files.Glob`'s, and `.helmignore`'s.

/// A pattern: one of its alternatives must match.
#[derive(Debug, Clone)]
pub(crate) struct Glob(Vec<Vec<Token>>);

#[derive(Debug, Clone)]
enum Token {
    Letter(char),
    /// Any letter of a part.
    One,
    /// Any letters of a part.
    Star,
    /// Any letters.
    Stars,
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// The most alternatives a pattern may have: `{a,b}{c,d}` has four.
const MAX_ALTERNATIVES: usize = 256;

impl Glob {
    /// As `.Files.Glob` reads it (gobwas/glob, with `/` between parts): `*` stays in its part, `**` does not,
    /// `{a,b}` are alternatives. `None` where it is no pattern.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let letters: Vec<char> = pattern.chars().collect();
        let mut plain = Vec::new();
        expand(&letters, &mut plain)?;
        plain.iter().map(|pattern| tokens(pattern, true)).collect::<Option<_>>().map(Self)
    }

    /// As Go's `filepath.Match` reads it: `*`, `?`, `[a-z]` and a backslash.
    pub(crate) fn plain(pattern: &str) -> Option<Self> {
        let letters: Vec<char> = pattern.chars().collect();
        tokens(&letters, false).map(|tokens| Self(vec![tokens]))
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|tokens| may_match(tokens, path) && is_match(tokens, path))
    }
}

/// Writes out the alternatives of a pattern.
fn expand(pattern: &[char], plain: &mut Vec<Vec<char>>) -> Option<()> {
    let Some(open) = unescaped(pattern, 0, |letter| letter == '{') else {
        plain.push(pattern.to_vec());
        return (plain.len() <= MAX_ALTERNATIVES).then_some(());
    };
    let (mut depth, mut start, mut parts) = (0_usize, open + 1, Vec::new());
    let mut at = open;
    let close = loop {
        match pattern[at] {
            '{' => depth += 1,
            '}' if depth == 1 => break at,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at = unescaped(pattern, at + 1, |letter| matches!(letter, '{' | '}' | ','))?;
    };
    parts.push(&pattern[start..close]);
    for part in parts {
        let whole = [&pattern[..open], part, &pattern[close + 1..]].concat();
        expand(&whole, plain)?;
    }
    Some(())
}

/// The first letter from a place on that fits and has no backslash before it.
fn unescaped(pattern: &[char], from: usize, fits: impl Fn(char) -> bool) -> Option<usize> {
    let mut at = from;
    while at < pattern.len() {
        match pattern[at] {
            '\\' => at += 1,
            letter if fits(letter) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn tokens(pattern: &[char], has_stars: bool) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = pattern.iter().copied().peekable();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '*' if has_stars && letters.next_if_eq(&'*').is_some() => Token::Stars,
            '*' => Token::Star,
            '?' => Token::One,
            '[' => class(&mut letters)?,
            '\\' => Token::Letter(letters.next()?),
            other => Token::Letter(other),
        });
    }
    Some(tokens)
}

fn class(letters: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> Option<Token> {
    let is_negated = letters.next_if(|letter| matches!(letter, '^' | '!')).is_some();
    let mut ranges = Vec::new();
    let one = |letters: &mut std::iter::Peekable<_>| match letters.next()? {
        '\\' => letters.next(),
        other => Some(other),
    };
    loop {
        if !ranges.is_empty() && letters.next_if_eq(&']').is_some() {
            return Some(Token::Class { is_negated, ranges });
        }
        let low = one(letters)?;
        let high = if letters.next_if_eq(&'-').is_some() { one(letters)? } else { low };
        ranges.push((low, high));
    }
}

/// Whether the letters that a pattern begins and ends with are the path's: what most paths fail at.
fn may_match(tokens: &[Token], path: &str) -> bool {
    let fits = |token: &Token, letter: Option<char>| match token {
        Token::Letter(wanted) => letter == Some(*wanted),
        _ => true,
    };
    let is_letter = |token: &&Token| matches!(token, Token::Letter(_));
    let (mut first, mut last) = (path.chars(), path.chars().rev());
    tokens.iter().take_while(is_letter).all(|token| fits(token, first.next()))
        && tokens.iter().rev().take_while(is_letter).all(|token| fits(token, last.next()))
}

/// Goes through a path once, keeping every place of the pattern it may have come to.
fn is_match(tokens: &[Token], path: &str) -> bool {
    let mut places = vec![false; tokens.len() + 1];
    let mut next = places.clone();
    places[0] = true;
    pass_stars(tokens, &mut places);
    for letter in path.chars() {
        next.fill(false);
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| places[*at]) {
            match token {
                Token::Letter(wanted) => next[at + 1] |= letter == *wanted,
                Token::One => next[at + 1] |= letter != '/',
                Token::Star => next[at] |= letter != '/',
                Token::Stars => next[at] = true,
                Token::Class { is_negated, ranges } => {
                    let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter));
                    next[at + 1] |= is_in != *is_negated && letter != '/';
                }
            }
        }
        pass_stars(tokens, &mut next);
        std::mem::swap(&mut places, &mut next);
        if !places.contains(&true) {
            return false;
        }
    }
    places[tokens.len()]
}

/// A star may stand for nothing.
fn pass_stars(tokens: &[Token], places: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if places[at] && matches!(token, Token::Star | Token::Stars) {
            places[at + 1] = true;
        }
    }
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
