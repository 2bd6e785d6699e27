//! What is told beside the project itself: places, variables, gaps.

use camino::{Utf8Path, Utf8PathBuf};
use compose::{ComposeErrorKind, MissingRole, Project, Request, Role, load};
use tree::{Files, Origin};

struct Read {
    project: Project,
    files: Files,
}

fn read(name: &str, written: &[(&str, &str)]) -> Read {
    let folder: Utf8PathBuf = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("provenance").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for (file, content) in written {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("makes a folder");
        std::fs::write(path, content).expect("writes");
    }
    let request = Request { files: &[], directory: Some(&folder), profiles: &[], environment: &|_| None };
    let mut files = Files::new();
    let project = load(&request, &mut files).expect("is read");
    Read { project, files }
}

impl Read {
    /// `file:line` without the folder.
    fn place(&self, origin: Option<Origin>) -> String {
        let place = self.files.place(origin.expect("has a place"));
        place.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn at(&self, keys: &[&str]) -> String {
        self.place(self.project.node.at_keys(keys).expect("is there").origin)
    }
}

#[test]
fn a_setting_knows_the_line_of_its_env_file() {
    let compose =
        "services:\n  web:\n    image: w\n    env_file: [a.env, b.env]\n    environment:\n      C: 3\n";
    let read =
        read("env", &[("compose.yaml", compose), ("a.env", "A=1\nB=1\nC=1\n"), ("b.env", "# x\nB=2\n")]);
    let environment = |name| read.at(&["services", "web", "environment", name]);
    assert_eq!(
        [environment("A"), environment("B"), environment("C")],
        ["a.env:1", "b.env:2", "compose.yaml:6"]
    );
    let overridden: Vec<(String, String)> = read
        .project
        .overridden
        .iter()
        .map(|(old, new)| (read.place(Some(*old)), read.place(Some(*new))))
        .collect();
    let expected = [("a.env:2", "b.env:2"), ("a.env:3", "compose.yaml:6")];
    assert_eq!(overridden, expected.map(|(old, new)| (old.to_owned(), new.to_owned())));
}

#[test]
fn interpolated_scalars_know_where_their_variables_are_set() {
    let compose = "services:\n  web:\n    image: w:$TAG\n    user: ${NOBODY}\n";
    let read = read("interpolated", &[("compose.yaml", compose), (".env", "# x\nTAG=v1\n")]);
    let found: Vec<(String, String)> = read
        .project
        .interpolated
        .iter()
        .map(|(scalar, set)| (read.place(Some(*scalar)), read.place(Some(*set))))
        .collect();
    assert_eq!(found, [("compose.yaml:3".to_owned(), ".env:2".to_owned())]);
    let unset: Vec<(&str, String)> =
        read.project.unset.iter().map(|(name, origin)| (name.as_str(), read.place(Some(*origin)))).collect();
    assert_eq!(unset, [("NOBODY", "compose.yaml:4".to_owned())]);
}

#[test]
fn what_stands_beside_gaps_is_read() {
    let compose = "include: [gone.yaml, broken.yaml]\nservices:\n  web:\n    image: w\n    env_file: [.env.production, a.env]\n    networks: [nowhere]\n";
    let read = read("gaps", &[("compose.yaml", compose), ("broken.yaml", "a: [\n"), ("a.env", "A=1\n")]);
    let node = &read.project.node;
    assert_eq!(node.str_at(&["services", "web", "environment", "A"]), Some("1"));
    let kinds: Vec<_> = read.project.problems.iter().map(|problem| &problem.kind).collect();
    assert!(
        matches!(
            kinds[..],
            [
                ComposeErrorKind::MissingFile { role: MissingRole::Include, .. },
                ComposeErrorKind::Parse(_),
                ComposeErrorKind::Undefined { .. },
                ComposeErrorKind::MissingFile { role: MissingRole::EnvFile, .. },
            ]
        ),
        "{kinds:?}"
    );
    let places: Vec<String> =
        read.project.problems.iter().map(|problem| read.place(problem.origin)).collect();
    assert_eq!(places, ["compose.yaml:1", "broken.yaml:1", "compose.yaml:6", "compose.yaml:5"]);
}

#[test]
fn every_file_is_a_document_once() {
    let compose = "services:\n  a: {image: a, env_file: x.env}\n  b: {image: b, env_file: x.env}\n  c: {extends: {file: base.yaml, service: s}}\n  d: {extends: {file: base.yaml, service: s}}\n";
    let base = "services: {s: {image: s}}\n";
    let read = read(
        "once",
        &[("compose.yaml", compose), ("base.yaml", base), ("x.env", "A=1\n"), (".env", "T=1\n")],
    );
    let mut roles: Vec<Role> = read.project.documents.iter().map(|document| document.role).collect();
    roles.sort_by_key(|role| format!("{role:?}"));
    assert_eq!(roles, [Role::Compose, Role::Compose, Role::EnvFile, Role::ProjectEnv]);
}

#[test]
fn values_do_not_show_in_debug_output() {
    let compose =
        "services:\n  web:\n    image: w\n    environment: [KEY=made-up-value]\n    env_file: a.env\n";
    let read = read("debug", &[("compose.yaml", compose), ("a.env", "B=made-up-value\n")]);
    assert!(!format!("{:?}", read.project).contains("made-up-value"));
}

#[test]
fn services_that_are_switched_off_are_told() {
    let compose = "services:\n  web: {image: w}\n  tor: {image: t, profiles: [tor]}\n";
    let read = read("profiles", &[("compose.yaml", compose)]);
    let [(name, origin)] = &read.project.disabled[..] else { panic!("one is off") };
    assert_eq!((name.as_str(), read.place(*origin)), ("tor", "compose.yaml:3".to_owned()));
}
