//! What the server says about itself: its version, its health, its groups and what stands in them.
//!
//! Clients ask `/api` and `/apis` either for bare lists, group by group, or for everything at once
//! (`apidiscovery.k8s.io/v2`); both are told from the same table.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::address::Query;
use super::registry::{Kind, Registry};
use super::status::{ApiError, json_response};

/// The version of Kubernetes that this server behaves as.
const MINOR: &str = "36";

/// Short names and categories, by group and plural, as the real server has them.
const NAMES: &[(&str, &str, &[&str], &[&str])] = &[
    ("", "configmaps", &["cm"], &[]),
    ("", "endpoints", &["ep"], &[]),
    ("", "events", &["ev"], &[]),
    ("", "limitranges", &["limits"], &[]),
    ("", "namespaces", &["ns"], &[]),
    ("", "nodes", &["no"], &[]),
    ("", "persistentvolumeclaims", &["pvc"], &[]),
    ("", "persistentvolumes", &["pv"], &[]),
    ("", "pods", &["po"], &["all"]),
    ("", "resourcequotas", &["quota"], &[]),
    ("", "serviceaccounts", &["sa"], &[]),
    ("", "services", &["svc"], &["all"]),
    ("apiextensions.k8s.io", "customresourcedefinitions", &["crd", "crds"], &["api-extensions"]),
    ("apps", "daemonsets", &["ds"], &["all"]),
    ("apps", "deployments", &["deploy"], &["all"]),
    ("apps", "replicasets", &["rs"], &["all"]),
    ("apps", "statefulsets", &["sts"], &["all"]),
    ("autoscaling", "horizontalpodautoscalers", &["hpa"], &["all"]),
    ("batch", "cronjobs", &["cj"], &["all"]),
    ("batch", "jobs", &[], &["all"]),
    ("events.k8s.io", "events", &["ev"], &[]),
    ("networking.k8s.io", "ingresses", &["ing"], &[]),
    ("networking.k8s.io", "networkpolicies", &["netpol"], &[]),
    ("policy", "poddisruptionbudgets", &["pdb"], &[]),
    ("scheduling.k8s.io", "priorityclasses", &["pc"], &[]),
    ("storage.k8s.io", "storageclasses", &["sc"], &[]),
    ("gateway.networking.k8s.io", "gateways", &["gtw"], &["gateway-api"]),
    ("gateway.networking.k8s.io", "gatewayclasses", &["gc"], &["gateway-api"]),
    ("gateway.networking.k8s.io", "httproutes", &[], &["gateway-api"]),
];

/// The order in which the real server names its own groups; others follow.
const ORDER: &[&str] = &[
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
];

/// Questions that are answered and not kept: group, version, plural, kind, whether one asks within a namespace.
const REVIEWS: &[(&str, &str, &str, &str, bool)] =
    &[("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false)];

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// Nobody deletes every namespace at once.
const NAMESPACE_VERBS: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const PART_VERBS: &[&str] = &["get", "patch", "update"];

/// Something that can be asked for under a version of a group.
#[derive(Debug, Clone)]
struct Resource {
    plural: String,
    kind: String,
    namespaced: bool,
    verbs: &'static [&'static str],
    short: Vec<String>,
    singular: String,
    categories: &'static [&'static str],
    parts: Vec<Part>,
}

/// A subresource. Where its kind is of another group, group and version are given.
#[derive(Debug, Clone)]
struct Part {
    name: &'static str,
    kind: String,
    of: Option<(&'static str, &'static str)>,
    verbs: &'static [&'static str],
}

type Groups = BTreeMap<(usize, String), BTreeMap<String, Vec<Resource>>>;

fn place(group: &str) -> (usize, String) {
    let place = ORDER.iter().position(|one| *one == group).unwrap_or(ORDER.len());
    (place, group.to_owned())
}

