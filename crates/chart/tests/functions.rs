//! Every function and rule of the template language, against the real `helm`.

mod oracle;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use chart::Values;

fn folder() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/functions")
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs::create_dir_all(to).expect("a temporary folder");
    for entry in from.read_dir_utf8().expect("a folder of the tests") {
        let entry = entry.expect("readable");
        if entry.path().is_dir() {
            copy(entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copies");
        }
    }
}

/// A chart with one template.
fn chart_of(template: &str) -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("UTF-8").join("sheet");
    copy(&folder().join("files"), &root);
    fs::create_dir_all(root.join("templates")).expect("makes folders");
    let about = "apiVersion: v2\nname: sheet\nversion: 1.2.3\nappVersion: \"4.5\"\n";
    fs::write(root.join("Chart.yaml"), about).expect("writes");
    fs::copy(folder().join("values.yaml"), root.join("values.yaml")).expect("copies");
    fs::copy(folder().join("helpers.tpl"), root.join("templates/_helpers.tpl")).expect("copies");
    fs::write(root.join("templates/sheet.yaml"), template).expect("writes");
    (directory, root)
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(folder().join(file)).expect("a file of the tests");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Each line is an expression; its value is printed as Go prints it, and as JSON.
fn assert_lines(file: &str) {
    if !oracle::has_helm() {
        return;
    }
    let mut template = String::from("kind: Sheet\nlines:\n");
    for line in lines(file) {
        template.push_str(&format!(
            "- [{{{{ ({line}) | toJson }}}}, {{{{ printf \"%v\" ({line}) | quote }}}}]\n"
        ));
    }
    let (_directory, root) = chart_of(&template);
    let expected = oracle::helm(&root, &[]).unwrap_or_else(|error| panic!("{file}: helm refuses: {error}"));
    let found = oracle::ours(&root, &Values::new());
    let found = found.unwrap_or_else(|error| panic!("{file}: {}", oracle::place(&error)));
    oracle::assert_same(&expected, &found.to_text(), file);
}

#[test]
fn texts() {
    assert_lines("text.txt");
}

#[test]
fn lists_and_maps() {
    assert_lines("collections.txt");
}

#[test]
fn numbers() {
    assert_lines("numbers.txt");
}

#[test]
fn encodings() {
    assert_lines("encodings.txt");
}

#[test]
fn comparisons_patterns_times_and_what_helm_adds() {
    assert_lines("rest.txt");
}

#[test]
fn what_helm_refuses_is_refused_with_its_line() {
    if !oracle::has_helm() {
        return;
    }
    let mut wrong = Vec::new();
    for line in lines("refused.txt") {
        let (_directory, root) = chart_of(&format!("kind: Sheet\nvalue: {line}\n"));
        let expected = oracle::helm(&root, &[]);
        let found = oracle::ours(&root, &Values::new());
        match (expected, found) {
            (Err(_), Err(error)) if error.line().is_some() => {}
            (Err(_), Err(error)) => wrong.push(format!("{line}: no line in {}", oracle::place(&error))),
            (Err(reason), Ok(_)) => wrong.push(format!("{line}: helm refuses: {reason}")),
            (Ok(_), _) => wrong.push(format!("{line}: helm does not refuse")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
