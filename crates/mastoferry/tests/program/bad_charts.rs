//! Charts of other versions, and values with secrets in them, held against what stands.

use std::fs;
use std::path::Path;

use crate::trees::{example, mastoferry, text};

/// A copy of the example chart under another version, with a template changed.
fn newer_chart(folder: &Path, template: &str, old: &str, new: &str) {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/chart");
    fs::create_dir_all(folder.join("templates")).expect("made");
    for part in ["", "templates"] {
        for entry in fs::read_dir(chart.join(part)).expect("read") {
            let entry = entry.expect("read");
            if !entry.file_type().expect("known").is_file() {
                continue;
            }
            let mut text = fs::read_to_string(entry.path()).expect("text");
            if entry.file_name() == "Chart.yaml" {
                text = text.replace("version: 1.0.2+example", "version: 1.9.0");
            }
            if entry.file_name() == template {
                assert!(text.contains(old), "{template}");
                text = text.replace(old, new);
            }
            fs::write(folder.join(part).join(entry.file_name()), text).expect("written");
        }
    }
}

#[test]
fn a_version_that_is_not_known_is_written_for_by_the_nearest_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    newer_chart(folder.path(), "web.yaml", "", "");
    let output = mastoferry(&["convert", text(&example()), "--chart", text(folder.path())]).output();
    let output = output.expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let nearest =
        "The chart is 1.9.0; the values were written by what is known of mastodon/helm-charts 1.0.2.";
    assert!(said.contains(nearest), "{said}");
}

#[test]
fn where_another_version_makes_something_else_of_the_values_that_is_told_as_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    newer_chart(folder.path(), "_settings.tpl", "DB_PORT:", "DB_PORT_OF_TOMORROW:");
    let output = mastoferry(&["convert", text(&example()), "--chart", text(folder.path())]).output();
    let output = output.expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).replace("\n", " ");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("DB_PORT_OF_TOMORROW"), "{said}");
    assert!(said.contains("The chart is 1.9.0"), "{said}");
}

#[test]
fn secrets_in_values_by_hand_are_found_and_not_shown() {
    let values = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad/values/open-secrets.yaml");
    let against = format!("helm:{}", text(&values));
    for arguments in [&["--output", "json"][..], &[]] {
        let output = mastoferry(&["audit", text(&example()), "--against", &against]).args(arguments).output();
        let output = output.expect("runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        for (key, line) in [("mastodon.secrets.secretKeyBase", 6), ("postgresql.password", 14)] {
            assert!(said.contains(&format!("values/{key}")), "{key}: {said}");
            assert!(said.contains(&format!("open-secrets.yaml:{line}")), "{key}: {said}");
        }
        assert!(said.contains("secret-in-values"), "{said}");
        assert!(!said.contains("values/postgresql.username"), "{said}");
        assert!(!said.contains("made-up"), "{said}");
    }
}
