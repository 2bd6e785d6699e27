//! What the containers of the cluster have written, for `kubectl logs`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use clock::Clock;
use tokio::sync::watch;

/// How many lines of a container are kept. A real node keeps some megabytes; nobody reads a rehearsal's so far
/// back, and thousands of pods write.
const KEPT: usize = 2000;

/// The logs of all containers on the node. Copies share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logbook(Arc<Mutex<HashMap<(String, String), Pages>>>);

/// The logs of a container: of the process that runs, or ran last, and of the one before it.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    pub(crate) current: Arc<Log>,
    pub(crate) previous: Option<Arc<Log>>,
}

/// A line, and when in cluster time it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: SystemTime,
    pub(crate) text: Box<str>,
}

/// What one process has written.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Lines>,
    /// Counts up with every line; dropped senders do not occur while the log is held.
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Line>,
    /// How many lines are kept no longer.
    dropped: u64,
    over: bool,
}

impl Logbook {
    /// A new log for a container of a pod; the one before is kept beside it, older ones are not.
    pub(crate) fn begin(&self, uid: &str, container: &str, clock: Clock) -> Pen {
        let log = Arc::new(Log::default());
        let mut pages = self.pages();
        let key = (uid.to_owned(), container.to_owned());
        let previous = pages.remove(&key).map(|before| before.current);
        pages.insert(key, Pages { current: Arc::clone(&log), previous });
        Pen { log, clock }
    }

    /// The logs of a container.
    pub(crate) fn of(&self, uid: &str, container: &str) -> Option<Pages> {
        self.pages().get(&(uid.to_owned(), container.to_owned())).cloned()
    }

    /// Forgets a pod that has left the node.
    pub(crate) fn forget(&self, uid: &str) {
        self.pages().retain(|(of, _), _| of != uid);
    }

    fn pages(&self) -> MutexGuard<'_, HashMap<(String, String), Pages>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// The lines from a number on, the number after the last, and whether no more will come.
    pub(crate) fn from(&self, number: u64) -> (Vec<Line>, u64, bool) {
        let lines = self.lines();
        let skipped = usize::try_from(number.saturating_sub(lines.dropped)).unwrap_or(usize::MAX);
        let next = lines.dropped + u64::try_from(lines.kept.len()).unwrap_or(u64::MAX);
        (lines.kept.iter().skip(skipped).cloned().collect(), next, lines.over)
    }

    /// Hears of every line to come.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a process writes with.
#[derive(Debug)]
pub(crate) struct Pen {
    log: Arc<Log>,
    clock: Clock,
}

impl Pen {
    /// A pen whose lines nobody reads.
    #[cfg(test)]
    pub(crate) fn dry() -> Self {
        Self { log: Arc::default(), clock: Clock::real() }
    }

    /// When now is, for lines that say so themselves.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default()
    }

    /// Writes a line, or several.
    pub(crate) fn write(&self, text: &str) {
        let at = self.clock.now();
        let mut lines = self.log.lines();
        for text in text.lines() {
            if lines.kept.len() == KEPT {
                lines.kept.pop_front();
                lines.dropped += 1;
            }
            lines.kept.push_back(Line { at, text: text.into() });
        }
        drop(lines);
        self.log.changed.send_modify(|count| *count += 1);
    }
}

/// Held for as long as a process lives. When it is dropped, its log is over.
#[derive(Debug)]
pub(crate) struct Writing(Arc<Pen>);

impl Writing {
    pub(crate) fn with(pen: &Arc<Pen>) -> Self {
        Self(Arc::clone(pen))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.log.lines().over = true;
        self.0.log.changed.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_end_and_the_one_before_it() {
        let logbook = Logbook::default();
        let first = Arc::new(logbook.begin("uid", "web", Clock::real()));
        let writing = Writing::with(&first);
        (0..KEPT + 5).for_each(|number| first.write(&number.to_string()));
        let log = logbook.of("uid", "web").unwrap().current;
        let (lines, next, over) = log.from(0);
        assert_eq!((lines.len(), &*lines[0].text, over), (KEPT, "5", false));
        first.write("one\ntwo");
        assert_eq!(log.from(next).0.len(), 2);
        drop(writing);
        let _second = logbook.begin("uid", "web", Clock::real());
        let pages = logbook.of("uid", "web").unwrap();
        assert!(pages.previous.unwrap().from(0).2 && pages.current.from(0).0.is_empty());
        logbook.forget("uid");
        assert!(logbook.of("uid", "web").is_none());
    }
}
