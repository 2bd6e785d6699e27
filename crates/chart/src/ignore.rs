//! `.helmignore`.

use crate::error::ChartErrorKind;
use crate::glob::Glob;

/// The rules of a `.helmignore`, and Helm's own: dotfiles in `templates/`.
#[derive(Debug)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    glob: Glob,
    is_negated: bool,
    only_directories: bool,
    on: On,
}

/// What of a path a rule looks at.
#[derive(Debug, PartialEq)]
enum On {
    Path,
    Name,
}

impl Rules {
    /// Reads a `.helmignore`; an empty text has Helm's own rule only.
    pub(crate) fn read(text: &str) -> Result<Self, ChartErrorKind> {
        let mut rules = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines().chain(["templates/.?*"]) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                rules.push(Rule::read(line)?);
            }
        }
        Ok(Self(rules))
    }

    /// Whether a path below the chart is left out.
    pub(crate) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        for rule in &self.0 {
            if rule.is_negated {
                if rule.only_directories && !is_directory || !rule.matches(path) {
                    return true;
                }
            } else if (is_directory || !rule.only_directories) && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn read(line: &str) -> Result<Self, ChartErrorKind> {
        let bad = || ChartErrorKind::BadIgnore(line.to_owned());
        if line.contains("**") {
            return Err(bad());
        }
        let (is_negated, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (only_directories, rest) = match rest.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (on, pattern) = match rest.strip_prefix('/') {
            Some(pattern) => (On::Path, pattern),
            None if rest.contains('/') => (On::Path, rest),
            None => (On::Name, rest),
        };
        let glob = Glob::plain(pattern).ok_or_else(bad)?;
        Ok(Self { glob, is_negated, only_directories, on })
    }

    fn matches(&self, path: &str) -> bool {
        match self.on {
            On::Path => self.glob.matches(path),
            On::Name => self.glob.matches(path.rsplit('/').next().unwrap_or(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_follow_helm() {
        let rules = Rules::read("# a comment\n*.bak\n/top.txt\nci/\ndocs/*.md\n").expect("valid");
        let cases = [
            ("a/b/x.bak", false, true),
            ("top.txt", false, true),
            ("a/top.txt", false, false),
            ("ci", true, true),
            ("ci", false, false),
            ("docs/a.md", false, true),
            ("templates/.hidden.yaml", false, true),
            ("templates/web.yaml", false, false),
        ];
        for (path, is_directory, expected) in cases {
            assert_eq!(rules.ignores(path, is_directory), expected, "{path}");
        }
        assert!(Rules::read("a/**/b").is_err());
    }
}
