//! Sidekiq's queues.

use crate::Minor;

/// A queue that a worker serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The queue's name.
    pub name: String,
    /// Its weight, where one is given.
    pub weight: Option<u32>,
}

/// What a Sidekiq command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SidekiqCommand {
    /// The queues served.
    pub queues: Vec<Queue>,
    /// Whether they were named on the command line, or are those of `config/sidekiq.yml`.
    pub named: bool,
    /// Threads, where the command line, or else `SIDEKIQ_CONCURRENCY`, says.
    pub concurrency: Option<u32>,
    /// The configuration file of the owner's own (`-C`): its queues are not known, and those of
    /// `config/sidekiq.yml` stand here in their place.
    pub own_config: Option<String>,
}

/// The queues of `config/sidekiq.yml` in Mastodon 4.4 and later, with their weights
/// (`../shared/mastodon/runtime-facts.md`, section Sidekiq).
#[must_use]
pub fn all_queues() -> Vec<Queue> {
    let queue = |name: &str, weight| Queue { name: name.to_owned(), weight };
    vec![
        queue("default", Some(8)),
        queue("push", Some(6)),
        queue("ingress", Some(4)),
        queue("mailers", Some(2)),
        queue("pull", None),
        queue("scheduler", None),
        queue("fasp", None),
    ]
}

/// The queues of `config/sidekiq.yml` in a release: `fasp` came with 4.4, `ingress` with 4.0; those of the newest release
/// where it is not known.
#[must_use]
pub fn queues_of(release: Option<Minor>) -> Vec<Queue> {
    let mut queues = all_queues();
    if let Some(release) = release {
        queues.retain(|queue| match queue.name.as_str() {
            "fasp" => release >= (4, 4),
            "ingress" => release >= (4, 0),
            _ => true,
        });
    }
    queues
}

impl SidekiqCommand {
    /// Reads the words of a command line in a release. `-q name,weight` replaces the configured list; `-c` is the number
    /// of threads.
    #[must_use]
    pub fn read(words: &[String], release: Option<Minor>) -> Self {
        let mut queues = Vec::new();
        let (mut concurrency, mut own_config) = (None, None);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (option, joined) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ if word.starts_with("-q") && word.len() > 2 => ("-q", Some(&word[2..])),
                _ if word.starts_with("-c") && word.len() > 2 => ("-c", Some(&word[2..])),
                _ if word.starts_with("-C") && word.len() > 2 => ("-C", Some(&word[2..])),
                _ => (word.as_str(), None),
            };
            let mut value = || joined.map(ToOwned::to_owned).or_else(|| words.next().cloned());
            match option {
                "-q" | "--queue" => {
                    if let Some(text) = value() {
                        let (name, weight) = text.split_once(',').unwrap_or((&text, ""));
                        queues.push(Queue { name: name.to_owned(), weight: weight.parse().ok() });
                    }
                }
                "-c" | "--concurrency" => concurrency = value().and_then(|text| text.parse().ok()),
                "-C" | "--config" => {
                    own_config = value().filter(|path| !path.ends_with("config/sidekiq.yml"));
                }
                _ => {}
            }
        }
        let named = !queues.is_empty();
        Self { queues: if named { queues } else { queues_of(release) }, named, concurrency, own_config }
    }

    /// Whether this worker runs the schedule.
    #[must_use]
    pub fn schedules(&self) -> bool {
        self.queues.iter().any(|queue| queue.name == "scheduler")
    }

    /// What the chart would call the worker: `all-queues`, `no-scheduler` for all but that one, or its queues
    /// joined, as many as leave room in a name.
    #[must_use]
    pub fn worker_name(&self) -> String {
        if !self.named {
            return "all-queues".to_owned();
        }
        let serves = |name: &str| self.queues.iter().any(|own| own.name == name);
        if all_queues().iter().filter(|queue| queue.name != "scheduler").all(|queue| serves(&queue.name)) {
            return if self.schedules() { "all-queues" } else { "no-scheduler" }.to_owned();
        }
        let mut name = String::new();
        for queue in &self.queues {
            let room = 24_usize.saturating_sub(name.len());
            if queue.name.len() < room {
                name.push_str(if name.is_empty() { "" } else { "-" });
                name.push_str(&queue.name);
            } else if name.is_empty() {
                return queue.name.chars().take(room).collect();
            } else {
                break;
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> SidekiqCommand {
        SidekiqCommand::read(&line.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>(), None)
    }

    #[test]
    fn without_queues_the_configured_ones_are_served() {
        let command = read("bundle exec sidekiq -c 15");
        assert!(command.schedules());
        assert_eq!((command.worker_name().as_str(), command.concurrency), ("all-queues", Some(15)));
    }

    #[test]
    fn a_name_holds_whole_queues() {
        let command = read("sidekiq -q default -q mailers -q pull -q push -q ingress");
        assert_eq!(command.worker_name(), "default-mailers-pull");
    }

    #[test]
    fn named_queues_replace_the_configured_ones() {
        let command = read("bundle exec sidekiq -q default,8 -qpush --queue=pull -c5");
        let names: Vec<_> = command.queues.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!(names, ["default", "push", "pull"]);
        assert!(!command.schedules());
        assert_eq!(command.worker_name(), "default-push-pull");
        assert_eq!(command.concurrency, Some(5));
    }

    #[test]
    fn the_configured_queues_are_the_releases() {
        let names =
            |release| -> Vec<String> { queues_of(release).into_iter().map(|queue| queue.name).collect() };
        assert_eq!(names(Some((3, 5))), ["default", "push", "mailers", "pull", "scheduler"]);
        assert_eq!(names(Some((4, 3))), ["default", "push", "ingress", "mailers", "pull", "scheduler"]);
        assert_eq!(names(Some((4, 4))), names(None));
        assert_eq!(read("sidekiq -C config/sidekiq.yml").own_config, None);
        assert_eq!(read("sidekiq -C /etc/own.yml").own_config.as_deref(), Some("/etc/own.yml"));
    }
}
