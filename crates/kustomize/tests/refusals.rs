//! What cannot be built is refused by name, at its line.

use camino::Utf8PathBuf;
use kustomize::{KustomizeErrorKind as Kind, build};
use tree::{Files, ParseErrorKind};

/// Writes a tree of files for one test and builds `root` in it; gives the error and its place.
fn refused(test: &str, root: &str, tree: &[(&str, &str)]) -> (Kind, String) {
    let base = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("refusals").join(test);
    for (path, text) in tree {
        let path = base.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    let mut files = Files::new();
    let error = build(&base.join(root), &mut files).expect_err("must be refused");
    let place = error.origin.map_or_else(|| error.file.to_string(), |origin| files.place(origin));
    let place = place.strip_prefix(base.as_str()).unwrap_or(&place).trim_start_matches('/').to_owned();
    if let Some(origin) = error.origin {
        assert_eq!(files.name(origin.file), error.file, "the file is the origin's");
    }
    (error.kind, place)
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {x: '1'}\n";

#[test]
fn fields_are_refused_by_name() {
    let unknown =
        |field: &str, like: Option<&'static str>| Kind::UnknownField { field: field.to_owned(), like };
    let fields = [
        ("helmCharts: [{name: x}]", Kind::Chart { field: "helmCharts".to_owned() }),
        ("openapi: {path: x}", Kind::Unsupported { field: "openapi.path".to_owned() }),
        ("frobnicate: 1", unknown("frobnicate", None)),
        ("commonlable: {a: b}", unknown("commonlable", Some("commonLabels"))),
        ("images: [{name: x, tag: 1}]", unknown("images.tag", None)),
        ("replicas: [{name: a, counts: 1}]", unknown("replicas.counts", Some("count"))),
        ("namePrefix: yes", Kind::BadField { field: "namePrefix".to_owned(), wanted: "a text (quote it)" }),
        (
            "transformers: ['{apiVersion: example.org/v1, kind: Exec, metadata: {name: x}}']",
            Kind::Plugin { kind: "Exec".to_owned() },
        ),
        (
            "configMapGenerator: [{name: x, literals: [A=1, A=2]}]",
            Kind::TwiceKey { name: "x".to_owned(), key: "A".to_owned() },
        ),
    ];
    for (number, (text, expected)) in fields.into_iter().enumerate() {
        let kustomization = format!("resources:\n- a.yaml\n{text}\n");
        let tree = [("kustomization.yaml", kustomization.as_str()), ("a.yaml", OBJECT)];
        let (kind, place) = refused(&format!("field-{number}"), "", &tree);
        assert_eq!(kind, expected);
        assert_eq!(place, "kustomization.yaml:3", "{text}");
    }
}

#[test]
fn what_is_named_and_not_there_is_refused_where_it_is_named() {
    let file =
        |text: &'static str| [("k/kustomization.yaml", text), ("k/a.yaml", OBJECT), ("out.yaml", OBJECT)];
    let at = |name: &str, path: &str| {
        Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("refusals").join(name).join(path)
    };
    let (kind, place) = refused("missing", "k", &file("resources:\n- a.yaml\n- ./b.yaml\n"));
    assert_eq!(
        (kind, place.as_str()),
        (Kind::MissingFile { path: at("missing", "k/b.yaml") }, "k/kustomization.yaml:3")
    );
    let (kind, place) =
        refused("missing-patch", "k", &file("resources: [a.yaml]\npatches:\n- path: p.yaml\n"));
    assert_eq!(
        (kind, place.as_str()),
        (Kind::MissingFile { path: at("missing-patch", "k/p.yaml") }, "k/kustomization.yaml:3")
    );
    let (kind, place) = refused("outside", "k", &file("resources:\n- ../out.yaml\n"));
    assert_eq!(
        (kind, place.as_str()),
        (Kind::OutsideRoot { path: at("outside", "out.yaml") }, "k/kustomization.yaml:2")
    );
    let (kind, _) = refused("remote", "k", &file("resources:\n- https://example.org/a.yaml\n"));
    assert_eq!(kind, Kind::Remote { url: "https://example.org/a.yaml".to_owned() });
    let (kind, _) = refused("remote-git", "k", &file("resources:\n- github.com/a/b?ref=v1\n"));
    assert_eq!(kind, Kind::Remote { url: "github.com/a/b?ref=v1".to_owned() });
    let (kind, place) =
        refused("empty-dir", "k", &[("k/kustomization.yaml", "resources: [d]\n"), ("k/d/a.yaml", OBJECT)]);
    assert_eq!(
        (kind, place.as_str()),
        (Kind::NoKustomization { path: at("empty-dir", "k/d") }, "k/kustomization.yaml:1")
    );
    let (kind, _) = refused("no-such-path", "nowhere", &[]);
    assert_eq!(kind, Kind::MissingFile { path: at("no-such-path", "nowhere") });
}

#[test]
fn trees_that_lead_nowhere_are_refused() {
    let cycle =
        [("a/kustomization.yaml", "resources:\n- ../b\n"), ("b/kustomization.yaml", "resources:\n- ../a\n")];
    let (kind, place) = refused("cycle", "a", &cycle);
    assert!(matches!(kind, Kind::Cycle { .. }), "{kind:?}");
    assert_eq!(place, "b/kustomization.yaml:2");
    let two = [("kustomization.yaml", "resources: [a.yaml]\n"), ("Kustomization", "resources: [a.yaml]\n")];
    assert!(matches!(refused("two", "", &two).0, Kind::SeveralKustomizations { .. }));
    let twice = [
        ("kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
        ("a.yaml", OBJECT),
        ("b.yaml", "# again\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n"),
    ];
    assert_eq!(
        refused("twice", "", &twice),
        (Kind::Duplicate { id: "ConfigMap/a".to_owned() }, "b.yaml:2".to_owned())
    );
}

#[test]
fn what_is_no_object_is_refused() {
    let table = [
        ("kind: A\nmetadata: {name: a}\n", Kind::NotAnObject { missing: "apiVersion" }),
        ("apiVersion: v1\nmetadata: {name: a}\n", Kind::NotAnObject { missing: "kind" }),
        ("apiVersion: v1\nkind: A\nmetadata: {}\n", Kind::NotAnObject { missing: "metadata.name" }),
        ("just text\n", Kind::NotAnObject { missing: "kind" }),
    ];
    for (place, (object, expected)) in table.into_iter().enumerate() {
        let tree = [("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", object)];
        assert_eq!(refused(&format!("object-{place}"), "", &tree), (expected, "a.yaml:1".to_owned()));
    }
    let tab = [("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", "kind:\n\ta: b\n")];
    let (kind, place) = refused("tab", "", &tab);
    assert!(matches!(kind, Kind::Parse(error) if error.kind == ParseErrorKind::Tab));
    assert_eq!(place, "a.yaml:2");
    let wrong = [("kustomization.yaml", "kind: Deployment\nresources: [a.yaml]\n"), ("a.yaml", OBJECT)];
    assert!(matches!(refused("kind", "", &wrong).0, Kind::NotKustomization(_)));
}

#[test]
fn patches_that_fit_nothing_are_refused_at_their_own_line() {
    let with = |patches: &'static str| [("kustomization.yaml", patches), ("a.yaml", OBJECT)];
    let (kind, place) = refused(
        "no-match",
        "",
        &with(
            "resources: [a.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: b}\n",
        ),
    );
    assert_eq!(
        (kind, place.as_str()),
        (Kind::NoMatch { id: "ConfigMap/b".to_owned() }, "kustomization.yaml:4")
    );
    let (kind, place) = refused(
        "bad-operation",
        "",
        &with(
            "resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n    - op: remove\n      path: /data/y\n",
        ),
    );
    assert!(matches!(kind, Kind::Patch(_)), "{kind:?}");
    assert_eq!(place, "kustomization.yaml:6");
    let (kind, _) = refused(
        "no-target",
        "",
        &with("resources: [a.yaml]\npatches:\n- patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n"),
    );
    assert_eq!(kind, Kind::BadField { field: "patches.target".to_owned(), wanted: "given" });
    let (kind, _) = refused(
        "flow-yaml",
        "",
        &with("resources: [a.yaml]\npatches:\n- target: {name: a}\n  patch: '[{op: remove, path: /data}]'\n"),
    );
    let wanted = "JSON throughout where it begins with [";
    assert_eq!(kind, Kind::BadField { field: "patches.patch".to_owned(), wanted });
    let (kind, _) =
        refused("no-replicas", "", &with("resources: [a.yaml]\nreplicas: [{name: a, count: 2}]\n"));
    assert!(matches!(kind, Kind::NoMatch { .. }), "{kind:?}");
}
