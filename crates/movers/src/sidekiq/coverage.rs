//! Whether every queue is worked, and the schedule kept once.

use std::collections::BTreeSet;

use super::{Process, Roster};

/// The queue whose workers also keep the schedule (sidekiq-scheduler, `listened_queues_only`).
pub const SCHEDULER: &str = "scheduler";

/// Which queues are worked by those that take jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Expected and worked by nobody.
    pub missing: Vec<String>,
    /// Hold jobs and are worked by nobody: neither expected nor served.
    pub stranded: Vec<String>,
    /// Identities of those that keep the schedule.
    pub schedulers: Vec<String>,
}

impl Coverage {
    /// Judges a roster by the queues that a version has, and by those that hold jobs.
    #[must_use]
    pub fn of(roster: &Roster, expected: &[String], waiting: &[String]) -> Self {
        let taking = || roster.alive.iter().filter(|process| !process.quiet);
        let served: BTreeSet<&str> =
            taking().flat_map(|process| process.queues.iter().map(String::as_str)).collect();
        let unserved = |queues: &[String]| -> Vec<String> {
            queues.iter().filter(|queue| !served.contains(queue.as_str())).cloned().collect()
        };
        let missing = unserved(expected);
        let mut stranded = unserved(waiting);
        stranded.retain(|queue| !expected.contains(queue));
        let schedulers =
            taking().filter(|process| schedules(process)).map(|process| process.identity.clone());
        Self { missing, stranded, schedulers: schedulers.collect() }
    }

    /// Whether every expected queue is worked, and the schedule kept by exactly one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.schedulers.len() == 1
    }
}

fn schedules(process: &Process) -> bool {
    process.queues.iter().any(|queue| queue == SCHEDULER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(identity: &str, queues: &[&str], quiet: bool) -> Process {
        Process {
            identity: identity.to_owned(),
            hostname: identity.to_owned(),
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            concurrency: 5,
            busy: 0,
            quiet,
            beat: 0.0,
            version: None,
            running: Vec::new(),
        }
    }

    #[test]
    fn a_quiet_process_works_nothing_and_two_schedulers_are_told() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected = words(&["default", "push", "scheduler"]);
        let mut roster = Roster {
            alive: vec![process("a", &["default", "scheduler"], false), process("b", &["push"], true)],
            expired: Vec::new(),
        };
        let coverage = Coverage::of(&roster, &expected, &words(&["default", "old"]));
        assert_eq!(coverage.missing, ["push"]);
        assert_eq!(coverage.stranded, ["old"]);
        assert!(!coverage.is_whole());
        roster.alive.push(process("c", &["push", "scheduler"], false));
        assert_eq!(Coverage::of(&roster, &expected, &[]).schedulers, ["a", "c"]);
        roster.alive[0].quiet = true;
        roster.alive.push(process("d", &["default"], false));
        assert!(Coverage::of(&roster, &expected, &[]).is_whole());
    }
}
