//! What stands beside a gap is still built.

use camino::Utf8PathBuf;
use kustomize::{KustomizeErrorKind as Kind, build, build_with_gaps};
use tree::Files;

/// Writes a tree, checks that the strict build refuses it, and builds it with gaps: the objects' names,
/// and each gap with its place.
fn gapped(test: &str, tree: &[(&str, &str)]) -> (Vec<String>, Vec<(Kind, String)>) {
    let base = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gaps").join(test);
    for (path, text) in tree {
        let path = base.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    build(&base, &mut Files::new()).expect_err("the strict build refuses it");
    let mut files = Files::new();
    let (built, gaps) = build_with_gaps(&base, &mut files).expect("something can be built");
    let place = |error: &kustomize::KustomizeError| {
        let place = error.origin.map_or_else(|| error.file.to_string(), |origin| files.place(origin));
        place.strip_prefix(base.as_str()).unwrap_or(&place).trim_start_matches('/').to_owned()
    };
    let gaps = gaps.iter().map(|error| (error.kind.clone(), place(error))).collect();
    let name = |node: &tree::Node| {
        let text = |keys: &[&str]| node.str_at(keys).unwrap_or_default().to_owned();
        format!("{}/{}", text(&["kind"]), text(&["metadata", "name"]))
    };
    (built.objects.iter().map(name).collect(), gaps)
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n";

#[test]
fn what_is_missing_or_broken_leaves_the_rest() {
    let kustomization = "resources:\n- a.yaml\n- gone.yaml\n- tab.yaml\n- below\nnamePrefix: p-\n";
    let tree = [
        ("kustomization.yaml", kustomization),
        ("a.yaml", OBJECT),
        ("tab.yaml", "kind:\n\tx: 1\n"),
        ("below/kustomization.yaml", "resources: [b.yaml, https://example.org/c.yaml]\n"),
        ("below/b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n---\nkind: Nameless\n"),
    ];
    let (objects, gaps) = gapped("broken", &tree);
    assert_eq!(objects, ["ConfigMap/p-a", "Secret/p-b"]);
    let places: Vec<&str> = gaps.iter().map(|(_, place)| place.as_str()).collect();
    assert_eq!(
        places,
        ["kustomization.yaml:3", "tab.yaml:2", "below/b.yaml:5", "below/kustomization.yaml:1"]
    );
    assert!(matches!(gaps[1].0, Kind::Parse(_)));
    assert!(matches!(gaps[2].0, Kind::NotAnObject { .. }));
    assert!(matches!(gaps[3].0, Kind::Remote { .. }));
}

#[test]
fn a_generator_makes_what_it_can() {
    let kustomization = "configMapGenerator:\n- name: a\n  envs:\n  - gone.env\n  literals: [A=1, B]\n- name: b\n  behavior: merge\n  literals: [C=1]\ngeneratorOptions: {disableNameSuffixHash: true}\n";
    let (objects, gaps) = gapped("generator", &[("kustomization.yaml", kustomization)]);
    assert_eq!(objects, ["ConfigMap/a"]);
    let places: Vec<&str> = gaps.iter().map(|(_, place)| place.as_str()).collect();
    assert_eq!(places, ["kustomization.yaml:4", "kustomization.yaml:5", "kustomization.yaml:6"]);
    assert!(matches!(gaps[0].0, Kind::MissingFile { .. }));
    assert!(matches!(gaps[1].0, Kind::BadField { .. }));
    assert!(matches!(gaps[2].0, Kind::NoMatch { .. }));
}

#[test]
fn what_cannot_be_obeyed_is_told_and_the_rest_is_obeyed() {
    let kustomization = "resources: [a.yaml]\nnamePrefx: x-\nnameSuffix: -s\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: gone}\n- target: {kind: ConfigMap}\n  patch: |-\n    - {op: add, path: /data/y, value: '2'}\nreplicas:\n- {name: none, count: 1}\nimages:\n- {name: x, newTag: 5}\nhelmCharts:\n- name: chart\nvars:\n- {name: V, objref: {kind: Service, name: none, apiVersion: v1}}\n";
    let (objects, gaps) = gapped("obeyed", &[("kustomization.yaml", kustomization), ("a.yaml", OBJECT)]);
    assert_eq!(objects, ["ConfigMap/a-s"]);
    let lines: Vec<&str> =
        gaps.iter().map(|(_, place)| place.trim_start_matches("kustomization.yaml:")).collect();
    assert_eq!(lines, ["2", "15", "17", "6", "13", "19"], "{gaps:?}");
    assert_eq!(gaps[0].0, Kind::UnknownField { field: "namePrefx".to_owned(), like: Some("namePrefix") });
}

#[test]
fn without_a_kustomization_there_is_nothing() {
    let base = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gaps").join("none");
    std::fs::create_dir_all(&base).expect("writable");
    let error = build_with_gaps(&base, &mut Files::new()).expect_err("nothing is there");
    assert!(matches!(error.kind, Kind::NoKustomization { .. }));
}
