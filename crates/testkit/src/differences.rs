//! Where the cluster inside is known to differ from a real one: the table of `docs/differences/scenarios.md`.

use std::collections::BTreeMap;

/// Lines of records that are known to differ, by scenario: `- line` is only seen on a real control plane, `+ line` only inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences(BTreeMap<String, Vec<String>>);

impl Differences {
    /// Reads the rows `| scenario | - line | why |` of a page; what is not such a row is for people.
    #[must_use]
    pub fn read(page: &str) -> Self {
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in page.lines() {
            let cells: Vec<&str> =
                row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
            if let [scenario, line, _why] = cells[..]
                && (line.starts_with("- ") || line.starts_with("+ "))
            {
                known.entry(scenario.to_owned()).or_default().push(line.to_owned());
            }
        }
        known.values_mut().for_each(|lines| lines.sort());
        Self(known)
    }

    /// Whether a difference is exactly the one that is known.
    pub(crate) fn knows(&self, scenario: &str, told: &str) -> bool {
        let signed = told.lines().filter_map(|line| {
            let (sign, text) = line.strip_prefix("  ")?.split_at_checked(2)?;
            matches!(sign, "- " | "+ ").then(|| format!("{sign}{}", text.trim()))
        });
        let mut signed: Vec<String> = signed.collect();
        signed.sort();
        self.0.get(scenario).is_some_and(|known| *known == signed)
    }

    /// Whether any difference of a scenario is listed.
    pub(crate) fn lists(&self, scenario: &str) -> bool {
        self.0.contains_key(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_difference_that_is_listed_is_known() {
        let page = "# Differences\n\n| scenario | line | why |\n|---|---|---|\n| `one` | `- ready: 1 → 0` | because |\n";
        let known = Differences::read(page);
        assert!(known.knows("one", "act 1\n    deployment/web\n  -   ready: 1 → 0\n"));
        assert!(!known.knows("one", "act 1\n  -   ready: 1 → 0\n  +   gone\n"));
        assert!(!known.knows("two", "act 1\n  -   ready: 1 → 0\n"));
        assert!(known.lists("one") && !known.lists("two"));
    }
}
