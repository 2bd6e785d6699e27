//! A source of the kind `manifests`, its files parted by lines `#### path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::read("manifests", text, "objects.yaml"));
