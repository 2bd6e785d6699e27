//! Who wrote a field: the last-applied annotation, and `metadata.managedFields`.

use std::collections::{BTreeMap, HashMap};

use tree::{Node, Path, Segment};

/// The annotation in which `kubectl apply` keeps what it was given.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The most that all annotations of an object may hold, for the API server.
const MAX_ANNOTATION: usize = 256 * 1024;

/// What an object tells of who wrote its fields.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    /// What `kubectl apply` was given, without origins.
    last_applied: Option<serde_json::Value>,
    /// Fields that owners applied server-side: exactly what they wrote.
    applied: Fields,
    /// Fields that owners wrote in other ways (create, edit, patch, Helm): what the server filled in at that moment
    /// is among them.
    written: Fields,
    /// Whether every owner's entry is in the object's own version, so that its paths fit.
    fits: bool,
}

impl Ownership {
    /// Reads what an object tells.
    pub(crate) fn of(object: &Node) -> Self {
        let annotation = object.str_at(&["metadata", "annotations", LAST_APPLIED]);
        let annotation = annotation.filter(|text| text.len() <= MAX_ANNOTATION);
        let last_applied = annotation.and_then(|text| serde_json::from_str(text).ok());
        let mut ownership = Self { last_applied, fits: true, ..Self::default() };
        let version = object.str_at(&["apiVersion"]);
        let entries = object.at_keys(&["metadata", "managedFields"]);
        for entry in entries.into_iter().flat_map(Node::items) {
            let Some(fields) = entry.get("fieldsV1") else { continue };
            let manager = entry.str_at(&["manager"]).unwrap_or_default();
            let is_owners =
                is_owner(manager) && entry.str_at(&["subresource"]).is_none_or(|part| part == "scale");
            if !is_owners {
                continue;
            }
            ownership.fits &= entry.str_at(&["apiVersion"]) == version;
            if entry.str_at(&["operation"]) == Some("Apply") {
                ownership.applied.add(fields);
            } else {
                ownership.written.add(fields);
            }
        }
        ownership
    }

    /// Whether anything is known of who wrote what.
    pub(crate) fn is_known(&self) -> bool {
        self.last_applied.is_some() || (self.fits && !(self.applied.is_empty() && self.written.is_empty()))
    }

    /// Whether an apply, client-side or server-side, tells exactly what the owner wrote.
    pub(crate) fn is_exact(&self) -> bool {
        self.last_applied.is_some() || (self.fits && !self.applied.is_empty())
    }

    /// Whether the owner is known to have applied a place, or something below it.
    pub(crate) fn applied(&self, object: &Node, path: &Path) -> bool {
        let in_last = self.last_applied.as_ref().is_some_and(|last| in_json(last, object, path));
        in_last || (self.fits && self.applied.covers(object, path))
    }

    /// Whether the owner is known to have written a place in any way, defaults of that moment included.
    pub(crate) fn wrote(&self, object: &Node, path: &Path) -> bool {
        self.applied(object, path) || (self.fits && self.written.covers(object, path))
    }

    /// Whether a place belongs to controllers or to nobody, as far as `managedFields` tell: then the server filled
    /// it in.
    pub(crate) fn is_nobodys(&self, object: &Node, path: &Path) -> bool {
        let tells = self.fits && !(self.applied.is_empty() && self.written.is_empty());
        tells && !self.wrote(object, path)
    }
}

/// Managers that are controllers of Kubernetes, of its distributions and of operators; all others write what an
/// owner told them (kubectl, Helm, Argo CD, Flux, Terraform, dashboards).
fn is_owner(manager: &str) -> bool {
    const GITOPS: [&str; 6] = [
        "kustomize-controller",
        "helm-controller",
        "argocd-controller",
        "argocd-application-controller",
        "flux",
        "fleet-agent",
    ];
    const CONTROLLERS: [&str; 12] = [
        "kube-apiserver",
        "kube-scheduler",
        "kubelet",
        "k3s",
        "k0s",
        "GoogleContainerEngine",
        "glbc",
        "rancher",
        "traefik",
        "speaker",
        "coredns",
        "cilium-agent",
    ];
    GITOPS.contains(&manager)
        || !(CONTROLLERS.contains(&manager)
            || manager.ends_with("-controller")
            || manager.ends_with("-controller-manager")
            || manager.ends_with("-operator")
            || manager.starts_with("cert-manager")
            || manager == "controller"
            || manager == "manager")
}

/// How many ways of telling elements apart one list is asked for; Kubernetes' own lists have one.
const MAX_KEYINGS: usize = 4;

