//! Rendering a chart, whole process against whole process: ours against `helm template`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::process::{Measured, built, measure, milliseconds};
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
    println!(
        "{:<36} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7} {:>7} {:>7}",
        "chart", "ours", "helm", "faster", "ours", "helm", "faster", "ours", "helm"
    );
    println!("{:<36} {:>27} {:>27} {:>15}", "", "best", "median", "memory");
    let mut rows = Vec::new();
    for case in cases() {
        let measured = measure(&commands(&program, &case), ROUNDS)?;
        let [ours, theirs] = measured[..] else { return Err("two commands, two measures".to_owned()) };
        println!("{}", line(case.name, &ours, &theirs));
        let json = |measured: &Measured| {
            let (best, median) = (milliseconds(measured.best), milliseconds(measured.median));
            json!({"best_ms": best, "median_ms": median, "peak_bytes": measured.memory})
        };
        rows.push(json!({
            "chart": case.name,
            "ours": json(&ours),
            "helm": json(&theirs),
            "times_faster_best": theirs.best.as_secs_f64() / ours.best.as_secs_f64(),
            "times_faster_median": theirs.median.as_secs_f64() / ours.median.as_secs_f64(),
        }));
    }
    println!("{:#}", json!(rows));
    Ok(())
}

fn line(name: &str, ours: &Measured, theirs: &Measured) -> String {
    let times = |ours: Duration, theirs: Duration| {
        let faster = theirs.as_secs_f64() / ours.as_secs_f64();
        format!("{:>6.1} ms {:>6.1} ms {faster:>6.1}x", milliseconds(ours), milliseconds(theirs))
    };
    let (best, median) = (times(ours.best, theirs.best), times(ours.median, theirs.median));
    format!("{name:<36} {best} {median} {:>3} MiB {:>3} MiB", ours.memory >> 20, theirs.memory >> 20)
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
