//! The templates that a StatefulSet has had, kept as ControllerRevisions.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{ApiError, Kind, Part, Store, Write, object};
use crate::controllers::pods;

/// The label that tells which revision a pod is of.
pub(super) const HASH: &str = "controller-revision-hash";

/// The revision that pods have, and the one that they shall have.
pub(super) struct Revisions {
    pub(super) current: Arc<Value>,
    pub(super) update: Arc<Value>,
    /// All of them, oldest first.
    all: Vec<Arc<Value>>,
}

fn number(revision: &Value) -> i64 {
    object::int(revision, &["revision"]).unwrap_or_default()
}

/// The template that a revision holds.
pub(super) fn template(revision: &Value) -> Value {
    let mut template = object::at(revision, &["data", "spec", "template"]).cloned().unwrap_or_default();
    object::take(&mut template, &["$patch"]);
    template
}

impl Revisions {
    /// Finds today's template among the revisions, or makes it the newest.
    pub(super) fn of(store: &Store, set: &Value) -> Result<Self, ApiError> {
        let kind = store.kind("apps/v1", "ControllerRevision")?;
        let mut all: Vec<_> = store.list(&kind, Some(object::namespace(set)));
        all.retain(|one| {
            object::controller_of(one).and_then(|owner| object::text(owner, &["uid"]))
                == Some(object::uid(set))
        });
        all.sort_by_key(|one| number(one));
        let wished = object::at(set, &["spec", "template"]).cloned().unwrap_or_default();
        let newest = all.last().map_or(0, |last| number(last));
        let known = all.iter().find(|one| template(one) == wished).cloned();
        let update = match known {
            Some(known) if number(&known) == newest => known,
            // A template of earlier times has come back: it is the newest again.
            Some(known) => {
                let at = (object::namespace(&known), object::name(&known));
                store.change(&kind, at, Part::Main, &Write::by_cluster(), |live| {
                    let mut new = live.clone();
                    new["revision"] = (newest + 1).into();
                    Ok(new)
                })?
            }
            None => store.create(
                &kind,
                object::namespace(set),
                made(set, &wished, newest + 1),
                &Write::by_cluster(),
            )?,
        };
        let named = object::text(set, &["status", "currentRevision"]).unwrap_or_default();
        let current = all.iter().find(|one| object::name(one) == named).unwrap_or(&update).clone();
        Ok(Self { current, update, all })
    }

    /// Deletes the oldest revisions that no pod has and nobody would go back to.
    pub(super) fn forget(&self, store: &Store, set: &Value, pods: &[Arc<Value>]) -> Result<(), ApiError> {
        let kind: Arc<Kind> = store.kind("apps/v1", "ControllerRevision")?;
        let limit = object::int(set, &["spec", "revisionHistoryLimit"]).unwrap_or(10);
        let is_live = |one: &Value| {
            [&self.current, &self.update].iter().any(|live| object::name(live) == object::name(one))
                || pods.iter().any(|pod| of(pod) == object::name(one))
        };
        let idle: Vec<_> = self.all.iter().filter(|one| !is_live(one)).collect();
        let surplus = idle.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        idle.into_iter().take(surplus).try_for_each(|one| pods::delete(store, &kind, one))
    }
}

/// The name of the revision that a pod is of.
pub(super) fn of(pod: &Value) -> &str {
    object::text(pod, &["metadata", "labels", HASH]).unwrap_or_default()
}

fn made(set: &Value, wished: &Value, number: i64) -> Value {
    let hash = pods::safe(&object::content_hash(wished).to_string());
    let mut template = wished.clone();
    object::put(&mut template, &["$patch"], "replace");
    let mut labels = object::at(wished, &["metadata", "labels"]).cloned().unwrap_or(json!({}));
    object::put(&mut labels, &["controller.kubernetes.io/hash"], hash.as_str());
    json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{}-{hash}", object::name(set)),
            "labels": labels,
            "ownerReferences": [object::owner_reference(set)],
        },
        "data": {"spec": {"template": template}},
        "revision": number,
    })
}
