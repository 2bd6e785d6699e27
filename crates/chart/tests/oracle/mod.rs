//! The real `helm`, where there is one.

use std::process::Command;

use camino::Utf8Path;
use chart::{Capabilities, Chart, ChartError, Release, Rendered, Values, render};
use tree::Files;

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn skipped(missing: &str) {
    eprintln!("SKIPPED: needs {missing}");
}

/// Whether there is a `helm` to compare with; says so if not.
pub(crate) fn has_helm() -> bool {
    let found = Command::new("helm").arg("version").output().is_ok_and(|output| output.status.success());
    if !found {
        skipped("helm");
    }
    found
}

/// What `helm template` prints, or why it refuses.
pub(crate) fn helm(chart: &Utf8Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("helm")
        .args(["template", "sea", chart.as_str(), "--namespace", "harbour"])
        .args(arguments)
        .env("TZ", "UTC")
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The release the tests render for: the same as [`helm`]'s.
pub(crate) fn release() -> Release {
    let mut release = Release::new("sea", "harbour");
    release.now = Some(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC));
    release
}

/// What this room makes of a chart.
pub(crate) fn ours(chart: &Utf8Path, values: &Values) -> Result<Rendered, ChartError> {
    let chart = Chart::load(chart)?;
    render(&chart, values, &release(), &Capabilities::default(), &mut Files::new())
}

/// An error as a reader would want it named: file, line, reason.
pub(crate) fn place(error: &ChartError) -> String {
    format!("{}:{}: {error}", error.file, error.line().map_or(0, |line| line))
}

/// Fails with the first lines that differ.
pub(crate) fn assert_same(expected: &str, found: &str, context: &str) {
    if expected == found {
        return;
    }
    let mut lines = Vec::new();
    let (mut left, mut right) = (expected.lines(), found.lines());
    loop {
        match (left.next(), right.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => lines.push(format!("helm: {}\nours: {}", a.unwrap_or("∅"), b.unwrap_or("∅"))),
        }
    }
    panic!("{context}: {} lines differ\n{}", lines.len(), lines[..lines.len().min(20)].join("\n"));
}
