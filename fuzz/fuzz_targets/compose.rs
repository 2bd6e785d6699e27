//! A source of the kind `compose`, its files parted by lines `#### path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::read("compose", text, "compose.yaml"));
