//! Strategic merge: what it does to lists and directives, and the laws it keeps.

use proptest::prelude::*;
use tree::patch::{
    Losses, PatchErrorKind, strategic_merge, strategic_merge_as_kustomize, strategic_merge_as_server,
};
use tree::{Files, Node, Value};

fn read(files: &mut Files, name: &str, text: &str) -> Node {
    let file = files.add(name, text);
    tree::parse(files, file).expect("valid YAML").remove(0)
}

fn pod(spec: &str) -> String {
    format!("kind: Pod\nspec: {spec}\n")
}

fn merged(base: &str, patch: &str) -> serde_json::Value {
    let mut files = Files::new();
    let (base, patch) = (read(&mut files, "base", &pod(base)), read(&mut files, "patch", &pod(patch)));
    let merged = strategic_merge(base, &patch, "Pod").expect("applies").expect("is left");
    merged.get("spec").expect("there").to_json()
}

fn json(text: &str) -> serde_json::Value {
    let mut files = Files::new();
    read(&mut files, "expected", text).to_json()
}

#[test]
fn lists_and_directives_are_merged_as_kubernetes_says() {
    let table = [
        // New elements first, those merged with them, then what only the base has.
        (
            "{containers: [{name: a, image: x}, {name: b, image: y}]}",
            "{containers: [{name: n, image: z}, {name: b, args: [q]}]}",
            "{containers: [{name: n, image: z}, {name: b, image: y, args: [q]}, {name: a, image: x}]}",
        ),
        (
            "{containers: [{name: a}, {name: b}]}",
            "{containers: [{name: a, $patch: delete}]}",
            "{containers: [{name: b}]}",
        ),
        (
            "{containers: [{name: a}, {name: b}]}",
            "{containers: [{$patch: replace}, {name: c}]}",
            "{containers: [{name: c}]}",
        ),
        ("{containers: [{name: a}]}", "{containers: [{$patch: delete}]}", "{}"),
        ("{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}", "{tolerations: [{key: b}]}"),
        (
            "{securityContext: {a: 1}}",
            "{securityContext: {$patch: replace, b: 2}}",
            "{securityContext: {b: 2}}",
        ),
        (
            "{securityContext: {a: 1}}",
            "{securityContext: {a: null, c: {d: null}}}",
            "{securityContext: {c: {}}}",
        ),
        (
            "{volumes: [{name: v, emptyDir: {}}]}",
            "{volumes: [{name: v, $retainKeys: [name, hostPath], hostPath: {path: /x}}]}",
            "{volumes: [{name: v, hostPath: {path: /x}}]}",
        ),
        (
            "{containers: [{name: a}, {name: b}, {name: c}]}",
            "{$setElementOrder/containers: [{name: c}, {name: a}], containers: [{name: a, image: x}]}",
            "{containers: [{name: b}, {name: c}, {name: a, image: x}]}",
        ),
        (
            "{containers: [{name: a, ports: [{containerPort: 1, protocol: TCP}, {containerPort: 1, protocol: UDP}]}]}",
            "{containers: [{name: a, ports: [{containerPort: 1, protocol: UDP, name: u}]}]}",
            "{containers: [{name: a, ports: [{containerPort: 1, protocol: TCP}, {containerPort: 1, protocol: UDP, name: u}]}]}",
        ),
    ];
    for (base, patch, expected) in table {
        assert_eq!(merged(base, patch), json(expected), "{base} + {patch}");
    }
}

#[test]
fn primitive_lists_are_sets_where_the_kind_says_so() {
    let mut files = Files::new();
    let base = read(&mut files, "base", "metadata: {finalizers: [a, b]}\n");
    let patch = "metadata: {finalizers: [c, b], $deleteFromPrimitiveList/finalizers: [a]}\n";
    let patch = read(&mut files, "patch", patch);
    let merged = strategic_merge(base.clone(), &patch, "Pod").expect("applies").expect("is left");
    assert_eq!(merged.to_json(), json("metadata: {finalizers: [c, b]}"));
    let merged = strategic_merge(base, &patch, "Certificate").expect("applies").expect("is left");
    assert_eq!(
        merged.to_json(),
        json("metadata: {finalizers: [c, b]}"),
        "a custom resource's list is replaced"
    );
}

#[test]
fn a_server_orders_as_the_patch_does_and_keeps_the_rest_in_its_place() {
    let mut files = Files::new();
    // As kube-apiserver 1.36 answers.
    let base = read(&mut files, "base", "spec: {containers: [{name: z}, {name: a}, {name: y}]}\n");
    let patch = read(&mut files, "patch", "spec: {containers: [{name: n}, {name: a, image: x}]}\n");
    let merged = strategic_merge_as_server(base, &patch, "Pod").expect("applies").expect("is left");
    assert_eq!(
        merged.to_json(),
        json("spec: {containers: [{name: n}, {name: z}, {name: a, image: x}, {name: y}]}")
    );
}

#[test]
fn what_kustomize_refuses_is_refused_at_its_line() {
    let base = "spec:\n  strategy: {type: x}\n  containers: [{name: a}]\n";
    let table = [
        ("spec:\n  strategy: x\n", PatchErrorKind::WrongKind { base: "mapping", patch: "scalar" }, 2),
        ("spec:\n  $patch: remove\n", PatchErrorKind::UnknownDirective("remove".to_owned()), 2),
        (
            "spec:\n  containers:\n  - {$patch: remove}\n",
            PatchErrorKind::UnknownDirective("remove".to_owned()),
            3,
        ),
    ];
    for (patch, kind, line) in table {
        let mut files = Files::new();
        let base = read(&mut files, "base", base);
        let patch = read(&mut files, "patch", patch);
        let error =
            strategic_merge_as_kustomize(base, &patch, "Pod", &mut Losses::new()).expect_err("refused");
        assert_eq!(error.kind, kind);
        assert_eq!(error.origin.expect("was read").line, line, "{kind:?}");
    }
}

