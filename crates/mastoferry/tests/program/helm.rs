//! `convert --to helm`, and the folder that it writes.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::trees::{json, mastoferry, text, trees};

#[test]
fn every_leaf_is_accounted_for_in_helms_terms_too() {
    for tree in trees() {
        for chart in ["new", "old"] {
            let result = json(&["convert", text(&tree), "--to", "helm", "--chart", chart]);
            assert_eq!(result["ledger"]["unaccounted"], 0, "{chart} {}", tree.display());
            assert_eq!(result["verdict"], "equivalent");
        }
    }
}

#[test]
fn defects_are_told_that_the_version_has_and_this_site_would_meet() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    for (language, said) in [("en", "A patch takes it away"), ("ja", "パッチで取り除きます")] {
        let out = out.with_extension(language);
        let tree = trees().remove(0);
        let output =
            mastoferry(&["convert", text(&tree), "--to", "helm", "--chart", "old", "--lang", language])
                .args(["--out", text(&out)])
                .output()
                .expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("DEFECTS.md"));
        let defects = std::fs::read_to_string(out.join("DEFECTS.md")).expect("DEFECTS.md");
        let stray = defects.lines().find(|line| line.contains("stray-variable")).expect("stray-variable");
        assert!(stray.contains(said), "{stray}");
        // PAM is not used here.
        assert!(!defects.contains("pam-refused"), "{defects}");
        let result = json(&["convert", text(&tree), "--to", "helm", "--chart", "old"]);
        let told = result["defects"].as_array().expect("defects");
        assert_eq!(told.len(), defects.lines().filter(|line| line.starts_with("- **")).count());
        let stray = told.iter().find(|one| one["id"] == "stray-variable").expect("stray-variable");
        assert_eq!((&stray["chart"], &stray["version"]), (&"mastodon/chart".into(), &"6.9.3".into()));
    }
}

#[test]
fn the_old_charts_own_stores_routes_and_jobs_are_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let tree = trees().remove(0);
    let arguments = ["convert", text(&tree), "--to", "helm", "--chart", "old", "--out", text(&out)];
    assert!(mastoferry(&arguments).output().expect("runs").status.success());
    let written = std::fs::read_to_string(out.join("values.yaml")).expect("values");
    let mut files = tree::Files::new();
    let file = files.add("values.yaml", written);
    let values = tree::parse(&files, file).expect("YAML").remove(0).to_json();
    for switch in [
        "/postgresql/enabled",
        "/redis/enabled",
        "/elasticsearch/enabled",
        "/ingress/enabled",
        "/mastodon/hooks/dbPrepare/enabled",
        "/mastodon/hooks/dbMigrate/enabled",
        "/mastodon/cron/removeMedia/enabled",
    ] {
        assert_eq!(values.pointer(switch), Some(&false.into()), "{switch}");
    }
    let secret = values.pointer("/mastodon/secrets/existingSecret").and_then(serde_json::Value::as_str);
    assert!(secret.is_some_and(|name| !name.is_empty()));
    renders(&out, "MASTOFERRY_OLD_CHART");
}

#[test]
fn the_folder_holds_what_a_reviewer_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, tree) in trees().iter().enumerate() {
        let out = folder.path().join(number.to_string());
        let output =
            mastoferry(&["convert", text(tree), "--to", "helm", "--out", text(&out)]).output().expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |name: &str| std::fs::read_to_string(out.join(name)).expect(name);
        let values = read("values.yaml");
        let mut files = tree::Files::new();
        let file = files.add("values.yaml", values.clone());
        let parsed = tree::parse(&files, file).expect("YAML").remove(0);
        let enabled = parsed.at_keys(&["mastodon", "hooks", "dbPrepare", "enabled"]);
        assert_eq!(enabled.map(tree::Node::to_json), Some(false.into()));
        assert!(values.lines().any(|line| line.contains("localDomain:") && line.contains(".yaml:")));
        for name in ["SECRETS.md", "LEDGER.md", "LEDGER.json", "supplements/README.md"] {
            assert!(!read(name).is_empty(), "{name}");
        }
        renders(&out, "MASTOFERRY_HELM_CHART");
    }
}

/// Renders the folder with the real tools, where they are at hand, and hands it through the post-renderer.
fn renders(out: &Path, variable: &str) {
    let Some(chart) = std::env::var_os(variable) else {
        return skipped(&format!("{variable}, the folder of the official chart"));
    };
    let text = std::fs::read_to_string(out.join("values.yaml")).expect("values");
    let install = text.lines().find(|line| line.starts_with("# helm 3:")).expect("how to install");
    let release = install.split_whitespace().nth(5).expect("the release");
    let helm = Command::new("helm")
        .args(["template", release])
        .arg(&chart)
        .arg("-f")
        .arg(out.join("values.yaml"))
        .output();
    let Ok(helm) = helm else { return skipped("helm on PATH") };
    assert!(helm.status.success(), "{}", String::from_utf8_lossy(&helm.stderr));
    let mut script = Command::new(out.join("supplements/post-render.sh"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the script runs");
    script.stdin.take().expect("a pipe").write_all(&helm.stdout).expect("written");
    let built = script.wait_with_output().expect("built");
    assert!(built.status.success());
    let built = String::from_utf8_lossy(&built.stdout);
    assert!(built.contains("kind: HorizontalPodAutoscaler") && built.contains("kind: Deployment"), "{built}");
    builds_as_the_guide_says(out, &chart, release);
}

/// The way without Helm's installing: what it renders beside the overlay, and the overlay applied.
fn builds_as_the_guide_says(out: &Path, chart: &OsStr, release: &str) {
    let guide = std::fs::read_to_string(out.join("supplements/README.md")).expect("the guide");
    assert!(guide.contains("--server-side --field-manager=mastoferry -k supplements"), "{guide}");
    let template = guide.lines().find(|line| line.starts_with("helm template")).expect("how to render");
    assert!(template.contains(release) && template.ends_with("--no-hooks > supplements/rendered.yaml"));
    let values = out.join("values.yaml");
    let mut helm = Command::new("helm");
    let helm = helm.args(["template", release, "--no-hooks"]).arg(chart).arg("-f").arg(values);
    let rendered = helm.output().expect("helm runs");
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    std::fs::write(out.join("supplements/rendered.yaml"), rendered.stdout).expect("written");
    let built = Command::new("kubectl").arg("kustomize").arg(out.join("supplements")).output();
    let built = built.expect("kubectl runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let built = String::from_utf8_lossy(&built.stdout);
    assert!(built.contains("kind: HorizontalPodAutoscaler") && !built.contains("helm.sh/hook"), "{built}");
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED in part: needs {what}");
}

#[test]
fn what_cannot_be_written_for_helm_is_said() {
    let example = text(&trees()[0]).to_owned();
    let refused = [
        (vec!["convert", &example, "--to", "helm", "--chart", "nowhere"], "nowhere"),
        (vec!["plan", &example, "--chart", "nowhere"], "nowhere"),
        (vec!["plan", &example, "--chart", "old"], "only the shape"),
    ];
    for (arguments, said) in refused {
        let output = mastoferry(&arguments).stdin(Stdio::null()).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}
