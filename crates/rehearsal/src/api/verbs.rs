//! What can be done to objects: create, change, delete. Every change passes here, whoever makes it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::fields;
use super::object;
use super::registry::Kind;
use super::status::{About, ApiError};
use super::store::{State, Store};
use super::{admission, defaults, definitions, events, reading, services, validate};

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
    /// The number of replicas alone.
    Scale,
    /// What only the cluster itself may touch: a pod's node, finalizers of namespaces.
    Whole,
}

impl Part {
    /// Its name as claims tell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Scale => "scale",
            Self::Main | Self::Whole => "",
        }
    }
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
    /// Creates an object, in the order of the real server's handler: read, filled in, claimed, admitted, named,
    /// checked, given addresses.
    pub(crate) fn create(
        &self,
        kind: &Kind,
        namespace: &str,
        object: Value,
        write: &Write,
    ) -> Result<Arc<Value>, ApiError> {
        let now = self.clock().now();
        let mut state = self.lock();
        let mut object = state.place_it(kind, namespace, object)?;
        settle_types(kind, &mut object);
        let (mut object, _) = reading::as_kind(kind, events::stored(kind, object))?;
        defaults::fill(kind, &mut object);
        if !write.fields_settled {
            object::take(&mut object, &["metadata", "managedFields"]);
            fields::track(kind, None, &mut object, write.manager.as_deref(), Part::Main, now);
        }
        state.admit_into(kind, namespace, object::name(&object))?;
        admission::admit(&state, kind, &mut object)?;
        let identity = object::fresh_uid();
        state.name_it(kind, namespace, &mut object)?;
        prepare(kind, &mut object, &identity);
        validate::rules(kind, &object, None, Part::Main)?;
        let name = object::name(&object).to_owned();
        if state.find(kind, namespace, &name).is_ok() {
            return Err(ApiError::AlreadyExists(About::new(kind, &name)));
        }
        services::allocate(&mut state, kind, &mut object, None)?;
        let metadata = object::place(&mut object, &["metadata"]);
        for given in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
            object::take(metadata, &[given]);
        }
        object::put(metadata, &["uid"], identity);
        object::put(metadata, &["creationTimestamp"], object::timestamp(now));
        if kind.counts_generations() {
            object::put(metadata, &["generation"], 1);
        }
        let (object, _) = reading::as_kind(kind, object)?;
        if write.dry_run {
            return Ok(Arc::new(object));
        }
        let created = state.put(kind, object)?;
        state.follow_up(kind, &created, now)?;
        Ok(created)
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
        let asked = events::stored(kind, edit(&old)?);
        check_target(kind, &old, &asked)?;
        let mut new = restrict(kind, &old, asked, part);
        settle_types(kind, &mut new);
        (new, _) = reading::as_kind(kind, new)?;
        if part != Part::Status {
            defaults::fill(kind, &mut new);
        }
        if !write.fields_settled {
            fields::track(kind, Some(&old), &mut new, write.manager.as_deref(), part, now);
        }
        if part == Part::Status {
            validate::metadata_changes(kind, &new, &old)?;
        } else {
            services::allocate(&mut state, kind, &mut new, Some(&old))?;
            validate::rules(kind, &new, Some(&old), part)?;
        }
        if kind.counts_generations() && has_new_wish(&old, &new) {
            let generation = object::int(&old, &["metadata", "generation"]).unwrap_or_default();
            object::put(&mut new, &["metadata", "generation"], generation + 1);
        }
        let is_over = object::is_deleting(&new) && !object::is_held(&new) && grace_of(kind, &new) == 0;
        if !is_over && new == *old {
            return Ok(old);
        }
        match (write.dry_run, is_over) {
            (true, _) => Ok(Arc::new(new)),
            (false, true) => {
                let gone = state.remove(kind, &old)?;
                state.forget(kind, &gone);
                Ok(Arc::new(new))
            }
            (false, false) => {
                let changed = state.put(kind, new)?;
                state.follow_up(kind, &changed, now)?;
                Ok(changed)
            }
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
            if deletion.dry_run {
                return Ok(Deleted::Gone(old));
            }
            let gone = state.remove(kind, &old)?;
            state.forget(kind, &gone);
            return Ok(Deleted::Gone(gone));
        }
        mark(kind, &mut new, grace, now);
        if deletion.dry_run || new == *old {
            return Ok(Deleted::Going(Arc::new(new)));
        }
        state.put(kind, new).map(Deleted::Going)
    }
}

