//! Options of `helm template` that choose what is seen and printed, and schemas of values, against the real `helm`.

mod oracle;

use std::fs;

use camino::Utf8PathBuf;
use chart::{Capabilities, Chart, ChartErrorKind, Release, Rendered, Selection, Set, Values};
use tree::Files;

const CHART: [(&str, &str); 9] = [
    ("Chart.yaml", "apiVersion: v2\nname: pier\nversion: 1.0.0\n"),
    ("values.yaml", "berths: 2\nname: north\nfile: \"\"\n"),
    (
        "values.schema.json",
        r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["name"],
            "properties": {"berths": {"type": "integer", "minimum": 1}, "name": {"type": "string", "pattern": "^[a-z]+$"},
            "kind": {"enum": ["stone", "wood"]}, "boats": {"$ref": "\#/definitions/boats"}},
            "definitions": {"boats": {"type": "array", "items": {"type": "object", "additionalProperties": false,
            "properties": {"hull": {"type": "string"}}}}}}"#,
    ),
    ("crds/boat.yaml", "kind: CustomResourceDefinition\nmetadata:\n  name: boats\n"),
    (
        "templates/pier.yaml",
        "kind: Pier\nversion: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Minor }}\nhas: {{ .Capabilities.APIVersions.Has \"sea/v1\" }}\n\
         upgrade: {{ .Release.IsUpgrade }}\nberths: {{ .Values.berths }}\nfile: {{ .Values.file | quote }}\nfound: {{ lookup \"v1\" \"Pod\" \"\" \"\" | toJson }}\n---\nkind: Second\n",
    ),
    ("templates/deep/lamp.yaml", "kind: Lamp\n"),
    (
        "templates/hook.yaml",
        "kind: Job\nmetadata:\n  name: a\n  annotations:\n    helm.sh/hook: pre-install\n",
    ),
    ("templates/test.yaml", "kind: Pod\nmetadata:\n  name: b\n  annotations:\n    helm.sh/hook: test\n"),
    (
        "templates/NOTES.txt",
        "{{ if eq .Values.name \"broken\" }}{{ fail \"no notes\" }}{{ end }}Moored at {{ .Values.name }}.\n",
    ),
];

fn pier() -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("UTF-8").join("pier");
    for (path, text) in CHART {
        fs::create_dir_all(root.join(path).parent().expect("below the root")).expect("makes folders");
        fs::write(root.join(path), text.replace("\\#", "#")).expect("writes");
    }
    (directory, root)
}

/// One run of helm's options by ours.
#[derive(Default)]
struct Options {
    kube_version: Option<&'static str>,
    api_versions: Vec<String>,
    is_upgrade: bool,
    skips_schema: bool,
    selection: Selection,
    settings: Vec<(Set, String)>,
}

fn options(arguments: &[&str]) -> Options {
    let mut options = Options::default();
    let mut rest = arguments.iter().map(|word| (*word).to_owned());
    while let Some(word) = rest.next() {
        let mut next = || rest.next().expect("a value");
        match word.as_str() {
            "--kube-version" => options.kube_version = Some(next().leak()),
            "--api-versions" => options.api_versions.push(next()),
            "--is-upgrade" => options.is_upgrade = true,
            "--skip-schema-validation" => options.skips_schema = true,
            "--include-crds" => options.selection.crds = true,
            "--no-hooks" => options.selection.hooks = false,
            "--skip-tests" => options.selection.tests = false,
            "--show-only" => options.selection.only.push(next()),
            "--set" => options.settings.push((Set::Typed, next())),
            "--set-json" => options.settings.push((Set::Json, next())),
            "--set-file" => options.settings.push((Set::File, next())),
            other => panic!("{other} is no option of the tests"),
        }
    }
    options
}

