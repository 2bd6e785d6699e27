//! Green as a release of Helm: its chart, its values, and what stands beside it.

use maud::{Markup, html};
use plan::{HelmRelease, Plan};
use tree::Node;

use crate::words::Words;

/// The section on the release; nothing where green is none.
pub(super) fn section(plan: &Plan, words: &Words) -> Markup {
    let Some((helm, command)) = plan.helm.as_ref().zip(plan.helm_upgrade()) else { return html! {} };
    let values = values(helm);
    html! {
        section {
            h2 { (words.word("report-helm")) }
            p { (words.word("report-helm-lead")) }
            pre { code { (command) } }
            dl.facts {
                dt { (words.word("report-fact-release")) } dd { code { (plan.release) } }
                dt { (words.word("report-helm-chart")) } dd { (title(helm)) }
                dt { (words.word("report-helm-patched")) } dd { (names(&helm.patched, words)) }
                dt { (words.word("report-helm-supplements")) } dd { (names(&helm.supplements, words)) }
            }
            @if !values.is_empty() {
                details {
                    summary { (words.word("report-helm-values")) }
                    pre { code { (values) } }
                }
            }
        }
    }
}

/// A chart's name and version.
pub(super) fn title(helm: &HelmRelease) -> String {
    format!("{} {}", helm.chart, helm.version)
}

fn names(names: &[String], words: &Words) -> Markup {
    html! {
        @if names.is_empty() { (words.word("report-helm-none")) }
        @for (place, name) in names.iter().enumerate() {
            @if place > 0 { br; }
            code { (name) }
        }
    }
}

/// The values as a file of them would say; they hold references to Secrets, and no secret.
fn values(helm: &HelmRelease) -> String {
    tree::to_yaml(&Node::from(helm.record["config"].clone())).unwrap_or_default()
}
