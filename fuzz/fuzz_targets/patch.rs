//! Patches: two documents, the second a change to the first, in each of the ways there are. Nothing panics, and no
//! leaf of the result is without its place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tree::{Files, Node, patch};

fn placed(result: &Node) {
    for leaf in result.leaves() {
        assert!(leaf.node.origin.is_some(), "{} has no place", leaf.path);
    }
}

fuzz_target!(|text: &str| {
    let mut files = Files::new();
    let file = files.add("fuzz.yaml", text);
    let Ok(documents) = tree::parse(&files, file) else { return };
    let [base, change, ..] = documents.as_slice() else { return };
    placed(&patch::merge(base.clone(), change));
    let mut losses = patch::Losses::new();
    if let Ok(result) = patch::json_patch_noting(base.clone(), change, &mut losses) {
        placed(&result);
    }
    for kind in ["Deployment", "Service", "CustomThing"] {
        for result in [
            patch::strategic_merge(base.clone(), change, kind),
            patch::strategic_merge_as_server(base.clone(), change, kind),
            patch::strategic_merge_as_kustomize(base.clone(), change, kind, &mut losses),
        ] {
            if let Ok(Some(result)) = result {
                placed(&result);
            }
        }
    }
});
