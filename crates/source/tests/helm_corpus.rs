//! Every real deployment with Helm that the corpus holds: a whole model, or the right refusal with the rest read.

use camino::{Utf8Path, Utf8PathBuf};
use installation::{Installation, Role};
use source::{SourceErrorKind, SourceKind, SourceRef, Sourced, read};
use tree::{Files, Origin};

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

fn corpus() -> Option<Utf8PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(
        |_| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Utf8PathBuf::from,
    );
    let corpus = shared.join("corpus");
    if corpus.is_dir() {
        return Some(corpus);
    }
    skipped("the corpus of real deployments");
    None
}

/// What a deployment must come out as.
enum Expected {
    /// A Mastodon with this domain and these parts, and nothing unread.
    Whole(&'static str, &'static [&'static str]),
    /// The same, beside gaps: an error that contains the text, in a file that ends so, on a line.
    Beside(&'static str, &'static [&'static str], &'static str, &'static str, u32),
    /// No Mastodon, but for this reason, in a file that ends so, on a line.
    Refused(&'static str, &'static str, u32),
}

use Expected::{Beside, Refused, Whole};

const PARTS: &[&str] = &["web", "sidekiq", "streaming"];

/// The folder or file that is the deployment, and what it must come out as.
const EXPECTED: &[(&str, Expected)] = &[
    ("h01-corgis-social/apps/mastodon", Whole("corgis.social", PARTS)),
    ("helm:h01-corgis-social", Whole("corgis.social", PARTS)),
    ("h02-mtrnord/apps/base/mastodon", Whole("mtrnord.blog", PARTS)),
    // Only Helm can give Kustomize the chart's objects; the values say what they are.
    (
        "h03-keller-io/apps/base/mastodon",
        Beside("social.jit.services", PARTS, "chart", "mastodon/kustomization.yaml", 6),
    ),
    (
        "h08-nrdufour/kubernetes/apps/default/mastodon/app",
        Beside(
            "toot.ptinem.io",
            PARTS,
            "the values in ConfigMap/mastodon-values-secrets values.yaml are encrypted",
            "secrets.sops.yaml",
            7,
        ),
    ),
    ("helm:h10-e3b0c442", Whole("e3b0c442.dev", PARTS)),
    ("h14-zuzak", Whole("zuzakistan.com", PARTS)),
    // An own chart with its own templates, and a base outside of what Kustomize may read.
    (
        "h16-toot-community/manifests/applications/mastodon/overlays/toot.community",
        Refused("charts/mastodon", "toot.community/kustomization.yaml", 23),
    ),
    ("h18-commlab/apps/mastodon/values.yaml", Whole("example.com", PARTS)),
    ("h20-davit312", Refused("mastodon 0.1.0", "mastodon/Chart.yaml", 2)),
    ("h21-pjmagee", Refused("mastodon 1.0.0", "charts/mastodon/Chart.yaml", 2)),
    ("k01-ykzts-infra/helm", Whole("ykzts.technology", PARTS)),
    // One release of app-template for each part.
    ("helm:h07-jmacalinao", Whole("${SECRET_DOMAIN}", PARTS)),
];

/// Deployments of linuxserver.io's all-in-one image, whose one container is all parts.
const ALL_IN_ONE: &[&str] =
    &["helm:h05-cbirkenbeul", "h06-cbirkenbeul-2025-01/k3s-cluster/apps/default/mastodon/app"];

fn read_at(corpus: &Utf8Path, at: &str) -> Result<Sourced, source::SourceError> {
    let (kind, path) = match at.strip_prefix("helm:") {
        Some(path) => (Some(SourceKind::Helm), path),
        None => (None, at),
    };
    read(&SourceRef { kind, path: corpus.join(path) })
}

#[test]
fn every_deployment_with_helm_comes_out_whole_or_rightly_refused() {
    let Some(corpus) = corpus() else { return };
    let wrong: Vec<String> = EXPECTED
        .iter()
        .filter_map(|(at, expected)| judge(&corpus, at, expected).err().map(|wrong| format!("{at}: {wrong}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judge(corpus: &Utf8Path, at: &str, expected: &Expected) -> Result<(), String> {
    let read = read_at(corpus, at);
    if let Refused(reason, file, line) = expected {
        return match read {
            Ok(sourced) => gap(&sourced, reason, file, *line),
            Err(error) => place(&error.files, &error.kind, error.origin, reason, file, *line),
        };
    }
    let sourced = read.map_err(|error| format!("not read: {error}"))?;
    let (domain, parts) = match expected {
        Whole(domain, parts) if sourced.unread.is_empty() => (domain, parts),
        Whole(..) => {
            let gaps: Vec<String> = sourced.unread.iter().map(|unread| unread.kind.to_string()).collect();
            return Err(format!("gaps: {gaps:?}"));
        }
        Beside(domain, parts, reason, file, line) => {
            gap(&sourced, reason, file, *line)?;
            (domain, parts)
        }
        Refused(..) => return Ok(()),
    };
    placed(&sourced)?;
    let model = Installation::understand(sourced.objects, None).map_err(|error| error.to_string())?;
    if model.domain != *domain {
        return Err(format!("the domain is {}", model.domain));
    }
    for part in *parts {
        let found = model.components.iter().any(|component| match component.role {
            Role::Web => *part == "web",
            Role::Streaming => *part == "streaming",
            Role::Sidekiq(_) => *part == "sidekiq",
            _ => false,
        });
        if !found {
            return Err(format!("no {part}"));
        }
    }
    Ok(())
}

/// No leaf without a place.
fn placed(sourced: &Sourced) -> Result<(), String> {
    for object in &sourced.objects {
        let leaves = object.node.leaves();
        if let Some(leaf) = leaves.iter().find(|leaf| leaf.node.origin.is_none()) {
            return Err(format!("{} {} has no place", object.id(), leaf.path));
        }
    }
    Ok(())
}

fn gap(sourced: &Sourced, reason: &str, file: &str, line: u32) -> Result<(), String> {
    let mut seen = Vec::new();
    for unread in &sourced.unread {
        match place(&sourced.files, &unread.kind, unread.origin, reason, file, line) {
            Ok(()) => return Ok(()),
            Err(other) => seen.push(other),
        }
    }
    Err(format!("no such gap; {}", seen.join("; ")))
}

fn place(
    files: &Files,
    kind: &SourceErrorKind,
    origin: Option<Origin>,
    reason: &str,
    file: &str,
    line: u32,
) -> Result<(), String> {
    let at = origin.map_or_else(String::new, |origin| files.place(origin));
    if kind.to_string().contains(reason) && at.ends_with(&format!("{file}:{line}")) {
        return Ok(());
    }
    Err(format!("{kind} at {at}"))
}

#[test]
fn app_template_of_an_all_in_one_image_is_a_workload_with_its_settings() {
    let Some(corpus) = corpus() else { return };
    for at in ALL_IN_ONE {
        let sourced = read_at(&corpus, at).unwrap_or_else(|error| panic!("{at}: {error}"));
        placed(&sourced).unwrap_or_else(|wrong| panic!("{at}: {wrong}"));
        let workload = sourced.objects.iter().find(|object| {
            object.kind() == "Deployment"
                && object.containers().any(|container| {
                    container
                        .str_at(&["image"])
                        .is_some_and(|image| image.starts_with("lscr.io/linuxserver/"))
                })
        });
        let workload = workload.unwrap_or_else(|| panic!("{at}: no workload"));
        let environment = workload.containers().next().map(|container| {
            installation::resolve_environment(container, &sourced.objects).settings.contains_key("DB_HOST")
        });
        assert_eq!(environment, Some(true), "{at}");
        assert!(sourced.objects.iter().any(|object| object.kind() == "Ingress"), "{at}");
    }
}