/// All that can be asked for, by group, version and plural.
fn groups(registry: &Registry) -> Groups {
    let mut groups = Groups::new();
    let mut add = |group: &str, version: &str, resource: Resource| {
        let version = groups.entry(place(group)).or_default().entry(version.to_owned()).or_default();
        if version.iter().all(|one| one.plural != resource.plural) {
            version.push(resource);
        }
    };
    for kind in registry.kinds() {
        add(&kind.group, &kind.version, resource(kind));
    }
    for (group, version, plural, kind, namespaced) in REVIEWS {
        let review = Resource {
            plural: (*plural).to_owned(),
            kind: (*kind).to_owned(),
            namespaced: *namespaced,
            verbs: &["create"],
            short: Vec::new(),
            singular: kind.to_lowercase(),
            categories: &[],
            parts: Vec::new(),
        };
        add(group, version, review);
    }
    for versions in groups.values_mut() {
        versions.values_mut().for_each(|all| all.sort_by(|one, other| one.plural.cmp(&other.plural)));
    }
    groups
}

fn resource(kind: &Kind) -> Resource {
    let named = NAMES.iter().find(|one| one.0 == kind.group && one.1 == kind.plural);
    let part = |name, verbs| Part { name, kind: kind.kind.clone(), of: None, verbs };
    let other = |name, kind: &str, of, verbs| Part { name, kind: kind.to_owned(), of: Some(of), verbs };
    let mut parts = Vec::new();
    if kind.is_core("Pod") {
        parts.push(other("eviction", "Eviction", ("policy", "v1"), &["create"]));
        parts.push(other("exec", "PodExecOptions", ("", "v1"), &["create", "get"]));
        parts.push(part("log", &["get"]));
        let all = &["create", "delete", "get", "patch", "update"];
        parts.push(other("proxy", "PodProxyOptions", ("", "v1"), all));
    }
    if kind.scale {
        parts.push(other("scale", "Scale", ("autoscaling", "v1"), PART_VERBS));
    }
    if kind.status {
        parts.push(part("status", PART_VERBS));
    }
    let custom = kind.custom.as_deref();
    let short = custom.map(|custom| custom.short.clone());
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Resource {
        plural: kind.plural.clone(),
        kind: kind.kind.clone(),
        namespaced: kind.namespaced,
        verbs: match kind.kind.as_str() {
            _ if kind.is_review() => &["create"],
            "Namespace" => NAMESPACE_VERBS,
            _ => VERBS,
        },
        short: short.unwrap_or_else(|| named.map_or_else(Vec::new, |one| owned(one.2))),
        singular: custom
            .map(|custom| custom.singular.clone())
            .filter(|singular| !singular.is_empty())
            .unwrap_or_else(|| kind.kind.to_lowercase()),
        categories: named.map_or(&[], |one| one.3),
        parts,
    }
}

/// Answers what a path and its headers ask about the server; none when they ask for objects.
///
/// # Errors
/// When there is no such group or version.
pub(crate) fn announce(
    registry: &Registry,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
) -> Option<Result<Response, ApiError>> {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let found = match steps.as_slice() {
        [] => Some(roots(registry)),
        ["version"] => Some(version()),
        ["healthz" | "livez" | "readyz", ..] => return Some(Ok(health(&steps, query))),
        ["api"] if wants_all(headers) => return Some(Ok(aggregated(&groups(registry), true))),
        ["apis"] if wants_all(headers) => return Some(Ok(aggregated(&groups(registry), false))),
        ["api"] => Some(json!({"kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": []})),
        ["apis"] => Some(group_list(&groups(registry))),
        ["apis", group] => one_group(&groups(registry), group),
        ["api", version] => resource_list(&groups(registry), "", version),
        ["apis", group, version] => resource_list(&groups(registry), group, version),
        _ => return None,
    };
    Some(found.map(|found| json_response(StatusCode::OK, &found)).ok_or(ApiError::NoSuchResource))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": MINOR, "gitVersion": format!("v1.{MINOR}.0+rehearsal"), "gitCommit": "",
        "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "",
        "platform": "rehearsal",
    })
}

fn health(steps: &[&str], query: &Query) -> Response {
    let name = steps.first().copied().unwrap_or_default();
    if query.has("verbose") {
        return format!("[+]ping ok\n[+]store ok\n{name} check passed\n").into_response();
    }
    "ok".into_response()
}

