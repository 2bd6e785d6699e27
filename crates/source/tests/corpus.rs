//! Every deployment of the corpus, read; and the table of them in `docs/corpus.md`.
//!
//! `MASTOFERRY_BLESS=1` writes the table anew.

mod deployments;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use installation::{Installation, Role, StoreKind};
use source::{Form, NoteKind, SourceRef, Sourced};

use deployments::SOURCES;

const KEPT: &str = "its owner keeps `.env.production` out of the repository";

/// Why a deployment is not read whole, where that is right: looked up in its files, one by one.
const RIGHT: &[(&str, &str)] = &[
    ("c01-mastodon-v1.2.2", KEPT),
    ("c02-mastodon-v2.4.0", KEPT),
    ("c03-mastodon-v3.3.0", KEPT),
    ("c04-mastodon-v4.0.0", KEPT),
    ("c05-mastodon-v4.2.0", KEPT),
    ("c06-mastodon-v4.4.0", KEPT),
    ("c07-mastodon-v4.6.0", KEPT),
    ("c08-glitch-soc-v4.6.5", KEPT),
    ("c09-hometown", KEPT),
    ("c14-fredix-swarm", KEPT),
    (
        "c20-sickprodigy",
        "its owner keeps `.env.production` on the server, and one entry lacks the space after its dash",
    ),
    ("c27-davit312-compose", KEPT),
    (
        "c16-chattanooga",
        "its owner keeps `.env` out of the repository, and Compose refuses to go on without a variable of it",
    ),
    (
        "c18-sowiszcze-glitch",
        "its owner keeps the stack's variables out of the repository, and Compose refuses to go on without one of them",
    ),
    ("c25-cap10morgan", "its owner keeps `.env` out of the repository"),
    ("c26-stormcorgi-compose", "the file holds no Sidekiq"),
    ("c32-docker-symphony", "its owner keeps `env.postgres` and `env.production` out of the repository"),
    ("h08-nrdufour", "some of its values are encrypted by SOPS"),
    ("h16-toot-community", "a chart of its owner's own, whose templates are not there"),
    ("h20-davit312", "a chart of its owner's own, whose templates are not there"),
    ("h21-pjmagee", "a chart of its owner's own, whose templates are not there"),
    (
        "k02-ykzts-infra-2022",
        "`patches` as a list of files: Kustomize 5 refuses it as well (it is `patchesStrategicMerge`)",
    ),
    (
        "k06-oculos",
        "two Deployments of one name that differ, and a key set twice: only the owner knows which is meant",
    ),
    ("k08-yakumo-saki", "a tab in the web Deployment"),
    ("k09-kreatoo", "its owner keeps `.env` out of the repository"),
    ("k12-yudejp-2024-09", "its owner keeps `env.production` out of the repository"),
    (
        "k21-davidcollom-rendered",
        "the rendering holds stores, Services and settings, and no workload of Mastodon's own",
    ),
];

const HEAD: &str = "\
# The corpus

Every deployment that this program is tried on, as it reads them. The table is made by the test
`crates/source/tests/corpus.rs`, which fails when it is out of date; `MASTOFERRY_BLESS=1` writes it anew. The files
themselves belong to their owners and are not part of this repository.

A deployment is *whole* when all of it was read and web, Sidekiq and streaming are known. What could not be read is listed
with its place; all beside it was read. Where that is as it should be, the reason stands with it.

| deployment | read | form | files | objects | version | components and their queues | stores | routes | notes | could not be read |
|---|---|---|---|---|---|---|---|---|---|---|
";

/// The corpus, where there is one.
fn corpus() -> Option<Utf8PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(
        |_| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Utf8PathBuf::from,
    );
    let corpus = shared.join("corpus");
    corpus.is_dir().then(|| corpus.canonicalize_utf8().expect("is there"))
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs the corpus; set MASTOFERRY_SHARED to the folder that holds it");
}

fn source(corpus: &Utf8Path, name: &str, path: &str) -> SourceRef {
    let root = corpus.join(name);
    let text = match path.split_once(':') {
        Some((kind, paths)) => {
            let paths: Vec<String> = paths.split(':').map(|path| root.join(path).to_string()).collect();
            format!("{kind}:{}", paths.join(":"))
        }
        None if path.is_empty() => root.to_string(),
        None => root.join(path).to_string(),
    };
    text.parse().expect("a source")
}

