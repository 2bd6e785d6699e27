//! YAML: no text makes the parser panic, lose the place of a leaf, or write what it cannot read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tree::Files;

fuzz_target!(|text: &str| {
    let mut files = Files::new();
    let file = files.add("fuzz.yaml", text);
    let Ok(documents) = tree::parse(&files, file) else { return };
    for document in documents {
        for leaf in document.leaves() {
            let origin = leaf.node.origin.expect("every leaf has its place");
            assert!(origin.offset as usize <= text.len(), "{}: beyond the text", leaf.path);
        }
        let written = tree::to_yaml(&document).expect("what was read can be written");
        let again = files.add("again.yaml", written.clone());
        let read = tree::parse(&files, again).unwrap_or_else(|error| panic!("{error} in {written:?}"));
        let json: Vec<_> = read.iter().map(tree::Node::to_json).collect();
        assert_eq!(json, [document.to_json()], "{written:?}");
    }
});
