//! Every deployment of the corpus, converted; and the table of them in `docs/conversions.md`.
//!
//! `MASTOFERRY_BLESS=1` writes the table anew.

#[path = "../../../source/tests/deployments/mod.rs"]
mod deployments;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::mended::{MENDED, mend};
use crate::ran::Ran;
use crate::validity::{Judge, Judgement};
use crate::ways::Way;

const HEAD: &str = "\
# The corpus, converted

Every deployment of the corpus (`docs/corpus.md` says how each is read), written anew by `mastoferry convert`. *Mended* are
copies in which a fault that every tool refuses is put right, or a file that its owner keeps to himself made up. The table is
made by the test `crates/mastoferry/tests/proof`, which fails when it is out of date or when a leaf is unaccounted for, a
difference unexplained, or an object is not what Kubernetes takes; `MASTOFERRY_BLESS=1` writes it anew.

*Accepted* are those that only convert once somebody accepts what the new release does not take over; they are converted with
all of it accepted by name.

*Objects* counts what was written for the new side: for Kustomize what its overlay builds; for the new Helm chart what
`examples/chart` renders with the values, built under the supplements; for the old one, which is not at hand, what its shape
makes of them, by which the writer works, too. Each was read as the type of its API version and kind and written back without loss, and the API
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
    let mended = tempfile::tempdir().expect("a folder");
    let mut sources: Vec<(&Path, &str, &str, String)> = deployments::SOURCES
        .iter()
        .map(|(name, path)| (corpus.as_path(), *name, *path, (*name).to_owned()))
        .collect();
    for one in MENDED {
        mend(&corpus, one, mended.path());
        sources.push((mended.path(), one.0, one.1, format!("{}, mended", one.0)));
    }
    let (ways, mut table) = (Way::all(), Table::new());
    for (folder, name, path, called) in sources {
        let mut refusals: Vec<(String, Vec<&str>)> = Vec::new();
        for way in &ways {
            let Some(why) = table.convert(folder, &source(name, path), &called, way) else { continue };
            // As a reader of the repository knows its files.
            let why = why.replace(&format!("{name}/"), "").replace(&format!("{}/", folder.display()), "");
            match refusals.iter_mut().find(|(said, _)| *said == why) {
                Some((_, targets)) => targets.push(way.name),
                None => refusals.push((why, vec![way.name])),
            }
        }
        for (why, targets) in refusals {
            let targets = if targets.len() == ways.len() { "each".to_owned() } else { targets.join("; ") };
            table.refused.push_str(&format!("| {called} | {targets} | {why} |\n"));
        }
    }
    assert_eq!(table.faults, Vec::<String>::new());
    up_to_date(&table.text());
}

/// `docs/conversions.md`, written anew where that is asked for.
fn up_to_date(table: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conversions.md");
    if std::env::var_os("MASTOFERRY_BLESS").is_some() {
        std::fs::write(&kept, table).expect("written");
        return;
    }
    let committed = std::fs::read_to_string(&kept).expect("docs/conversions.md");
    let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (lines(&committed), lines(table));
    let differ: Vec<&String> = old.symmetric_difference(&new).collect();
    assert!(
        differ.is_empty(),
        "docs/conversions.md is out of date (MASTOFERRY_BLESS=1 writes it anew): {differ:#?}"
    );
}

/// What is known of every deployment.
struct Table {
    judge: Judge,
    converted: String,
    refused: String,
    custom: BTreeSet<String>,
    faults: Vec<String>,
}

