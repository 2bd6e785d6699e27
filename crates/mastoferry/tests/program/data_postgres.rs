//! `data postgres`: what is wrong with what it is told is said before anything is touched, and no password with it.

use std::process::Command;

fn told(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    command.args(["--lang", "en", "data", "postgres"]).args(arguments);
    command.env_remove("MASTOFERRY_SOURCE_DATABASE_URL").env_remove("MASTOFERRY_TARGET_DATABASE_URL");
    let output = command.envs(variables.iter().copied()).output().expect("it runs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

const NOBODY: &str = "postgresql://postgres:hush-hush@127.0.0.1:1/mastodon?sslmode=disable";

#[test]
fn addresses_with_passwords_are_no_arguments() {
    let (code, text) = told(&["plan", "--source", NOBODY, "--target", NOBODY], &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("MASTOFERRY_SOURCE_DATABASE_URL") && !text.contains("hush"), "{text}");
}

#[test]
fn what_is_missing_is_named() {
    let (code, text) = told(&["plan"], &[("MASTOFERRY_SOURCE_DATABASE_URL", NOBODY)]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("MASTOFERRY_TARGET_DATABASE_URL"), "{text}");
    let wrong = [("MASTOFERRY_SOURCE_DATABASE_URL", "mysql://a:hush-hush@b/c")];
    let (code, text) = told(&["plan"], &wrong);
    assert_eq!(code, Some(2), "{text}");
    assert!(!text.contains("hush"), "{text}");
}

#[test]
fn nobody_there_is_told_in_words() {
    let both = [("MASTOFERRY_SOURCE_DATABASE_URL", NOBODY), ("MASTOFERRY_TARGET_DATABASE_URL", NOBODY)];
    let (code, text) = told(&["plan"], &both);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("127.0.0.1:1/mastodon") && !text.contains("hush"), "{text}");
}

#[test]
fn an_instance_is_named_as_providers_name_them() {
    let there = [("MASTOFERRY_SOURCE_DATABASE_URL", NOBODY)];
    for name in ["--help-me", "town filter", "Town", "9town", ""] {
        let instance = format!("--instance={name}");
        let (code, text) = told(&["managed", "--service", "rds", &instance], &there);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("lower-case letters, digits and hyphens"), "{text}");
    }
    // The target's address is not needed for it, the source's is.
    let asked = ["managed", "--service", "cloud-sql", "--instance", "town"];
    let (code, text) = told(&asked, &there);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("127.0.0.1:1/mastodon") && !text.contains("hush"), "{text}");
    let (code, text) = told(&asked, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("MASTOFERRY_SOURCE_DATABASE_URL"), "{text}");
}
