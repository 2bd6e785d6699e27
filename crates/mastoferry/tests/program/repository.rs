//! Charts from a repository: found by its index, checked by their digest, kept for when nothing answers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::trees::{mastoferry, text};

/// Paths with what is answered: a status, an address it leads to, a body.
type Pages = Vec<(String, (u16, String, Vec<u8>))>;

/// A repository on this machine, which counts what it is asked for.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn of(pages: impl FnOnce(&str) -> Pages) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let pages = pages(&address);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // It ends with the process; tests that need silence use an address where nobody listens.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &pages, &noted);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

fn answer(mut stream: TcpStream, pages: &Pages, noted: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("clones")).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    for line in lines {
        if line.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    noted.lock().expect("not poisoned").push(path.clone());
    let missing = (404, String::new(), b"nothing".to_vec());
    let (status, location, body) =
        pages.iter().find(|(known, _)| *known == path).map_or(missing, |(_, page)| page.clone());
    let location = if location.is_empty() { location } else { format!("Location: {location}\r\n") };
    let head = format!(
        "HTTP/1.1 {status} As said\r\n{location}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

const CHART: &str = "tests/charts/lighthouse";

/// The lighthouse as a packed chart of a version.
fn packed(version: &str) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut archive = tar::Builder::new(encoder);
    let folder = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(CHART), folder.path());
    let about = std::fs::read_to_string(folder.path().join("Chart.yaml")).expect("Chart.yaml");
    let about = about.replace("version: 1.0.0", &format!("version: {version}"));
    std::fs::write(folder.path().join("Chart.yaml"), about).expect("written");
    archive.append_dir_all("lighthouse", folder.path()).expect("packed");
    archive.into_inner().expect("packed").finish().expect("packed")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &path);
        } else {
            std::fs::copy(entry.path(), path).expect("copied");
        }
    }
}

/// An index of versions with their archives and digests.
fn index(versions: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut text = String::from("apiVersion: v1\nentries:\n  lighthouse:\n");
    for (version, url, digest) in versions {
        text += &format!(
            "  - {{apiVersion: v2, name: lighthouse, version: {version}, urls: [\"{url}\"], digest: \"{digest}\"}}\n"
        );
    }
    text.into_bytes()
}

fn page(body: Vec<u8>) -> (u16, String, Vec<u8>) {
    (200, String::new(), body)
}

fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn harbour() -> Server {
    Server::of(|_| {
        let (old, new) = (packed("1.0.2"), packed("1.10.0"));
        let listed = index(&[
            ("1.0.2", "lighthouse-1.0.2.tgz", &digest(&old)),
            ("1.10.0", "moved/lighthouse.tgz", &digest(&new)),
            ("2.0.0-rc.1", "never.tgz", "0"),
        ]);
        vec![
            ("/charts/index.yaml".to_owned(), page(listed)),
            ("/charts/lighthouse-1.0.2.tgz".to_owned(), page(old)),
            ("/charts/moved/lighthouse.tgz".to_owned(), (302, "/elsewhere.tgz".to_owned(), Vec::new())),
            ("/elsewhere.tgz".to_owned(), page(new)),
        ]
    })
}

