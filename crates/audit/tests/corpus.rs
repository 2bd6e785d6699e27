//! Every deployment of the corpus against a second reading of itself, and against itself with something taken away.

use audit::{Difference, Verdict, compare_installations, verdict_of};
use camino::{Utf8Path, Utf8PathBuf};
use installation::{Installation, Object};

/// Each deployment, and what of its repository is the source.
const SOURCES: [(&str, &str); 23] = [
    ("c05-mastodon-v4.2.0", ""),
    ("c07-mastodon-v4.6.0", ""),
    ("c29-linuxserver-readme", ""),
    ("h01-corgis-social", "apps/mastodon"),
    ("h02-mtrnord", "apps/base/mastodon"),
    ("h03-keller-io", "apps/base/mastodon/values.yaml"),
    ("h05-cbirkenbeul", "kubernetes/apps/social/mastodon/app"),
    ("h07-jmacalinao", "manifests:kubernetes/apps/default/mastodon"),
    ("h08-nrdufour", "kubernetes/apps/default/mastodon/app"),
    ("h10-e3b0c442", "kubernetes/apps/mastodon/mastodon/app/helmrelease.yaml"),
    ("h14-zuzak", "apps/mastodon.yaml"),
    ("h18-commlab", "apps/mastodon/values.yaml"),
    ("k01-ykzts-infra", "k8s/overlays/production"),
    ("k03-kubedon", ""),
    ("k05-kube-mastodon", "deploy"),
    ("k08-yakumo-saki", "myinstance"),
    ("k09-kreatoo", "mastodon"),
    ("k12-yudejp-2024-09", "mastodon"),
    ("k13-yudejp-2024-10", "mastodon"),
    ("k15-stormcorgi-k3s", ""),
    ("k17-k8s-play", "mastodon"),
    ("k18-raynix", "mastodon/awes.one"),
    ("k21-davidcollom-rendered", ""),
];

fn corpus() -> Option<Utf8PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map(Utf8PathBuf::from);
    let shared = shared.unwrap_or_else(|_| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    Some(shared.join("corpus")).filter(|corpus| corpus.is_dir())
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

fn read(path: &str) -> Option<Installation> {
    let sourced = source::read(&path.parse().ok()?).ok()?;
    Installation::understand(sourced.objects, None).ok()
}

fn place(corpus: &Utf8Path, name: &str, path: &str) -> String {
    let (kind, path) = path.split_once(':').map_or(("", path), |(kind, path)| (kind, path));
    let place = corpus.join(name).join(path);
    if kind.is_empty() { place.into_string() } else { format!("{kind}:{place}") }
}

fn names(differences: &[Difference]) -> Vec<String> {
    let unexplained = differences.iter().filter(|one| one.explained_by.is_none());
    unexplained
        .map(|one| format!("{}:{} {} → {}", one.code.name(), one.path, one.before, one.after))
        .collect()
}

#[test]
fn two_readings_of_a_deployment_are_equivalent() {
    let Some(corpus) = corpus() else { return skipped("the corpus") };
    let mut compared = 0;
    for (name, path) in SOURCES {
        let place = place(&corpus, name, path);
        let (Some(one), Some(other)) = (read(&place), read(&place)) else { continue };
        let differences = compare_installations(&one, &other);
        assert_eq!(names(&differences), Vec::<String>::new(), "{name}");
        assert_eq!(verdict_of(&differences), Verdict::Equivalent, "{name}");
        compared += 1;
    }
    assert!(compared >= 18, "only {compared} could be read");
}

/// What no audit may overlook: each object that stands for itself, taken away one by one.
#[test]
fn whatever_is_taken_away_is_missed() {
    let Some(corpus) = corpus() else { return skipped("the corpus") };
    // What nothing acts by, or what stays in the cluster whoever writes what.
    let silent = |object: &Object| matches!(object.kind(), "Namespace" | "Secret" | "ConfigMap");
    for (name, path) in SOURCES {
        let Some(whole) = read(&place(&corpus, name, path)) else { continue };
        for left_out in 0..whole.objects.len() {
            if silent(&whole.objects[left_out]) {
                continue;
            }
            let mut objects = whole.objects.clone();
            let object = objects.remove(left_out);
            let Ok(after) = Installation::understand(objects, None) else { continue };
            let verdict = verdict_of(&compare_installations(&whole, &after));
            let twins = whole.objects.iter().filter(|own| own.id() == object.id()).count();
            assert!(verdict == Verdict::Losses || twins > 1, "{name}: nobody misses {}", object.id());
        }
    }
}

/// Another value in the place of a leaf.
fn changed(node: &tree::Node) -> Option<tree::Node> {
    let value = match &node.value {
        tree::Value::String(text) => tree::Value::String(format!("{text}x")),
        tree::Value::Bool(truth) => tree::Value::Bool(!truth),
        tree::Value::Number(number) => tree::Value::Number((number.as_i64()? + 1).into()),
        _ => return None,
    };
    Some(tree::Node { value, spelling: None, origin: node.origin })
}

fn at_path<'a>(node: &'a mut tree::Node, path: &tree::Path) -> Option<&'a mut tree::Node> {
    path.0.iter().try_fold(node, |node, segment| match segment {
        tree::Segment::Key(key) => node.get_mut(key),
        tree::Segment::Index(index) => node.as_sequence_mut()?.get_mut(*index),
    })
}

/// What may be called otherwise without anybody getting anything else. Names of objects that others refer to are
/// noticed where they are referred to.
fn is_free(path: &str) -> bool {
    path == "apiVersion"
        || path == "metadata.name"
        || path.starts_with("metadata.labels.")
        || path.contains("emplate.metadata.labels.")
        || path.contains("ontainers[") && path.ends_with("].name") && !path.contains(".env")
        || path.starts_with("spec.ports[") && path.ends_with("].name")
        || path == "spec.scaleTargetRef.apiVersion"
}

/// Every leaf of the example changed, one by one: what nobody notices does nothing.
#[test]
fn whatever_is_changed_is_noticed() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/kustomize-production");
    let mut deployments = vec![example.to_owned()];
    match corpus() {
        Some(corpus) => deployments.push(place(&corpus, "k01-ykzts-infra", "k8s/overlays/production")),
        None => skipped("the corpus"),
    }
    for deployment in deployments {
        let whole = read(&deployment).expect("a Mastodon");
        let mut unnoticed = Vec::new();
        for index in 0..whole.objects.len() {
            let object = &whole.objects[index];
            for leaf in object.node.leaves() {
                let path = leaf.path.to_string();
                let Some(other) = changed(leaf.node).filter(|_| !is_free(&path)) else { continue };
                let mut objects = whole.objects.clone();
                *at_path(&mut objects[index].node, &leaf.path).expect("the leaf") = other;
                let Ok(after) = Installation::understand(objects, None) else { continue };
                if verdict_of(&compare_installations(&whole, &after)) == Verdict::Equivalent {
                    unnoticed.push(format!("{} {}", object.id(), leaf.path));
                }
            }
        }
        assert_eq!(unnoticed, Vec::<String>::new(), "{deployment}");
    }
}
