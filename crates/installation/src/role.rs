//! What a container is to Mastodon.

use std::borrow::Cow;

use tree::Node;

use crate::command::{program, programs};
use crate::reading::text;
use crate::shell::SimpleCommand;
use crate::versions::is_mastodon;
use crate::{Flavour, Minor, Queue, SidekiqCommand, Version, queues_of};

/// The part a container plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Puma: pages, API, federation.
    Web,
    /// The Node server behind `/api/v1/streaming`.
    Streaming,
    /// A worker of queues.
    Sidekiq(SidekiqCommand),
    /// A rake task on the database.
    Migration,
    /// A `tootctl` task, or another task of Mastodon's that runs and ends.
    Tootctl,
}

/// Programs that name others without starting them.
const BYSTANDERS: [&str; 16] = [
    "rm", "echo", "printf", "pgrep", "pkill", "grep", "ps", "cp", "mv", "mkdir", "touch", "test", "[", "cat",
    "chown", "ls",
];

impl Role {
    /// The first of [`Role::all_of`].
    #[must_use]
    pub fn of(container: &Node) -> Option<Self> {
        Self::all_of(container).into_iter().next()
    }

    /// Recognises a container by what it runs (the commands of Mastodon's documentation, Compose file, Procfile and
    /// charts), or, where it says nothing, by its image. Where it starts several lasting programs, as linuxserver.io's
    /// image does, each is a role; a task that goes before them is none.
    #[must_use]
    pub fn all_of(container: &Node) -> Vec<Self> {
        let version = container.get("image").and_then(Version::read);
        let programs = programs(container);
        let by_script =
            programs.iter().any(|one| one.words.iter().any(|word| word.contains("/scripts/mastodon/")));
        if programs.is_empty() || by_script {
            return version.map_or_else(Vec::new, |version| by_image(&version, container));
        }
        let minor = version.as_ref().and_then(Version::minor);
        let of_mastodon = version.as_ref().is_some_and(|version| is_mastodon(&version.image));
        let mut roles: Vec<Self> = Vec::new();
        for role in programs.iter().flat_map(|program| by_program(program, minor, of_mastodon)) {
            let same = |own: &Self| std::mem::discriminant(own) == std::mem::discriminant(&role);
            if !roles.iter().any(same) {
                roles.push(role);
            }
        }
        if roles.iter().any(Self::is_lasting) {
            roles.retain(Self::is_lasting);
        } else {
            roles.truncate(1);
        }
        roles
    }

    /// The role's name as the charts' label `app.kubernetes.io/component` has it.
    #[must_use]
    pub fn component(&self) -> String {
        match self {
            Self::Web => "web".to_owned(),
            Self::Streaming => "streaming".to_owned(),
            Self::Sidekiq(command) => format!("sidekiq-{}", command.worker_name()),
            Self::Migration => "migration".to_owned(),
            Self::Tootctl => "tootctl".to_owned(),
        }
    }

    /// Whether this role serves or works all the time, rather than runs and ends.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Web | Self::Streaming | Self::Sidekiq(_))
    }
}

fn by_program(command: &SimpleCommand, release: Option<Minor>, of_mastodon: bool) -> Vec<Role> {
    let words = &command.words;
    let first = words.first().map_or("", |word| program(word));
    if BYSTANDERS.contains(&first) {
        return Vec::new();
    }
    let has = |name: &str| words.iter().any(|word| program(word) == name);
    let task = || words.iter().skip(1).any(|word| word.contains(':') && !word.contains('/'));
    let role = if first == "foreman" {
        return of_procfile(words, release);
    } else if has("sidekiq") {
        Role::Sidekiq(SidekiqCommand::read(words, release))
    } else if has("puma") || has("heroku-web") || (has("rails") && (has("server") || has("s"))) {
        Role::Web
    } else if is_streaming(words, first, of_mastodon) {
        Role::Streaming
    } else if (has("rails") || has("rake")) && words.iter().any(|word| is_on_database(word)) {
        Role::Migration
    } else if has("tootctl") || (of_mastodon && (has("rails") || has("rake")) && task()) {
        Role::Tootctl
    } else {
        return Vec::new();
    };
    vec![role]
}

/// Tasks of Rails that make or change the schema; `db:encryption:init` only prints keys.
fn is_on_database(task: &str) -> bool {
    task.starts_with("db:") && !task.starts_with("db:encryption") && !task.starts_with("db:version")
}

/// `node ./streaming`, and the scripts of `package.json` that start it.
fn is_streaming(words: &[String], first: &str, of_mastodon: bool) -> bool {
    let has = |name: &str| words.iter().any(|word| program(word) == name);
    let by_node = has("node") && words.iter().any(|word| word.contains("streaming"));
    let by_script =
        of_mastodon && matches!(first, "npm" | "yarn" | "pnpm") && (has("start") || has("streaming"));
    by_node || by_script
}

