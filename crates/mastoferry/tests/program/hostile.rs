//! Input that means harm, or that nobody meant: every reader ends soon, in bounded memory, with a clear error that
//! names the place, or with the right result.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use wait4::Wait4;

/// What a run may take at the most, for inputs of up to 50 MB: the text, a copy of the value and its form as a node.
const MEMORY: u64 = 512 << 20;
const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: \"ghcr.io/mastodon/mastodon:v4.5.2\", command: [bundle, exec, puma]}]}\n";

struct Ran {
    exit: Option<i32>,
    said: String,
    peak: u64,
}

fn inspect(source: &str) -> Ran {
    let said = tempfile::NamedTempFile::new().expect("a file for what it says");
    let child = Command::new(env!("CARGO_BIN_EXE_mastoferry"))
        .args(["--lang", "en", "inspect", source])
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(said.reopen().expect("opens"))
        .stderr(said.reopen().expect("opens"))
        .spawn();
    let used = child.expect("runs").wait4().expect("ends");
    let text = fs::read_to_string(said.path()).expect("UTF-8");
    Ran { exit: used.status.code(), said: text, peak: used.rusage.maxrss }
}

/// Writes files below a new folder and inspects it; `kind` is put before the path.
fn inspect_files(kind: &str, files: &[(&str, &[u8])]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("made");
        fs::write(path, content).expect("written");
    }
    let root = folder.path().to_str().expect("UTF-8");
    inspect(&format!("{kind}{}{root}", if kind.is_empty() { "" } else { ":" }))
}

/// Refused with exit 2, in words, without a flood of them.
fn assert_refused(what: &str, ran: &Ran, words: &str) {
    assert_eq!(ran.exit, Some(2), "{what}: {}", ran.said);
    let said: Vec<&str> = ran
        .said
        .split(|letter: char| letter.is_whitespace() || letter == '│')
        .filter(|word| !word.is_empty())
        .collect();
    assert!(said.join(" ").contains(words), "{what}: {}", ran.said);
    assert!(ran.said.len() < 4000, "{what}: {} bytes of errors", ran.said.len());
    assert!(ran.peak < MEMORY, "{what}: {} MiB", ran.peak >> 20);
}

fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    text
}

#[test]
fn bombs_and_depths_are_refused_by_every_reader() {
    let (bomb, deep) = (bomb(), "[".repeat(200_000));
    let wide = format!("a: [{}1]\n", "1,".repeat(3_000_000));
    for (kind, file) in [
        ("manifests", "a.yaml"),
        ("kustomize", "kustomization.yaml"),
        ("compose", "compose.yaml"),
        ("helm", "values.yaml"),
    ] {
        for (what, text, words) in [
            ("an alias bomb", &bomb, "more than 1000000 values"),
            ("depth", &deep, "recursion limit"),
            ("three million values", &wide, "more than 1000000 values"),
        ] {
            let ran = inspect_files(kind, &[(file, text.as_bytes())]);
            assert_refused(&format!("{what} as {kind}"), &ran, words);
        }
    }
}

#[test]
fn scalars_of_many_megabytes_are_read_or_refused_in_bounded_memory() {
    for (bytes, exits) in [(10_000_000, &[0][..]), (50_000_000, &[0, 2])] {
        let long = "a".repeat(bytes);
        for value in [format!("\"{long}\""), long] {
            let text = format!("{CONFIG_MAP}data:\n  x: {value}\n---\n{WEB}");
            let kustomization = "resources: [a.yaml]\n";
            let files = [("a.yaml", text.as_bytes()), ("kustomization.yaml", kustomization.as_bytes())];
            let compose = format!(
                "services:\n  web:\n    image: ghcr.io/mastodon/mastodon:v4.5.2\n    command: bundle exec puma\n    environment:\n      X: {value}\n"
            );
            for (kind, files) in [
                ("manifests", &files[..1]),
                ("kustomize", &files),
                ("compose", &[("compose.yaml", compose.as_bytes())]),
            ] {
                let ran = inspect_files(kind, files);
                assert!(
                    ran.exit.is_some_and(|exit| exits.contains(&exit)),
                    "{bytes} bytes as {kind}: {}",
                    ran.said
                );
                assert!(ran.said.len() < 8000, "{bytes} bytes as {kind}: {} bytes said", ran.said.len());
                assert!(ran.peak < MEMORY, "{bytes} bytes as {kind}: {} MiB", ran.peak >> 20);
            }
        }
    }
}