#[test]
fn every_deployment_is_read_as_the_table_says() {
    let Some(corpus) = corpus() else { return skipped() };
    let mut table = HEAD.to_owned();
    for (name, path) in SOURCES {
        let right = RIGHT.iter().find(|(known, _)| known == name).map(|(_, why)| *why);
        let cells = match source::read(&source(&corpus, name, path)) {
            Ok(sourced) => row(&sourced, right),
            Err(error) => {
                let place = error.origin.map(|origin| format!("{}: ", error.files.place(origin)));
                let mut cells = vec![judged("refused", right)];
                cells.extend(vec![String::new(); 8]);
                cells.push(format!("{}{error}", place.unwrap_or_default()));
                cells
            }
        };
        let cells: Vec<String> =
            cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let line = format!("| {name} | {} |\n", cells.join(" | "));
        // Paths as they stand in the corpus, not on this machine.
        table.push_str(&line.replace(&format!("{corpus}/{name}/"), "").replace(corpus.as_str(), "."));
    }
    let kept = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/corpus.md");
    if std::env::var_os("MASTOFERRY_BLESS").is_some() {
        std::fs::write(&kept, &table).expect("written");
        return;
    }
    let committed = std::fs::read_to_string(&kept).expect("docs/corpus.md");
    let differ: Vec<(&str, &str)> =
        committed.lines().zip(table.lines()).filter(|(old, new)| old != new).collect();
    assert!(
        differ.is_empty() && committed.lines().count() == table.lines().count(),
        "docs/corpus.md is out of date (MASTOFERRY_BLESS=1 writes it anew): {differ:#?}"
    );
}

#[test]
fn no_folder_of_the_corpus_is_forgotten() {
    let Some(corpus) = corpus() else { return skipped() };
    let entries = corpus.read_dir_utf8().expect("readable").map(|entry| entry.expect("readable"));
    let folders = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().to_owned());
    let listed: BTreeSet<String> = SOURCES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders.collect::<BTreeSet<_>>(), listed);
}

#[test]
fn every_leaf_of_every_object_has_its_file_and_line() {
    let Some(corpus) = corpus() else { return skipped() };
    for (name, path) in SOURCES {
        let Ok(sourced) = source::read(&source(&corpus, name, path)) else { continue };
        for object in &sourced.objects {
            for leaf in object.node.leaves() {
                let place = format!("{name} {}: {}", object.id(), leaf.path);
                let origin = leaf.node.origin.unwrap_or_else(|| panic!("{place} has no origin"));
                let lines = sourced.files.text(origin.file).lines().count();
                let line = origin.line as usize;
                assert!(line >= 1 && line <= lines.max(1), "{place}: line {line} of {lines}");
            }
        }
    }
}

fn judged(verdict: &str, right: Option<&str>) -> String {
    right.map_or_else(|| verdict.to_owned(), |why| format!("{verdict}, rightly: {why}"))
}

/// Whether every part that a Mastodon needs is known.
fn is_whole(installation: &Installation) -> bool {
    let has = |accept: fn(&Role) -> bool| installation.components_where(accept).next().is_some();
    has(|role| *role == Role::Web)
        && has(|role| *role == Role::Streaming)
        && has(|role| matches!(role, Role::Sidekiq(_)))
}

fn row(sourced: &Sourced, right: Option<&str>) -> Vec<String> {
    let form = match sourced.form {
        Form::Kustomize => "Kustomize",
        Form::Manifests => "manifests",
        Form::Compose => "Compose",
        Form::HelmValues => "Helm values",
        Form::Live => "live",
    };
    let understood = Installation::understand(sourced.objects.clone(), None);
    let (version, components, stores, routes) = match &understood {
        Ok(installation) => {
            (version(installation), components(installation), stores(installation), routes(installation))
        }
        Err(error) => (String::new(), error.to_string(), String::new(), String::new()),
    };
    let gaps = sourced.unread.iter().map(|gap| {
        let place = gap.origin.map(|origin| format!("{}: ", sourced.files.place(origin)));
        format!("{}{}", place.unwrap_or_default(), gap.kind)
    });
    let verdict = match &understood {
        Ok(installation) if sourced.unread.is_empty() && is_whole(installation) => "whole".to_owned(),
        Ok(_) => judged("in part", right),
        Err(_) => judged("no model", right),
    };
    vec![
        verdict,
        form.to_owned(),
        sourced.files.ids().count().to_string(),
        sourced.objects.len().to_string(),
        version,
        components,
        stores,
        routes,
        notes(sourced),
        gaps.collect::<Vec<_>>().join("; "),
    ]
}

