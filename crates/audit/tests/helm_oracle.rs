//! What is written for Helm, held against real `helm template` and `kubectl kustomize`.
//!
//! `MASTOFERRY_HELM_CHART` names the folder of mastodon/helm-charts' chart and `MASTOFERRY_OLD_CHART` that of
//! mastodon/chart; `helm` and `kubectl` are on `PATH`.

mod sites;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use audit::{Written, WrittenAs, account_helm, compare_helm};
use installation::chart::OfficialChart;
use installation::{Installation, Object};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use source::Sourced;
use target::helm::{HelmTarget, Options, write_helm};
use tempfile::TempDir;
use tree::{Files, Node, Value};

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

struct Oracle {
    /// The chart, copied without the dependencies that only a registry has.
    chart: TempDir,
}

impl Oracle {
    fn find(chart: OfficialChart) -> Option<Self> {
        let variable = match chart {
            OfficialChart::HelmCharts => "MASTOFERRY_HELM_CHART",
            OfficialChart::Chart => "MASTOFERRY_OLD_CHART",
        };
        let Some(folder) = std::env::var_os(variable) else {
            skipped(&format!("{variable}, the folder of {}", chart.repository()));
            return None;
        };
        for tool in ["helm", "kubectl"] {
            let found =
                Command::new(tool).arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if found.is_err() {
                skipped(&format!("{tool} on PATH"));
                return None;
            }
        }
        let copy = tempfile::tempdir().expect("a folder");
        let from = Path::new(&folder).join(".");
        let copied = Command::new("cp").arg("-rL").arg(from).arg(copy.path()).status();
        assert!(copied.is_ok_and(|status| status.success()));
        let described = copy.path().join("Chart.yaml");
        let text = fs::read_to_string(&described).expect("Chart.yaml");
        let own = text.split("\ndependencies:").next().unwrap_or_default();
        fs::write(&described, format!("{own}\n")).expect("written");
        fs::remove_file(copy.path().join("Chart.lock")).ok();
        Some(Self { chart: copy })
    }

    /// What `helm template` makes of the values.
    fn render(&self, target: &HelmTarget, folder: &Path) -> Result<String, String> {
        let values = folder.join("values.yaml");
        fs::write(&values, tree::to_yaml(&target.values).expect("YAML")).expect("written");
        let output = Command::new("helm")
            .args(["template", &target.naming.release])
            .arg(self.chart.path())
            .arg("-f")
            .arg(&values)
            .output()
            .expect("helm runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("helm template: {errors}"));
        }
        Ok(String::from_utf8(output.stdout).expect("text"))
    }

    /// What Kustomize makes of it with the supplements.
    fn build(target: &HelmTarget, rendered: &str, folder: &Path) -> Result<Vec<Object>, String> {
        fs::write(folder.join("rendered.yaml"), rendered).expect("written");
        let mut kustomization = "resources: [rendered.yaml]\npatches:\n".to_owned();
        for (number, patch) in target.patches.iter().enumerate() {
            let name = format!("patch-{number}.yaml");
            fs::write(folder.join(&name), tree::to_yaml(&patch.node).expect("YAML")).expect("written");
            kustomization.push_str(&format!("- path: {name}\n"));
        }
        fs::write(folder.join("kustomization.yaml"), kustomization).expect("written");
        let output = Command::new("kubectl").arg("kustomize").arg(folder).output().expect("kubectl runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("kubectl kustomize: {errors}"));
        }
        Ok(parse(&String::from_utf8_lossy(&output.stdout)))
    }
}

fn parse(text: &str) -> Vec<Object> {
    let mut files = Files::new();
    let file = files.add("rendered", text);
    let nodes = tree::parse(&files, file).expect("YAML");
    nodes.into_iter().filter(|node| node.get("kind").is_some()).map(Object::new).collect()
}

fn read(path: &str) -> Result<(Sourced, Installation), String> {
    let sourced = source::read(&path.parse().expect("a source")).map_err(|error| error.to_string())?;
    if let Some(gap) = sourced.unread.first() {
        return Err(format!("unread: {:?}", gap.kind));
    }
    let installation =
        Installation::understand(sourced.objects.clone(), None).map_err(|error| error.to_string())?;
    Ok((sourced, installation))
}

