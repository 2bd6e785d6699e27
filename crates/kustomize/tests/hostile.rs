//! Trees that nobody means well: bounded work, and an error that says what is wrong.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use kustomize::{KustomizeErrorKind as Kind, build, build_with_gaps};
use tree::Files;

fn written(test: &str, tree: &[(&str, &[u8])]) -> Utf8PathBuf {
    let base = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hostile").join(test);
    let _ = std::fs::remove_dir_all(&base);
    for (path, bytes) in tree {
        let path = base.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("writable");
        std::fs::write(path, bytes).expect("writable");
    }
    base
}

/// Builds both ways within some seconds, and gives the strict build's error.
fn refused(directory: &Utf8Path) -> Kind {
    let started = Instant::now();
    let error = build(directory, &mut Files::new()).expect_err("must be refused");
    let _ = build_with_gaps(directory, &mut Files::new());
    assert!(started.elapsed() < Duration::from_secs(20), "{directory} took {:?}", started.elapsed());
    error.kind
}

const OBJECT: &[u8] = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

#[test]
fn circles_are_seen() {
    let tree: [(&str, &[u8]); 2] = [
        ("a/kustomization.yaml", b"components: [../b]\n"),
        ("b/kustomization.yaml", b"kind: Component\ncomponents: [../a]\n"),
    ];
    assert!(matches!(refused(&written("components", &tree).join("a")), Kind::Cycle { .. }));
    let above: [(&str, &[u8]); 1] = [("a/b/kustomization.yaml", b"resources: [..]\n")];
    assert!(matches!(refused(&written("above", &above).join("a/b")), Kind::Cycle { .. }));
}

#[cfg(unix)]
#[test]
fn nothing_is_read_from_outside() {
    let tree: [(&str, &[u8]); 3] = [
        ("in/kustomization.yaml", b"configMapGenerator: [{name: a, files: [link]}]\n"),
        ("in/patched/kustomization.yaml", b"patches: [{path: ../../out}]\n"),
        ("out", b"outside\n"),
    ];
    let base = written("outside", &tree);
    std::os::unix::fs::symlink(base.join("out"), base.join("in/link")).expect("linked");
    assert!(matches!(refused(&base.join("in")), Kind::OutsideRoot { .. }));
    assert!(matches!(refused(&base.join("in/patched")), Kind::OutsideRoot { .. }));
    // A kustomization that is itself a link to the outside is none either.
    std::fs::create_dir_all(base.join("linked")).expect("made");
    std::os::unix::fs::symlink(base.join("out"), base.join("linked/kustomization.yaml")).expect("linked");
    assert!(matches!(refused(&base.join("linked")), Kind::OutsideRoot { .. }));
}

#[test]
fn a_file_too_large_to_be_an_object_is_not_read() {
    let tree: [(&str, &[u8]); 1] =
        [("kustomization.yaml", b"configMapGenerator: [{name: a, files: [big]}]\n")];
    let base = written("big", &tree);
    let file = std::fs::File::create(base.join("big")).expect("made");
    file.set_len(50 * 1024 * 1024).expect("sparse");
    assert!(matches!(refused(&base), Kind::TooLarge(_)));
}

#[test]
fn what_is_no_text_is_no_kustomization() {
    assert!(matches!(refused(&written("bytes", &[("kustomization.yaml", b"\xff\xfe")])), Kind::NotText));
    let env: [(&str, &[u8]); 2] =
        [("kustomization.yaml", b"configMapGenerator: [{name: a, envs: [e]}]\n"), ("e", b"A=\xff\n")];
    assert!(matches!(refused(&written("env", &env)), Kind::NotText));
}

#[test]
fn depth_ends_in_an_error_and_not_in_the_stack() {
    let deep = format!("resources: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let error = refused(&written("deep", &[("kustomization.yaml", deep.as_bytes())]));
    assert!(matches!(error, Kind::Parse(_)), "{error:?}");
    let mut tree: Vec<(String, Vec<u8>)> = Vec::new();
    for level in 0..200 {
        tree.push((
            format!("d{level}/kustomization.yaml"),
            format!("resources: [../d{}]\n", level + 1).into(),
        ));
    }
    let tree: Vec<(&str, &[u8])> = tree.iter().map(|(path, text)| (path.as_str(), text.as_slice())).collect();
    assert!(matches!(refused(&written("chain", &tree).join("d0")), Kind::TooLarge(_)));
}

#[test]
fn bases_that_double_on_every_level_are_stopped() {
    let mut tree: Vec<(String, Vec<u8>)> = vec![
        ("l0/kustomization.yaml".to_owned(), b"resources: [a.yaml]\n".to_vec()),
        ("l0/a.yaml".to_owned(), OBJECT.to_vec()),
    ];
    for level in 1..25 {
        for side in ["left", "right"] {
            let text = format!("resources: [../../l{}]\nnamePrefix: {side}-\n", level - 1);
            tree.push((format!("l{level}/{side}/kustomization.yaml"), text.into()));
        }
        tree.push((format!("l{level}/kustomization.yaml"), b"resources: [left, right]\n".to_vec()));
    }
    let tree: Vec<(&str, &[u8])> = tree.iter().map(|(path, text)| (path.as_str(), text.as_slice())).collect();
    let error = refused(&written("doubling", &tree).join("l24"));
    assert!(matches!(error, Kind::TooLarge(_)), "{error:?}");
}

#[test]
fn selectors_cannot_run_away() {
    let name = "a".repeat(2_000);
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let patch = b"resources: [a.yaml]\npatches:\n- target: {name: '(a+)+$b'}\n  patch: |-\n    - {op: remove, path: /data}\n- target: {name: '(((a{100}){100}){100})'}\n  patch: |-\n    - {op: remove, path: /data}\n";
    let base = written("regex", &[("kustomization.yaml", patch.as_slice()), ("a.yaml", object.as_bytes())]);
    assert!(matches!(refused(&base), Kind::BadField { .. }), "too large a pattern");
    let image = b"resources: [a.yaml]\nimages: [{name: '(x+x+)+y', newTag: z}, {name: '[', newTag: z}]\n";
    let base = written("image", &[("kustomization.yaml", image.as_slice()), ("a.yaml", OBJECT)]);
    assert!(matches!(refused(&base), Kind::BadField { .. }));
}

#[test]
fn aliases_do_not_multiply() {
    let mut text =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 9].join(",");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let base =
        written("bomb", &[("kustomization.yaml", b"resources: [a.yaml]\n"), ("a.yaml", text.as_bytes())]);
    assert!(matches!(refused(&base), Kind::Parse(_)));
}