fn render(cache: &Path, arguments: &[&str]) -> Output {
    let mut command = mastoferry(&["render", "--set", "domain=sea.example"]);
    command
        .args(arguments)
        .env("XDG_CACHE_HOME", cache)
        .env("HELM_REPOSITORY_CONFIG", cache.join("helm.yaml"));
    command.output().expect("runs")
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

fn archives(cache: &Path) -> usize {
    std::fs::read_dir(cache.join("mastoferry/charts/archives")).map_or(0, Iterator::count)
}

#[test]
fn a_chart_of_a_repository_is_fetched_once_and_rendered_without_network() {
    let (server, cache) = (harbour(), tempfile::tempdir().expect("a folder"));
    let repository = format!("{}/charts", server.address);
    let folder = render(cache.path(), &[CHART]);
    assert!(folder.status.success(), "{}", said(&folder));
    let newest = render(cache.path(), &["lighthouse", "--repo", &repository]);
    assert!(newest.status.success(), "{}", said(&newest));
    assert_eq!(newest.stdout, folder.stdout);
    assert_eq!(server.asked(), ["/charts/index.yaml", "/charts/moved/lighthouse.tgz", "/elsewhere.tgz"]);
    let again = render(cache.path(), &[&format!("{repository}/lighthouse")]);
    assert_eq!(again.stdout, folder.stdout);
    assert_eq!(server.asked().len(), 4, "only the index is asked for again");
    let older = render(cache.path(), &[&format!("{repository}/lighthouse@~1.0")]);
    assert!(older.status.success(), "{}", said(&older));
    assert!(server.asked().iter().any(|path| path == "/charts/lighthouse-1.0.2.tgz"));
    let archive = render(cache.path(), &[&format!("{repository}/lighthouse-1.0.2.tgz")]);
    assert!(archive.status.success(), "{}", said(&archive));
}

#[test]
fn what_nobody_answers_for_comes_out_of_the_cache() {
    let cache = tempfile::tempdir().expect("a folder");
    // A port that was free a moment ago: nobody listens there.
    let silent = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("an address");
    let repository = format!("http://{silent}/charts");
    let refused = render(cache.path(), &["lighthouse", "--repo", &repository]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("cannot be fetched"), "{}", said(&refused));
    let bytes = packed("1.0.2");
    let kept = cache.path().join("mastoferry/charts");
    std::fs::create_dir_all(kept.join("indexes")).expect("a folder");
    std::fs::create_dir_all(kept.join("archives")).expect("a folder");
    let name = digest(format!("{repository}/index.yaml").as_bytes());
    let listed = index(&[("1.0.2", "lighthouse-1.0.2.tgz", &digest(&bytes))]);
    std::fs::write(kept.join(format!("indexes/{name}.yaml")), listed).expect("written");
    std::fs::write(kept.join(format!("archives/{}.tgz", digest(&bytes))), &bytes).expect("written");
    let offline = render(cache.path(), &["lighthouse", "--repo", &repository]);
    assert!(offline.status.success(), "{}", said(&offline));
    assert!(said(&offline).contains("does not answer"), "{}", said(&offline));
    // Damaged since, it is not taken.
    std::fs::write(kept.join(format!("archives/{}.tgz", digest(&bytes))), b"other").expect("written");
    assert_eq!(render(cache.path(), &["lighthouse", "--repo", &repository]).status.code(), Some(2));
}

#[test]
fn an_archive_that_is_not_what_the_index_says_is_refused_and_not_kept() {
    let server = Server::of(|address| {
        let listed = index(&[
            ("1.0.2", "lighthouse.tgz", &digest(b"something else")),
            ("1.0.1", "lighthouse.tgz", ""),
            ("1.0.0", "gone.tgz", &digest(b"")),
            ("0.9.0", "round.tgz", &digest(b"")),
            ("0.8.0", "oci://a.example/lighthouse", &digest(b"")),
        ]);
        vec![
            ("/index.yaml".to_owned(), page(listed)),
            ("/lighthouse.tgz".to_owned(), page(packed("1.0.2"))),
            ("/round.tgz".to_owned(), (301, format!("{address}/round.tgz"), Vec::new())),
            ("/words/index.yaml".to_owned(), page(b"only words".to_vec())),
        ]
    });
    let cache = tempfile::tempdir().expect("a folder");
    let words = format!("{}/words", server.address);
    let nowhere = format!("{}/nowhere", server.address);
    let secretive = server.address.replace("http://", "http://me:word@");
    let cases: [(&[&str], &str); 11] = [
        (&["lighthouse", "--repo", &server.address], "the index says"),
        (&["lighthouse", "--repo", &server.address, "--version", "1.0.1"], "names no digest"),
        (&["lighthouse", "--repo", &server.address, "--version", "1.0.0"], "404"),
        (&["lighthouse", "--repo", &server.address, "--version", "0.9.0"], "leads elsewhere"),
        (&["lighthouse", "--repo", &server.address, "--version", "0.8.0"], "OCI"),
        (&["lighthouse", "--repo", &server.address, "--version", ">=3"], "1.0.2, 1.0.1"),
        (&["beacon", "--repo", &server.address], "It has: lighthouse"),
        (&["lighthouse", "--repo", &words], "no index of a repository"),
        (&["lighthouse", "--repo", &nowhere], "404"),
        (&["lighthouse", "--repo", &secretive], "not supported"),
        (&["oci://a.example/lighthouse"], "OCI"),
    ];
    for (arguments, expected) in cases {
        let output = render(cache.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
        assert!(!said(&output).contains("word@"), "{arguments:?} shows the password");
    }
    assert_eq!(archives(cache.path()), 0, "nothing that was refused is kept");
}

#[test]
fn repositories_that_helm_knows_are_known() {
    let (server, cache) = (harbour(), tempfile::tempdir().expect("a folder"));
    let known = format!(
        "apiVersion: \"\"\nrepositories:\n- {{name: harbour, url: {}/charts}}\n- {{name: shut, url: {}, username: me, password: word}}\n",
        server.address, server.address
    );
    std::fs::write(cache.path().join("helm.yaml"), known).expect("written");
    let output = render(cache.path(), &["harbour/lighthouse", "--version", "1.0.2"]);
    assert!(output.status.success(), "{}", said(&output));
    for (name, expected) in [("shut/lighthouse", "username"), ("charts/lighthouse", "helm repo add charts")] {
        let output = render(cache.path(), &[name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(said(&output).contains(expected), "{name}: {}", said(&output));
    }
}

#[test]
fn convert_takes_a_chart_of_a_repository() {
    let (server, cache) = (harbour(), tempfile::tempdir().expect("a folder"));
    let chart = format!("{}/charts/lighthouse", server.address);
    let tree = crate::trees::example();
    let arguments = ["convert", text(&tree), "--to", "helm", "--chart", &chart];
    let output = mastoferry(&arguments).env("XDG_CACHE_HOME", cache.path()).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("lighthouse 1.10.0"), "{}", said(&output));
}

#[test]
fn helm_takes_the_same_chart() {
    let (server, cache) = (harbour(), tempfile::tempdir().expect("a folder"));
    let repository = format!("{}/charts", server.address);
    for version in ["", "~1.0", "^1", "1.0.2", ">=1.0.2 <1.5", "2.0.0-rc.2", ">=2", "1.0"] {
        let mut arguments = vec!["lighthouse", "--repo", &repository, "--set", "domain=sea.example"];
        if !version.is_empty() {
            arguments.extend(["--version", version]);
        }
        let helm = Command::new("helm")
            .arg("template")
            .args(&arguments)
            .env("HELM_CACHE_HOME", cache.path().join("helm"))
            .env("HELM_CONFIG_HOME", cache.path().join("helm"))
            .output();
        let Ok(helm) = helm else { return skipped("helm on PATH") };
        let ours =
            render(cache.path(), &arguments[..3].iter().chain(&arguments[5..]).copied().collect::<Vec<_>>());
        assert_eq!(ours.status.success(), helm.status.success(), "{version}: {}", said(&ours));
        assert_eq!(ours.stdout, helm.stdout, "{version}");
    }
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}
