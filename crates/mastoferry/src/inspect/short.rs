//! The installation in a few lines, for commands that go on from there.

use installation::{Installation, Role};
use source::Sourced;

use super::view::{View, concurrency, queues};
use crate::words::Words;

/// The parts of Mastodon, the routes, what stands beside, and the risks.
pub(crate) fn in_short(sourced: &Sourced, installation: &Installation, words: &Words) -> String {
    let view = View { sourced, installation, unread: &[], words };
    let mut lines = vec![super::chapters::headline(&view)];
    for component in &installation.components {
        let replicas = installation.workload(component).replicas().to_string();
        let mut line = format!("  {:<28} {:<34}", component.role.component(), view.name(component.object));
        if component.role.is_lasting() {
            line.push_str(&words.tell("inspect-replicas", &[("replicas", &replicas)]));
        }
        if let Role::Sidekiq(_) = &component.role {
            line.push_str(&format!("  {}", queues(&component.role).join(" ")));
            if let Some(concurrency) = concurrency(&component.role) {
                line.push_str(&format!("  -c {concurrency}"));
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.push(words.word("inspect-users-reach"));
    for route in &installation.routes {
        let url = format!("{}{}", route.host, route.path);
        lines.push(format!("  {url:<44} {}", view.answers(&route.target)));
    }
    let beside: Vec<String> = beside(installation).map(|index| view.name(index)).collect();
    if !beside.is_empty() {
        lines.push(words.word("inspect-beside"));
        lines.push(format!("  {}", beside.join("  ")));
    }
    for need in &installation.needs {
        lines.push(words.tell("inspect-need", &[("kind", &need.kind), ("name", &need.name)]));
    }
    for remark in super::chapters::findings(&view) {
        lines.push(format!("! {} ({})", remark.text, remark.places.join(", ")));
    }
    lines.join("\n") + "\n"
}

/// Workloads beside Mastodon.
fn beside(installation: &Installation) -> impl Iterator<Item = usize> {
    let of_mastodon =
        |index: usize| installation.components.iter().any(|component| component.object == index);
    let objects = installation.objects.iter().enumerate();
    objects.filter(move |(index, object)| object.template().is_some() && !of_mastodon(*index)).map(|(i, _)| i)
}
