//! Whole charts, rendered under many values, against the real `helm`.

mod oracle;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use chart::{Chart, ChartError, ChartErrorKind, HookEvent, Set, Values};

fn folder() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts")
}

/// The values of a line of arguments, taken in Helm's order: files, then JSON, then the rest.
fn values_of(arguments: &[&str], folder: &Utf8Path) -> Result<Values, ChartError> {
    let mut values = Values::new();
    let mut settings = Vec::new();
    for pair in arguments.chunks(2) {
        let [option, argument] = pair else { panic!("{pair:?} is no pair") };
        match *option {
            "-f" => {
                let text = fs::read_to_string(folder.join(argument)).expect("a file of the tests");
                values = values.under(Values::read(argument, &text)?);
            }
            "--set-json" => settings.push((0, Set::Json, *argument)),
            "--set" => settings.push((1, Set::Typed, *argument)),
            "--set-string" => settings.push((2, Set::Text, *argument)),
            "--set-literal" => settings.push((3, Set::Literal, *argument)),
            other => panic!("{other} is no option of the tests"),
        }
    }
    settings.sort_by_key(|(order, ..)| *order);
    for (_, kind, argument) in settings {
        values.set(kind, argument)?;
    }
    Ok(values)
}

/// Renders a chart of the tests by default and under each line of its cases.
fn assert_cases(name: &str) {
    if !oracle::has_helm() {
        return;
    }
    let folder = folder().join(name);
    let cases = fs::read_to_string(folder.join("cases.txt")).unwrap_or_default();
    for line in std::iter::once("").chain(cases.lines()) {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let paths: Vec<String> = arguments
            .iter()
            .map(|argument| {
                let file = folder.join(argument);
                if argument.ends_with(".yaml") && file.exists() {
                    file.to_string()
                } else {
                    (*argument).to_owned()
                }
            })
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let expected = oracle::helm(&folder.join("chart"), &paths);
        let found =
            values_of(&arguments, &folder).and_then(|values| oracle::ours(&folder.join("chart"), &values));
        match (expected, found) {
            (Ok(expected), Ok(found)) => {
                oracle::assert_same(&expected, &found.to_text(), &format!("{name} {line}"));
            }
            (Err(reason), Err(_)) => assert!(!line.is_empty(), "{name} must render by default: {reason}"),
            (Ok(_), Err(error)) => panic!("{name} {line}: helm renders; {}", oracle::place(&error)),
            (Err(reason), Ok(_)) => panic!("{name} {line}: helm refuses: {reason}"),
        }
    }
}

#[test]
fn blanks_branches_loops_and_names() {
    assert_cases("language");
}

#[test]
fn maps_are_changed_in_place() {
    assert_cases("mutation");
}

#[test]
fn documents_are_split_sorted_and_hooks_come_last() {
    assert_cases("manifests");
}

#[test]
fn charts_in_charts_are_switched_named_and_given_values() {
    assert_cases("family");
}

#[test]
fn values_are_merged_and_set() {
    assert_cases("values");
}

#[test]
fn helmignore_leaves_files_out() {
    assert_cases("ignore");
}

#[test]
fn charts_of_the_first_version_are_read() {
    assert_cases("first-version");
}

/// A chart as `helm package` would pack it.
fn packed(directory: &Utf8Path, name: &str) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut archive = tar::Builder::new(encoder);
    archive.append_dir_all(name, directory).expect("packs");
    archive.into_inner().expect("packs").finish().expect("packs")
}

#[test]
fn an_archive_is_the_same_chart() {
    let directory = folder().join("family/chart");
    let archive = packed(&directory, "family");
    let chart = Chart::from_archive(&archive, "family.tgz").expect("loads");
    let rendered = |chart: &Chart| {
        chart::render(
            chart,
            &Values::new(),
            &oracle::release(),
            &chart::Capabilities::default(),
            &mut tree::Files::new(),
        )
        .expect("renders")
        .to_text()
    };
    assert_eq!(rendered(&chart), rendered(&Chart::load(&directory).expect("loads")));
}

#[test]
fn a_chart_may_hold_archives() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).expect("UTF-8").join("outer");
    fs::create_dir_all(root.join("charts")).expect("makes folders");
    let about = "apiVersion: v2\nname: outer\nversion: 1.0.0\n";
    fs::write(root.join("Chart.yaml"), about).expect("writes");
    let inner = folder().join("family/chart/charts/child");
    fs::write(root.join("charts/child-1.0.5.tgz"), packed(&inner, "child")).expect("writes");
    let found = oracle::ours(&root, &Values::new()).expect("renders").to_text();
    assert!(found.contains("# Source: outer/charts/child/templates/child.yaml"), "{found}");
    if oracle::has_helm() {
        oracle::assert_same(&oracle::helm(&root, &[]).expect("helm renders"), &found, "archives");
    }
}

