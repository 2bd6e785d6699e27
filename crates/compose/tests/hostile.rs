//! Texts that mean harm: an end is found, in bounded time and memory, with a clear error.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use compose::{ComposeError, ComposeErrorKind, Project, Request, load};
use tree::Files;

fn written(name: &str, files: &[(&str, &[u8])]) -> Utf8PathBuf {
    let folder = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for (file, content) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("makes a folder");
        std::fs::write(path, content).expect("writes");
    }
    folder
}

fn read(name: &str, files: &[(&str, &[u8])]) -> Result<Project, ComposeError> {
    let folder = written(name, files);
    let request = Request { files: &[], directory: Some(&folder), profiles: &[], environment: &|_| None };
    let start = Instant::now();
    let result = load(&request, &mut Files::new());
    assert!(start.elapsed() < Duration::from_secs(60), "{name} took {:?}", start.elapsed());
    result
}

fn refused(name: &str, files: &[(&str, &[u8])]) -> ComposeErrorKind {
    match read(name, files) {
        Err(error) => error.kind,
        Ok(project) => project.problems.into_iter().next().expect("a problem").kind,
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        text.push_str(&format!(
            "x-{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 10].join(", ")
        ));
    }
    text.push_str("services: {web: {image: w}}\n");
    let kind = refused("aliases", &[("compose.yaml", text.as_bytes())]);
    assert!(matches!(kind, ComposeErrorKind::Parse(_)), "{kind:?}");
}

#[test]
fn a_scalar_of_50_megabytes_is_read() {
    let text = format!("services: {{web: {{image: w, labels: [\"a={}\"]}}}}\n", "x".repeat(50_000_000));
    let project = read("long-scalar", &[("compose.yaml", text.as_bytes())]).expect("is only long");
    assert!(project.problems.is_empty());
}

#[test]
fn variables_that_multiply_are_refused() {
    let mut env = String::from("A0=0123456789\n");
    for level in 1..20 {
        env.push_str(&format!("A{level}={}\n", format!("$A{}", level - 1).repeat(10)));
    }
    let compose = b"services: {web: {image: $A19}}\n";
    let kind = refused("dotenv-grows", &[("compose.yaml", compose), (".env", env.as_bytes())]);
    assert!(matches!(kind, ComposeErrorKind::EnvFile(_)), "{kind:?}");
    let env = format!("A={}\n", "x".repeat(1_000_000));
    let compose = format!("services: {{web: {{image: \"{}\"}}}}\n", "$A".repeat(1000));
    let kind = refused("value-grows", &[("compose.yaml", compose.as_bytes()), (".env", env.as_bytes())]);
    assert_eq!(kind, ComposeErrorKind::TooLarge);
    let compose = "services: {web: {image: $A}}\n";
    let many = "  - \"a=$A$A$A\"\n".repeat(1000);
    let compose = format!("{compose}x-many:\n{many}");
    let kind = refused("values-grow", &[("compose.yaml", compose.as_bytes()), (".env", env.as_bytes())]);
    assert_eq!(kind, ComposeErrorKind::TooLarge);
}

#[test]
fn nested_defaults_end() {
    let text = format!("services: {{web: {{image: '{}{}'}}}}\n", "${N:-".repeat(50_000), "}".repeat(50_000));
    assert_eq!(refused("nested", &[("compose.yaml", text.as_bytes())]), ComposeErrorKind::TooLarge);
}

#[test]
fn circles_end() {
    let own = b"services: {a: {extends: {file: compose.yaml, service: a}}}\n";
    assert!(matches!(
        refused("extends-own-file", &[("compose.yaml", own)]),
        ComposeErrorKind::ExtendsCycle { .. }
    ));
    let one = b"services: {a: {extends: {file: two.yaml, service: b}}}\n";
    let two = b"services: {b: {extends: {file: compose.yaml, service: a}}}\n";
    let kind = refused("extends-two-files", &[("compose.yaml", one), ("two.yaml", two)]);
    assert!(matches!(kind, ComposeErrorKind::ExtendsCycle { .. }), "{kind:?}");
    let include = b"include: [./sub/../compose.yaml]\nservices: {a: {image: a}}\n";
    let kind = refused("include-itself", &[("compose.yaml", include), ("sub/x", b"")]);
    assert!(matches!(kind, ComposeErrorKind::IncludeCycle(_)), "{kind:?}");
}

