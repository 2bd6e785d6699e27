//! What can be done to objects: create, change, delete. Every change passes here, whoever makes it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::fields;
use super::object;
use super::registry::Kind;
use super::status::{About, ApiError, Cause};
use super::store::{State, Store};
use super::{defaults, services, validate};

/// How a write is to be taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Write {
    /// Go all the way, but leave no trace.
    pub(crate) dry_run: bool,
    /// Who writes; without a name no field is claimed.
    pub(crate) manager: Option<String>,
    /// Whether `metadata.managedFields` is already as it shall be.
    pub(crate) fields_settled: bool,
}

impl Write {
    /// A write by the cluster's own controllers.
    pub(crate) fn by_cluster() -> Self {
        Self { manager: Some("kube-controller-manager".to_owned()), ..Self::default() }
    }
}

/// Which part of an object a write may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status, for kinds that have one apart.
    Main,
    /// Nothing but the status.
    Status,
    /// What only the cluster itself may touch: a pod's node, finalizers of namespaces.
    Whole,
}

/// What becomes of the objects that the deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Propagation {
    /// They go afterwards.
    #[default]
    Background,
    /// They go first.
    Foreground,
    /// They stay.
    Orphan,
}

/// How something is to be deleted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deletion {
    pub(crate) grace: Option<i64>,
    pub(crate) propagation: Propagation,
    pub(crate) uid: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) dry_run: bool,
}

/// What a deletion came to.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// The object is gone; its last state.
    Gone(Arc<Value>),
    /// It is marked, and goes when its grace is over or its finalizers are off.
    Going(Arc<Value>),
}

impl Store {
    /// Creates an object.
    pub(crate) fn create(
        &self,
        kind: &Kind,
        namespace: &str,
        mut object: Value,
        write: &Write,
    ) -> Result<Arc<Value>, ApiError> {
        let now = self.clock().now();
        let mut state = self.lock();
        state.name_it(kind, namespace, &mut object)?;
        let name = object::name(&object).to_owned();
        state.admit_into(kind, namespace, &name)?;
        if state.find(kind, namespace, &name).is_ok() {
            return Err(ApiError::AlreadyExists(About::new(kind, &name)));
        }
        validate::shape(kind, &object)?;
        if kind.status && !kind.is_custom() {
            object::take(&mut object, &["status"]);
        }
        defaults::fill(kind, &mut object);
        validate::rules(kind, &object, None)?;
        let identity = object::fresh_uid();
        if kind.kind == "Job" {
            defaults::select_job_pods(&mut object, &identity);
        }
        services::allocate(&mut state, kind, &mut object, None)?;
        settle_types(kind, &mut object);
        let metadata = object::place(&mut object, &["metadata"]);
        for given in
            ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion", "generation"]
        {
            object::take(metadata, &[given]);
        }
        object::put(metadata, &["uid"], identity);
        object::put(metadata, &["creationTimestamp"], object::timestamp(now));
        if kind.counts_generations() {
            object::put(metadata, &["generation"], 1);
        }
        if !write.fields_settled {
            object::take(metadata, &["managedFields"]);
            fields::track(kind, None, &mut object, write.manager.as_deref(), Part::Main, now);
        }
        if write.dry_run { Ok(Arc::new(object)) } else { state.put(kind, object) }
    }

    /// Changes an object: `edit` makes the new one out of the one that stands.
    pub(crate) fn change(
        &self,
        kind: &Kind,
        (namespace, name): (&str, &str),
        part: Part,
        write: &Write,
        edit: impl FnOnce(&Value) -> Result<Value, ApiError>,
    ) -> Result<Arc<Value>, ApiError> {
        let now = self.clock().now();
        let mut state = self.lock();
        let old = state.find(kind, namespace, name)?;
        let asked = edit(&old)?;
        check_target(kind, &old, &asked)?;
        let mut new = restrict(kind, &old, asked, part);
        if part != Part::Status {
            validate::shape(kind, &new)?;
            defaults::fill(kind, &mut new);
            services::allocate(&mut state, kind, &mut new, Some(&old))?;
            validate::rules(kind, &new, Some(&old))?;
        }
        if kind.counts_generations() && has_new_wish(&old, &new) {
            let generation = object::int(&old, &["metadata", "generation"]).unwrap_or_default();
            object::put(&mut new, &["metadata", "generation"], generation + 1);
        }
        if !write.fields_settled {
            fields::track(kind, Some(&old), &mut new, write.manager.as_deref(), part, now);
        }
        let is_over = object::is_deleting(&new) && !object::is_held(&new) && grace_of(kind, &new) == 0;
        if !is_over && new == *old {
            return Ok(old);
        }
        match (write.dry_run, is_over) {
            (true, _) => Ok(Arc::new(new)),
            (false, true) => state.remove(kind, new),
            (false, false) => state.put(kind, new),
        }
    }