/// A set of fields (`fieldsV1`), made ready to be asked often.
#[derive(Debug, Default)]
struct Fields {
    /// Whether the place is held with all that is in it.
    whole: bool,
    /// By the names of fields.
    names: HashMap<String, Fields>,
    /// Elements of lists, by the names of their keys and then by the keys' values as JSON.
    keyed: Vec<(Vec<String>, HashMap<String, Fields>)>,
    /// Elements of lists by their values as JSON.
    values: HashMap<String, Fields>,
    /// Elements of lists by their places.
    places: HashMap<usize, Fields>,
}

impl Fields {
    fn is_empty(&self) -> bool {
        !self.whole && self.names.is_empty()
    }

    /// Adds what another set holds.
    fn add(&mut self, fields: &Node) {
        let Some(members) = fields.as_mapping() else { return };
        // A field without parts of its own is held as a whole.
        self.whole |= members.is_empty();
        for (name, below) in members {
            let place = match name.split_once(':') {
                Some(("f", name)) => Some(self.names.entry(name.to_owned()).or_default()),
                Some(("k", keys)) => self.element(keys),
                Some(("v", value)) => Some(self.values.entry(value.to_owned()).or_default()),
                Some(("i", index)) => index.parse().ok().map(|index| self.places.entry(index).or_default()),
                _ => None,
            };
            if let Some(place) = place {
                place.add(below);
            }
        }
    }

    fn element(&mut self, keys: &str) -> Option<&mut Self> {
        let keys: BTreeMap<String, serde_json::Value> = serde_json::from_str(keys).ok()?;
        let values = serde_json::Value::Array(keys.values().cloned().collect()).to_string();
        let names: Vec<String> = keys.into_keys().collect();
        let known = self.keyed.iter().position(|(known, _)| *known == names);
        let index = match known {
            Some(index) => index,
            None if self.keyed.len() == MAX_KEYINGS => return None,
            None => {
                self.keyed.push((names, HashMap::new()));
                self.keyed.len() - 1
            }
        };
        Some(self.keyed.get_mut(index)?.1.entry(values).or_default())
    }

    /// Whether a place, or all that is around it, is in the set.
    fn covers(&self, object: &Node, path: &Path) -> bool {
        let (mut fields, mut here) = (self, object);
        for segment in &path.0 {
            if fields.whole {
                return true;
            }
            let (next, child) = match segment {
                Segment::Key(key) => (fields.names.get(key), here.get(key)),
                Segment::Index(index) => {
                    let child = here.as_sequence().and_then(|items| items.get(*index));
                    (child.and_then(|child| fields.of(child, *index)), child)
                }
            };
            let (Some(next), Some(child)) = (next, child) else { return false };
            (fields, here) = (next, child);
        }
        true
    }

    /// What the set holds of a list's element.
    fn of(&self, item: &Node, index: usize) -> Option<&Self> {
        let keyed = self.keyed.iter().find_map(|(names, elements)| {
            let values = names.iter().map(|name| item.get(name).map(Node::to_json));
            let values = serde_json::Value::Array(values.collect::<Option<Vec<_>>>()?);
            elements.get(&values.to_string())
        });
        let by_value =
            || if self.values.is_empty() { None } else { self.values.get(&item.to_json().to_string()) };
        keyed.or_else(by_value).or_else(|| self.places.get(&index))
    }
}

/// Whether what was applied has a place. List elements are found by the keys that Kubernetes tells them apart by.
fn in_json(applied: &serde_json::Value, object: &Node, path: &Path) -> bool {
    let mut applied = applied;
    let mut here = object;
    for segment in &path.0 {
        let (next, child) = match segment {
            Segment::Key(key) => (applied.get(key), here.get(key)),
            Segment::Index(index) => {
                let child = here.as_sequence().and_then(|items| items.get(*index));
                let items = applied.as_array();
                (child.zip(items).and_then(|(child, items)| alike(items, child, *index)), child)
            }
        };
        let (Some(next), Some(child)) = (next, child) else { return false };
        applied = next;
        here = child;
    }
    true
}

fn alike<'a>(items: &'a [serde_json::Value], child: &Node, index: usize) -> Option<&'a serde_json::Value> {
    const KEYS: [&str; 8] =
        ["name", "mountPath", "containerPort", "port", "ip", "topologyKey", "type", "key"];
    if child.as_mapping().is_none() {
        let value = child.to_json();
        return items
            .get(index)
            .filter(|item| **item == value)
            .or_else(|| items.iter().find(|item| **item == value));
    }
    // Containers may mount one volume at several paths, and Services list one port for two protocols.
    let same = |item: &&serde_json::Value| {
        let mut compared = false;
        let agree = KEYS.iter().all(|key| match (item.get(key), child.get(key)) {
            (Some(given), Some(found)) => {
                compared = true;
                *given == found.to_json()
            }
            _ => true,
        });
        compared && agree
    };
    let beside = items.get(index);
    beside.filter(same).or_else(|| items.iter().find(same)).or(beside)
}