#[test]
fn hooks_say_when_they_run() {
    let rendered = oracle::ours(&folder().join("manifests/chart"), &Values::new()).expect("renders");
    let hook = |name: &str| {
        let manifest = rendered
            .manifests
            .iter()
            .find(|manifest| {
                manifest.documents.first().and_then(|node| node.str_at(&["metadata", "name"])) == Some(name)
            })
            .unwrap_or_else(|| panic!("{name} is rendered"));
        manifest.hook.clone().expect("is a hook")
    };
    let late = hook("late");
    assert_eq!(late.events, [HookEvent::PostInstall, HookEvent::PostUpgrade]);
    assert_eq!((late.weight, hook("early").weight, hook("account").weight), (5, -5, 0));
    assert_eq!(late.delete_policies, ["before-hook-creation", "hook-succeeded"]);
    assert_eq!(hook("account").events, [HookEvent::PreInstall]);
    assert_eq!(rendered.notes, "Thank you for sea.\n");
}

#[test]
fn every_leaf_of_a_manifest_has_its_place_in_the_rendered_text() {
    let mut files = tree::Files::new();
    let chart = Chart::load(&folder().join("manifests/chart")).expect("loads");
    let (release, capabilities) = (oracle::release(), chart::Capabilities::default());
    let rendered =
        chart::render(&chart, &Values::new(), &release, &capabilities, &mut files).expect("renders");
    for manifest in &rendered.manifests {
        for leaf in manifest.documents.iter().flat_map(tree::Node::leaves) {
            let origin = leaf.node.origin.expect("has a place");
            assert!(files.name(origin.file).starts_with(&manifest.source));
            assert!(origin.line as usize <= manifest.text.lines().count());
        }
    }
}

/// A chart of one template and these files besides.
fn small(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).expect("UTF-8").join("small");
    let about = ("Chart.yaml", "apiVersion: v2\nname: small\nversion: 1.0.0\n");
    for (path, text) in std::iter::once(&about).chain(files) {
        fs::create_dir_all(root.join(path).parent().expect("below the root")).expect("makes folders");
        fs::write(root.join(path), text).expect("writes");
    }
    (temporary, root)
}

fn refusal(files: &[(&str, &str)]) -> ChartError {
    let (_temporary, root) = small(files);
    if oracle::has_helm() {
        assert!(oracle::helm(&root, &[]).is_err(), "helm must refuse {files:?}");
    }
    oracle::ours(&root, &Values::new()).expect_err("must be refused")
}

#[test]
fn charts_helm_refuses_are_refused() {
    type Case<'a> = (&'a [(&'a str, &'a str)], fn(&ChartErrorKind) -> bool);
    let cases: &[Case<'_>] = &[
        (&[("Chart.yaml", "name: [")], |kind| matches!(kind, ChartErrorKind::Parse(_))),
        (&[("Chart.yaml", "apiVersion: v2\nname: x\n")], |kind| {
            matches!(kind, ChartErrorKind::BadMetadata(_))
        }),
        (&[("Chart.yaml", "apiVersion: v2\nname: x\nversion: what\n")], |kind| {
            matches!(kind, ChartErrorKind::BadMetadata(_))
        }),
        (&[("Chart.yaml", "apiVersion: v2\nname: a/b\nversion: 1.0.0\n")], |kind| {
            matches!(kind, ChartErrorKind::BadMetadata(_))
        }),
        (&[("Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\ntype: odd\n")], |kind| {
            matches!(kind, ChartErrorKind::BadMetadata(_))
        }),
        (&[("Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\ntype: library\n")], |kind| {
            matches!(kind, ChartErrorKind::Library)
        }),
        (&[("Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\nkubeVersion: \"<1.20\"\n")], |kind| {
            matches!(kind, ChartErrorKind::KubeVersion { .. })
        }),
        (
            &[(
                "Chart.yaml",
                "apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{name: a, version: 1, condition: a.on}]\n",
            )],
            |kind| matches!(kind, ChartErrorKind::MissingDependencies(_)),
        ),
        (&[("values.yaml", "a: [")], |kind| matches!(kind, ChartErrorKind::Parse(_))),
        (&[("values.yaml", "- a\n")], |kind| matches!(kind, ChartErrorKind::NotATable(_))),
        (&[(".helmignore", "a/**/b\n")], |kind| matches!(kind, ChartErrorKind::BadIgnore(_))),
        (&[("templates/a.yaml", "a: [\n")], |kind| matches!(kind, ChartErrorKind::Parse(_))),
        (&[("templates/a.yaml", "only words\n")], |kind| matches!(kind, ChartErrorKind::NotAManifest(_))),
        (&[("templates/a.yaml", "kind: [a]\n")], |kind| matches!(kind, ChartErrorKind::NotAManifest(_))),
        (&[("templates/a.yaml", "metadata: {annotations: [a]}\n")], |kind| {
            matches!(kind, ChartErrorKind::NotAManifest(_))
        }),
        (&[("charts/x/Chart.yaml", "name: x\nversion: 1.0.0\n"), ("values.yaml", "x: 5\n")], |kind| {
            matches!(kind, ChartErrorKind::NotATable(_))
        }),
        (&[("charts/README.md", "words\n")], |kind| matches!(kind, ChartErrorKind::NoChart)),
        (&[("charts/x/values.yaml", "a: b\n")], |kind| matches!(kind, ChartErrorKind::NoChart)),
        (&[("charts/x.tgz", "no archive")], |kind| matches!(kind, ChartErrorKind::BadArchive(_))),
    ];
    for (files, fits) in cases {
        let error = refusal(files);
        assert!(fits(&error.kind), "{files:?}: {error:?}");
    }
}

