//! From rendered files to manifests: split, sorted, hooks told apart.

use tree::{Dialect, Files, Node, Value as Yaml};

use crate::error::{ChartError, ChartErrorKind};
use crate::metadata::text;

/// One document of a rendered template.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The template, as Helm names it: `chart/templates/web.yaml`.
    pub source: String,
    /// The text, as rendered.
    pub text: String,
    /// Its kind; empty where it has none (a comment alone).
    pub kind: String,
    /// The object in it. None where it holds only comments. Origins are places in the rendered text.
    pub documents: Vec<Node>,
    /// What makes it a hook, if it is one.
    pub hook: Option<Hook>,
}

/// What a hook's annotations say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// Its place among the hooks of an event, lower ones first.
    pub weight: i64,
    /// When it is deleted: `before-hook-creation`, `hook-succeeded`, `hook-failed`, or what else the chart says.
    /// Helm takes `before-hook-creation` where this is empty.
    pub delete_policies: Vec<String>,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookEvent {
    /// Before objects are made.
    PreInstall,
    /// After objects were made.
    PostInstall,
    /// Before a release is deleted.
    PreDelete,
    /// After a release was deleted.
    PostDelete,
    /// Before objects are changed.
    PreUpgrade,
    /// After objects were changed.
    PostUpgrade,
    /// Before a rollback.
    PreRollback,
    /// After a rollback.
    PostRollback,
    /// By `helm test`.
    Test,
}

impl HookEvent {
    /// As annotations spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HookEvent::PreInstall => "pre-install",
            HookEvent::PostInstall => "post-install",
            HookEvent::PreDelete => "pre-delete",
            HookEvent::PostDelete => "post-delete",
            HookEvent::PreUpgrade => "pre-upgrade",
            HookEvent::PostUpgrade => "post-upgrade",
            HookEvent::PreRollback => "pre-rollback",
            HookEvent::PostRollback => "post-rollback",
            HookEvent::Test => "test",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "pre-install" => HookEvent::PreInstall,
            "post-install" => HookEvent::PostInstall,
            "pre-delete" => HookEvent::PreDelete,
            "post-delete" => HookEvent::PostDelete,
            "pre-upgrade" => HookEvent::PreUpgrade,
            "post-upgrade" => HookEvent::PostUpgrade,
            "pre-rollback" => HookEvent::PreRollback,
            "post-rollback" => HookEvent::PostRollback,
            "test" | "test-success" => HookEvent::Test,
            _ => return None,
        })
    }
}

/// The order objects are made in. Kinds not named come last, by name.
const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// What Go's `\s` is.
const BLANKS: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];

/// The documents of a rendered file: what stands between `(?:^|\s*\n)---\s*`, Helm's separator.
pub(crate) fn split(text: &str) -> Vec<&str> {
    let text = text.trim();
    let (mut parts, mut start, mut from) = (Vec::new(), 0, 0);
    while let Some(found) = text[from..].find("---") {
        let at = from + found;
        let begins_a_line = at == 0 || (at > start && text.as_bytes()[at - 1] == b'\n');
        if !begins_a_line {
            from = at + 1;
            continue;
        }
        parts.push(text[start..at].trim_end_matches(BLANKS));
        let after = text[at + 3..].trim_start_matches(BLANKS);
        start = text.len() - after.len();
        from = start;
    }
    parts.push(&text[start..]);
    parts.into_iter().filter(|part| !part.is_empty()).map(str::trim).collect()
}

/// The manifests of a rendered file. What has a hook's annotation that names no known event is left out, as Helm
/// leaves it out.
///
/// # Errors
/// If a document is not YAML, or no object.
pub(crate) fn manifests_of(source: &str, text: &str, files: &mut Files) -> Result<Vec<Manifest>, ChartError> {
    let found = split(text).into_iter().map(|document| manifest(source, document, files));
    found.filter_map(Result::transpose).collect()
}

/// Objects first and then hooks, each in the order they are made.
pub(crate) fn in_order(mut manifests: Vec<Manifest>) -> Vec<Manifest> {
    let rank = |kind: &str| INSTALL_ORDER.iter().position(|known| *known == kind);
    manifests.sort_by(|a, b| {
        let by_kind = match (rank(&a.kind), rank(&b.kind)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => a.kind.cmp(&b.kind),
        };
        a.hook.is_some().cmp(&b.hook.is_some()).then(by_kind)
    });
    manifests
}

fn manifest(source: &str, document: &str, files: &mut Files) -> Result<Option<Manifest>, ChartError> {
    let name = format!("{source} (rendered)");
    let id = files.add(name.as_str(), document);
    let parsed = tree::parse_as(files, id, Dialect::Helm);
    let mut documents = parsed.map_err(|error| {
        let mut only = Files::new();
        let file = only.add(name.as_str(), document);
        let origin = tree::Origin { file, ..error.origin };
        ChartError::parse(tree::ParseError { kind: error.kind, origin }, &only, source)
    })?;
    documents.truncate(1);
    let head = head(documents.first())
        .map_err(|reason| ChartError::at(ChartErrorKind::NotAManifest(reason), source, document, 0))?;
    let hook = match &head.hook {
        None => None,
        Some(words) => {
            let events: Option<Vec<HookEvent>> =
                words.split(',').map(|word| HookEvent::of(&word.trim().to_lowercase())).collect();
            let Some(events) = events else { return Ok(None) };
            Some(Hook { events, weight: head.weight, delete_policies: head.delete_policies })
        }
    };
    Ok(Some(Manifest {
        source: source.to_owned(),
        text: document.to_owned(),
        kind: head.kind,
        documents,
        hook,
    }))
}

#[derive(Default)]
struct Head {
    kind: String,
    hook: Option<String>,
    weight: i64,
    delete_policies: Vec<String>,
}

/// What Helm looks at of an object.
fn head(node: Option<&Node>) -> Result<Head, String> {
    let Some(node) = node else { return Ok(Head::default()) };
    if node.value == Yaml::Null {
        return Ok(Head::default());
    }
    if node.as_mapping().is_none() {
        return Err("it is not a mapping".to_owned());
    }
    let word = |node: &Node, field: &str| text(node, field).map_err(|_| format!("{field} must be a text"));
    let table = |node: Option<&Node>, field: &str| match node.map(|node| &node.value) {
        None | Some(Yaml::Null) => Ok(None),
        Some(Yaml::Mapping(mapping)) => Ok(Some(mapping.clone())),
        Some(_) => Err(format!("{field} must be a mapping")),
    };
    let mut head = Head::default();
    if let Some(version) = node.get("apiVersion") {
        word(version, "apiVersion")?;
    }
    if let Some(kind) = node.get("kind") {
        head.kind = word(kind, "kind")?;
    }
    let Some(metadata) = table(node.get("metadata"), "metadata")? else { return Ok(head) };
    if let Some(name) = metadata.get("name") {
        word(name, "metadata.name")?;
    }
    let annotations = table(metadata.get("annotations"), "metadata.annotations")?.unwrap_or_default();
    for (name, value) in &annotations {
        let value = word(value, &format!("metadata.annotations.{name}"))?;
        match name.as_str() {
            "helm.sh/hook" => head.hook = Some(value),
            "helm.sh/hook-weight" => head.weight = value.parse().unwrap_or(0),
            "helm.sh/hook-delete-policy" => {
                head.delete_policies = value.split(',').map(|word| word.trim().to_lowercase()).collect();
            }
            _ => {}
        }
    }
    Ok(head)
}
