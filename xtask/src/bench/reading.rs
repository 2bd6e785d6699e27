//! Reading a Kustomize tree, whole process against whole process: ours against `kubectl kustomize`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::generated;
use super::process::{Measured, built, measure};
use crate::run::root;

const ROUNDS: usize = 21;
/// kubectl takes long on these.
const LARGE_ROUNDS: usize = 3;
const SIZES: [usize; 4] = [249, 498, 999, 1998];

/// The tree of the corpus that is measured, and the sizes of the generated ones, as a table and as JSON.
pub(crate) fn run() -> Result<(), String> {
    let program = built()?;
    let scratch = std::env::temp_dir().join(format!("mastoferry-bench-{}", std::process::id()));
    let result = rows(&program, &scratch);
    let _ = std::fs::remove_dir_all(&scratch);
    let rows = result?;
    println!(
        "{:<44} {:>12} {:>12} {:>8} {:>9} {:>9} {:>8}",
        "tree", "ours", "kubectl", "faster", "ours", "kubectl", "smaller"
    );
    for row in &rows {
        println!("{}", row.line());
    }
    println!("{:#}", json!(rows.iter().map(Row::json).collect::<Vec<_>>()));
    Ok(())
}

struct Row {
    tree: String,
    ours: Measured,
    theirs: Measured,
}

fn rows(program: &str, scratch: &Path) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let shared =
        std::env::var_os("MASTOFERRY_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    if k01.is_dir() {
        rows.push(row("k01, production", program, &k01, ROUNDS)?);
    } else {
        eprintln!("SKIPPED: k01 needs the corpus (MASTOFERRY_SHARED)");
    }
    rows.push(row(
        "examples/kustomize-production",
        program,
        &root().join("examples/kustomize-production"),
        ROUNDS,
    )?);
    for objects in SIZES {
        let folder = scratch.join(objects.to_string());
        generated::tree(&folder, objects)?;
        rows.push(row(
            &format!("generated, {objects} objects"),
            program,
            &folder.join("overlay"),
            LARGE_ROUNDS,
        )?);
    }
    Ok(rows)
}

fn row(name: &str, program: &str, tree: &Path, rounds: usize) -> Result<Row, String> {
    let tree = tree.display().to_string();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let commands =
        [words(&[program, "inspect", "--objects", &tree]), words(&["kubectl", "kustomize", &tree])];
    let measured = measure(&commands, rounds)?;
    let [ours, theirs] = measured[..] else { return Err("two commands, two measures".to_owned()) };
    Ok(Row { tree: name.to_owned(), ours, theirs })
}

impl Row {
    fn faster(&self) -> f64 {
        self.theirs.median.as_secs_f64() / self.ours.median.as_secs_f64()
    }

    fn smaller(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
        let ratio = self.theirs.memory as f64 / self.ours.memory as f64;
        ratio
    }

    fn line(&self) -> String {
        let ms = |measured: &Measured| format!("{:.1} ms", measured.median.as_secs_f64() * 1000.0);
        let mib = |measured: &Measured| format!("{} MiB", measured.memory >> 20);
        format!(
            "{:<44} {:>12} {:>12} {:>7.1}x {:>9} {:>9} {:>7.1}x",
            self.tree,
            ms(&self.ours),
            ms(&self.theirs),
            self.faster(),
            mib(&self.ours),
            mib(&self.theirs),
            self.smaller()
        )
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "tree": self.tree,
            "ours": {"median_ms": self.ours.median.as_secs_f64() * 1000.0, "peak_bytes": self.ours.memory},
            "kubectl": {"median_ms": self.theirs.median.as_secs_f64() * 1000.0, "peak_bytes": self.theirs.memory},
            "times_faster": self.faster(), "times_smaller": self.smaller(),
        })
    }
}
