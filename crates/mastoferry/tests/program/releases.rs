//! Releases of charts as a source: Flux, Argo CD and bare values, and the corpus's.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::trees::{mastoferry, text};

const RELEASE: &str = "
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: social, namespace: social}
spec:
  interval: 30m
  releaseName: mastodon
  chart: {spec: {chart: mastodon, version: 6.9.3, sourceRef: {kind: GitRepository, name: mastodon-chart}}}
  values:
    image: {tag: v4.4.3}
    mastodon:
      local_domain: old.example
      secrets: {existingSecret: old-secrets}
      smtp: {existingSecret: old-smtp}
      cron: {removeMedia: {enabled: false}}
      persistence: {system: {keepAfterDelete: true}, assets: {existingClaim: old-assets}}
      sidekiq: {resources: {requests: {cpu: 150m}}}
    ingress: {hosts: [{host: old.example, paths: [{path: /}]}]}
    elasticsearch: {enabled: false}
    postgresql: {enabled: false, postgresqlHostname: db.old.example, auth: {existingSecret: old-db}}
    redis: {enabled: false, hostname: redis.old.example, auth: {existingSecret: old-redis}}
";

fn write(folder: &Path, release: &str) -> PathBuf {
    let file = folder.join("release.yaml");
    std::fs::write(&file, release).expect("written");
    file
}

fn convert(source: &str, to: &str, more: &[&str]) -> Output {
    let arguments = [&["convert", source, "--to", to], more].concat();
    mastoferry(&arguments).output().expect("runs")
}

#[test]
fn the_old_release_is_paused_guarded_and_let_go_but_never_uninstalled() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), RELEASE);
    let out = folder.path().join("out");
    let output = convert(text(&file), "helm", &["--out", text(&out)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("suspend HelmRelease social/social first"), "{said}");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect(name);
    let old = read("OLD-RELEASE.md");
    for line in [
        "kubectl patch helmrelease -n social social --type merge -p '{\"spec\":{\"suspend\":true}}'",
        "kubectl annotate -n social --overwrite persistentvolumeclaim/mastodon-system helm.sh/resource-policy=keep",
        "kubectl annotate -n social --overwrite ingress/mastodon helm.sh/resource-policy=keep",
        "kubectl annotate -n social --overwrite service/mastodon-web helm.sh/resource-policy=keep",
        "kubectl delete -n social deployment/mastodon-web",
        "kubectl delete helmrelease -n social social",
        "kubectl delete secret -n social -l owner=helm,name=mastodon",
    ] {
        assert!(old.lines().any(|own| own == line), "{line}\n{old}");
    }
    assert!(!old.contains("kubectl delete -n social persistentvolumeclaim"), "{old}");
    let values = read("values.yaml");
    for (key, value) in [
        // What the old chart takes by itself and the new one does not.
        ("database:", "mastodon_production"),
        ("existingClaim:", "mastodon-system"),
        ("localDomain:", "old.example"),
    ] {
        assert!(
            values.lines().any(|line| line.contains(key) && line.contains(value)),
            "{key} {value}\n{values}"
        );
    }
    let ledger = read("LEDGER.md");
    let keep = ledger.lines().find(|line| line.contains("keepAfterDelete")).expect("a line");
    assert!(keep.contains("PersistentVolumeClaim/mastodon-system"), "{keep}");
}

const APPLICATION: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: social, namespace: argocd}
spec:
  destination: {namespace: social}
  source:
    repoURL: https://github.com/mastodon/chart
    path: .
    targetRevision: v6.9.3
    helm:
      releaseName: mastodon
      valuesObject:
";

