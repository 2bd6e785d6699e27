//! Who wrote a field: the last-applied annotation, and `metadata.managedFields`.

use tree::{Node, Path, Segment};

/// The annotation in which `kubectl apply` keeps what it was given.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What an object tells of who wrote its fields.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    /// What `kubectl apply` was given, without origins.
    last_applied: Option<serde_json::Value>,
    /// Fields that owners applied server-side: exactly what they wrote.
    applied: Vec<Node>,
    /// Fields that owners wrote in other ways (create, edit, patch, Helm): what the server filled in at that moment
    /// is among them.
    written: Vec<Node>,
    /// Whether every owner's entry is in the object's own version, so that its paths fit.
    fits: bool,
}

impl Ownership {
    /// Reads what an object tells.
    pub(crate) fn of(object: &Node) -> Self {
        let annotation = object.str_at(&["metadata", "annotations", LAST_APPLIED]);
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
                ownership.applied.push(fields.clone());
            } else {
                ownership.written.push(fields.clone());
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
        in_last || (self.fits && self.applied.iter().any(|fields| covers(fields, object, path)))
    }

    /// Whether the owner is known to have written a place in any way, defaults of that moment included.
    pub(crate) fn wrote(&self, object: &Node, path: &Path) -> bool {
        self.applied(object, path)
            || (self.fits && self.written.iter().any(|fields| covers(fields, object, path)))
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

/// Whether a set of fields (`fieldsV1`) holds a place, or all that is around it.
fn covers(fields: &Node, object: &Node, path: &Path) -> bool {
    let mut fields = fields;
    let mut here = object;
    for segment in &path.0 {
        let Some(members) = fields.as_mapping() else { return false };
        // A field without parts of its own is held as a whole.
        if members.is_empty() {
            return true;
        }
        let (next, child) = match segment {
            Segment::Key(key) => (members.get(&format!("f:{key}")), here.get(key)),
            Segment::Index(index) => {
                let child = here.as_sequence().and_then(|items| items.get(*index));
                (child.and_then(|child| element(members, child, *index)), child)
            }
        };
        let (Some(next), Some(child)) = (next, child) else { return false };
        fields = next;
        here = child;
    }
    true
}

/// The part of a set that is a list's element: by its keys, its value, or its place.
fn element<'a>(members: &'a tree::Mapping, item: &Node, index: usize) -> Option<&'a Node> {
    members.iter().find_map(|(name, fields)| {
        let (form, text) = name.split_once(':')?;
        let fits = match form {
            "k" => {
                let keys: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
                keys.iter().all(|(key, value)| item.get(key).is_some_and(|found| found.to_json() == *value))
            }
            "v" => serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| item.to_json() == value),
            "i" => text.parse() == Ok(index),
            _ => false,
        };
        fits.then_some(fields)
    })
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
        return items.iter().find(|item| **item == value);
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
    items.iter().find(same).or_else(|| items.get(index))
}
