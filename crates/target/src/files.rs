//! What the files of objects are called.

use std::collections::BTreeSet;

use installation::Object;

/// Names for the files of one folder, no two of them the same: `deployment-web.yaml`, and with the namespace where that
/// is taken. Letters that could lead out of the folder become dashes.
#[derive(Debug, Default)]
pub struct FileNames {
    taken: BTreeSet<String>,
}

impl FileNames {
    /// The name of an object's file.
    pub fn of(&mut self, object: &Object) -> String {
        let plain = plain(&format!("{}-{}", object.kind(), object.name()));
        let namespaced = plain_with(&plain, object.namespace());
        let numbered = (2..).map(|number| format!("{namespaced}-{number}"));
        let mut names = [plain.clone(), namespaced.clone()].into_iter().chain(numbered);
        let free = names.find(|name| !self.taken.contains(name)).unwrap_or(plain);
        self.taken.insert(free.clone());
        format!("{free}.yaml")
    }
}

fn plain_with(name: &str, namespace: Option<&str>) -> String {
    namespace.map_or_else(|| name.to_owned(), |namespace| format!("{name}.{}", plain(namespace)))
}

fn plain(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.chars().map(|c| if allowed(c) { c.to_ascii_lowercase() } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, namespace: &str) -> Object {
        let mut node = tree::Node::mapping();
        node.set("kind", kind);
        node.ensure(&["metadata"]).set("name", name);
        node.ensure(&["metadata"]).set("namespace", namespace);
        Object::new(node)
    }

    #[test]
    fn no_object_takes_anothers_file_or_leaves_the_folder() {
        let mut names = FileNames::default();
        assert_eq!(names.of(&object("Ingress", "a", "x")), "ingress-a.yaml");
        assert_eq!(names.of(&object("Ingress", "a", "y")), "ingress-a.y.yaml");
        assert_eq!(names.of(&object("Ingress", "a", "y")), "ingress-a.y-2.yaml");
        assert_eq!(names.of(&object("Role", "../../etc/x:y", "")), "role-..-..-etc-x-y.yaml");
    }
}
