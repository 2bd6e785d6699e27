//! A source of the kind `helm`, its files parted by lines `#### path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::read("helm", text, "values.yaml"));
