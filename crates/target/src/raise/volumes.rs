//! Folders, volumes and files of the host as claims and ConfigMaps.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use tree::{Node, Origin, Value};

use super::assemble::{Workload, beside, made_at, note, slug, start, text};
use super::model::{Decision, DecisionKind, ProjectSecret, SecretFrom};
use crate::{Change, Note, Reason};

/// Files of the host that every node has, and that are mounted as they are.
const OF_EVERY_HOST: [&str; 3] = ["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"];

/// What a workload mounts.
pub(super) struct Mounted {
    pub(super) volumes: Vec<Node>,
    pub(super) mounts: Vec<Node>,
    pub(super) has_claim: bool,
}

/// The claims that are made of the host's folders and volumes, by what they were there.
pub(super) struct Claims<'a> {
    size: &'a str,
    project: &'a Node,
    claims: IndexMap<String, Claim>,
    files: IndexMap<String, String>,
    secrets: Vec<ProjectSecret>,
}

struct Claim {
    name: String,
    from: String,
    origin: Option<Origin>,
    users: BTreeSet<String>,
    is_media: bool,
}

impl<'a> Claims<'a> {
    pub(super) fn new(size: &'a str, project: &'a Node) -> Self {
        Self { size, project, claims: IndexMap::new(), files: IndexMap::new(), secrets: Vec::new() }
    }

    /// The volumes and mounts of a workload.
    pub(super) fn mount(
        &mut self,
        workload: &Workload<'_>,
        notes: &mut Vec<Note>,
        decisions: &mut Vec<Decision>,
    ) -> Mounted {
        let mut mounted = Mounted { volumes: Vec::new(), mounts: Vec::new(), has_claim: false };
        let pod = workload.object.template().and_then(|template| template.get("spec"));
        let lowered = |name: &str| {
            let mut volumes = pod.and_then(|pod| pod.get("volumes")).into_iter().flat_map(Node::items);
            volumes.find(|volume| volume.str_at(&["name"]) == Some(name))
        };
        for mount in workload.container.get("volumeMounts").into_iter().flat_map(Node::items) {
            let Some(volume) = mount.str_at(&["name"]).and_then(lowered) else { continue };
            let mut mount = mount.clone();
            let (name, source) = self.source(workload, volume, &mut mount, notes, decisions);
            mounted.has_claim |= source.get("persistentVolumeClaim").is_some();
            let place = beside(mount.origin);
            mount.set("name", text(name.as_str(), place));
            mounted.mounts.push(mount);
            let known = |own: &Node| own.str_at(&["name"]) == Some(&name);
            if !mounted.volumes.iter().any(known) {
                let mut volume = Node::mapping().at(place);
                volume.set("name", text(name, place));
                for (key, value) in source.as_mapping().into_iter().flatten() {
                    volume.set(key, value.clone());
                }
                mounted.volumes.push(made_at(volume, place));
            }
        }
        mounted
    }

