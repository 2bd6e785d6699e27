//! What runs by the clock.

use tree::Node;

use crate::index::Index;
use crate::reading::text;
use crate::versions::is_mastodon;
use crate::{Object, Role, Schedule, command_line, holds_secret};

/// CronJobs of all API versions, and the schedules of backups that operators run.
pub(crate) fn read_schedules(index: &Index<'_>) -> Vec<Schedule> {
    let objects = index.objects.iter().enumerate();
    objects.filter_map(|(position, object)| read(position, object)).collect()
}

fn read(position: usize, object: &Object) -> Option<Schedule> {
    let keys: &[&str] = match object.kind() {
        "CronJob" | "ScheduledBackup" | "ScheduledJob" => &["spec", "schedule"],
        "ReplicationSource" => &["spec", "trigger", "schedule"],
        _ => return None,
    };
    let schedule = object.node.at_keys(keys)?;
    let container = object.containers().next();
    let is_true =
        |key: &str| object.node.at_keys(&["spec", key]).and_then(Node::as_text).as_deref() == Some("true");
    Some(Schedule {
        object: position,
        schedule: schedule.as_text().unwrap_or_default(),
        time_zone: object.node.str_at(&["spec", "timeZone"]).map(ToOwned::to_owned),
        command: container.map(shown).unwrap_or_default(),
        of_mastodon: container.is_some_and(is_of_mastodon),
        suspended: is_true("suspend") || is_true("paused"),
        origin: schedule.origin,
    })
}

/// Whether a container does Mastodon's work: by its program, or with Mastodon's image.
pub(super) fn is_of_mastodon(container: &Node) -> bool {
    let image = container.get("image").and_then(text);
    Role::of(container).is_some() || image.is_some_and(|image| is_mastodon(&image))
}

/// A command line to be shown: words with a secret in them are left out.
fn shown(container: &Node) -> String {
    let words = command_line(container);
    if !holds_secret(&words.join(" ")) {
        return words.join(" ");
    }
    words.iter().take(1).cloned().chain(["…".to_owned()]).collect::<Vec<_>>().join(" ")
}
