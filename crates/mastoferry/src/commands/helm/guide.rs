//! `supplements/README.md`: the ways in which the supplements come into a cluster.

use std::fmt::Write as _;

use installation::Object;
use target::helm::HelmTarget;

use super::supplements::{objects, patches, plugin_name};
use crate::words::Words;

/// The name under which the API server keeps what is ours.
const FIELD_MANAGER: &str = "mastoferry";

/// The text of the file.
pub(crate) fn text(target: &HelmTarget, namespace: &str, words: &Words) -> String {
    let release = &target.naming.release;
    let plugin = plugin_name(target);
    let mut text = format!("# {}\n\n", words.tell("supplements-title", &[]));
    let mut section = |head: &str, commands: &[String]| {
        let _ = writeln!(text, "## {}\n", words.tell(&format!("{head}-head"), &[]));
        let _ = writeln!(text, "{}\n\n```sh", words.tell(head, &[]));
        for command in commands {
            let _ = writeln!(text, "{command}");
        }
        let _ = writeln!(text, "```\n");
    };
    section(
        "supplements-helm",
        &[
            format!(
                "# helm 3\nhelm upgrade --install {release} CHART -n {namespace} -f values.yaml --post-renderer supplements/post-render.sh"
            ),
            format!(
                "# helm 4\nhelm plugin install supplements\nhelm upgrade --install {release} CHART -n {namespace} -f values.yaml --post-renderer {plugin}"
            ),
        ],
    );
    section(
        "supplements-apply",
        &[
            format!(
                "helm template {release} CHART -n {namespace} -f values.yaml --no-hooks > supplements/rendered.yaml"
            ),
            format!(
                "kubectl apply -n {namespace} --server-side --field-manager={FIELD_MANAGER} -k supplements"
            ),
        ],
    );
    let mut onto = Vec::new();
    if objects(target, false).next().is_some() {
        onto.push(format!(
            "kubectl apply -n {namespace} --server-side --field-manager={FIELD_MANAGER} -f supplements/objects"
        ));
    }
    onto.extend(patches(target).map(|(file, node)| {
        let object = Object::new(node.clone());
        let (kind, name) = (object.kind().to_lowercase(), object.name());
        format!(
            "kubectl patch {kind} {name} -n {namespace} --type=strategic --field-manager={FIELD_MANAGER} --patch-file=supplements/patches/{file}"
        )
    }));
    if !onto.is_empty() {
        section("supplements-onto", &onto);
    }
    format!("{}\n", text.trim_end())
}
