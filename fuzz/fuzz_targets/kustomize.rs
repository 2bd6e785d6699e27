//! A source of the kind `kustomize`, its files parted by lines `#### path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::read("kustomize", text, "kustomization.yaml"));
