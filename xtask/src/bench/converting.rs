//! Converting and auditing, whole processes: what a user waits for.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::process::{Measured, built, measure, milliseconds};
use crate::run::root;

const ROUNDS: usize = 31;

/// The example tree and, where the corpus is at hand, k01: converted to the chart, held against what was written, and
/// against values by another hand; and values of the old chart converted. As a table and as JSON.
pub(crate) fn run() -> Result<(), String> {
    let program = built()?;
    let scratch = std::env::temp_dir().join(format!("mastoferry-converting-{}", std::process::id()));
    let rows = rows(&program, &scratch);
    let _ = std::fs::remove_dir_all(&scratch);
    let rows = rows?;
    println!("{:<60} {:>10} {:>10} {:>9}", "command", "best", "median", "memory");
    for (name, measured) in &rows {
        println!(
            "{name:<60} {:>7.1} ms {:>7.1} ms {:>5} MiB",
            milliseconds(measured.best),
            milliseconds(measured.median),
            measured.memory >> 20
        );
    }
    let json = rows.iter().map(|(name, measured)| {
        let (best, median) = (milliseconds(measured.best), milliseconds(measured.median));
        json!({"command": name, "best_ms": best, "median_ms": median, "peak_bytes": measured.memory})
    });
    println!("{:#}", json!(json.collect::<Vec<_>>()));
    Ok(())
}

fn rows(program: &str, scratch: &Path) -> Result<Vec<(String, Measured)>, String> {
    let mut named = Vec::new();
    let shared =
        std::env::var_os("MASTOFERRY_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra");
    let mut trees = vec![("examples/kustomize-production", root().join("examples/kustomize-production"))];
    let values = k01.join("helm/values-production.yaml");
    match values.is_file() {
        true => trees.push(("k01", k01.join("k8s/overlays/production"))),
        false => eprintln!("SKIPPED: k01 needs the corpus (MASTOFERRY_SHARED)"),
    }
    for (name, tree) in &trees {
        let written = scratch.join(name);
        std::fs::create_dir_all(&written).map_err(|error| format!("{}: {error}", written.display()))?;
        let (tree, written) = (tree.display().to_string(), written.display().to_string());
        let write = words(&[program, "convert", &tree, "--to", "helm", "--out", &written]);
        measure(&[write], 1)?;
        named
            .push((format!("convert {name} --to helm"), words(&[program, "convert", &tree, "--to", "helm"])));
        named.push((
            format!("audit {name}, against what was written"),
            words(&[program, "audit", &tree, "--against", &written]),
        ));
        if *name == "k01" {
            let values = values.display().to_string();
            let against = words(&[program, "audit", &tree, "--against", &format!("helm:{values}")]);
            named.push((format!("audit {name}, against values by another hand"), against));
            named.push((format!("convert {name}/helm"), words(&[program, "convert", &values])));
        }
    }
    let (names, commands): (Vec<String>, Vec<Vec<String>>) = named.into_iter().unzip();
    Ok(names.into_iter().zip(measure(&commands, ROUNDS)?).collect())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