#[test]
fn circles_end() {
    let ran = inspect_files(
        "",
        &[("kustomization.yaml", b"resources: [base]\n"), ("base/kustomization.yaml", b"resources: [../]\n")],
    );
    assert_refused("bases", &ran, "kustomization.yaml:1");
    let ran = inspect_files(
        "",
        &[
            ("kustomization.yaml", b"components: [one]\n"),
            (
                "one/kustomization.yaml",
                b"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../one]\n",
            ),
        ],
    );
    assert_refused("components", &ran, "kustomization.yaml:3");
    let extends =
        b"services:\n  a: {extends: {service: b}, image: x}\n  b: {extends: {service: a}, image: x}\n";
    assert_refused("extends", &inspect_files("", &[("compose.yaml", extends)]), "compose.yaml:");
    let ran = inspect_files(
        "",
        &[
            ("compose.yaml", b"include: [other.yaml]\nservices: {a: {image: x}}\n"),
            ("other.yaml", b"include: [compose.yaml]\n"),
        ],
    );
    assert_refused("include", &ran, "yaml:1");
}

#[test]
fn no_reader_leaves_its_folder() {
    let ran = inspect_files("", &[("k/kustomization.yaml", b"resources: [../../../../../../etc/passwd]\n")]);
    assert_eq!(ran.exit, Some(2), "{}", ran.said);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("outside.yaml"), WEB).expect("written");
    fs::create_dir(folder.path().join("tree")).expect("made");
    fs::write(folder.path().join("tree/kustomization.yaml"), "resources: [../outside.yaml]\n")
        .expect("written");
    let ran = inspect(folder.path().join("tree").to_str().expect("UTF-8"));
    assert_refused("a path that climbs", &ran, "outside.yaml");
    fs::write(folder.path().join("tree/kustomization.yaml"), "resources: [link.yaml]\n").expect("written");
    std::os::unix::fs::symlink(folder.path().join("outside.yaml"), folder.path().join("tree/link.yaml"))
        .expect("linked");
    let ran = inspect(folder.path().join("tree").to_str().expect("UTF-8"));
    assert_refused("a link that leads out", &ran, "link.yaml");
}

#[test]
fn text_is_text_whatever_editor_wrote_it() {
    let with_mark = [b"\xef\xbb\xbf".as_slice(), WEB.as_bytes()].concat();
    let windows = WEB.replace('\n', "\r\n");
    for text in [with_mark.as_slice(), windows.as_bytes()] {
        let ran = inspect_files("manifests", &[("a.yaml", text)]);
        assert_eq!(ran.exit, Some(0), "{}", ran.said);
    }
    let compose = "\u{feff}services:\r\n  web:\r\n    image: ghcr.io/mastodon/mastodon:v4.5.2\r\n    command: bundle exec puma\r\n";
    let ran = inspect_files("compose", &[("compose.yaml", compose.as_bytes())]);
    assert_eq!(ran.exit, Some(0), "{}", ran.said);
    for (kind, file) in [
        ("manifests", "a.yaml"),
        ("kustomize", "kustomization.yaml"),
        ("compose", "compose.yaml"),
        ("helm", "values.yaml"),
    ] {
        let ran = inspect_files(kind, &[(file, b"a: \xff\xfe\n")]);
        assert_refused(&format!("bytes that are no text, as {kind}"), &ran, file);
    }
}
