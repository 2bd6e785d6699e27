//! Every deployment of the corpus, converted; and the table of them in `docs/conversions.md`.
//!
//! `MASTOFERRY_BLESS=1` writes the table anew.

#[path = "../../../source/tests/deployments/mod.rs"]
mod deployments;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use chart::Chart;
use serde_json::Value;

use crate::mended::{MENDED, mend};
use crate::ran::Ran;
use crate::validity::{Judge, Judgement};

/// What is written to, and the arguments that ask for it.
const TARGETS: [(&str, &[&str]); 2] =
    [("manifests", &["--to", "manifests"]), ("helm, new chart", &["--to", "helm", "--chart", "new"])];

const HEAD: &str = "\
# The corpus, converted

Every deployment of the corpus (`docs/corpus.md` says how each is read), written anew by `mastoferry convert`. *Mended* are
copies in which a fault that every tool refuses is put right, or a file that its owner keeps to himself made up. The table is
made by the test `crates/mastoferry/tests/proof`, which fails when it is out of date or when a leaf is unaccounted for, a
difference unexplained, or an object is not what Kubernetes takes; `MASTOFERRY_BLESS=1` writes it anew.

*Objects* counts what was written for the new side, for Helm after `examples/chart` was rendered with the values and built
under the supplements. Each was read as the type of its API version and kind and written back without loss, and the API
server inside took it in a dry run; those in brackets are custom resources, whose schemas only their operators know.

| deployment | to | leaves | what became of them | differences, explained | verdict | objects |
|---|---|---|---|---|---|---|
";

const CUSTOM: &str = "
## Not validated

Custom resources among what was written:

";

const REFUSED: &str = "
## Refused

What cannot be read whole is refused, and so is what would have to be guessed. Exit 3 asks a person to accept what a new
release does not take over (`docs/audit.md`).

| deployment | to | exit | why |
|---|---|---|---|
";

/// The corpus, where there is one.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    shared.join("corpus").canonicalize().ok()
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs the corpus; set MASTOFERRY_SHARED to the folder that holds it");
}

pub(crate) fn example_chart() -> Chart {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/chart");
    Chart::load(&folder).expect("the example chart")
}

/// The name of a source below the corpus.
fn source(name: &str, path: &str) -> String {
    match path.split_once(':') {
        Some((kind, paths)) => {
            let files: Vec<String> = paths.split(':').map(|path| format!("{name}/{path}")).collect();
            format!("{kind}:{}", files.join(":"))
        }
        None if path.is_empty() => name.to_owned(),
        None => format!("{name}/{path}"),
    }
}

#[test]
fn every_deployment_is_converted_as_the_table_says() {
    let Some(corpus) = corpus() else { return skipped() };
    let (chart, judge) = (example_chart(), Judge::new());
    let (mut table, mut refused, mut faults) = (HEAD.to_owned(), REFUSED.to_owned(), Vec::new());
    let mut custom = BTreeSet::new();
    let mended = tempfile::tempdir().expect("a folder");
    let mut sources: Vec<(&Path, &str, &str, String)> = deployments::SOURCES
        .iter()
        .map(|(name, path)| (corpus.as_path(), *name, *path, (*name).to_owned()))
        .collect();
    for one in MENDED {
        mend(&corpus, one, mended.path());
        sources.push((mended.path(), one.0, one.1, format!("{}, mended", one.0)));
    }
    for (folder, name, path, called) in sources {
        for (target, arguments) in TARGETS {
            let source = source(name, path);
            let ran = Ran::convert(folder, &[&[source.as_str()], arguments].concat());
            if ran.json.is_null() {
                let exit = ran.exit.map(|code| code.to_string()).unwrap_or_default();
                let (why, is_right) = refusal(&ran);
                // As a reader of the repository knows its files.
                let why = why.replace(&format!("{name}/"), "").replace(&format!("{}/", folder.display()), "");
                refused
                    .push_str(&format!("| {called} | {target} | {exit} | {} |\n", why.replace('|', "\\|")));
                if !is_right {
                    faults.push(format!("{called} to {target}: exit {exit}: {}", ran.problem));
                }
                continue;
            }
            let chart = target.starts_with("helm").then_some(&chart);
            let (objects, found) = objects(&ran, chart, &judge, &mut custom);
            let found = found.into_iter().chain(losses(&ran.json));
            faults.extend(found.map(|one| format!("{called} to {target}: {one}")));
            table.push_str(&format!("| {called} | {target} | {} | {objects} |\n", cells(&ran.json)));
        }
    }
    table.push_str(CUSTOM);
    custom.iter().for_each(|kind| table.push_str(&format!("- {kind}\n")));
    table.push_str(&refused);
    assert_eq!(faults, Vec::<String>::new());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conversions.md");
    if std::env::var_os("MASTOFERRY_BLESS").is_some() {
        std::fs::write(&kept, &table).expect("written");
        return;
    }
    let committed = std::fs::read_to_string(&kept).expect("docs/conversions.md");
    let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (lines(&committed), lines(&table));
    let differ: Vec<&String> = old.symmetric_difference(&new).collect();
    assert!(
        differ.is_empty(),
        "docs/conversions.md is out of date (MASTOFERRY_BLESS=1 writes it anew): {differ:#?}"
    );
}

