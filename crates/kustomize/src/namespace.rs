//! `namespace`: one namespace for all objects, and for what refers to them.

use tree::Node;
use tree::patch::Losses;

use crate::error::KustomizeErrorKind;
use crate::field::{self, Field};
use crate::identity::Object;

const SERVICE_OF_API: Field = Field {
    path: &["spec", "service"],
    kind: Some("APIService"),
    group: Some("apiregistration.k8s.io"),
    version: None,
    create: true,
};

const CONVERSION: Field = Field {
    path: &["spec", "conversion", "webhook", "clientConfig", "service"],
    kind: Some("CustomResourceDefinition"),
    group: Some("apiextensions.k8s.io"),
    version: None,
    create: false,
};

/// Sets the namespace of all objects that can have one.
pub(crate) fn set(objects: &mut [Object], namespace: &Node, losses: &mut Losses) {
    for object in objects {
        object.remember();
        let id = object.id();
        let holder = if id.is_cluster_scoped() { None } else { Some("namespace") };
        let holder = if id.kind == "Namespace" && id.api_version() == "v1" { Some("name") } else { holder };
        if let (Some(member), Some(metadata)) = (holder, object.node.get_mut("metadata")) {
            field::set(metadata, member, namespace, losses);
        }
        for place in [&SERVICE_OF_API, &CONVERSION] {
            // A conversion's service that names no namespace gets none.
            if place.of(&id) {
                place.visit(&mut object.node, namespace.origin, &mut |service| {
                    if place.create || service.get("namespace").is_some() {
                        field::set(service, "namespace", namespace, losses);
                    }
                });
            }
        }
        if binds_roles(object) {
            each_subject(object, &mut |subject| {
                if subject.str_at(&["name"]) == Some("default") {
                    field::set(subject, "namespace", namespace, losses);
                }
            });
        }
    }
}

/// Lets what names an object by namespace follow it into its new one.
pub(crate) fn follow(objects: &mut [Object], losses: &mut Losses) -> Result<(), KustomizeErrorKind> {
    let moved: Vec<Object> = objects
        .iter()
        .filter(|object| !object.former.is_empty() && object.id().group.is_empty())
        .cloned()
        .collect();
    for object in objects {
        let mut wrong = None;
        if binds_roles(object) && object.id().group == "rbac.authorization.k8s.io" {
            each_subject(object, &mut |subject| {
                wrong = wrong.take().or(refer(subject, "ServiceAccount", &moved, losses).err());
            });
        }
        if object.id().group == "admissionregistration.k8s.io" {
            let webhooks = object.node.get_mut("webhooks").and_then(Node::as_sequence_mut);
            for webhook in webhooks.into_iter().flatten() {
                if let Some(service) =
                    webhook.get_mut("clientConfig").and_then(|client| client.get_mut("service"))
                {
                    wrong = wrong.take().or(refer(service, "Service", &moved, losses).err());
                }
            }
        }
        if let Some(kind) = wrong {
            return Err(kind);
        }
    }
    Ok(())
}

fn binds_roles(object: &Object) -> bool {
    matches!(object.id().kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
}

fn each_subject(object: &mut Object, act: &mut dyn FnMut(&mut Node)) {
    let subjects = object.node.get_mut("subjects").and_then(Node::as_sequence_mut);
    subjects.into_iter().flatten().for_each(act);
}

fn refer(
    reference: &mut Node,
    kind: &str,
    moved: &[Object],
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    let Some(name) = reference.str_at(&["name"]).map(str::to_owned) else { return Ok(()) };
    let namespace = reference.str_at(&["namespace"]).map(str::to_owned);
    let called =
        |object: &&Object| object.former.iter().any(|id| id.name == name) && object.id().kind == kind;
    let within = |wanted: &str, id: &crate::identity::Id| id.effective_namespace() == wanted;
    let candidates: Vec<&Object> = match &namespace {
        None => moved.iter().filter(called).collect(),
        Some(wanted) => {
            let before: Vec<&Object> =
                moved.iter().filter(called).filter(|object| within(wanted, &object.original())).collect();
            if before.is_empty() {
                moved.iter().filter(called).filter(|object| within(wanted, &object.id())).collect()
            } else {
                before
            }
        }
    };
    let Some(first) = candidates.first() else { return Ok(()) };
    if candidates.iter().any(|other| other.id().namespace != first.id().namespace) {
        return Err(KustomizeErrorKind::SeveralMatches { id: format!("{kind}/{name}") });
    }
    if let Some(new) = first.node.at_keys(&["metadata", "namespace"]) {
        field::set(reference, "namespace", new, losses);
    }
    Ok(())
}
