//! Env files in every dialect, and where the dialects part.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tree::Files;
use tree::env_file::{Dialect, differences, parse};

fuzz_target!(|text: &str| {
    let mut files = Files::new();
    let file = files.add(".env", text);
    let lookup = |name: &str| (name.len() % 2 == 0).then(|| format!("${{{name}:-x}}"));
    for dialect in Dialect::ALL {
        match parse(&files, file, dialect, &lookup) {
            Ok(variables) => {
                for variable in variables {
                    assert!(variable.origin.offset as usize <= text.len());
                }
            }
            Err(error) => assert!(error.origin.offset as usize <= text.len()),
        }
    }
    let _ = differences(&files, file, &Dialect::ALL);
});