impl State {
    /// Puts a new object into its namespace.
    fn place_it(&self, kind: &Kind, namespace: &str, mut object: Value) -> Result<Value, ApiError> {
        if !object.is_object() {
            return Err(ApiError::BadRequest("the body is not an object".to_owned()));
        }
        if object::text(&object, &["metadata", "resourceVersion"]).is_some_and(|version| !version.is_empty())
        {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::Internal(message.to_owned()));
        }
        check_namespace(kind, &object, namespace)?;
        if kind.namespaced {
            object::put(&mut object, &["metadata", "namespace"], namespace);
        } else {
            object::take(&mut object, &["metadata", "namespace"]);
        }
        Ok(object)
    }

    /// Makes a name of the stem that stands for one.
    fn name_it(&self, kind: &Kind, namespace: &str, object: &mut Value) -> Result<(), ApiError> {
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
        Ok(())
    }

    /// What else must be there when an object is: the account of a namespace, the kinds of a definition.
    fn follow_up(&mut self, kind: &Kind, object: &Arc<Value>, now: SystemTime) -> Result<(), ApiError> {
        if kind.is_core("Namespace") && !object::is_deleting(object) {
            return self.furnish_namespace(object::name(object), now);
        }
        if kind.kind == "CustomResourceDefinition" {
            return definitions::establish(self, kind, object, now);
        }
        Ok(())
    }

    /// What goes with an object.
    fn forget(&mut self, kind: &Kind, object: &Value) {
        if kind.kind == "CustomResourceDefinition" {
            self.registry.define(object::name(object), Vec::new());
        }
    }

    /// The account that the pods of a namespace have when they name none. A controller makes it on a real
    /// cluster, a moment later.
    fn furnish_namespace(&mut self, name: &str, now: SystemTime) -> Result<(), ApiError> {
        let Some(kind) = self.registry.by_kind("v1", "ServiceAccount") else { return Ok(()) };
        if self.find(&kind, name, "default").is_ok() {
            return Ok(());
        }
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
            "name": "default", "namespace": name, "uid": object::fresh_uid(),
            "creationTimestamp": object::timestamp(now)}});
        self.put(&kind, account).map(drop)
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

/// What the strategies of the real server set before an object is created.
fn prepare(kind: &Kind, object: &mut Value, identity: &str) {
    let keeps = kind.custom.as_ref().is_some_and(|custom| custom.definition.is_empty());
    if kind.status && !keeps && (!kind.is_custom() || kind.custom.is_some()) {
        object::take(object, &["status"]);
    }
    defaults::begin(kind, object, identity);
}

/// Whether an object belongs where the request goes.
fn check_namespace(kind: &Kind, object: &Value, namespace: &str) -> Result<(), ApiError> {
    let given = object::namespace(object);
    if !kind.namespaced || given.is_empty() || given == namespace {
        return Ok(());
    }
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    Err(ApiError::BadRequest(message.to_owned()))
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
    check_namespace(kind, asked, object::namespace(old))?;
    let given = object::uid(asked);
    if !given.is_empty() && given != object::uid(old) {
        return Err(ApiError::Conflict { about: About::new(kind, name), why: wrong_uid(kind, old, given) });
    }
    match object::text(asked, &["metadata", "resourceVersion"]) {
        Some(version) if !version.is_empty() && at_version(old) != Some(version) => {
            Err(ApiError::outdated(kind, name))
        }
        _ => Ok(()),
    }
}

/// What the storage of the real server says, in its own words.
fn wrong_uid(kind: &Kind, old: &Value, given: &str) -> String {
    let (namespace, name, found) = (object::namespace(old), object::name(old), object::uid(old));
    let group =
        if kind.group.is_empty() || !kind.is_custom() { String::new() } else { format!("{}/", kind.group) };
    let place = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
    format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{group}{}/{place}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: UID in precondition: {given}, UID in object meta: {found}",
        kind.plural
    )
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
    if matches!(part, Part::Main | Part::Scale) && kind.status {
        object::put_or_take(&mut new, &["status"], old.get("status").cloned());
    }
    if part == Part::Main && kind.is_core("Namespace") {
        object::put_or_take(&mut new, &["spec"], old.get("spec").cloned());
    }
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
    let about = || About::other(&kind.group, &kind.kind, object::name(old));
    if let Some(uid) = deletion.uid.as_deref().filter(|uid| *uid != object::uid(old)) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been \
             deleted and then recreated",
            object::uid(old)
        );
        return Err(ApiError::Conflict { about: about(), why });
    }
    if let Some(version) = deletion.version.as_deref().filter(|version| at_version(old) != Some(version)) {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). \
             The object might have been modified",
            at_version(old).unwrap_or_default()
        );
        return Err(ApiError::Conflict { about: about(), why });
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
