//! Generated values of single attributes, read here and by Docker Compose.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use compose::{Request, load};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use tree::{Files, Node};

/// An attribute, the pieces its values are made of, and how a value stands in it.
struct Attribute {
    key: &'static str,
    pieces: &'static [&'static str],
    stands: fn(String) -> Json,
}

const ATTRIBUTES: &[Attribute] = &[
    Attribute {
        key: "labels",
        pieces: &[
            "$", "${", "}", "A", "$A", "${A}", "${NO:-", "${NO-", "${A:+", "${NO+", "${E:-", "${E?", "x",
            " ", "$$", "{", ":", "-", "5", "_", "\n", "\u{e9}",
        ],
        stands: |text| json!({ "l": text }),
    },
    Attribute {
        key: "command",
        pieces: &[
            "a", "b c", " ", "'", "\"", "\\", "`", "(", ")", "$$(", ";", "&", "|", ">", "2>", "<", "\n",
            "\t", "=",
        ],
        stands: Json::String,
    },
    Attribute {
        key: "ports",
        pieces: &[
            "80",
            "8080",
            "-",
            ":",
            "/",
            "tcp",
            "udp",
            "127.0.0.1",
            "[::1]",
            "::1",
            "70000",
            "9",
            "90",
            "+",
        ],
        stands: |text| json!([text]),
    },
    Attribute {
        key: "volumes",
        pieces: &[
            "/a", "./b", "..", "~", ":", "ro", "rw", ",", "z", "C", "/", "//", ".", "rshared", "nocopy",
            "/x/y",
        ],
        stands: |text| json!([text]),
    },
    Attribute {
        key: "stop_grace_period",
        pieces: &["1h", "30m", "90s", "1.5h", ".25m", "10ms", "7us", "3ns", "2d", "1w", "0.1s", "5", "-"],
        stands: Json::String,
    },
    Attribute {
        key: "mem_limit",
        pieces: &["1", "0", "64", "5k", "7Kb", "2m", "1.5g", "3 MiB", "b", ".", "t", " ", "-"],
        stands: Json::String,
    },
    Attribute {
        key: "extra_hosts",
        pieces: &["a", "b.c", "=", ":", "1.2.3.4", "::1", "[", "]", ",", "host-gateway"],
        stands: |text| json!([text]),
    },
    Attribute {
        key: "environment",
        pieces: &["A", "NO", "=", "x", " ", "$$", "$A", "\"", "E"],
        stands: |text| json!([text]),
    },
    Attribute {
        key: "devices",
        pieces: &["/dev/a", "/dev/b", ":", "r", "rwm"],
        stands: |text| json!([text]),
    },
];

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(missing: &str) {
    eprintln!("SKIPPED: needs {missing}");
}

fn values(attribute: &Attribute, count: usize) -> Vec<Json> {
    let strategy = proptest::collection::vec(proptest::sample::select(attribute.pieces), 1..9);
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| (attribute.stands)(strategy.new_tree(&mut runner).expect("generates").current().concat()))
        .collect()
}

fn project(attribute: &Attribute, values: &[&Json]) -> Json {
    let services = values
        .iter()
        .enumerate()
        .map(|(index, value)| (format!("s{index}"), json!({ "image": "i", (attribute.key): value })));
    json!({ "services": services.collect::<serde_json::Map<_, _>>() })
}

fn lookup(name: &str) -> Option<String> {
    match name {
        "A" => Some("one".to_owned()),
        "E" => Some(String::new()),
        "HOME" => Some("/home/someone".to_owned()),
        _ => None,
    }
}

fn written(folder: &Utf8Path, project: &Json) -> Utf8PathBuf {
    let path = folder.join("compose.json");
    std::fs::write(&path, project.to_string()).expect("writes");
    path
}

/// What this room makes of each service's attribute; nothing if the project is refused.
fn ours(path: &Utf8Path, attribute: &Attribute, count: usize) -> Option<Vec<Json>> {
    let files = [path.to_owned()];
    let request = Request { files: &files, directory: None, profiles: &[], environment: &lookup };
    let project = load(&request, &mut Files::new()).ok().filter(|project| project.problems.is_empty())?;
    let at =
        |index| project.node.at_keys(&["services", &format!("s{index}"), attribute.key]).map(Node::to_json);
    Some((0..count).map(|index| at(index).unwrap_or_default()).collect())
}

fn theirs(path: &Utf8Path, attribute: &Attribute, count: usize) -> Option<Option<Vec<Json>>> {
    let output = Command::new("compose-v2")
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .envs(["A", "E", "HOME"].map(|name| (name, lookup(name).unwrap_or_default())))
        .args(["-f", path.as_str(), "config"])
        .output();
    let Ok(output) = output else {
        skipped("compose-v2");
        return None;
    };
    if !output.status.success() {
        return Some(None);
    }
    let mut files = Files::new();
    let file = files.add("out", String::from_utf8(output.stdout).expect("text").replace("$$", "$"));
    let node = tree::parse(&files, file).expect("YAML").remove(0);
    let at = |index| node.at_keys(&["services", &format!("s{index}"), attribute.key]).map(Node::to_json);
    Some(Some((0..count).map(|index| at(index).unwrap_or_default()).collect()))
}

#[test]
fn single_attributes_read_the_same() {
    let folder = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated");
    std::fs::create_dir_all(&folder).expect("makes a folder");
    let mut wrong = Vec::new();
    for attribute in ATTRIBUTES {
        let values = values(attribute, 400);
        let is_fine =
            |value: &&Json| ours(&written(&folder, &project(attribute, &[value])), attribute, 1).is_some();
        let (accepted, refused): (Vec<&Json>, Vec<&Json>) = values.iter().partition(is_fine);
        assert!(accepted.len() >= 20, "{}: only {} accepted", attribute.key, accepted.len());
        let path = written(&folder, &project(attribute, &accepted));
        let Some(real) = theirs(&path, attribute, accepted.len()) else { return };
        let own = ours(&path, attribute, accepted.len());
        match real {
            Some(real) => {
                let own = own.expect("each was accepted alone");
                let said = real.iter().filter(|value| !value.is_null()).count();
                assert!(said >= 15, "{}: only {said} values say anything", attribute.key);
                let pairs = accepted.iter().zip(own.iter().zip(&real));
                let parted = pairs.filter(|(_, (own, real))| own != real);
                wrong.extend(parted.map(|(value, (own, real))| format!("{value}: {own} / {real}")));
            }
            None => {
                let refuses = |value: &&&Json| {
                    let path = written(&folder, &project(attribute, &[value]));
                    theirs(&path, attribute, 1) == Some(None)
                };
                let culprits = accepted.iter().filter(refuses);
                wrong.extend(culprits.map(|value| format!("{}: Compose refuses {value}", attribute.key)));
            }
        }
        for value in refused.into_iter().take(25) {
            let path = written(&folder, &project(attribute, &[value]));
            if let Some(Some(real)) = theirs(&path, attribute, 1) {
                wrong.push(format!("{}: Compose accepts {value} as {real:?}", attribute.key));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
