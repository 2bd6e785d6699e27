//! What the audit says, for people, programs and documents.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use audit::{Code, Difference, Verdict};
use serde_json::{Value as Json, json};
use tree::Files;

use crate::words::Words;

/// All that is told.
pub(crate) struct Told<'a> {
    pub(crate) source: String,
    pub(crate) target: String,
    /// The files of the source, and those of the target.
    pub(crate) before: &'a Files,
    pub(crate) after: &'a Files,
    pub(crate) chart: Option<&'a str>,
    pub(crate) ledger: Option<&'a Json>,
    pub(crate) differences: &'a [Difference],
    pub(crate) verdict: Verdict,
    pub(crate) words: &'a Words,
}

/// Differences of one component, by kind.
type Group<'a> = BTreeMap<Code, Vec<&'a Difference>>;

impl Told<'_> {
    /// The place in a file that a difference is about.
    fn place(&self, difference: &Difference) -> Option<String> {
        let before = difference.origins.first().map(|origin| self.before.place(*origin));
        before.or_else(|| difference.target_origin.map(|origin| self.after.place(origin)))
    }

    fn unexplained(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.explained_by.is_none())
    }

    /// What nothing explains, by component in the order found; everything that is no part of Mastodon is one group.
    fn groups(&self) -> Vec<(String, Group<'_>)> {
        let mut groups: Vec<(String, Group<'_>)> = Vec::new();
        let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
        for difference in self.unexplained() {
            let is_object = difference.component.contains('/');
            let component = if is_object { "" } else { difference.component.as_str() };
            let position = *positions.entry(component).or_insert_with(|| {
                let name = if is_object { self.words.word("audit-objects") } else { component.to_owned() };
                groups.push((name, Group::new()));
                groups.len() - 1
            });
            groups[position].1.entry(difference.code).or_default().push(difference);
        }
        groups
    }

    fn counts(&self) -> [(&'static str, usize); 3] {
        let losses = self.unexplained().filter(|difference| difference.loss).count();
        let unexplained = self.unexplained().count();
        [
            ("losses", losses),
            ("differences", unexplained - losses),
            ("explained", self.differences.len() - unexplained),
        ]
    }

    fn headline(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Equivalent => "audit-equivalent",
            Verdict::Differences => "audit-differences",
            Verdict::Losses => "audit-losses",
        };
        self.words.tell(verdict, &[("source", &self.source), ("target", &self.target)])
    }

    fn numbers(&self) -> String {
        let counts = self.counts().map(|(name, count)| (name, count.to_string()));
        let arguments: Vec<(&str, &str)> =
            counts.iter().map(|(name, count)| (*name, count.as_str())).collect();
        self.words.tell("audit-counts", &arguments)
    }

    /// What explains, each with how often.
    fn explanations(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for id in self.differences.iter().filter_map(|difference| difference.explained_by) {
            *counts.entry(id).or_default() += 1;
        }
        counts.into_iter().map(|(id, count)| (self.words.word(id), count)).collect()
    }
}

/// `before → after`, as far as either says something.
fn change(difference: &Difference, words: &Words) -> String {
    match (difference.before.is_empty(), difference.after.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("{} → –", shortened(&difference.before, words)),
        (true, false) => format!("– → {}", shortened(&difference.after, words)),
        (false, false) => {
            format!("{} → {}", shortened(&difference.before, words), shortened(&difference.after, words))
        }
    }
}

/// The most characters that are shown of either side.
const WIDEST: usize = 100;

/// What stands on one side, as far as there is room for it.
pub(crate) fn shortened(text: &str, words: &Words) -> String {
    match text {
        "(set)" => return words.word("audit-set"),
        "(set otherwise)" => return words.word("audit-set-otherwise"),
        "(open)" => return words.word("audit-open"),
        _ => {}
    }
    let text = text.replace('\n', " ");
    if text.chars().count() <= WIDEST {
        return text;
    }
    let start: String = text.chars().take(WIDEST).collect();
    format!("{start}…")
}

