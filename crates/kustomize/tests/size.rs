//! The work grows with the tree, not with its square.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use kustomize::build;
use tree::Files;

mod real;

/// A tree of some hundred deployments, each with a service, a generated ConfigMap and patches.
fn generated(count: usize) -> Utf8PathBuf {
    let base = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("size").join(count.to_string());
    std::fs::create_dir_all(base.join("base")).expect("writable");
    let mut objects = String::new();
    let mut inner = String::from("resources: [all.yaml]\nnamePrefix: base-\nconfigMapGenerator:\n");
    let mut outer = String::from(
        "resources: [base]\nnamespace: there\nnameSuffix: -x\nlabels: [{pairs: {a: b}, includeSelectors: true}]\nimages: [{name: example.org/i, newTag: '2'}]\npatches:\n",
    );
    for number in 0..count {
        write!(
            objects,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{number}}}\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: example.org/i:1\n        env:\n        - {{name: A, valueFrom: {{configMapKeyRef: {{name: c{number}, key: A}}}}}}\n        envFrom: [{{configMapRef: {{name: c{number}}}}}, {{secretRef: {{name: s{number}}}}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: w{number}}}\nspec: {{selector: {{app: w{number}}}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s{number}}}\n---\n"
        )
        .expect("written");
        writeln!(inner, "- {{name: c{number}, literals: [A={number}]}}").expect("written");
        write!(
            outer,
            "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: w{number}}}\n    spec: {{replicas: {number}}}\n- target: {{kind: Service, name: w{number}}}\n  patch: |-\n    - {{op: add, path: /spec/type, value: ClusterIP}}\n"
        )
        .expect("written");
    }
    std::fs::write(base.join("base/all.yaml"), objects).expect("writable");
    std::fs::write(base.join("base/kustomization.yaml"), inner).expect("writable");
    std::fs::write(base.join("kustomization.yaml"), outer).expect("writable");
    base
}

/// The best of a few builds.
fn took(directory: &Utf8PathBuf, objects: usize) -> Duration {
    let one = || {
        let started = Instant::now();
        let built = build(directory, &mut Files::new()).expect("builds");
        assert_eq!(built.objects.len(), objects);
        started.elapsed()
    };
    (0..3).map(|_| one()).min().unwrap_or_default()
}

#[test]
fn four_times_the_objects_take_about_four_times_as_long() {
    let (small, large) = (generated(125), generated(500));
    let (one, four) = (took(&small, 500), took(&large, 2_000));
    // Sixteen times would be quadratic; the machine may be busy.
    assert!(four < one * 9, "500 objects took {one:?}, 2,000 took {four:?}");
    let Some(answers) = real::answers(std::slice::from_ref(&small)) else { return };
    let expected = answers.into_iter().next().expect("asked").expect("kubectl builds it");
    let built = build(&small, &mut Files::new()).expect("builds");
    assert_eq!(real::difference(&built, &expected), None);
}
