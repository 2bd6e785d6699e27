//! What a server lists, as JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(listed) = serde_json::from_str::<serde_json::Value>(text) else { return };
    let objects = match listed {
        serde_json::Value::Array(objects) => objects,
        one => vec![one],
    };
    fuzz::check(&source::live("cluster:c/n", objects, Vec::new()));
});