#[test]
fn what_must_stay_is_guarded_in_the_words_of_whoever_would_delete_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let values = RELEASE.split_once("  values:\n").expect("values").1;
    let nested: String = values.lines().map(|line| format!("    {line}\n")).collect();
    let sources = [
        (RELEASE.to_owned(), "helm.sh/resource-policy=keep", "argocd"),
        (
            format!("{APPLICATION}{nested}"),
            "argocd.argoproj.io/sync-options=Prune=false,Delete=false",
            "helm.sh/resource-policy=",
        ),
    ];
    for (number, (source, guard, foreign)) in sources.iter().enumerate() {
        let file = write(folder.path(), source);
        for to in ["helm", "manifests", "kustomize"] {
            let out = folder.path().join(format!("{to}-{number}"));
            let output = convert(text(&file), to, &["--out", text(&out)]);
            assert!(output.status.success(), "{to}: {}", String::from_utf8_lossy(&output.stderr));
            let old = std::fs::read_to_string(out.join("OLD-RELEASE.md")).expect("OLD-RELEASE.md");
            let guarded = format!(
                "kubectl annotate -n social --overwrite persistentvolumeclaim/mastodon-system {guard}"
            );
            assert!(old.lines().any(|line| line == guarded), "{guarded}\n{old}");
            assert!(!old.contains(foreign), "{old}");
        }
    }
}

#[test]
fn stores_that_the_release_brings_with_it_are_refused_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let release = RELEASE.replace("postgresql: {enabled: false,", "postgresql: {enabled: true,");
    let file = write(folder.path(), &release);
    for to in ["helm", "manifests"] {
        let output = convert(text(&file), to, &[]);
        assert_eq!(output.status.code(), Some(3));
        let said = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ").replace("\n        ", " ");
        for words in ["PostgreSQL: mastodon-postgresql", "data-mastodon-postgresql-0", "helm uninstall"] {
            assert!(said.contains(words), "{words}\n{said}");
        }
        assert!(!said.contains("Redis: "), "{said}");
    }
}

#[test]
fn objects_that_are_changed_after_rendering_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let release = RELEASE.replace("  interval: 30m", "  postRenderers: [{kustomize: {images: []}}]");
    let output = convert(text(&write(folder.path(), &release)), "manifests", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("postRenderers"));
}

/// Deployments of the corpus, and what must be said where one is rightly refused.
const CORPUS: &[(&str, Option<&str>)] = &[
    ("h01-corgis-social/apps/mastodon", Some("brings its own Redis")),
    ("h02-mtrnord/apps/base/mastodon", Some("brings its own Redis")),
    ("h03-keller-io/apps/base/mastodon", Some("helmCharts")),
    ("helm:h03-keller-io/apps/base/mastodon/values.yaml", None),
    ("helm:h05-cbirkenbeul", Some("linuxserver")),
    ("h06-cbirkenbeul-2025-01/k3s-cluster/apps/default/mastodon/app", Some("linuxserver")),
    ("helm:h07-jmacalinao", None),
    ("h08-nrdufour/kubernetes/apps/default/mastodon/app", Some("are encrypted")),
    ("helm:h10-e3b0c442", Some("brings its own PostgreSQL")),
    ("h14-zuzak", None),
    ("h18-commlab/apps/mastodon/values.yaml", Some("brings its own Redis")),
    ("k01-ykzts-infra/helm", None),
];

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

#[test]
fn releases_of_the_corpus_are_converted_or_rightly_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        return skipped("the corpus of real deployments");
    }
    for (source, refused) in CORPUS {
        let (kind, path) = source.split_once(':').map_or(("", *source), |(_, path)| ("helm:", path));
        let source = format!("{kind}{}", text(&corpus.join(path)));
        for to in ["helm", "manifests"] {
            let output = convert(&source, to, &["--output", "json"]);
            let error = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
            match refused {
                Some(reason) => {
                    assert!(!output.status.success() && error.contains(reason), "{source} {to}: {error}")
                }
                None => {
                    assert!(output.status.success(), "{source} {to}: {error}");
                    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
                    assert_eq!(result["ledger"]["unaccounted"], 0, "{source} {to}");
                    assert_eq!(result["verdict"], "equivalent", "{source} {to}");
                }
            }
        }
    }
}
