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

#[test]
fn other_spellings_and_ends_of_texts() {
    assert_lines("spellings.txt");
}

/// What templates can call in Helm 4.1.4: Go's own, Sprig's without `env` and `expandenv`, Helm's.
const FUNCTIONS: &str = include_str!("functions/names.lst");

/// What makes something up: placeholders, which are told, and keys and the like, which are refused.
const CHANCE: [&str; 21] = [
    "randAlpha 3",
    "randAlphaNum 3",
    "randAscii 3",
    "randBytes 3",
    "randInt 1 5",
    "randNumeric 3",
    "shuffle \"abc\"",
    "uuidv4",
    "bcrypt \"a\"",
    "htpasswd \"a\" \"b\"",
    "genPrivateKey \"rsa\"",
    "derivePassword 1 \"long\" \"a\" \"b\" \"c\"",
    "buildCustomCert \"a\" \"b\"",
    "genCA \"a\" 1",
    "genCAWithKey \"a\" 1 \"k\"",
    "genSelfSignedCert \"a\" nil nil 1",
    "genSelfSignedCertWithKey \"a\" nil nil 1 \"k\"",
    "genSignedCert \"a\" nil nil 1 \"c\"",
    "genSignedCertWithKey \"a\" nil nil 1 \"c\" \"k\"",
    "encryptAES \"a\" \"b\"",
    "decryptAES \"a\" \"b\"",
];

#[test]
fn every_function_of_helm_is_tried() {
    let mut tried: String = lines_of_folder();
    for call in CHANCE {
        tried.push_str(call);
        tried.push('\n');
        let (_directory, root) = chart_of(&format!("kind: Sheet\nvalue: {{{{ {call} | toJson }}}}\n"));
        match oracle::ours(&root, &Values::new()) {
            Ok(rendered) => assert_eq!(rendered.invented.len(), 1, "{call} is not told"),
            Err(error) => {
                assert!(matches!(error.kind, chart::ChartErrorKind::Random(_)), "{call}: {error}");
            }
        }
    }
    let words: std::collections::BTreeSet<&str> =
        tried.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let untried: Vec<&str> = FUNCTIONS.lines().filter(|name| !words.contains(name)).collect();
    assert_eq!(untried, Vec::<&str>::new());
}

fn lines_of_folder() -> String {
    let files = folder().read_dir_utf8().expect("a folder of the tests");
    let files = files.map(|entry| entry.expect("readable").into_path());
    files
        .filter(|path| path.extension() == Some("txt"))
        .map(|path| fs::read_to_string(path).expect("text"))
        .collect()
}

#[test]
fn helm_knows_the_same_functions() {
    if !oracle::has_helm() {
        return;
    }
    let template: String =
        FUNCTIONS.lines().map(|name| format!("{{{{ if false }}}}{{{{ {name} }}}}{{{{ end }}}}\n")).collect();
    let (_directory, root) = chart_of(&format!("kind: Sheet\n{template}"));
    let expected = oracle::helm(&root, &[]).expect("helm knows them all");
    oracle::assert_same(
        &expected,
        &oracle::ours(&root, &Values::new()).expect("so do we").to_text(),
        "names",
    );
}