impl Table {
    fn new() -> Self {
        Self {
            judge: Judge::new(),
            converted: HEAD.to_owned(),
            refused: REFUSED.to_owned(),
            custom: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    fn text(&self) -> String {
        let custom: String = self.custom.iter().map(|kind| format!("- {kind}\n")).collect();
        format!("{}{CUSTOM}{custom}{}", self.converted, self.refused)
    }

    /// Converts a deployment, and again with what it asks to accept; the result is the exit code and reason of a refusal,
    /// as cells.
    fn convert(&mut self, folder: &Path, source: &str, called: &str, way: &Way) -> Option<String> {
        let ran = Ran::convert(folder, &[&[source], way.arguments].concat());
        if !ran.json.is_null() {
            self.enter(&ran, called, way);
            return None;
        }
        let exit = ran.exit.map(|code| code.to_string()).unwrap_or_default();
        let (why, is_right) = refusal(&ran);
        if !is_right {
            self.faults.push(format!("{called} to {}: exit {exit}: {}", way.name, ran.problem));
        }
        let acceptances = acceptances(&ran);
        if is_right && !acceptances.is_empty() {
            let accepting = acceptances.iter().flat_map(|one| ["--accept", one.as_str()]);
            let arguments: Vec<&str> =
                [source].into_iter().chain(way.arguments.iter().copied()).chain(accepting).collect();
            let ran = Ran::convert(folder, &arguments);
            if ran.json.is_null() {
                self.faults.push(format!("{called} to {}, all accepted: {}", way.name, ran.problem));
            }
            self.enter(&ran, &format!("{called}, {} accepted", acceptances.len()), way);
        }
        Some(format!("{exit} | {}", why.replace('|', "\\|")))
    }

    /// Writes a line of what was converted, and remembers what is wrong with it.
    fn enter(&mut self, ran: &Ran, called: &str, way: &Way) {
        let mut found = losses(&ran.json);
        let objects = way.objects(ran, false).unwrap_or_else(|refused| {
            found.push(refused);
            Vec::new()
        });
        let (mut valid, mut others) = (0, 0);
        for object in &objects {
            match self.judge.judge(object) {
                Judgement::Valid => valid += 1,
                Judgement::Custom(kind) => {
                    others += 1;
                    self.custom.insert(kind);
                }
                Judgement::Faulty(faults) => found.extend(faults),
            }
        }
        if objects.is_empty() {
            found.push("nothing was written".to_owned());
        }
        let others = if others > 0 { format!(" ({others})") } else { String::new() };
        let line = format!("| {called} | {} | {} | {valid}{others} |\n", way.name, cells(&ran.json));
        self.converted.push_str(&line);
        self.faults.extend(found.into_iter().map(|one| format!("{called} to {}: {one}", way.name)));
    }
}

/// What the program lists in a refusal, one by one.
fn listed(ran: &Ran) -> Vec<&str> {
    ran.problem.split("   ").skip(1).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Why a deployment is not converted, and whether that can be right: it cannot be read whole, or somebody must accept what
/// is dropped or replaced. A leaf that nobody knows of, or a difference in what a container gets, cannot.
fn refusal(ran: &Ran) -> (String, bool) {
    let head = ran.problem.split("   ").next().unwrap_or_default().to_owned();
    let listed = listed(ran);
    if ran.exit == Some(2) || (ran.exit == Some(3) && listed.is_empty()) {
        let is_defect = head.contains("would be lost");
        return (head, !is_defect);
    }
    let count = |code: &str| listed.iter().filter(|part| part.starts_with(code)).count();
    let (dropped, replaced) = (count("dropped:"), count("replaced:"));
    let said = format!("needs `--accept`: {dropped} settings are dropped, {replaced} replaced");
    (said, ran.exit == Some(3) && dropped + replaced == listed.len())
}

/// `CODE:PATH` of everything that waits for its acceptance. A reason stands behind it, one of the catalogue's.
fn acceptances(ran: &Ran) -> Vec<String> {
    let reasons: Vec<&str> = include_str!("../../locales/en.ftl")
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(_, text)| text)
        .collect();
    let without_reason = |part: &str| {
        let reason =
            reasons.iter().filter(|reason| part.ends_with(**reason)).max_by_key(|reason| reason.len());
        let code_and_path = reason.and_then(|reason| part.strip_suffix(*reason)).unwrap_or(part);
        code_and_path.trim_end().to_owned()
    };
    listed(ran).into_iter().map(without_reason).collect::<BTreeSet<_>>().into_iter().collect()
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