    /// The name of a volume, and what is behind it from now on.
    fn source(
        &mut self,
        workload: &Workload<'_>,
        volume: &Node,
        mount: &mut Node,
        notes: &mut Vec<Note>,
        decisions: &mut Vec<Decision>,
    ) -> (String, Node) {
        let origin = mount.origin;
        if let Some(own) = self.of_project(volume, mount, notes, decisions) {
            return own;
        }
        let target = mount.get("mountPath").and_then(Node::as_text).unwrap_or_default();
        let folder = volume.at_keys(&["hostPath", "path"]).and_then(Node::as_text);
        let named = volume.at_keys(&["persistentVolumeClaim", "claimName"]).and_then(Node::as_text);
        let from = match (&folder, &named) {
            (Some(path), _) if OF_EVERY_HOST.iter().any(|own| path.starts_with(own)) => None,
            (Some(path), _) if is_file(&target) => {
                return self.file(workload, path, &target, mount, notes, decisions);
            }
            (Some(path), _) | (None, Some(path)) => Some(path.clone()),
            (None, None) => None,
        };
        let mut source = Node::mapping();
        let Some(from) = from else {
            // Memory, a server's folder and the project's own files are the same in a pod.
            let rest = volume.as_mapping().into_iter().flatten().filter(|(key, _)| *key != "name");
            for (key, value) in rest {
                source.set(key, value.clone());
            }
            return (slug(volume.str_at(&["name"]).unwrap_or_default()), source);
        };
        let taken: Vec<String> = self.claims.values().map(|claim| claim.name.clone()).collect();
        let claim = self.claims.entry(from.clone()).or_insert_with(|| {
            let wanted = name_of(&target);
            let numbered = (2..).map(|number| format!("{wanted}-{number}"));
            let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
            Claim {
                name: name.unwrap_or(wanted),
                from,
                origin,
                users: BTreeSet::new(),
                is_media: target.trim_end_matches('/').ends_with("public/system"),
            }
        });
        claim.users.insert(workload.name.clone());
        let name = claim.name.clone();
        *source.ensure(&["persistentVolumeClaim", "claimName"]) = text(name.as_str(), beside(origin));
        let target = format!("PersistentVolumeClaim/{name}");
        note(notes, origin, Change::Translated, Reason::VolumeClaim, target);
        (name, source)
    }

    /// One of the project's `secrets` or `configs`, which Compose mounts as single files: a reference to a Secret, or a
    /// ConfigMap.
    fn of_project(
        &mut self,
        volume: &Node,
        mount: &mut Node,
        notes: &mut Vec<Note>,
        decisions: &mut Vec<Decision>,
    ) -> Option<(String, Node)> {
        let (name, place) = (volume.str_at(&["name"])?, beside(mount.origin));
        let (section, key) = match (volume.get("secret"), volume.get("configMap")) {
            (Some(_), _) => ("secrets", name.strip_prefix("secret-")?),
            (_, Some(_)) => ("configs", name.strip_prefix("config-")?),
            _ => return None,
        };
        let resource = self.project.at_keys(&[section, key])?;
        let called = slug(resource.str_at(&["name"]).unwrap_or(key));
        mount.set("subPath", text(key, place));
        let mut source = Node::mapping();
        if section == "secrets" {
            *source.ensure(&["secret", "secretName"]) = text(called.as_str(), place);
            let target = format!("Secret/{called} {key}");
            note(notes, mount.origin, Change::Translated, Reason::SecretMount, target);
            let secret =
                ProjectSecret { secret: called, key: key.to_owned(), from: SecretFrom::of(resource) };
            if !self.secrets.contains(&secret) {
                let arguments = vec![("secret", secret.secret.clone())];
                decisions.push(Decision {
                    kind: DecisionKind::ProjectSecret,
                    arguments,
                    origin: mount.origin,
                });
                self.secrets.push(secret);
            }
        } else {
            *source.ensure(&["configMap", "name"]) = text(called.as_str(), place);
            let target = format!("ConfigMap/{called} {key}");
            note(notes, mount.origin, Change::Translated, Reason::FileMount, target);
            if resource.get("content").is_none() {
                let file = resource.str_at(&["file"]).unwrap_or(key).to_owned();
                let arguments = vec![("config_map", called), ("key", key.to_owned()), ("file", file)];
                decisions.push(Decision {
                    kind: DecisionKind::FileToConfigMap,
                    arguments,
                    origin: resource.origin,
                });
            }
        }
        Some((slug(name), source))
    }

    /// The project's secrets that are mounted. Their values are nowhere here.
    pub(super) fn secrets(&self) -> Vec<ProjectSecret> {
        self.secrets.clone()
    }