fn documents(sourced: &Sourced) -> Vec<Written<'_>> {
    let written = sourced.documents.iter().map(|document| Written {
        role: match document.role {
            source::Role::Directives | source::Role::Values => WrittenAs::Directives,
            source::Role::Settings => WrittenAs::Settings,
            source::Role::Object => WrittenAs::Object,
            source::Role::Patch => WrittenAs::Patch,
        },
        node: &document.node,
    });
    written.collect()
}

/// Converts a source; what is wrong with it, one line each.
fn faults(path: &str, chart: OfficialChart, oracle: Option<&Oracle>) -> Vec<String> {
    let (sourced, installation) = match read(path) {
        Ok(read) => read,
        Err(error) => return vec![error],
    };
    let options = Options { chart, release: None };
    let target = match write_helm(&installation, options) {
        Ok(target) => target,
        Err(error) => return vec![error.to_string()],
    };
    let ledger = account_helm(
        &documents(&sourced),
        &sourced.overridden,
        &sourced.server_filled,
        &installation,
        &target,
    );
    let mut faults: Vec<String> = ledger
        .unaccounted()
        .map(|item| {
            let place = item.origin.map(|origin| sourced.files.place(origin)).unwrap_or_default();
            format!("unaccounted: {place} {} ({})", item.path, item.reason)
        })
        .collect();
    let mut compare = |by: &str, target: &HelmTarget, rendered: &[Object]| {
        let differences = compare_helm(&installation, target, rendered);
        faults.extend(differences.iter().filter(|found| found.explained_by.is_none()).map(|found| {
            let (component, container, field) = (&found.component, &found.container, &found.field);
            format!("{by}: {component} {container} {field}: {} -> {}", found.before, found.after)
        }));
    };
    compare("known", &target, &target.rendered);
    let Some(oracle) = oracle else { return faults };
    let folder = tempfile::tempdir().expect("a folder");
    let text = match oracle.render(&target, folder.path()) {
        Ok(text) => text,
        Err(refused) => {
            faults.push(refused);
            return faults;
        }
    };
    let mut rendered = parse(&text);
    let namespace = installation.components.first().and_then(|own| installation.workload(own).namespace());
    for object in &mut rendered {
        if let Some(namespace) = namespace {
            object.node.ensure(&["metadata"]).set("namespace", namespace);
        }
    }
    compare("helm", &target, &rendered);
    let mut built = match Oracle::build(&target, &text, folder.path()) {
        Ok(built) => built,
        Err(refused) => {
            faults.push(refused);
            return faults;
        }
    };
    for object in &mut built {
        if let Some(namespace) = namespace {
            object.node.ensure(&["metadata"]).set("namespace", namespace);
        }
    }
    compare("kustomize", &HelmTarget { patches: Vec::new(), ..target.clone() }, &built);
    faults.extend(skeleton_faults(&target, &rendered));
    faults
}

/// Where what is known of the chart is not what Helm renders.
fn skeleton_faults(target: &HelmTarget, rendered: &[Object]) -> Vec<String> {
    let mut faults = Vec::new();
    for known in &target.rendered {
        let Some(real) = rendered.iter().find(|object| object.id() == known.id()) else {
            faults.push(format!("skeleton: {} is not rendered", known.id()));
            continue;
        };
        let (mut known_node, mut real_node) = (plain(&known.node), plain(&real.node));
        for node in [&mut known_node, &mut real_node] {
            forget(node);
        }
        if known_node.to_json() != real_node.to_json() {
            let leaves = |node: &Node| -> Vec<String> {
                let leaves = node.leaves();
                leaves.iter().map(|leaf| format!("{} = {}", leaf.path, leaf.node.to_json())).collect()
            };
            let (known_leaves, real_leaves) = (leaves(&known_node), leaves(&real_node));
            let only = |one: &[String], other: &[String]| {
                one.iter().filter(|leaf| !other.contains(leaf)).cloned().collect::<Vec<_>>()
            };
            faults.push(format!(
                "skeleton: {}: known {:?}, rendered {:?}",
                known.id(),
                only(&known_leaves, &real_leaves),
                only(&real_leaves, &known_leaves)
            ));
        }
    }
    faults
}

