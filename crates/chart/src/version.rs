//! Semantic versions and constraints, as loosely as the library under Helm reads them.
//!
//! Follows `Masterminds/semver` 3.4: `v1.2` is a version, a constraint without an operator and with a missing
//! part is a tilde range, and a pre-release satisfies only constraints that name one.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// A version.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) prerelease: String,
    pub(crate) metadata: String,
    pub(crate) original: String,
}

static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$",
    )
    .ok()
});

const PART: &str = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?(-(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?";
const OPERATOR: &str = r"=<|=>|!=|>=|<=|~>|=|>|<|~|\^|";

static ONE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!(r"({OPERATOR})\s*{PART}")).ok());
static ALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^(?:\s*(?:{OPERATOR})\s*(?:{PART})\s*)(?:(?:\s+|,\s*)(?:{OPERATOR})\s*(?:{PART})\s*)*$"
    ))
    .ok()
});
static RANGE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"\s*(?<low>{PART})\s+-\s+(?<high>{PART})\s*")).ok());

impl Version {
    /// Reads a version; parts that are missing are zero.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let found = VERSION.as_ref()?.captures(text)?;
        let number = |index: usize| match found.get(index) {
            Some(digits) => digits.as_str().parse().ok(),
            None => Some(0),
        };
        let words = |index: usize| found.get(index).map_or("", |part| part.as_str()).to_owned();
        let prerelease = words(4);
        let has_bad_zero = prerelease
            .split('.')
            .any(|part| part.len() > 1 && part.starts_with('0') && part.chars().all(|c| c.is_ascii_digit()));
        (!has_bad_zero).then_some(())?;
        Some(Self {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            prerelease,
            metadata: words(5),
            original: text.to_owned(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_prerelease(&self.prerelease, &other.prerelease))
    }
}

fn compare_prerelease(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// A constraint: alternatives of conditions that all must hold.
#[derive(Debug)]
pub(crate) struct Constraint(Vec<Vec<Condition>>);

#[derive(Debug)]
struct Condition {
    operator: String,
    version: Version,
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

impl Constraint {
    /// Reads a constraint, such as `>= 1.2, < 3 || ~5.1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = RANGE.as_ref()?.replace_all(text, ">= ${low}, <= ${high} ");
        let alternatives: Option<Vec<_>> = text.split("||").map(alternative).collect();
        Some(Self(alternatives?))
    }

    /// Whether a version satisfies it.
    pub(crate) fn holds(&self, version: &Version) -> bool {
        self.0.iter().any(|conditions| {
            let names_prerelease = conditions.iter().any(|one| !one.version.prerelease.is_empty());
            let may_match = version.prerelease.is_empty() || names_prerelease;
            may_match && conditions.iter().all(|condition| condition.holds(version))
        })
    }
}

fn alternative(text: &str) -> Option<Vec<Condition>> {
    ALL.as_ref()?.is_match(text).then_some(())?;
    ONE.as_ref()?.captures_iter(text).map(|found| condition(&found)).collect()
}

fn condition(found: &regex::Captures<'_>) -> Option<Condition> {
    let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
    let is_open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
    let (major, minor, patch, prerelease) = (part(2), part(3), part(4), part(5));
    let (text, dirty, minor_dirty, patch_dirty) = if is_open(major) {
        (format!("0.0.0{prerelease}"), true, false, false)
    } else if is_open(minor) {
        (format!("{major}.0.0{prerelease}"), true, true, false)
    } else if is_open(patch) {
        (format!("{major}{minor}.0{prerelease}"), true, false, true)
    } else {
        (format!("{major}{minor}{patch}{prerelease}"), false, false, false)
    };
    let version = Version::parse(&text)?;
    Some(Condition { operator: part(1).to_owned(), version, dirty, minor_dirty, patch_dirty })
}

impl Condition {
    fn holds(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.operator.as_str() {
            "" | "=" if self.dirty => self.tilde(version),
            "" | "=" => version == own,
            "!=" => self.differs(version),
            ">" if !self.dirty => version > own,
            ">" => self.above(version),
            "<" => version < own,
            ">=" | "=>" => version >= own,
            "<=" | "=<" if !self.dirty => version <= own,
            "<=" | "=<" => {
                version.major < own.major
                    || version.major == own.major && (version.minor <= own.minor || self.minor_dirty)
            }
            "~" | "~>" => self.tilde(version),
            _ => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.dirty {
            if own.major != version.major {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if own.minor != version.minor {
                return true;
            }
            if self.patch_dirty {
                return compare_prerelease(&version.prerelease, &own.prerelease).is_ne();
            }
        }
        version != own
    }

    fn above(&self, version: &Version) -> bool {
        let own = &self.version;
        match version.major.cmp(&own.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if self.minor_dirty => false,
            Ordering::Equal if self.patch_dirty => version.minor > own.minor,
            Ordering::Equal => version > own,
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        let is_any = (own.major, own.minor, own.patch) == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty;
        is_any || version.major == own.major && (version.minor == own.minor || self.minor_dirty)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        if own.major > 0 || self.minor_dirty {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.patch_dirty {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}

/// Whether a version satisfies a constraint; not where either cannot be read.
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Constraint::parse(constraint), Version::parse(version)) {
        (Some(constraint), Some(version)) => constraint.holds(&version),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_in_helm() {
        let table = [
            (">=1.20-0", "v1.35.0", true),
            (">= 1.2, < 3", "2.9.9", true),
            (">= 1.2 < 3", "3.0.0", false),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("^1.2", "1.9.0", true),
            ("1.x", "1.4.0", true),
            ("*", "4.5.6", true),
            ("*", "4.5.6-rc1", false),
            (">=1.0.0-0", "1.1.0-rc1", true),
            ("1.2 - 1.4.5", "1.4.5", true),
            ("<1 || >1", "2.0.1", true),
            ("!=1.2.x", "1.2.5", false),
        ];
        for (constraint, version, expected) in table {
            assert_eq!(is_compatible(constraint, version), expected, "{constraint} of {version}");
        }
        assert!(Constraint::parse("so what").is_none());
    }
}