#[test]
fn a_missing_value_is_named_with_its_file_and_line() {
    let error = refusal(&[
        ("templates/web.yaml", "kind: Web\n\nhost: {{ required \"a host is needed\" .Values.web.host }}\n"),
        ("values.yaml", "web: {}\n"),
    ]);
    assert_eq!((error.file.as_ref(), error.line()), ("small/templates/web.yaml", Some(3)));
    let ChartErrorKind::Required { message, key } = error.kind else { panic!("{error:?}") };
    assert_eq!((message.as_str(), key.as_deref()), ("a host is needed", Some(".Values.web.host")));
}

#[test]
fn an_error_in_a_helper_names_the_helper() {
    let error = refusal(&[
        ("templates/a.yaml", "a: {{ include \"x\" . }}\n"),
        ("templates/_x.tpl", "{{ define \"x\" }}\n\n{{ .Values.a.b.c }}{{ end }}"),
    ]);
    assert_eq!((error.file.as_ref(), error.line()), ("small/templates/_x.tpl", Some(3)));
}

fn ours_alone(template: &str) -> Result<chart::Rendered, ChartError> {
    let (_temporary, root) = small(&[("templates/a.yaml", template)]);
    oracle::ours(&root, &Values::new())
}

#[test]
fn templates_that_never_end_are_stopped() {
    let templates = [
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ $t := \"{{ tpl .t . }}\" }}{{ tpl $t (dict \"t\" $t) }}",
        "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}",
        "{{ range 9000000000 }}x{{ end }}",
        "{{ $s := \"xxxxxxxx\" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}",
        "{{ repeat 2000000000 \"x\" }}",
        "{{ indent 2000000000 \"x\" }}",
        "{{ $l := list }}{{ range until 100000 }}{{ $l = append $l . }}{{ end }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}",
        "{{ regexMatch \"(a{1000}){1000}\" \"a\" | ternary 1 (fail \"x\") }}",
    ];
    for template in templates {
        let error = ours_alone(template).expect_err(template);
        let is_stopped = matches!(
            error.kind,
            ChartErrorKind::Bound(_) | ChartErrorKind::TemplateFailed(_) | ChartErrorKind::Refused(_)
        );
        assert!(is_stopped, "{template}: {error:?}");
    }
}

#[test]
fn templates_may_nest_deeper_than_a_small_stack() {
    let nested = format!("{}x{}", "{{ if true }}".repeat(150), "{{ end }}".repeat(150));
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(150), ")".repeat(150));
    let deep = "{{ define \"a\" }}{{ if gt . 0 }}{{ include \"a\" (int (sub . 1)) }}{{ end }}{{ end }}{{ include \"a\" 400 }}";
    let rendered = ours_alone(&format!("kind: A\na: {nested}\nb: {parens}\n{deep}")).expect("renders");
    assert_eq!(rendered.to_text(), "---\n# Source: small/templates/a.yaml\nkind: A\na: x\nb: 1\n");
}

#[test]
fn values_that_nest_without_end_do_no_harm() {
    let templates = [
        "{{ $x := list }}{{ range until 300000 }}{{ $x = list $x }}{{ end }}kind: A",
        "{{ $x := dict }}{{ $c := $x }}{{ range until 300000 }}{{ $n := dict }}{{ $_ := set $c \"n\" $n }}{{ $c = $n }}{{ end }}kind: A",
        "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}kind: A\nv: {{ toJson $x }}{{ toYaml $x }}",
        "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}kind: A\nv: {{ eq 1 1 }}{{ deepEqual $x (deepCopy (dict \"a\" 1)) }}",
    ];
    for template in templates {
        let rendered = ours_alone(template).unwrap_or_else(|error| panic!("{template}: {error}"));
        assert!(rendered.to_text().contains("kind: A"));
    }
}

#[test]
fn chance_is_a_placeholder_and_is_told() {
    let rendered = ours_alone("kind: A\npassword: {{ randAlphaNum 6 | quote }}\n").expect("renders");
    assert!(rendered.to_text().contains("password: \"x0x0x0\""));
    assert_eq!(rendered.invented, [("randAlphaNum".to_owned(), "small/templates/a.yaml".to_owned())]);
    let error = ours_alone("{{ genCA \"a\" 365 }}").expect_err("keys are not made up");
    assert_eq!(error.kind, ChartErrorKind::Random("genCA".to_owned()));
}