fn rendered(root: &Utf8PathBuf, options: &Options) -> Result<Rendered, chart::ChartError> {
    let mut values = Values::new();
    for (kind, argument) in &options.settings {
        values.set(*kind, argument)?;
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = options.kube_version {
        capabilities = capabilities.with_kube_version(version)?;
    }
    capabilities.api_versions.extend(options.api_versions.clone());
    let release =
        Release { is_upgrade: options.is_upgrade, checks_schema: !options.skips_schema, ..oracle::release() };
    chart::render(&Chart::load(root)?, &values, &release, &capabilities, &mut Files::new())
}

#[test]
fn options_do_what_they_do_in_helm() {
    if !oracle::has_helm() {
        return;
    }
    let (_directory, root) = pier();
    let boats = r#"{"boats": [{"hull": "oak"}]}"#;
    let chart_file = format!("file={root}/Chart.yaml");
    let cases: &[&[&str]] = &[
        &[],
        &["--kube-version", "1.33"],
        &["--kube-version", "v1.33.4-gke.1245000"],
        &["--kube-version", "1.33.4+k3s1"],
        &["--kube-version", "one"],
        &["--kube-version", "1"],
        &["--api-versions", "sea/v1"],
        &["--is-upgrade"],
        &["--include-crds"],
        &["--no-hooks"],
        &["--skip-tests"],
        &["--show-only", "templates/pier.yaml"],
        &["--show-only", "templates/deep/*.yaml", "--show-only", "templates/pier.yaml"],
        &["--show-only", "templates/*.yaml", "--no-hooks"],
        &["--show-only", "templates/absent.yaml"],
        &["--show-only", "templates/NOTES.txt"],
        &["--show-only", "crds/boat.yaml", "--include-crds"],
        &["--set-file", &chart_file],
        &["--set-file", "file=/nowhere/at/all"],
        &["--set-json", boats],
        &["--set-json", "boats=[{\"mast\": 1}]"],
        &["--set", "berths=0"],
        &["--set", "berths=many"],
        &["--set", "berths=many", "--skip-schema-validation"],
        &["--set", "name=North"],
        &["--set", "name=null"],
        &["--set", "kind=glass"],
        &["--set", "name=broken"],
    ];
    for arguments in cases {
        let options = options(arguments);
        let expected = oracle::helm(&root, arguments);
        let found =
            rendered(&root, &options).and_then(|rendered| rendered.to_selected_text(&options.selection));
        match (expected, found) {
            (Ok(expected), Ok(found)) => oracle::assert_same(&expected, &found, &arguments.join(" ")),
            (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => panic!("{arguments:?}: helm renders; {}", oracle::place(&error)),
            (Err(reason), Ok(_)) => panic!("{arguments:?}: helm refuses: {reason}"),
        }
    }
}

#[test]
fn a_schema_names_the_places_and_shows_no_value() {
    let (_directory, root) = pier();
    let refused =
        options(&["--set", "berths=0", "--set", "name=Secret-Word", "--set-json", "boats=[{\"mast\": 1}]"]);
    let error = rendered(&root, &refused).expect_err("the schema refuses");
    let ChartErrorKind::Schema(places) = &error.kind else { panic!("{error:?}") };
    let all = places.join("\n");
    for place in ["/berths", "/name", "/boats/0"] {
        assert!(all.contains(place), "{place}: {all}");
    }
    assert!(!format!("{error:?} {error}").contains("Secret-Word"), "{error}");
}

#[test]
fn a_schema_elsewhere_is_not_fetched() {
    let (_directory, root) = pier();
    fs::write(root.join("values.schema.json"), r#"{"$ref": "http://127.0.0.1:1/s.json"}"#).expect("writes");
    let error = rendered(&root, &Options::default()).expect_err("nothing is fetched");
    assert!(
        matches!(&error.kind, ChartErrorKind::BadSchema(reason) if reason.contains("127.0.0.1")),
        "{error}"
    );
}

#[test]
fn notes_are_rendered_as_an_installation_shows_them() {
    let (_directory, root) = pier();
    let rendered = oracle::ours(&root, &Values::new()).expect("renders");
    assert_eq!(rendered.notes, "Moored at north.\n");
    if !oracle::has_helm() {
        return;
    }
    let output = std::process::Command::new("helm")
        .args(["install", "sea", root.as_str(), "--dry-run=client"])
        .env("KUBECONFIG", "/nonexistent")
        .output()
        .expect("helm runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let notes = text.split_once("NOTES:\n").map(|(_, notes)| notes.trim_end());
    assert_eq!(notes, Some(rendered.notes.trim_end()), "{}", String::from_utf8_lossy(&output.stderr));
}
