//! What goes when its owner goes, and what a namespace takes with it.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::api::{ApiError, Change, Deletion, Feed, Kind, News, Part, Propagation, Store, Write, object};

type Owned = (Arc<Kind>, Arc<Value>);

/// Collects until cancelled.
pub(super) async fn collect(store: Store, cancel: CancellationToken) {
    let mut feed = Feed::after(&store, None, store.version());
    let mut look = true;
    loop {
        let again = look && sweep(&store);
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(BETWEEN), if again => {
                look = true;
                continue;
            }
            () = feed.wait() => {}
        }
        look = match feed.ready() {
            News::Lost { .. } => true,
            News::Changes(changes) => {
                again || changes.iter().any(|(_, change)| may_leave_something(&store, change))
            }
        };
    }
}

/// Whether a change can make something superfluous.
fn may_leave_something(store: &Store, change: &Change) -> bool {
    let is_orphan = || {
        let owners = object::owners(&change.after);
        change.before.is_none()
            && !owners.is_empty()
            && owners.iter().all(|owner| !stands(store, &change.after, owner))
    };
    change.removed || object::is_deleting(&change.after) || is_orphan()
}

fn stands(store: &Store, owned: &Value, owner: &Value) -> bool {
    let field = |field: &str| object::text(owner, &[field]).unwrap_or_default();
    let Ok(kind) = store.kind(field("apiVersion"), field("kind")) else { return false };
    let namespace = if kind.namespaced { object::namespace(owned) } else { "" };
    store.get(&kind, namespace, field("name")).is_ok_and(|found| object::uid(&found) == field("uid"))
}

/// How long those that were left behind have to be noticed before their owner goes, in real time.
const BETWEEN: std::time::Duration = std::time::Duration::from_millis(10);

/// One look at everything. Tells whether another one is due.
fn sweep(store: &Store) -> bool {
    let all: Vec<Owned> = {
        let state = store.lock();
        let kinds = state.registry.each();
        kinds
            .into_iter()
            .flat_map(|kind| {
                let objects = state.list(&kind, None);
                objects.into_iter().map(move |object| (Arc::clone(&kind), object))
            })
            .collect()
    };
    let standing: HashSet<&str> = all.iter().map(|(_, object)| object::uid(object)).collect();
    let doomed: HashSet<&str> = all
        .iter()
        .filter(|(_, object)| {
            object::is_deleting(object) && object::has_finalizer(object, "foregroundDeletion")
        })
        .map(|(_, object)| object::uid(object))
        .collect();
    for (kind, object) in &all {
        let owners = object::owners(object);
        let of = |owner: &Value| object::text(owner, &["uid"]).unwrap_or_default().to_owned();
        if owners.is_empty() || object::is_deleting(object) {
            continue;
        }
        if owners.iter().all(|owner| !standing.contains(of(owner).as_str())) {
            delete(store, kind, object, Propagation::Background);
        } else if owners.iter().all(|owner| doomed.contains(of(owner).as_str())) {
            delete(store, kind, object, Propagation::Foreground);
        }
    }
    let mut again = false;
    for (kind, object) in all.iter().filter(|(_, object)| object::is_deleting(object)) {
        if object::has_finalizer(object, "orphan") {
            let left: Vec<_> = dependents(&all, object).collect();
            if left.is_empty() {
                finish(store, kind, object, "orphan");
            }
            again |= !left.is_empty();
            left.into_iter().for_each(|(kind, owned)| disown(store, kind, owned, object));
        }
        if object::has_finalizer(object, "foregroundDeletion") && !is_blocked(&all, store, object) {
            finish(store, kind, object, "foregroundDeletion");
        }
        if kind.is_core("Namespace") {
            empty(store, kind, object, &all);
        }
    }
    again
}

fn dependents<'a>(all: &'a [Owned], owner: &'a Value) -> impl Iterator<Item = &'a Owned> {
    all.iter().filter(move |(_, object)| names(object, owner))
}

fn names(object: &Value, owner: &Value) -> bool {
    object::owners(object).iter().any(|one| object::text(one, &["uid"]) == Some(object::uid(owner)))
}

/// Whether something that is still there keeps its owner from going.
fn is_blocked(all: &[Owned], store: &Store, owner: &Value) -> bool {
    dependents(all, owner).any(|(kind, object)| {
        store.get(kind, object::namespace(object), object::name(object)).is_ok_and(|live| {
            object::owners(&live).iter().any(|one| {
                object::text(one, &["uid"]) == Some(object::uid(owner))
                    && one.get("blockOwnerDeletion") == Some(&Value::Bool(true))
            })
        })
    })
}

/// Whatever stands against a deletion here (somebody was faster, a precondition fails) brings a change,
/// and with it the next sweep.
fn delete(store: &Store, kind: &Kind, object: &Value, propagation: Propagation) {
    let deletion = Deletion { propagation, uid: Some(object::uid(object).to_owned()), ..Deletion::default() };
    drop(store.delete(kind, (object::namespace(object), object::name(object)), &deletion));
}

fn disown(store: &Store, kind: &Kind, object: &Value, owner: &Value) {
    edit(store, kind, object, |new| {
        let mut owners = object::owners(new).to_vec();
        owners.retain(|one| object::text(one, &["uid"]) != Some(object::uid(owner)));
        let owners = (!owners.is_empty()).then_some(Value::Array(owners));
        object::put_or_take(new, &["metadata", "ownerReferences"], owners);
    });
}

fn finish(store: &Store, kind: &Kind, object: &Value, finalizer: &str) {
    edit(store, kind, object, |new| {
        let mut finalizers = object::items(new, &["metadata", "finalizers"]).to_vec();
        finalizers.retain(|one| one != finalizer);
        let finalizers = (!finalizers.is_empty()).then_some(Value::Array(finalizers));
        object::put_or_take(new, &["metadata", "finalizers"], finalizers);
    });
}

fn edit(store: &Store, kind: &Kind, object: &Value, edit: impl FnOnce(&mut Value)) {
    let at = (object::namespace(object), object::name(object));
    let edited = store.change(kind, at, Part::Whole, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        edit(&mut new);
        Ok::<_, ApiError>(new)
    });
    drop(edited);
}

/// A namespace goes when nothing is left in it.
fn empty(store: &Store, kind: &Kind, namespace: &Value, all: &[Owned]) {
    let within: Vec<_> =
        all.iter().filter(|(_, object)| object::namespace(object) == object::name(namespace)).collect();
    for (kind, object) in within.iter().filter(|(_, object)| !object::is_deleting(object)) {
        delete(store, kind, object, Propagation::Background);
    }
    if within.is_empty() {
        edit(store, kind, namespace, |new| {
            object::take(new, &["spec", "finalizers"]);
            object::put(new, &["spec", "finalizers"], Vec::<Value>::new());
        });
    }
}