fn roots(registry: &Registry) -> Value {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for ((_, group), versions) in groups(registry).into_iter().filter(|((_, group), _)| !group.is_empty()) {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.keys().map(|version| format!("/apis/{group}/{version}")));
    }
    for path in ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"] {
        paths.push(path.to_owned());
    }
    json!({ "paths": paths })
}

/// Whether a client takes everything at once, in the version that is stable.
fn wants_all(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|media| {
        let has = |parameter: &str| media.split(';').any(|part| part.trim() == parameter);
        has("as=APIGroupDiscoveryList") && has("v=v2") && has("g=apidiscovery.k8s.io")
    })
}

/// Newest first, the stable ones before all others: `v2`, `v1`, `v1beta1`.
fn preferred(versions: &BTreeMap<String, Vec<Resource>>) -> Vec<(&String, &Vec<Resource>)> {
    let mut all: Vec<_> = versions.iter().collect();
    all.sort_by_key(|(version, _)| {
        let digits: String = version.chars().skip(1).take_while(char::is_ascii_digit).collect();
        let stable = version.len() == digits.len() + 1;
        std::cmp::Reverse((stable, digits.parse::<u32>().unwrap_or_default(), version.as_str()))
    });
    all
}

fn aggregated(groups: &Groups, core: bool) -> Response {
    let items: Vec<Value> = groups
        .iter()
        .filter(|((_, group), _)| group.is_empty() == core)
        .map(|((_, group), versions)| {
            let versions: Vec<Value> = preferred(versions)
                .into_iter()
                .map(|(version, resources)| {
                    let resources: Vec<Value> =
                        resources.iter().map(|one| at_once(group, version, one)).collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    let list = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items});
    let media = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    ([(header::CONTENT_TYPE, media)], list.to_string()).into_response()
}

fn at_once(group: &str, version: &str, resource: &Resource) -> Value {
    let kind =
        |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut told = json!({
        "resource": resource.plural,
        "responseKind": kind(group, version, &resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    if !resource.short.is_empty() {
        told["shortNames"] = json!(resource.short);
    }
    if !resource.categories.is_empty() {
        told["categories"] = json!(resource.categories);
    }
    if !resource.parts.is_empty() {
        let part = |part: &Part| {
            let (of_group, of_version) = part.of.unwrap_or((group, version));
            json!({"subresource": part.name, "responseKind": kind(of_group, of_version, &part.kind),
                "verbs": part.verbs})
        };
        told["subresources"] = resource.parts.iter().map(part).collect();
    }
    told
}

fn group_entry(group: &str, versions: &BTreeMap<String, Vec<Resource>>) -> Value {
    let versions: Vec<Value> = preferred(versions)
        .into_iter()
        .map(|(version, _)| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

fn group_list(groups: &Groups) -> Value {
    let named = groups.iter().filter(|((_, group), _)| !group.is_empty());
    let listed: Vec<Value> = named.map(|((_, group), versions)| group_entry(group, versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
}

fn one_group(groups: &Groups, group: &str) -> Option<Value> {
    let entry = group_entry(group, groups.get(&place(group))?);
    let mut told = json!({"kind": "APIGroup", "apiVersion": "v1"});
    for (key, value) in entry.as_object()? {
        told[key] = value.clone();
    }
    Some(told)
}

fn resource_list(groups: &Groups, group: &str, version: &str) -> Option<Value> {
    let resources = groups.get(&place(group))?.get(version)?;
    let mut listed = Vec::new();
    for resource in resources {
        let mut whole = json!({"name": resource.plural, "singularName": resource.singular,
            "namespaced": resource.namespaced, "kind": resource.kind, "verbs": resource.verbs});
        if !resource.short.is_empty() {
            whole["shortNames"] = json!(resource.short);
        }
        if !resource.categories.is_empty() {
            whole["categories"] = json!(resource.categories);
        }
        listed.push(whole);
        for part in &resource.parts {
            let mut told = json!({"name": format!("{}/{}", resource.plural, part.name), "singularName": "",
                "namespaced": resource.namespaced, "kind": part.kind, "verbs": part.verbs});
            if let Some((group, version)) = part.of.filter(|(group, _)| !group.is_empty()) {
                told["group"] = group.into();
                told["version"] = version.into();
            }
            listed.push(told);
        }
    }
    let version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}))
}