    /// Deletes an object, or begins to.
    pub(crate) fn delete(
        &self,
        kind: &Kind,
        (namespace, name): (&str, &str),
        deletion: &Deletion,
    ) -> Result<Deleted, ApiError> {
        let now = self.clock().now();
        let mut state = self.lock();
        let old = state.find(kind, namespace, name)?;
        check_preconditions(kind, &old, deletion)?;
        let mut new = (*old).clone();
        if !object::is_deleting(&old) {
            hold(&mut new, deletion.propagation);
        }
        let grace = grace_wanted(kind, &old, deletion);
        if grace == 0 && !object::is_held(&new) {
            return if deletion.dry_run {
                Ok(Deleted::Gone(old))
            } else {
                Ok(Deleted::Gone(state.remove(kind, new)?))
            };
        }
        mark(kind, &mut new, grace, now);
        if deletion.dry_run || new == *old {
            return Ok(Deleted::Going(Arc::new(new)));
        }
        state.put(kind, new).map(Deleted::Going)
    }
}

impl State {
    /// Gives a new object its name and namespace.
    fn name_it(&self, kind: &Kind, namespace: &str, object: &mut Value) -> Result<(), ApiError> {
        if !object.is_object() {
            return Err(ApiError::BadRequest("the body is not an object".to_owned()));
        }
        if object::text(object, &["metadata", "resourceVersion"]).is_some_and(|version| !version.is_empty()) {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::BadRequest(message.to_owned()));
        }
        let given = object::namespace(object);
        if kind.namespaced && !given.is_empty() && given != namespace {
            return Err(ApiError::BadRequest(format!(
                "the namespace of the provided object does not match the namespace sent on the request: \
                 {given:?} is not {namespace:?}"
            )));
        }
        if kind.namespaced {
            object::put(object, &["metadata", "namespace"], namespace);
        } else {
            object::take(object, &["metadata", "namespace"]);
        }
        let stem = object::text(object, &["metadata", "generateName"]).unwrap_or_default();
        if object::name(object).is_empty() && !stem.is_empty() {
            let stem: String = stem.chars().take(58).collect();
            let name = loop {
                let name = format!("{stem}{}", object::fresh_suffix());
                if self.find(kind, namespace, &name).is_err() {
                    break name;
                }
            };
            object::put(object, &["metadata", "name"], name);
        }
        if object::name(object).is_empty() {
            let mut cause = Cause::required("metadata.name");
            cause.message = "Required value: name or generateName is required".to_owned();
            return Err(ApiError::Invalid { about: About::new(kind, ""), causes: vec![cause] });
        }
        Ok(())
    }

    /// Whether the namespace stands open for new objects.
    fn admit_into(&self, kind: &Kind, namespace: &str, name: &str) -> Result<(), ApiError> {
        if !kind.namespaced {
            return Ok(());
        }
        let Some(namespaces) = self.registry.by_kind("v1", "Namespace") else { return Ok(()) };
        let found = self.find(&namespaces, "", namespace)?;
        if object::is_deleting(&found) {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            return Err(ApiError::Forbidden { about: About::new(kind, name), why });
        }
        Ok(())
    }
}

/// The type is told by the kind, and stands first.
fn settle_types(kind: &Kind, object: &mut Value) {
    if let Some(members) = object.as_object_mut() {
        members.shift_remove("apiVersion");
        members.shift_remove("kind");
        members.shift_insert(0, "apiVersion".to_owned(), kind.api_version().into());
        members.shift_insert(1, "kind".to_owned(), kind.kind.as_str().into());
    }
}

/// Whether a change means the object that stands.
fn check_target(kind: &Kind, old: &Value, asked: &Value) -> Result<(), ApiError> {
    let name = object::name(old);
    if !asked.is_object() {
        return Err(ApiError::BadRequest("the body is not an object".to_owned()));
    }
    let given = object::name(asked);
    if given != name {
        return Err(ApiError::BadRequest(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        )));
    }
    let given = object::namespace(asked);
    if !given.is_empty() && given != object::namespace(old) {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::BadRequest(message.to_owned()));
    }
    let given = object::uid(asked);
    if !given.is_empty() && given != object::uid(old) {
        let why = format!(
            "Precondition failed: UID in precondition: {given}, UID in object meta: {}",
            object::uid(old)
        );
        return Err(ApiError::Conflict { about: About::new(kind, name), why });
    }
    match object::text(asked, &["metadata", "resourceVersion"]) {
        Some(version) if !version.is_empty() && at_version(old) != Some(version) => {
            Err(ApiError::outdated(kind, name))
        }
        _ => Ok(()),
    }
}