/// Why a deployment is not converted, and whether that can be right: it cannot be read whole, or somebody must accept what
/// is dropped or replaced. A leaf that nobody knows of, or a difference in what a container gets, cannot.
fn refusal(ran: &Ran) -> (String, bool) {
    let mut parts = ran.problem.split("   ");
    let head = parts.next().unwrap_or_default().to_owned();
    let listed: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    if ran.exit == Some(2) || (ran.exit == Some(3) && listed.is_empty()) {
        let is_defect = head.contains("would be lost");
        return (head, !is_defect);
    }
    let count = |code: &str| listed.iter().filter(|part| part.starts_with(code)).count();
    let (dropped, replaced) = (count("dropped:"), count("replaced:"));
    let said = format!("needs `--accept`: {dropped} settings are dropped, {replaced} replaced");
    (said, ran.exit == Some(3) && dropped + replaced == listed.len())
}

/// What the program said, in the order of the table's head.
fn cells(json: &Value) -> String {
    let ledger = json["ledger"].as_object().cloned().unwrap_or_default();
    let order = [
        "carried",
        "translated",
        "supplemented",
        "kept",
        "defaulted",
        "inert",
        "replaced",
        "dropped",
        "unaccounted",
    ];
    let number = |name: &str| ledger.get(name).and_then(Value::as_u64).unwrap_or_default();
    let tally: Vec<String> = order
        .iter()
        .filter(|name| number(name) > 0 || **name == "unaccounted")
        .map(|name| format!("{} {name}", number(name)))
        .collect();
    let differences = json["differences"].as_array().map_or(0, Vec::len);
    let verdict = json["verdict"].as_str().unwrap_or_default();
    format!("{} | {} | {differences} | {verdict}", number("leaves"), tally.join(", "))
}

/// What was lost or differs without a reason.
pub(crate) fn losses(json: &Value) -> Vec<String> {
    let mut losses = Vec::new();
    for item in
        json["items"].as_array().into_iter().flatten().filter(|item| item["disposition"] == "unaccounted")
    {
        losses.push(format!("unaccounted: {} {}", item["source"], item["path"]));
    }
    for one in
        json["differences"].as_array().into_iter().flatten().filter(|one| one["explained_by"].is_null())
    {
        losses.push(format!("unexplained: {} {} {}", one["component"], one["container"], one["field"]));
    }
    if json["verdict"] != "equivalent" {
        losses.push(format!("verdict: {}", json["verdict"]));
    }
    losses
}

/// How many objects were written and are valid, and what is wrong with others.
fn objects(
    ran: &Ran,
    chart: Option<&Chart>,
    judge: &Judge,
    custom: &mut BTreeSet<String>,
) -> (String, Vec<String>) {
    let mut objects = Vec::new();
    let mut faults = Vec::new();
    for folder in ["green", "adopted", "withheld", "switched"] {
        objects.extend(ran.objects(folder));
    }
    if let Some(chart) = chart {
        match ran.installed(chart) {
            Ok(installed) => objects.extend(installed),
            Err(refused) => faults.push(refused),
        }
    }
    let (mut valid, mut others) = (0, 0);
    for object in &objects {
        match judge.judge(object) {
            Judgement::Valid => valid += 1,
            Judgement::Custom(kind) => {
                others += 1;
                custom.insert(kind);
            }
            Judgement::Faulty(found) => faults.extend(found),
        }
    }
    if objects.is_empty() {
        faults.push("nothing was written".to_owned());
    }
    let others = if others > 0 { format!(" ({others})") } else { String::new() };
    (format!("{valid}{others}"), faults)
}