#[test]
fn long_chains_and_broad_bases_end() {
    let mut chain = String::from("services:\n  s0: {image: a}\n");
    for index in 1..100_000 {
        chain.push_str(&format!("  s{index}: {{extends: s{}}}\n", index - 1));
    }
    // In the order written each base is ready before it is needed; backwards it is not.
    let backwards: String = chain
        .lines()
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .fold(String::from("services:\n"), |text, line| text + line + "\n");
    assert_eq!(refused("chain", &[("compose.yaml", backwards.as_bytes())]), ComposeErrorKind::TooLarge);
    let labels: String = (0..5000).map(|index| format!("      l{index}: x\n")).collect();
    let mut broad = format!("services:\n  base:\n    image: b\n    labels:\n{labels}");
    for index in 0..2000 {
        broad.push_str(&format!("  s{index}: {{extends: base}}\n"));
    }
    assert_eq!(refused("broad", &[("compose.yaml", broad.as_bytes())]), ComposeErrorKind::TooLarge);
}

#[test]
fn includes_that_double_end() {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for level in 0..30 {
        let text =
            format!("include: [f{0}.yaml, f{0}.yaml]\nservices: {{s{level}: {{image: x}}}}\n", level + 1);
        let name = if level == 0 { "compose.yaml".to_owned() } else { format!("f{level}.yaml") };
        files.push((name, text.into_bytes()));
    }
    files.push(("f30.yaml".to_owned(), b"services: {last: {image: x}}\n".to_vec()));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    assert_eq!(refused("doubling", &files), ComposeErrorKind::TooLarge);
}

#[test]
fn port_ranges_end() {
    let ports = "    - 1-65000\n".to_owned()
        + &(0..200).map(|index| format!("    - 127.0.0.{index}:1-65000:1-65000\n")).collect::<String>();
    let text = format!("services:\n  web:\n    image: w\n    ports:\n{ports}");
    assert_eq!(refused("ports", &[("compose.yaml", text.as_bytes())]), ComposeErrorKind::TooLarge);
}

#[test]
fn what_is_not_text_is_named() {
    let kind = refused("latin", &[("compose.yaml", b"services: {web: {image: \xe4}}\n")]);
    assert!(matches!(kind, ComposeErrorKind::NotText(_)), "{kind:?}");
    let compose = b"services: {web: {image: w, env_file: a.env}}\n";
    let kind = refused("latin-env", &[("compose.yaml", compose), ("a.env", b"A=\xff\n")]);
    assert!(matches!(kind, ComposeErrorKind::NotText(_)), "{kind:?}");
}

#[test]
fn a_folder_in_place_of_a_file_is_named() {
    let compose = b"services: {web: {image: w, env_file: ../../../../../../../../../..}}\n";
    let kind = refused("climbs", &[("compose.yaml", compose)]);
    assert!(matches!(kind, ComposeErrorKind::Unreadable { .. }), "{kind:?}");
}

#[test]
fn what_would_be_fetched_is_refused() {
    for include in ["oci://example.com/x", "https://example.com/x.git", "git@example.com:x.git"] {
        let text = format!("include: ['{include}']\nservices: {{web: {{image: w}}}}\n");
        let kind = refused("remote", &[("compose.yaml", text.as_bytes())]);
        assert_eq!(kind, ComposeErrorKind::Remote(include.to_owned()));
    }
}

#[test]
fn deep_nesting_does_not_break_the_stack() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let text = format!("x-a: {}{}\n", open.repeat(100_000), close.repeat(100_000));
        let _ = read("deep", &[("compose.yaml", text.as_bytes())]);
    }
}