fn version(installation: &Installation) -> String {
    let tag = |image: &str| {
        let name = image.rsplit('/').next().unwrap_or(image).split('@').next().unwrap_or_default();
        name.split_once(':').map_or_else(|| "no tag".to_owned(), |(_, tag)| tag.to_owned())
    };
    let all: BTreeSet<String> = installation
        .versions
        .iter()
        .map(|version| format!("{:?} {}", version.flavour, tag(&version.image)))
        .collect();
    all.into_iter().collect::<Vec<_>>().join(", ")
}

fn components(installation: &Installation) -> String {
    let all = installation.components.iter().map(|component| match &component.role {
        Role::Sidekiq(command) => {
            let queues: Vec<&str> = command.queues.iter().map(|queue| queue.name.as_str()).collect();
            format!("sidekiq ({})", queues.join(" "))
        }
        role => role.component(),
    });
    all.collect::<Vec<_>>().join(", ")
}

fn stores(installation: &Installation) -> String {
    let name = |kind: StoreKind| match kind {
        StoreKind::PostgreSql => "PostgreSQL",
        StoreKind::PostgreSqlReplica => "PostgreSQL replica",
        StoreKind::Redis => "Redis",
        StoreKind::RedisSidekiq => "Redis for Sidekiq",
        StoreKind::RedisCache => "Redis for the cache",
        StoreKind::Search => "search",
        StoreKind::S3 => "S3",
        StoreKind::GoogleCloudStorage => "Google Cloud Storage",
        StoreKind::Minio => "MinIO",
        StoreKind::Swift => "Swift",
        StoreKind::Azure => "Azure",
        StoreKind::FileSystem => "file system",
    };
    let all: BTreeSet<StoreKind> = installation.stores.iter().map(|store| store.kind).collect();
    all.into_iter().map(name).collect::<Vec<_>>().join(", ")
}

fn routes(installation: &Installation) -> String {
    if installation.routes.is_empty() {
        return String::new();
    }
    let hosts: BTreeSet<&str> = installation.routes.iter().map(|route| route.host.as_str()).collect();
    format!("{} at {}", installation.routes.len(), counted(hosts.len(), "host", "hosts"))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn notes(sourced: &Sourced) -> String {
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for note in &sourced.notes {
        let text = match &note.kind {
            NoteKind::InertKey { chart, .. } => format!("key never read by {chart}"),
            NoteKind::OpenSecret { .. } => "secret in the open".to_owned(),
            NoteKind::OtherChart { chart } => format!("chart {chart}"),
            NoteKind::NotListed { kind, .. } => format!("{kind} not listed"),
            NoteKind::OldApi { api_version, kind, gone_since, .. } => {
                format!("{api_version} {kind}, gone since {gone_since}")
            }
            NoteKind::RenderedChart { charts, objects, .. } => {
                format!("rendered from {} ({})", charts.join(", "), counted(*objects, "object", "objects"))
            }
            NoteKind::HelmRelease { release, revision } => format!("Helm release {release} {revision}"),
            NoteKind::PassedOver { what, .. } => format!("passed over: {what:?}"),
            NoteKind::Placeholder { .. } => "value filled in elsewhere".to_owned(),
            NoteKind::SetApart { kind, count } => format!("{count} {kind} set apart"),
            NoteKind::AlsoHere { form, .. } => format!("{form} in the folder too"),
            NoteKind::MisspeltKey { .. } => "key misspelt".to_owned(),
            // Others by their names, what they say left out.
            other => {
                let name = format!("{other:?}");
                name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
            }
        };
        *tally.entry(text).or_default() += 1;
    }
    if !sourced.server_filled.is_empty() {
        let leaves = counted(sourced.server_filled.len(), "leaf", "leaves");
        tally.insert(format!("{leaves} filled in by a server"), 1);
    }
    let mut out = String::new();
    for (text, count) in tally {
        let separator = if out.is_empty() { "" } else { "; " };
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        let _ = write!(out, "{separator}{text}{times}");
    }
    out
}
