//! Env files: lines, differences, hostile texts.

use std::time::{Duration, Instant};

use tree::Files;
use tree::env_file::{Dialect, EnvFileError, EnvFileErrorKind, Variable, differences, parse};

fn read(text: &str, dialect: Dialect) -> Result<Vec<Variable>, EnvFileError> {
    let mut files = Files::new();
    let file = files.add("env", text);
    parse(&files, file, dialect, &|_| None)
}

#[test]
fn every_variable_knows_its_line() {
    let text = "\u{feff}# a\r\nA=1\r\n\r\n  B=\"x\r\ny\"\r\nC=3\r\n";
    for dialect in [Dialect::Compose, Dialect::Dotenv] {
        let lines: Vec<_> = read(text, dialect)
            .expect("valid")
            .into_iter()
            .map(|variable| (variable.name, variable.origin.line, variable.origin.column))
            .collect();
        let expected = [("A", 2, 1), ("B", 4, 3), ("C", 6, 1)];
        assert_eq!(
            lines,
            expected.map(|(name, line, column)| (name.to_owned(), line, column)),
            "{dialect:?}"
        );
    }
}

#[test]
fn values_do_not_show_in_debug_output() {
    let variables = read("KEY=made-up-value\n", Dialect::Compose).expect("valid");
    assert!(!format!("{variables:?}").contains("made-up"));
}

#[test]
fn differences_are_told_by_name() {
    let mut files = Files::new();
    let file = files.add("env", "A=1\nB=\"quoted\"\nC=x\n");
    let found = differences(&files, file, &Dialect::ALL);
    assert!(found.refused.is_empty());
    let [difference] = &found.variables[..] else { panic!("{found:?}") };
    assert_eq!((difference.name.as_str(), difference.origin.line), ("B", 2));
    let groups = [
        vec![Dialect::Compose, Dialect::Dotenv],
        vec![Dialect::ComposeRaw, Dialect::Kubectl, Dialect::Kustomize],
    ];
    assert_eq!(difference.groups, groups);
}

#[test]
fn a_dialect_that_refuses_says_where() {
    let mut files = Files::new();
    let file = files.add("env", "A=1\nB C=2\n");
    let found = differences(&files, file, &[Dialect::Compose, Dialect::Dotenv]);
    let [(Dialect::Compose, error)] = &found.refused[..] else { panic!("{found:?}") };
    assert_eq!((&error.kind, error.origin.line), (&EnvFileErrorKind::Name, 2));
}

#[test]
fn a_command_is_never_run() {
    let error = read("A=1\nB=$(touch /tmp/x)\n", Dialect::Dotenv).expect_err("a command");
    assert_eq!((error.kind, error.origin.line), (EnvFileErrorKind::Command { name: "B".into() }, 2));
}

#[test]
fn values_cannot_grow_without_end() {
    let mut text = String::from("A0=0123456789\n");
    for level in 1..20 {
        text.push_str(&format!("A{level}={}\n", format!("$A{}", level - 1).repeat(10)));
    }
    for dialect in [Dialect::Compose, Dialect::Dotenv] {
        assert_eq!(read(&text, dialect).expect_err("grows").kind, EnvFileErrorKind::TooLarge, "{dialect:?}");
    }
}

#[test]
fn no_text_takes_forever() {
    let texts = [
        "\n".repeat(2_000_000) + "!",
        "A=\"\\\"\n".repeat(300_000),
        "A='\n".repeat(300_000),
        "A=".to_owned() + &"$(".repeat(1_000_000),
        "A=".to_owned() + &"${B:-".repeat(300_000),
        "# x\n".repeat(500_000),
        "A".repeat(4_000_000),
        "A=\"".to_owned() + &"x".repeat(50_000_000),
        " ".repeat(1_000_000) + "\n!\n",
    ];
    for text in &texts {
        for dialect in Dialect::ALL {
            let start = Instant::now();
            let _ = read(text, dialect);
            assert!(start.elapsed() < Duration::from_secs(20), "{dialect:?} {:?}", &text[..20]);
        }
    }
}
