//! `DEFECTS.md`: what is known to be wrong with the chart, and what was done about it.

use std::fmt::Write as _;

use installation::Installation;
use installation::chart::Defect;
use serde_json::{Value, json};

use crate::chart::GivenChart;
use crate::words::Words;

/// The defects of the given version that this installation would meet.
pub(crate) fn met(given: &GivenChart, installation: &Installation) -> Vec<&'static Defect> {
    given.official.defects(&given.version).filter(|defect| defect.concerns(installation)).collect()
}

/// The text of the file.
pub(crate) fn text(defects: &[&Defect], given: &GivenChart, words: &Words) -> String {
    let mut text = format!("# {}\n\n", words.tell("defects-title", &[("chart", &title(given))]));
    let _ = writeln!(text, "{}\n", words.tell("defects-intro", &[]));
    for defect in defects {
        let range = match defect.until {
            Some(until) => format!("{} – {until}", defect.since),
            None => format!("{} –", defect.since),
        };
        let _ = writeln!(text, "- **{}** ({range}) {}", defect.id, told(defect, words));
    }
    text
}

/// One line for the terminal.
pub(crate) fn line(defects: &[&Defect], given: &GivenChart, words: &Words) -> String {
    let count = defects.len().to_string();
    words.tell("defects-line", &[("chart", &title(given)), ("count", &count)])
}

/// The same for programs: by their stable names, each with the chart and version that was asked for.
pub(crate) fn as_json(defects: &[&Defect], given: &GivenChart) -> Value {
    let each = |defect: &&Defect| {
        json!({
            "id": defect.id,
            "chart": given.official.repository(),
            "version": given.version,
            "since": defect.since,
            "until": defect.until,
        })
    };
    defects.iter().map(each).collect()
}

fn title(given: &GivenChart) -> String {
    format!("{} {}", given.official.repository(), given.version)
}

fn told(defect: &Defect, words: &Words) -> String {
    words.tell(&format!("defect-{}", defect.id), &[])
}

#[cfg(test)]
mod tests {
    use installation::chart::OfficialChart;

    use super::*;
    use crate::words::Language;

    #[test]
    fn every_defect_is_told_in_both_languages() {
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            for defect in OfficialChart::ALL.into_iter().flat_map(|chart| chart.defects("99.0.0")) {
                assert!(told(defect, &words).contains([' ', '。']), "{}", defect.id);
            }
        }
    }
}
