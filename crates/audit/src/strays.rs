//! Selectors that would be left pointing at pods that are gone.

use installation::{Installation, Labels};
use tree::{Node, Path, Value};

use crate::Difference;

/// Every selector of what shall stand that finds pods of blue and none of green: a monitor, a policy or a spread
/// rule that would silently stop doing its work.
pub(crate) fn strays(before: &Installation, after: &Installation) -> Vec<Difference> {
    let mut found = Vec::new();
    for object in &after.objects {
        let mut selectors = Vec::new();
        collect(&object.node, &Path::root(), &mut selectors);
        // A workload's own selector finds only the pods that it made.
        let own = if object.template().is_some() { "spec.selector.matchLabels" } else { "" };
        for (path, labels) in selectors.into_iter().filter(|(path, _)| path.to_string() != own) {
            let finds = |side: &Installation| side.components.iter().any(|own| labels.select(&own.labels));
            if finds(before) && !finds(after) {
                found.push(Difference {
                    component: object.id().to_string(),
                    container: String::new(),
                    field: path.to_string(),
                    before: "finds pods".to_owned(),
                    after: String::new(),
                    explained_by: None,
                });
            }
        }
    }
    found
}

fn collect(node: &Node, path: &Path, selectors: &mut Vec<(Path, Labels)>) {
    match &node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping {
                let path = path.key(key);
                if matches!(key.as_str(), "matchLabels" | "selector" | "podSelector") && is_labels(child) {
                    selectors.push((path.clone(), Labels::read(child)));
                }
                collect(child, &path, selectors);
            }
        }
        Value::Sequence(items) => {
            for (index, child) in items.iter().enumerate() {
                collect(child, &path.index(index), selectors);
            }
        }
        _ => {}
    }
}

/// Whether a mapping holds nothing but texts, as labels do.
fn is_labels(node: &Node) -> bool {
    node.as_mapping()
        .is_some_and(|mapping| !mapping.is_empty() && mapping.values().all(|value| value.as_str().is_some()))
}