/// For a terminal: a component, the kinds of its differences, and each of them with its place.
pub(crate) fn text(told: &Told<'_>) -> String {
    let words = told.words;
    let mut text = format!("{}\n{}\n", told.headline(), told.numbers());
    if let Some(chart) = told.chart {
        let _ = writeln!(text, "{}", words.tell("audit-chart", &[("chart", chart)]));
    }
    for (component, kinds) in told.groups() {
        let _ = writeln!(text, "\n{component}");
        for (code, differences) in kinds {
            let mark = if code.is_loss() { "✗" } else { "~" };
            let meaning = words.word(&format!("difference-{}", code.name()));
            let kind = words.tell("audit-kind", &[("code", code.name()), ("meaning", &meaning)]);
            let _ = writeln!(text, "  {mark} {kind}");
            lines(told, &differences, &mut text);
        }
    }
    let explanations = told.explanations();
    if !explanations.is_empty() {
        let _ = writeln!(text, "\n{}", words.word("audit-explained"));
        for (reason, count) in explanations {
            let _ = writeln!(text, "  {count:>4}  {reason}");
        }
    }
    if told.verdict != Verdict::Equivalent {
        let _ = writeln!(text, "\n{}", words.word("audit-how-to-accept"));
    }
    text
}

/// The differences of one kind: variables by name in one line, everything else a line each.
fn lines(told: &Told<'_>, differences: &[&Difference], text: &mut String) {
    let is_variable = |difference: &Difference| difference.field.starts_with("env ");
    let mut variables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for difference in differences {
        match difference
            .field
            .strip_prefix("env ")
            .filter(|_| differences.len() > 3 && is_variable(difference))
        {
            Some(name) => variables.entry(&difference.container).or_default().push(name),
            None => {
                let _ = write!(text, "      {}", difference.path);
                let change = change(difference, told.words);
                if !change.is_empty() {
                    let _ = write!(text, ": {change}");
                }
                if let Some(place) = told.place(difference) {
                    let _ = write!(text, "  [{place}]");
                }
                text.push('\n');
            }
        }
    }
    for (container, names) in variables {
        let component = differences.first().map_or("", |difference| difference.component.as_str());
        let _ = writeln!(text, "      {component}/{container}/env/…");
        for line in wrapped(&names) {
            let _ = writeln!(text, "        {line}");
        }
    }
}

/// Names in lines of a readable width.
fn wrapped(names: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for name in names {
        let is_full = lines.last().is_some_and(|line| !line.is_empty() && line.len() + name.len() > 88);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(name);
        }
    }
    lines
}

/// For documents: a table for each component.
pub(crate) fn markdown(told: &Told<'_>) -> String {
    let words = told.words;
    let cell = |text: &str| shortened(text, words).replace('|', "\\|");
    let mut text = format!("# {}\n\n{}\n{}\n", words.word("audit-title"), told.headline(), told.numbers());
    if let Some(chart) = told.chart {
        let _ = writeln!(text, "{}", words.tell("audit-chart", &[("chart", chart)]));
    }
    let heads =
        ["code", "path", "before", "after", "place"].map(|head| words.word(&format!("audit-head-{head}")));
    for (component, kinds) in told.groups() {
        let _ = write!(text, "\n## {component}\n\n| {} |\n|---|---|---|---|---|\n", heads.join(" | "));
        for difference in kinds.values().flatten() {
            let code = difference.code.name();
            let code = if difference.loss { format!("**{code}**") } else { code.to_owned() };
            let place = told.place(difference).unwrap_or_default();
            let row =
                [&difference.path, &difference.before, &difference.after, &place].map(|text| cell(text));
            let _ = writeln!(text, "| {code} | {} |", row.join(" | "));
        }
    }
    let explanations = told.explanations();
    if !explanations.is_empty() {
        let _ = write!(text, "\n## {}\n\n", words.word("audit-explained"));
        for (reason, count) in explanations {
            let _ = writeln!(text, "- {count}: {reason}");
        }
    }
    text
}

/// For programs, by the names of the design.
pub(crate) fn json(told: &Told<'_>) -> Json {
    let differences = told.differences.iter().map(|difference| {
        let mut one = json!(difference);
        one["source"] = json!(told.place(difference));
        one
    });
    let mut all = json!({
        "source": told.source,
        "target": told.target,
        "chart": told.chart,
        "verdict": told.verdict,
        "counts": told.counts().into_iter().collect::<BTreeMap<_, _>>(),
        "differences": differences.collect::<Vec<_>>(),
    });
    if let Some(ledger) = told.ledger {
        all["ledger"] = ledger["ledger"].clone();
    }
    all
}

#[cfg(test)]
mod tests {
    use audit::Code;

    use crate::words::{Language, Words};

    #[test]
    fn every_code_and_every_explanation_has_words() {
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            for code in Code::ALL {
                assert!(words.has(&format!("difference-{}", code.name())), "{}", code.name());
            }
            for id in ["accepted", "audit-default", "audit-not-read", "audit-as-before", "audit-no-volume"] {
                assert!(audit::explanation(id).is_some() && words.has(id), "{id}");
            }
        }
    }
}
