//! Mounts, and what is mounted.

use compose::Project;
use tree::Node;

use super::read::placed;
use super::workload::{start, text};

/// Where things are mounted in a service's container. The names are those of [`pod_volumes`].
pub(super) fn mounts(service: &Node) -> Vec<Node> {
    sources(service)
        .into_iter()
        .enumerate()
        .map(|(index, source)| {
            let origin = source.node.origin;
            let mut mount = Node::mapping().at(origin);
            mount.set("name", text(source.name(index), origin));
            mount.set("mountPath", source.target());
            if let Some(read_only) = source.node.get("read_only") {
                mount.set("readOnly", read_only.clone());
            }
            if let Some(path) = source.node.at_keys(&["volume", "subpath"]) {
                mount.set("subPath", path.clone());
            }
            mount
        })
        .collect()
}

/// The volumes of a service's pods.
pub(super) fn pod_volumes(project: &Project, service: &Node) -> Vec<Node> {
    let mut seen = Vec::new();
    let mut volumes = Vec::new();
    for (index, source) in sources(service).into_iter().enumerate() {
        let name = source.name(index);
        if seen.contains(&name) {
            continue;
        }
        let origin = source.node.origin;
        let mut volume = Node::mapping().at(origin);
        volume.set("name", text(name.clone(), origin));
        let (kind, described) = source.described(project);
        volume.set(kind, placed(described, origin));
        volumes.push(volume);
        seen.push(name);
    }
    volumes
}

/// The claims, secrets and configurations that a project names beside its services.
pub(super) fn objects(project: &Project) -> Vec<Node> {
    let mut made = Vec::new();
    for (section, api_version, kind) in [
        ("volumes", "v1", "PersistentVolumeClaim"),
        ("secrets", "v1", "Secret"),
        ("configs", "v1", "ConfigMap"),
    ] {
        for (key, resource) in project.node.get(section).and_then(Node::as_mapping).into_iter().flatten() {
            let is_elsewhere = section == "volumes" && is_other_volume(resource);
            let is_external = section != "volumes" && resource.get("external").is_some();
            if is_elsewhere || is_external {
                continue;
            }
            let mut object = start(api_version, kind, resource.str_at(&["name"]).unwrap_or(key));
            if let Some(content) = resource.get("content") {
                object.ensure(&["data"]).set(key, content.clone());
            }
            made.push(placed(object, resource.origin));
        }
    }
    made
}

/// Something a service mounts.
struct Mounted<'a> {
    kind: &'static str,
    node: &'a Node,
}

fn sources(service: &Node) -> Vec<Mounted<'_>> {
    let lists = [("volumes", "volume"), ("tmpfs", "tmpfs"), ("configs", "config"), ("secrets", "secret")];
    let all = lists.into_iter().flat_map(|(key, kind)| {
        let items = service.get(key).into_iter().flat_map(Node::items);
        items.map(move |node| Mounted { kind, node })
    });
    all.collect()
}

