//! Rendering a chart, whole process against whole process: ours against `helm template`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::process::{Measured, built, measure};
use crate::run::root;

const ROUNDS: usize = 31;

/// A chart, and the values it is rendered with.
struct Case {
    name: &'static str,
    chart: PathBuf,
    values: PathBuf,
}

/// The example chart, and the official one where `MASTOFERRY_CHARTS` names a folder with copies of the repositories, as
/// a table and as JSON. Commands alternate, so that whatever else the machine does meets both alike.
pub(crate) fn run() -> Result<(), String> {
    let program = built()?;
    println!("{:<44} {:>12} {:>12} {:>8} {:>9} {:>9}", "chart", "ours", "helm", "faster", "ours", "helm");
    let mut rows = Vec::new();
    for case in cases() {
        let measured = measure(&commands(&program, &case), ROUNDS)?;
        let [ours, theirs] = measured[..] else { return Err("two commands, two measures".to_owned()) };
        let faster = theirs.median.as_secs_f64() / ours.median.as_secs_f64();
        let mib = |measured: &Measured| format!("{} MiB", measured.memory >> 20);
        println!(
            "{:<44} {:>9.1} ms {:>9.1} ms {faster:>7.1}x {:>9} {:>9}",
            case.name,
            milliseconds(&ours),
            milliseconds(&theirs),
            mib(&ours),
            mib(&theirs),
        );
        rows.push(json!({
            "chart": case.name,
            "ours": {"median_ms": milliseconds(&ours), "peak_bytes": ours.memory},
            "helm": {"median_ms": milliseconds(&theirs), "peak_bytes": theirs.memory},
            "times_faster": faster,
        }));
    }
    println!("{:#}", json!(rows));
    Ok(())
}

fn milliseconds(measured: &Measured) -> f64 {
    measured.median.as_secs_f64() * 1000.0
}

fn cases() -> Vec<Case> {
    let values = |name: &str| root().join("crates/mastoferry/tests/example-chart").join(name);
    let example = || root().join("examples/chart");
    let mut cases = vec![
        Case { name: "examples/chart, few values", chart: example(), values: values("small.yaml") },
        Case { name: "examples/chart, many values", chart: example(), values: values("everything.yaml") },
    ];
    let official = std::env::var_os("MASTOFERRY_CHARTS").map(PathBuf::from);
    match official.map(|folder| folder.join("helm-charts/charts/mastodon")).filter(|chart| chart.is_dir()) {
        Some(chart) => {
            let many = values("everything.yaml");
            cases.push(Case {
                name: "the official chart, few values",
                chart: chart.clone(),
                values: values("small.yaml"),
            });
            cases.push(Case { name: "the official chart, many values", chart, values: many });
        }
        None => {
            eprintln!("SKIPPED: the official chart needs MASTOFERRY_CHARTS, with a copy of helm-charts in it")
        }
    }
    cases
}

fn commands(program: &str, case: &Case) -> [Vec<String>; 2] {
    let text = |path: &Path| path.display().to_string();
    let (chart, values) = (text(&case.chart), text(&case.values));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    [
        words(&[program, "render", &chart, "--release", "sea", "-f", &values]),
        words(&["helm", "template", "sea", &chart, "-f", &values]),
    ]
}