/// `foreman start [-f FILE] [PROCESS]` with the names that Mastodon's Procfiles give.
fn of_procfile(words: &[String], release: Option<Minor>) -> Vec<Role> {
    let sidekiq = || Role::Sidekiq(SidekiqCommand::read(&[], release));
    let named = words.iter().skip(1).find_map(|word| match word.as_str() {
        "web" => Some(Role::Web),
        "worker" | "sidekiq" => Some(sidekiq()),
        "stream" | "streaming" => Some(Role::Streaming),
        _ => None,
    });
    named.map_or_else(|| vec![Role::Web, Role::Streaming, sidekiq()], |role| vec![role])
}

/// What an image runs that is given no command.
fn by_image(version: &Version, container: &Node) -> Vec<Role> {
    let path = version.image.split(['@', ':']).next().unwrap_or_default();
    let release = version.minor();
    if version.flavour == Flavour::LinuxServer {
        return of_linuxserver(container, release);
    }
    // Bitnami's image has a script of its own for a command; this variable says what the script starts.
    match setting(container, "MASTODON_MODE").as_deref() {
        Some("web") => return vec![Role::Web],
        Some("streaming") => return vec![Role::Streaming],
        Some("sidekiq") => return vec![Role::Sidekiq(SidekiqCommand::read(&[], release))],
        _ => {}
    }
    if path.ends_with("mastodon-streaming") {
        return vec![Role::Streaming];
    }
    if !is_mastodon(&version.image) {
        return Vec::new();
    }
    // An image of the owner's own may start anything: its container's name says which.
    let name = container.str_at(&["name"]).unwrap_or_default();
    if name.contains("sidekiq") || name.contains("worker") {
        vec![Role::Sidekiq(SidekiqCommand::read(&[], release))]
    } else if name.contains("streaming") {
        vec![Role::Streaming]
    } else if name.contains("web") {
        vec![Role::Web]
    } else {
        Vec::new()
    }
}

/// A variable that the container sets itself.
fn setting<'a>(container: &'a Node, name: &str) -> Option<Cow<'a, str>> {
    let mut variables = container.get("env").into_iter().flat_map(Node::items);
    variables
        .find(|variable| variable.str_at(&["name"]) == Some(name))
        .and_then(|found| text(found.get("value")?))
}

/// linuxserver.io's image runs all parts, or with `SIDEKIQ_ONLY` the worker of one queue (`SIDEKIQ_QUEUE`), with
/// `SIDEKIQ_THREADS` threads, as its documentation says.
fn of_linuxserver(container: &Node, release: Option<Minor>) -> Vec<Role> {
    let setting = |name: &str| setting(container, name);
    let mut worker = SidekiqCommand::read(&[], release);
    worker.concurrency = setting("SIDEKIQ_THREADS").and_then(|threads| threads.parse().ok());
    let only = setting("SIDEKIQ_ONLY").is_some_and(|only| only.eq_ignore_ascii_case("true"));
    if !only {
        return vec![Role::Web, Role::Streaming, Role::Sidekiq(worker)];
    }
    if let Some(queue) = setting("SIDEKIQ_QUEUE").filter(|queue| !queue.is_empty()) {
        worker.queues = vec![Queue { name: queue.into_owned(), weight: None }];
        worker.named = true;
    } else {
        worker.queues = queues_of(release);
    }
    vec![Role::Sidekiq(worker)]
}

/// The variables that a container's command line gives to Mastodon's programs: assignments before them, and what
/// Puma's options say in the place of `MIN_THREADS`, `MAX_THREADS` and `WEB_CONCURRENCY` (`-t 5:10 -w 2`).
pub(crate) fn settings_of(container: &Node) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    for command in programs(container) {
        if by_program(&command, None, true).is_empty() {
            continue;
        }
        if command.words.iter().any(|word| program(word) == "puma") {
            settings.extend(puma_settings(&command.words));
        }
        settings.extend(command.settings);
    }
    settings
}

fn puma_settings(words: &[String]) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    let mut set = |name: &str, value: &str| {
        if value.parse::<u32>().is_ok() {
            settings.push((name.to_owned(), value.to_owned()));
        }
    };
    for (position, word) in words.iter().enumerate() {
        let next = words.get(position + 1).map_or("", String::as_str);
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, value),
            None if word.len() > 2 && (word.starts_with("-t") || word.starts_with("-w")) => word.split_at(2),
            None => (word.as_str(), next),
        };
        match option {
            "-t" | "--threads" => {
                let (least, most) = value.split_once(':').unwrap_or((value, value));
                set("MIN_THREADS", least);
                set("MAX_THREADS", most);
            }
            "-w" | "--workers" => set("WEB_CONCURRENCY", value),
            _ => {}
        }
    }
    settings
}