fn at_version(object: &Value) -> Option<&str> {
    object::text(object, &["metadata", "resourceVersion"])
}

/// Keeps a change within the part it may touch.
fn restrict(kind: &Kind, old: &Value, asked: Value, part: Part) -> Value {
    if part == Part::Status {
        let mut new = old.clone();
        let mut asked = asked;
        object::put_or_take(&mut new, &["status"], object::take(&mut asked, &["status"]));
        let settled = object::take(&mut asked, &["metadata", "managedFields"]);
        object::put_or_take(&mut new, &["metadata", "managedFields"], settled);
        return new;
    }
    let mut new = asked;
    if part == Part::Main && kind.status {
        object::put_or_take(&mut new, &["status"], old.get("status").cloned());
    }
    if part == Part::Main && kind.is_core("Namespace") {
        object::put_or_take(&mut new, &["spec"], old.get("spec").cloned());
    }
    settle_types(kind, &mut new);
    for kept in [
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let path = ["metadata", kept];
        object::put_or_take(&mut new, &path, object::at(old, &path).cloned());
    }
    if object::at(&new, &["metadata", "managedFields"]).is_none() {
        let path = ["metadata", "managedFields"];
        object::put_or_take(&mut new, &path, object::at(old, &path).cloned());
    }
    new
}

/// Whether anything but metadata and status differs.
fn has_new_wish(old: &Value, new: &Value) -> bool {
    fn wishes(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
        object
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !["metadata", "status"].contains(&key.as_str()))
    }
    wishes(old).count() != wishes(new).count() || wishes(new).any(|(key, value)| old.get(key) != Some(value))
}

fn check_preconditions(kind: &Kind, old: &Value, deletion: &Deletion) -> Result<(), ApiError> {
    let name = object::name(old);
    if let Some(uid) = deletion.uid.as_deref().filter(|uid| *uid != object::uid(old)) {
        let found = object::uid(old);
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {found}");
        return Err(ApiError::Conflict { about: About::new(kind, name), why });
    }
    if deletion.version.as_deref().is_some_and(|version| at_version(old) != Some(version)) {
        return Err(ApiError::outdated(kind, name));
    }
    Ok(())
}

/// Puts on the finalizer that the propagation asks for.
fn hold(object: &mut Value, propagation: Propagation) {
    let finalizer = match propagation {
        Propagation::Background => return,
        Propagation::Foreground => "foregroundDeletion",
        Propagation::Orphan => "orphan",
    };
    if !object::has_finalizer(object, finalizer) {
        let mut finalizers = object::items(object, &["metadata", "finalizers"]).to_vec();
        finalizers.push(finalizer.into());
        object::put(object, &["metadata", "finalizers"], finalizers);
    }
}

/// How many seconds a deletion leaves the object. Only a pod on a node has any.
fn grace_wanted(kind: &Kind, old: &Value, deletion: &Deletion) -> i64 {
    let is_placed = object::text(old, &["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let phase = object::text(old, &["status", "phase"]).unwrap_or_default();
    if !kind.is_core("Pod") || !is_placed || ["Succeeded", "Failed"].contains(&phase) {
        return 0;
    }
    let own = object::int(old, &["spec", "terminationGracePeriodSeconds"]).unwrap_or(30);
    let wanted = deletion.grace.unwrap_or(own).max(0);
    match object::int(old, &["metadata", "deletionGracePeriodSeconds"]) {
        Some(running) => wanted.min(running),
        None => wanted,
    }
}

fn grace_of(kind: &Kind, object: &Value) -> i64 {
    if kind.is_core("Pod") {
        object::int(object, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or_default()
    } else {
        0
    }
}

/// Writes down that the object is going.
fn mark(kind: &Kind, object: &mut Value, grace: i64, now: SystemTime) {
    let running = object::int(object, &["metadata", "deletionGracePeriodSeconds"]);
    if object::is_deleting(object) && running == Some(grace) {
        return;
    }
    if !object::is_deleting(object) && kind.counts_generations() {
        let generation = object::int(object, &["metadata", "generation"]).unwrap_or_default();
        object::put(object, &["metadata", "generation"], generation + 1);
    }
    let end = now + Duration::from_secs(u64::try_from(grace).unwrap_or_default());
    object::put(object, &["metadata", "deletionTimestamp"], object::timestamp(end));
    object::put(object, &["metadata", "deletionGracePeriodSeconds"], grace);
    if kind.is_core("Namespace") {
        object::put(object, &["status"], json!({"phase": "Terminating"}));
    }
}