#[test]
fn a_lost_leaf_names_what_it_was_lost_to() {
    let mut files = Files::new();
    let base = "spec:\n  a: 1\n  b: {x: 1, y: 2}\n  c: []\n  containers:\n  - name: k\n    image: old\n";
    let base = read(&mut files, "base", base);
    let patch = "spec:\n  b: null\n  containers:\n  - name: k\n    image: new\n";
    let patch = read(&mut files, "patch", patch);
    let mut losses = Losses::new();
    strategic_merge_as_kustomize(base, &patch, "Pod", &mut losses).expect("applies");
    let lines: Vec<(u32, u32)> = losses.iter().map(|(lost, by)| (lost.line, by.line)).collect();
    assert_eq!(lines, [(3, 2), (3, 2), (7, 5)]);
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![Just("1".to_owned()), Just("x".to_owned()), Just("true".to_owned()), Just("{}".to_owned())]
}

/// A list of containers with distinct names; a patch's may be deleted or hold nulls.
fn containers(patch: bool) -> impl Strategy<Value = String> {
    let names = proptest::sample::subsequence(NAMES.to_vec(), 0..=3).prop_shuffle();
    let env = proptest::sample::subsequence(NAMES.to_vec(), 0..=3).prop_shuffle();
    (names, env, proptest::collection::vec(0..5_u8, 3), scalar()).prop_map(
        move |(names, env, ways, value)| {
            let env: Vec<String> =
                env.iter().map(|name| format!("{{name: {name}, value: {value:?}}}")).collect();
            let element = |(name, way): (&&str, &u8)| match way {
                0 if patch => format!("{{name: {name}, $patch: delete}}"),
                1 if patch => format!("{{name: {name}, image: null, resources: {{limits: null}}}}"),
                2 if patch => format!("{{name: {name}, resources: {{$patch: replace, requests: {value}}}}}"),
                3 => format!("{{name: {name}, image: {value:?}, resources: {{limits: {{cpu: 1}}}}}}"),
                _ => format!("{{name: {name}, env: [{}]}}", env.join(", ")),
            };
            let elements: Vec<String> = names.iter().zip(&ways).map(element).collect();
            format!("[{}]", elements.join(", "))
        },
    )
}

fn document(patch: bool) -> impl Strategy<Value = String> {
    let tolerations = proptest::option::of(scalar());
    let finalizers = proptest::sample::subsequence(NAMES.to_vec(), 0..=3).prop_shuffle();
    (containers(patch), tolerations, finalizers).prop_map(|(containers, tolerations, finalizers)| {
        let tolerations =
            tolerations.map(|key| format!(", tolerations: [{{key: {key}}}]")).unwrap_or_default();
        let finalizers = finalizers.join(", ");
        format!("metadata: {{finalizers: [{finalizers}]}}\nspec: {{containers: {containers}{tolerations}}}\n")
    })
}

type Way = fn(Node, &Node, &str) -> Result<Option<Node>, tree::patch::PatchError>;

const WAYS: [Way; 3] = [strategic_merge, strategic_merge_as_server, |base, patch, kind| {
    strategic_merge_as_kustomize(base, patch, kind, &mut Losses::new())
}];

proptest! {
    #[test]
    fn patching_twice_is_patching_once(base in document(false), patch in document(true)) {
        for way in WAYS {
            for kind in ["Pod", "Unknown"] {
                let mut files = Files::new();
                let (base, patch) = (read(&mut files, "base", &base), read(&mut files, "patch", &patch));
                let once = way(base, &patch, kind).expect("applies").expect("is left");
                let twice = way(once.clone(), &patch, kind).expect("applies").expect("is left");
                prop_assert_eq!(once, twice);
            }
        }
    }

    #[test]
    fn an_empty_patch_changes_nothing(base in document(false)) {
        for way in WAYS {
            let mut files = Files::new();
            let base = read(&mut files, "base", &base);
            let patch = read(&mut files, "patch", "spec: {}\n");
            prop_assert_eq!(way(base.clone(), &patch, "Pod").expect("applies"), Some(base.clone()));
            prop_assert_eq!(way(base.clone(), &Node::mapping(), "Pod").expect("applies"), Some(base));
        }
    }

    #[test]
    fn every_leaf_is_accounted_for(base in document(false), patch in document(true)) {
        let mut files = Files::new();
        let (base, patch) = (read(&mut files, "base", &base), read(&mut files, "patch", &patch));
        let mut losses = Losses::new();
        let merged = strategic_merge_as_kustomize(base.clone(), &patch, "Pod", &mut losses)
            .expect("applies").expect("is left");
        let mut left = Vec::new();
        for leaf in merged.leaves() {
            left.push(leaf.node.origin.expect("every leaf keeps an origin"));
        }
        for leaf in base.leaves() {
            let origin = leaf.node.origin.expect("was read");
            let lost = losses.iter().any(|(lost, _)| *lost == origin);
            prop_assert!(left.contains(&origin) != lost, "{} is neither left nor lost, or both", leaf.path);
        }
        // A leaf of the patch stands in the result unless it is a directive, a deletion, or says nothing new.
        for leaf in patch.leaves() {
            let directive = leaf.node.value == Value::Null
                || leaf.path.last_key() == Some("$patch")
                || leaf.path.to_string().contains("name")
                || leaf.path.to_string().contains("finalizers")
                || leaf.node.as_text().is_none();
            prop_assert!(directive || left.contains(&leaf.node.origin.expect("was read")), "{} is lost", leaf.path);
        }
    }
}
