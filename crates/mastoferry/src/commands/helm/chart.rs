//! Which chart is written for.

use std::fs;

use camino::Utf8Path;
use installation::chart::OfficialChart;
use tree::{Files, Node};

use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A chart, and the version that was found where it lies in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) chart: OfficialChart,
    pub(crate) version: String,
}

/// `new`, `old`, or a folder with `Chart.yaml`.
pub(crate) fn choose(wanted: &str, words: &Words) -> Result<Chosen, Problem> {
    let known = |chart: OfficialChart| Chosen { chart, version: chart.version().to_owned() };
    match wanted {
        "new" => return Ok(known(OfficialChart::HelmCharts)),
        "old" => return Ok(known(OfficialChart::Chart)),
        _ => {}
    }
    let path = Utf8Path::new(wanted).join("Chart.yaml");
    let refused = |reason: &str| {
        Problem::new(words, Exit::Unreadable, "chart", &[("path", path.as_str()), ("reason", reason)])
    };
    let text = fs::read_to_string(&path).map_err(|error| refused(&error.to_string()))?;
    let mut files = Files::new();
    let file = files.add(path.as_str(), text);
    let documents = tree::parse(&files, file).map_err(|error| refused(&error.to_string()))?;
    let about = documents.into_iter().next().unwrap_or_else(Node::mapping);
    let member = |key: &str| about.get(key).and_then(Node::as_text).unwrap_or_default();
    // What stands behind a plus says who built it, and is no part of the version (semver.org, 10).
    let version = member("version").split('+').next().unwrap_or_default().to_owned();
    let major = version.split('.').next().unwrap_or_default();
    match (member("name").as_str(), major) {
        ("mastodon", "1") => Ok(Chosen { chart: OfficialChart::HelmCharts, version }),
        ("mastodon", "4" | "5" | "6") => Ok(Chosen { chart: OfficialChart::Chart, version }),
        _ => Err(refused(&words.tell("chart-unknown", &[("name", &member("name")), ("version", &version)]))),
    }
}