impl Mounted<'_> {
    fn source(&self) -> Option<&str> {
        self.node.str_at(&["source"])
    }

    /// The volume's name in the pod: that of what is mounted where it has one.
    fn name(&self, index: usize) -> String {
        let is_named = self.kind != "volume" || self.node.str_at(&["type"]) == Some("volume");
        match self.source().filter(|_| is_named) {
            Some(source) if self.kind == "volume" => source.to_owned(),
            Some(source) => format!("{}-{source}", self.kind),
            None => format!("mount-{index}"),
        }
    }

    fn target(&self) -> Node {
        if let Some(target) = self.node.get("target") {
            let path = target.as_str().unwrap_or_default();
            // A name alone is one in the folder of secrets (Docker Compose, `pkg/compose/secrets.go`).
            return match self.kind == "secret" && !path.starts_with('/') {
                true => text(format!("/run/secrets/{path}"), target.origin),
                false => target.clone(),
            };
        }
        let path = match (self.kind, self.source()) {
            ("config", Some(source)) => format!("/{source}"),
            ("secret", Some(source)) => format!("/run/secrets/{source}"),
            _ => self.node.as_text().unwrap_or_default().split(':').next().unwrap_or_default().to_owned(),
        };
        text(path, self.node.origin)
    }

    /// How large a folder in memory may become, as Kubernetes writes it.
    fn memory_size(&self) -> Option<Node> {
        let (written, origin) = match self.node.at_keys(&["tmpfs", "size"]) {
            Some(size) => (size.as_text()?, size.origin),
            None => {
                let (_, options) = self.node.as_str()?.split_once(':')?;
                let size = options.split(',').find_map(|option| option.strip_prefix("size="))?;
                (size.to_owned(), self.node.origin)
            }
        };
        quantity(&written).map(|size| text(size, origin))
    }

    fn described(&self, project: &Project) -> (&'static str, Node) {
        let origin = self.node.origin;
        let one = |key: &str, value: Node| {
            let mut node = Node::mapping().at(origin);
            node.set(key, value);
            node
        };
        let resource = |section: &str| {
            let source = self.source()?;
            project.node.at_keys(&[section, source])
        };
        let name = |section: &str| {
            let named = resource(section).and_then(|resource| resource.get("name")).cloned();
            named.unwrap_or_else(|| text(self.source().unwrap_or_default(), origin))
        };
        let memory = || {
            let mut node = one("medium", text("Memory", origin));
            if let Some(size) = self.memory_size() {
                node.set("sizeLimit", size);
            }
            node
        };
        match (self.kind, self.node.str_at(&["type"])) {
            ("tmpfs", _) | ("volume", Some("tmpfs")) => ("emptyDir", memory()),
            ("config", _) => ("configMap", one("name", name("configs"))),
            ("secret", _) => ("secret", one("secretName", name("secrets"))),
            (_, Some("bind" | "npipe")) => {
                let path = self.node.get("source").cloned();
                ("hostPath", one("path", path.unwrap_or_else(|| text("", origin))))
            }
            (_, Some("image")) => {
                ("image", one("reference", text(self.source().unwrap_or_default(), origin)))
            }
            (_, Some("volume")) if self.source().is_some() => match resource("volumes").and_then(elsewhere) {
                Some(found) => found,
                None => ("persistentVolumeClaim", one("claimName", name("volumes"))),
            },
            _ => ("emptyDir", Node::mapping().at(origin)),
        }
    }
}

/// Bytes with a unit of the kernel's (`k`, `m`, `g`: powers of 1024), as a quantity of Kubernetes. None for a share of
/// the host's memory, which is another on each node.
fn quantity(size: &str) -> Option<String> {
    let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match size[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        _ => return None,
    };
    let bytes = digits.parse::<u64>().ok()?.checked_mul(1 << unit)?;
    let written = [(30, "Gi"), (20, "Mi"), (10, "Ki")].into_iter();
    let mut written = written.filter(|(shift, _)| bytes != 0 && bytes % (1 << shift) == 0);
    match (bytes, written.next()) {
        // Neither sets a limit.
        (0, _) => None,
        (_, Some((shift, unit))) => Some(format!("{}{unit}", bytes >> shift)),
        (_, None) => Some(bytes.to_string()),
    }
}

fn is_other_volume(resource: &Node) -> bool {
    elsewhere(resource).is_some()
}

/// A named volume that its driver's options place on a server or in a folder of the host.
fn elsewhere(resource: &Node) -> Option<(&'static str, Node)> {
    let options = resource.get("driver_opts")?;
    let device = options.get("device")?;
    let path = device.as_str()?;
    let (kind, flags) = (options.str_at(&["type"]).unwrap_or_default(), options.get("o"));
    let flag_text = flags.and_then(Node::as_str).unwrap_or_default();
    let mut out = Node::mapping().at(device.origin);
    if kind.starts_with("nfs") {
        let server = flag_text.split(',').find_map(|flag| flag.strip_prefix("addr="));
        let (written, path) = path.split_once(':').unwrap_or(("", path));
        let server = server.unwrap_or(written);
        out.set("server", text(server, flags.and_then(|flags| flags.origin).or(device.origin)));
        out.set("path", text(path, device.origin));
        return Some(("nfs", out));
    }
    if flag_text.split(',').any(|flag| matches!(flag, "bind" | "rbind")) {
        out.set("path", device.clone());
        return Some(("hostPath", out));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::quantity;

    #[test]
    fn sizes_of_memory_are_quantities() {
        for (written, expected) in [
            ("64m", Some("64Mi")),
            ("104857600", Some("100Mi")),
            ("1G", Some("1Gi")),
            ("1025", Some("1025")),
            ("0", None),
            ("50%", None),
            ("99999999999999999999g", None),
        ] {
            assert_eq!(quantity(written).as_deref(), expected, "{written}");
        }
    }
}
