//! `mastoferry convert --to kustomize`: a base and an overlay, built before they are handed over.

use std::collections::BTreeMap;

use camino::Utf8Path;
use installation::Object;
use target::Stage;
use target::kustomize::{Folder, Part, is_written, write_kustomize};
use tree::{Files, Node};

use super::convert::{WriteFile, headed, of_project, write_ledger, yaml};
use super::old_release;
use crate::prepare::Converted;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Writes every file of the folder.
pub(crate) fn write_folder(
    converted: &Converted,
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<Folder, Problem> {
    let folder = write_kustomize(&converted.read.installation, &converted.target);
    for file in &folder.files {
        let head = match file.part {
            Part::Base => Some("kustomize-base"),
            Part::Dark => Some("kustomize-dark"),
            Part::Whole => Some("kustomize-whole"),
            Part::Withheld => Some("kustomize-withheld"),
            Part::Object | Part::Patch => None,
        };
        let text = yaml(&file.node, words)?;
        let said = head.map(|id| words.tell(id, &[("overlay", &folder.overlay), ("dark", &folder.dark)]));
        write(&file.path, &said.map_or(text.clone(), |said| headed(&said, &text)))?;
    }
    let target = &converted.target;
    old_release::write(converted, &target.switched, &target.kept, &target.removed, words, write)?;
    if let Some(own) = &converted.from_compose {
        write("SECRETS.md", &of_project(own, &converted.read, words))?;
    }
    write_ledger(converted, words, write)?;
    Ok(folder)
}

/// Builds what was written: it must be what is written as plain manifests, object for object.
pub(crate) fn prove(
    converted: &Converted,
    folder: &Folder,
    written: &Utf8Path,
    words: &Words,
) -> Result<(), Problem> {
    let target = &converted.target;
    let of = |stage| target.green.iter().filter(move |made| made.stage == stage).map(|made| &made.object);
    let dark: Vec<&Object> = of(Stage::Dark).collect();
    let kept = target.kept.iter().map(|index| &converted.read.installation.objects[*index]);
    let whole = dark.iter().copied().chain(of(Stage::Adopted));
    let whole = whole.chain(target.switched.iter().map(|switched| &switched.object));
    let whole: Vec<&Object> = whole.chain(kept.filter(|object| is_written(object))).collect();
    for (path, wanted) in [(&folder.dark, dark), (&folder.overlay, whole)] {
        let differs = |what: String| {
            let arguments = [("path", path.as_str()), ("object", &what)];
            Problem::new(words, Exit::Failed, "kustomize-differs", &arguments)
        };
        let built = kustomize::build(&written.join(path), &mut Files::new());
        let built = built.map_err(|error| differs(error.to_string()))?;
        let built = by_name(built.objects.iter());
        let wanted = by_name(wanted.into_iter().map(|object| &object.node));
        let other = built.keys().chain(wanted.keys()).find(|name| built.get(*name) != wanted.get(*name));
        if let Some(name) = other {
            return Err(differs(name.clone()));
        }
    }
    Ok(())
}

fn by_name<'a>(nodes: impl Iterator<Item = &'a Node>) -> BTreeMap<String, serde_json::Value> {
    let name = |node: &Node| {
        let said = |keys: &[&str]| node.str_at(keys).unwrap_or_default().to_owned();
        let group = said(&["apiVersion"]);
        format!(
            "{group} {}/{} {}",
            said(&["kind"]),
            said(&["metadata", "name"]),
            said(&["metadata", "namespace"])
        )
    };
    nodes.map(|node| (name(node), node.to_json())).collect()
}