    /// A single file: a ConfigMap that is to be made from it.
    fn file(
        &mut self,
        workload: &Workload<'_>,
        path: &str,
        target: &str,
        mount: &mut Node,
        notes: &mut Vec<Note>,
        decisions: &mut Vec<Decision>,
    ) -> (String, Node) {
        let key = target.rsplit('/').next().unwrap_or(target).to_owned();
        let count = self.files.len();
        let name = self.files.entry(path.to_owned()).or_insert_with(|| match count {
            0 => format!("file-{}", slug(&key)),
            _ => format!("file-{}-{count}", slug(&key)),
        });
        let place = beside(mount.origin);
        let mut source = Node::mapping();
        let map = source.ensure(&["configMap"]);
        map.set("name", text(name.as_str(), place));
        if key.rsplit('.').next() == Some("sh") {
            map.set("defaultMode", Node::from(0o755).at(place));
        }
        mount.set("subPath", text(key.as_str(), place));
        note(
            notes,
            mount.origin,
            Change::Translated,
            Reason::FileMount,
            format!("Deployment/{} ConfigMap/{name}", workload.name),
        );
        let arguments = vec![("config_map", name.clone()), ("key", key), ("file", path.to_owned())];
        decisions.push(Decision { kind: DecisionKind::FileToConfigMap, arguments, origin: mount.origin });
        (name.clone(), source)
    }

    /// The claims themselves, and the project's own small files.
    pub(super) fn objects(self, decisions: &mut Vec<Decision>) -> Vec<Node> {
        let mut objects = Vec::new();
        for claim in self.claims.into_values() {
            let place = beside(claim.origin);
            let shared = claim.is_media || claim.users.len() > 1;
            objects.push(self::claim(&claim.name, self.size, shared, place));
            let arguments = vec![("claim", claim.name), ("size", self.size.to_owned()), ("from", claim.from)];
            decisions.push(Decision { kind: DecisionKind::Claim, arguments, origin: claim.origin });
        }
        for (key, config) in self.project.get("configs").and_then(Node::as_mapping).into_iter().flatten() {
            let Some(content) = config.get("content") else { continue };
            let place = beside(config.origin.or(content.origin));
            let name = slug(config.str_at(&["name"]).unwrap_or(key));
            let mut map = start("v1", "ConfigMap", &name, place);
            map.ensure(&["data"]).set(key, content.clone());
            objects.push(made_at(map, place));
        }
        objects
    }
}

/// A claim that says in its annotations what a person must decide.
pub(super) fn claim(name: &str, size: &str, shared: bool, place: Option<Origin>) -> Node {
    let mut object = start("v1", "PersistentVolumeClaim", name, place);
    *object.ensure(&["metadata", "annotations", "mastoferry.dev/decide"]) =
        "spec.resources.requests.storage, and spec.storageClassName: Compose says neither".into();
    let mode = if shared { "ReadWriteMany" } else { "ReadWriteOnce" };
    let spec = object.ensure(&["spec"]);
    spec.set("accessModes", Value::Sequence(vec![mode.into()]));
    *spec.ensure(&["resources", "requests", "storage"]) = size.into();
    made_at(object, place)
}

/// Whether a path in a container is that of a single file: its last part has an extension.
fn is_file(target: &str) -> bool {
    let last = target.rsplit('/').next().unwrap_or_default();
    let extension = last.rsplit_once('.').map(|(_, extension)| extension);
    !target.ends_with('/')
        && extension.is_some_and(|own| {
            !own.is_empty() && own != "d" && own.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

/// The last two parts of a path: `public-system`.
fn name_of(target: &str) -> String {
    let parts: Vec<&str> = target.trim_matches('/').rsplit('/').take(2).collect();
    let parts: Vec<&str> = parts.into_iter().rev().filter(|part| *part != "mastodon").collect();
    slug(&parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_called_by_where_they_are_mounted() {
        assert_eq!(name_of("/mastodon/public/system"), "public-system");
        assert_eq!(name_of("/opt/mastodon/public/system/"), "public-system");
        assert_eq!(name_of("/mastodon"), "unnamed");
    }

    #[test]
    fn files_are_told_from_folders_by_their_extension() {
        for (path, file) in [
            ("/mastodon/config/server-ca.crt", true),
            ("/usr/local/bin/provision.sh", true),
            ("/etc/nginx/conf.d", false),
            ("/mastodon/public/system", false),
            ("/mastodon/.well-known/", false),
        ] {
            assert_eq!(is_file(path), file, "{path}");
        }
    }
}
