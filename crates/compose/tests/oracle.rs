//! What this room reads, against what Docker Compose itself prints.

use std::collections::BTreeMap;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use compose::{ComposeError, ComposeErrorKind, Project, Request, load};
use serde_json::Value as Json;
use tree::{Files, Node};

/// The environment both sides see.
const ENVIRONMENT: [(&str, &str); 4] =
    [("HOME", "/home/someone"), ("SHELL_SET", "from shell"), ("BOTH", "shell wins"), ("EMPTY", "")];

fn trees() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees")
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(missing: &str) {
    eprintln!("SKIPPED: needs {missing}");
}

/// The corpus of real deployments, where there is one.
fn corpus() -> Option<Utf8PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(
        |_| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Utf8PathBuf::from,
    );
    let corpus = shared.join("corpus");
    if corpus.is_dir() {
        return Some(corpus.canonicalize_utf8().expect("is there"));
    }
    skipped("the corpus");
    None
}

fn lookup(name: &str) -> Option<String> {
    if name == "PATH" {
        return std::env::var("PATH").ok();
    }
    ENVIRONMENT.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// Reads with this room.
fn ours(directory: &Utf8Path, files: &[Utf8PathBuf]) -> Result<Project, ComposeError> {
    let request = Request {
        files,
        directory: files.is_empty().then_some(directory),
        profiles: &[],
        environment: &lookup,
    };
    load(&request, &mut Files::new())
}

/// What Compose prints, or that it refuses.
fn real(program: &str, directory: &Utf8Path, files: &[Utf8PathBuf]) -> Option<Result<Json, String>> {
    let mut command = Command::new(program);
    command.current_dir(directory).env_clear().envs(ENVIRONMENT);
    command.env("PATH", std::env::var("PATH").unwrap_or_default());
    for file in files {
        command.args(["-f", file.as_str()]);
    }
    let Ok(output) = command.arg("config").output() else {
        skipped(program);
        return None;
    };
    if !output.status.success() {
        return Some(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let text = String::from_utf8(output.stdout).expect("text").replace("$$", "$");
    let mut kept = Files::new();
    let file = kept.add(program, text);
    let documents = tree::parse(&kept, file).expect("Compose writes YAML");
    Some(Ok(documents[0].to_json()))
}

/// Numbers as numbers, however written; the keys of `ssh` in one order, as the real tool puts them out in another each time.
fn comparable(json: &Json) -> Json {
    match json {
        Json::Object(members) => members
            .iter()
            .map(|(key, member)| {
                let mut member = comparable(member);
                if let (true, Json::Array(items)) = (key == "ssh", &mut member) {
                    items.sort_by_key(ToString::to_string);
                }
                (key.clone(), member)
            })
            .collect(),
        Json::Array(items) => items.iter().map(comparable).collect(),
        Json::Number(number) => number.as_f64().map_or(Json::Null, Json::from),
        other => other.clone(),
    }
}

fn pointers(at: &str, json: &Json, out: &mut BTreeMap<String, String>) {
    match json {
        Json::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(key, member)| pointers(&format!("{at}.{key}"), member, out));
        }
        Json::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| pointers(&format!("{at}[{index}]"), item, out));
        }
        other => {
            out.insert(at.to_owned(), other.to_string());
        }
    }
}

/// The places where two documents differ; not the values, which may be secret.
fn differences(ours: &Json, theirs: &Json, show_values: bool) -> Vec<String> {
    let (mut one, mut other) = (BTreeMap::new(), BTreeMap::new());
    pointers("", ours, &mut one);
    pointers("", theirs, &mut other);
    let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing = keys.into_iter().filter(|key| one.get(*key) != other.get(*key));
    differing
        .map(|key| {
            if show_values {
                format!("{key}: {:?} / {:?}", one.get(key), other.get(key))
            } else {
                key.clone()
            }
        })
        .collect()
}

fn assert_origins(project: &Project, at: &Utf8Path) {
    for leaf in project.node.leaves() {
        // The name of a project that nobody wrote comes from its folder.
        let is_made = ["name", "services"].contains(&leaf.path.to_string().as_str());
        assert!(leaf.node.origin.is_some() || is_made, "{at}: {} has no origin", leaf.path);
    }
}

/// Compares one project; gives back whether Compose accepts it.
fn compare(directory: &Utf8Path, files: &[Utf8PathBuf], show: bool, wrong: &mut Vec<String>) -> Option<bool> {
    let theirs = real("compose-v2", directory, files)?;
    let at = files.first().map_or(directory, |file| file.as_path());
    match (ours(directory, files), &theirs) {
        (Ok(project), Ok(theirs)) if project.problems.is_empty() => {
            let differing = differences(&comparable(&project.node.to_json()), &comparable(theirs), show);
            if !differing.is_empty() {
                wrong.push(format!("{at} differs (ours / theirs):\n  {}", differing.join("\n  ")));
            }
            assert_origins(&project, at);
        }
        (Ok(project), Ok(_)) => wrong.push(format!("{at} is accepted; we found {:?}", project.problems)),
        (Err(error), Ok(_)) => wrong.push(format!("{at} is accepted; we refuse: {error:?}")),
        (Ok(project), Err(reason)) if project.problems.is_empty() => {
            wrong.push(format!("{at} is refused, we accept: {reason}"));
        }
        (_, Err(_)) => {}
    }
    Some(theirs.is_ok())
}

