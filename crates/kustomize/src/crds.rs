//! `crds`: OpenAPI definitions of custom resources, which tell where these hold names, labels and
//! annotations.

use tree::Node;

use crate::config::{Config, References};
use crate::error::KustomizeErrorKind;
use crate::field::FieldSpec;
use crate::identity::Gvk;

/// How deep definitions are followed; Kustomize itself does not come back from a circle.
const DEEPEST: usize = 32;

/// What a file of definitions says.
pub(crate) fn read(definitions: &Node) -> Result<Config, KustomizeErrorKind> {
    let mut config = Config::default();
    for (name, definition) in definitions.as_mapping().into_iter().flatten() {
        let properties = definition.at_keys(&["Schema", "properties"]);
        let is_type =
            |node: &Node| ["kind", "apiVersion", "metadata"].iter().all(|member| node.get(member).is_some());
        if properties.is_some_and(is_type) {
            let kind = name.rsplit('.').next().unwrap_or(name).to_owned();
            let mut reading =
                Reading { definitions, gvk: Gvk { kind, ..Gvk::default() }, config: &mut config };
            reading.definition(name, &mut Vec::new())?;
        }
    }
    Ok(config)
}

struct Reading<'a> {
    definitions: &'a Node,
    gvk: Gvk,
    config: &'a mut Config,
}

impl Reading<'_> {
    fn definition(&mut self, name: &str, path: &mut Vec<String>) -> Result<(), KustomizeErrorKind> {
        let definitions = self.definitions;
        let properties = definitions.get(name).and_then(|node| node.at_keys(&["Schema", "properties"]));
        for (member, property) in properties.and_then(Node::as_mapping).into_iter().flatten() {
            path.push(member.clone());
            self.property(property, path)?;
            if let Some(to) = property.str_at(&["$ref"]).filter(|_| path.len() < DEEPEST) {
                self.definition(to, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &Node, path: &[String]) -> Result<(), KustomizeErrorKind> {
        let says = |extension: &str| property.str_at(&[extension]);
        let here = || FieldSpec::new(self.gvk.clone(), &path.join("/"), false);
        if says("x-kubernetes-annotation").is_some() {
            crate::config::join(&mut self.config.common_annotations, &[here()])?;
        }
        if says("x-kubernetes-label-selector").is_some() {
            crate::config::join(&mut self.config.common_labels, &[here()])?;
        }
        if says("x-kubernetes-identity").is_some() {
            crate::config::join(&mut self.config.name_prefix, &[here()])?;
        }
        let version = says("x-kubernetes-object-ref-api-version");
        let kind = says("x-kubernetes-object-ref-kind");
        if let (Some(version), Some(kind)) = (version, kind) {
            let name = says("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let path = format!("{}/{name}", path.join("/"));
            let to = Gvk { group: String::new(), version: version.to_owned(), kind: kind.to_owned() };
            let from = vec![FieldSpec::new(self.gvk.clone(), &path, false)];
            self.config.refer(&References { to, from })?;
        }
        Ok(())
    }
}
