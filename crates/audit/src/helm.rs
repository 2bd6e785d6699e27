//! What is written for Helm: where every leaf stands.

use installation::{Installation, Object};
use target::helm::HelmTarget;
use tree::Node;

use crate::ledger::{Ledger, Place, Places, Standing, Written, judge_all};

/// Follows every leaf of every document to where it stands in values, patches, supplements, kept objects, or in what
/// the chart takes by itself.
#[must_use]
pub fn account_helm(
    written: &[Written<'_>],
    overridden: &[(tree::Origin, tree::Origin)],
    server_filled: &[tree::Origin],
    installation: &Installation,
    target: &HelmTarget,
) -> Ledger {
    let mut places = Places::new();
    let mut add = |label: &str, node: &Node, standing: Standing| {
        for leaf in node.leaves() {
            let Some(origin) = leaf.node.origin else { continue };
            let label = format!("{label} {}", leaf.path);
            places.entry(origin).or_default().push(Place { label, node: leaf.node.clone(), standing });
        }
    };
    add("values.yaml", &target.values, Standing::Carried);
    for patch in &target.patches {
        add(&Object::new(patch.node.clone()).id().to_string(), &patch.node, Standing::Supplemented);
    }
    for made in &target.supplements {
        add(&made.object.id().to_string(), &made.object.node, Standing::Supplemented);
    }
    // What only stands while a hook runs carries nothing.
    let lasting =
        |object: &&Object| object.node.at_keys(&["metadata", "annotations", "helm.sh/hook"]).is_none();
    for object in target.rendered.iter().filter(lasting) {
        add(&object.id().to_string(), &object.node, Standing::Defaulted);
    }
    for switched in &target.switched {
        add(&switched.object.id().to_string(), &switched.object.node, Standing::Kept);
    }
    for index in &target.kept {
        let object = &installation.objects[*index];
        add(&object.id().to_string(), &object.node, Standing::Kept);
    }
    judge_all(written, overridden, server_filled, installation, &places, &target.notes)
}
