//! Sidekiq's queues.

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
    /// Threads, where the command line says.
    pub concurrency: Option<u32>,
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

impl SidekiqCommand {
    /// Reads the words of a command line. `-q name,weight` replaces the configured list; `-c` is the number of
    /// threads.
    #[must_use]
    pub fn read(words: &[String]) -> Self {
        let mut queues = Vec::new();
        let mut concurrency = None;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (option, joined) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ if word.starts_with("-q") && word.len() > 2 => ("-q", Some(&word[2..])),
                _ if word.starts_with("-c") && word.len() > 2 => ("-c", Some(&word[2..])),
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
                _ => {}
            }
        }
        let named = !queues.is_empty();
        Self { queues: if named { queues } else { all_queues() }, named, concurrency }
    }

    /// Whether this worker runs the schedule.
    #[must_use]
    pub fn schedules(&self) -> bool {
        self.queues.iter().any(|queue| queue.name == "scheduler")
    }

    /// What the chart would call the worker: `all-queues`, `no-scheduler` for all but that one, or its queues
    /// joined, cut to what leaves room in a name.
    #[must_use]
    pub fn worker_name(&self) -> String {
        let serves = |name: &str| self.queues.iter().any(|own| own.name == name);
        if all_queues().iter().filter(|queue| queue.name != "scheduler").all(|queue| serves(&queue.name)) {
            return if self.schedules() { "all-queues" } else { "no-scheduler" }.to_owned();
        }
        let mut name = self.queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>().join("-");
        name.truncate(name.char_indices().nth(24).map_or(name.len(), |(at, _)| at));
        name.trim_end_matches('-').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> SidekiqCommand {
        SidekiqCommand::read(&line.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_queues_the_configured_ones_are_served() {
        let command = read("bundle exec sidekiq -c 15");
        assert!(command.schedules());
        assert_eq!((command.worker_name().as_str(), command.concurrency), ("all-queues", Some(15)));
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
}