#[test]
fn own_trees_read_as_compose_reads_them() {
    let mut wrong = Vec::new();
    let (mut accepted, mut refused) = (0, 0);
    let mut folders: Vec<_> = trees().read_dir_utf8().expect("is there").flatten().collect();
    folders.sort_by_key(|entry| entry.path().to_owned());
    for entry in folders {
        let Some(fine) = compare(entry.path(), &[], true, &mut wrong) else { return };
        let name = entry.file_name();
        if fine == name.starts_with("refused-") {
            wrong.push(format!("{name}: Compose {} it", if fine { "accepts" } else { "refuses" }));
        }
        if fine { accepted += 1 } else { refused += 1 }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted >= 50 && refused >= 20, "{accepted} accepted, {refused} refused");
}

/// Every Compose file of the corpus, copied to where a missing env file can be put beside it.
fn corpus_projects() -> Option<Vec<(Utf8PathBuf, Utf8PathBuf)>> {
    let corpus = corpus()?;
    let copy = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let _ = std::fs::remove_dir_all(&copy);
    let mut found = Vec::new();
    copy_folder(&corpus, &copy, &mut found);
    found.sort();
    Some(found)
}

fn copy_folder(from: &Utf8Path, to: &Utf8Path, found: &mut Vec<(Utf8PathBuf, Utf8PathBuf)>) {
    std::fs::create_dir_all(to).expect("makes a folder");
    for entry in from.read_dir_utf8().expect("is a folder").flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(source, &target, found);
            continue;
        }
        let Ok(bytes) = std::fs::read(source) else { continue };
        std::fs::write(&target, &bytes).expect("writes");
        let is_yaml = matches!(source.extension(), Some("yml" | "yaml"));
        if is_yaml && String::from_utf8_lossy(&bytes).lines().any(|line| line.trim_end() == "services:") {
            found.push((to.to_owned(), target));
        }
    }
}

/// Puts an env file where its owner kept it out of the repository, and sets what must be set.
fn fill_gaps(directory: &Utf8Path, file: &Utf8Path) {
    for _ in 0..100 {
        match ours(directory, &[file.to_owned()]) {
            Ok(project) => {
                let mut filled = false;
                for problem in &project.problems {
                    if let ComposeErrorKind::Required { name, .. } = &problem.kind {
                        let path = directory.join(".env");
                        let known = std::fs::read_to_string(&path).unwrap_or_default();
                        std::fs::write(path, format!("{known}\n{name}=made-up\n")).expect("writes");
                        filled = true;
                    }
                    fill_gap(problem);
                }
                if !filled {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

fn fill_gap(problem: &ComposeError) {
    if let ComposeErrorKind::MissingFile { path, .. } = &problem.kind
        && path.starts_with(env!("CARGO_TARGET_TMPDIR"))
        && !path.exists()
    {
        std::fs::create_dir_all(path.parent().expect("has one")).expect("makes a folder");
        std::fs::write(path, "MADE_UP=1\nLOCAL_DOMAIN=example.com\n").expect("writes");
    }
}

#[test]
fn the_corpus_reads_as_compose_reads_it() {
    let Some(projects) = corpus_projects() else { return };
    let mut wrong = Vec::new();
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for (directory, file) in &projects {
        let files = [file.clone()];
        fill_gaps(directory, file);
        let Some(fine) = compare(directory, &files, false, &mut wrong) else { return };
        if fine {
            accepted.push(file.clone())
        } else {
            refused.push(file.clone())
        }
        if fine {
            compare_with_the_first_version(directory, &files, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted.len() >= 19, "only {} accepted; refused: {refused:?}", accepted.len());
}

/// Where Compose 1 reads a project too, it must say the same about what runs.
fn compare_with_the_first_version(directory: &Utf8Path, files: &[Utf8PathBuf], wrong: &mut Vec<String>) {
    let Some(Ok(theirs)) = real("docker-compose", directory, files) else { return };
    let project = ours(directory, files).expect("was read above");
    let words = |node: &Json| match node {
        Json::String(line) => line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        Json::Array(words) => words.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    for (name, service) in theirs["services"].as_object().into_iter().flatten() {
        let own = project.node.at_keys(&["services", name]).map(Node::to_json).unwrap_or_default();
        if own.is_null() {
            continue;
        }
        if own["image"] != service["image"] {
            wrong.push(format!("{directory}: version 1 has another image for {name}"));
        }
        // Version 1 does not unquote what env files say: names are compared, not values.
        let names = |service: &Json| -> std::collections::BTreeSet<String> {
            service["environment"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        if names(&own) != names(service) {
            wrong.push(format!("{directory}: version 1 has another environment for {name}"));
        }
        for key in ["command", "entrypoint"] {
            if words(&own[key]).is_empty() != words(&service[key]).is_empty() {
                wrong.push(format!("{directory}: version 1 has another {key} for {name}"));
            }
        }
    }
}