/// Without what is null or empty, which a template leaves behind.
fn plain(node: &Node) -> Node {
    let mut node = node.clone();
    match &mut node.value {
        Value::Mapping(mapping) => {
            // Of a variable, nothing is an empty text.
            if let Some(value) = mapping.get_mut("value").filter(|value| value.value == Value::Null) {
                value.value = Value::String(String::new());
            }
            mapping.retain(|_, child| child.value != Value::Null);
            for child in mapping.values_mut() {
                *child = plain(child);
            }
            mapping.retain(|_, child| !child.as_mapping().is_some_and(|inner| inner.is_empty()));
        }
        Value::Sequence(items) => {
            for item in items {
                *item = plain(item);
            }
        }
        _ => {}
    }
    node
}

/// Without what Helm fills in.
fn forget(node: &mut Node) {
    for keys in [&["metadata"][..], &["spec", "template", "metadata"]] {
        for list in ["labels", "annotations"] {
            let members = keys.iter().try_fold(&mut *node, |node, key| node.get_mut(key));
            let members = members.and_then(|node| node.get_mut(list)).and_then(Node::as_mapping_mut);
            if let Some(members) = members {
                members.retain(|key, _| {
                    !key.starts_with("helm.sh/")
                        && !key.starts_with("app.kubernetes.io/")
                        && !key.starts_with("checksum/")
                        && key != "rollme"
                });
            }
        }
    }
    *node = plain(node);
}

#[test]
fn the_example_loses_nothing() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/kustomize-production");
    for chart in OfficialChart::ALL {
        let oracle = Oracle::find(chart);
        assert_eq!(faults(example, chart, oracle.as_ref()), Vec::<String>::new(), "{chart:?}");
    }
}

#[test]
fn sites_of_our_own_lose_nothing() {
    for chart in OfficialChart::ALL {
        let oracle = Oracle::find(chart);
        for site in ["small", "everything"] {
            let path = format!("{}/tests/sites/{site}.yaml", env!("CARGO_MANIFEST_DIR"));
            assert_eq!(faults(&path, chart, oracle.as_ref()), Vec::<String>::new(), "{chart:?} {site}");
        }
    }
}

#[test]
fn random_sites_lose_nothing() {
    for chart in OfficialChart::ALL {
        let Some(oracle) = Oracle::find(chart) else { continue };
        let mut runner = TestRunner::deterministic();
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..40 {
            let text = sites::random_site().new_tree(&mut runner).expect("a site").current();
            let path = folder.path().join(format!("{number}.yaml"));
            fs::write(&path, &text).expect("written");
            let found = faults(&path.to_string_lossy(), chart, Some(&oracle));
            assert_eq!(found, Vec::<String>::new(), "{chart:?}: {text}");
        }
    }
}

#[test]
fn sources_of_the_corpus_lose_nothing() {
    let shared = std::env::var_os("MASTOFERRY_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let corpus = shared.join("corpus");
    if !corpus.exists() {
        return skipped("the corpus, named by MASTOFERRY_SHARED");
    }
    // The others have gaps, hold no Mastodon that is made out, or run several components in one pod.
    let sources = [
        ("", "k01-ykzts-infra/k8s/overlays/production"),
        ("", "k01-ykzts-infra/k8s/overlays/development"),
        ("", "k05-kube-mastodon"),
        ("", "k15-stormcorgi-k3s"),
        ("", "k17-k8s-play"),
        ("", "k18-raynix/mastodon/awes.one"),
        ("helm:", "h01-corgis-social"),
        ("helm:", "h02-mtrnord"),
        ("helm:", "h03-keller-io"),
        ("helm:", "h07-jmacalinao"),
        ("helm:", "h10-e3b0c442"),
        ("helm:", "h14-zuzak"),
    ];
    for chart in OfficialChart::ALL {
        let oracle = Oracle::find(chart);
        let faults: Vec<String> = sources
            .iter()
            .flat_map(|(form, source)| {
                let path = corpus.join(source);
                let found = faults(&format!("{form}{}", path.to_string_lossy()), chart, oracle.as_ref());
                found.into_iter().map(move |fault| format!("{chart:?} {source}: {fault}"))
            })
            .collect();
        assert_eq!(faults, Vec::<String>::new());
    }
}
