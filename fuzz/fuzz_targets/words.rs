//! What stands in single values: command lines, secrets within texts, names of settings.
#![no_main]

use installation::{Role, command_line, holds_secret, is_secret, likely_name};
use libfuzzer_sys::fuzz_target;
use tree::{Node, Value};

fuzz_target!(|text: &str| {
    let words = |words: Vec<&str>| Node::from(Value::Sequence(words.into_iter().map(Node::from).collect()));
    let mut split = Node::mapping();
    split.set("command", words(text.split('\n').collect()));
    let mut script = Node::mapping();
    script.set("command", words(vec!["bash", "-c", text]));
    for container in [split, script] {
        let _ = command_line(&container);
        let _ = Role::of(&container);
    }
    let (_, _, _) = (holds_secret(text), is_secret(text), likely_name(text));
});
