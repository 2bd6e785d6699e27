//! Rows, queues and the account of every job: the arithmetic behind the invariants.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::component::Workers;
use super::journal::Record;

/// A job taken from a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) id: u64,
}

/// What the stand-in PostgreSQL and Redis hold, and what became of each job.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) rows: BTreeSet<u64>,
    queues: HashMap<String, VecDeque<u64>>,
    /// Every job neither done nor lost, with its queue.
    outstanding: HashMap<u64, String>,
    /// The jobs that tell streaming of a row, with it: the first of each row's.
    distributing: HashMap<u64, u64>,
    next_row: u64,
    next_job: u64,
    turn: usize,
    pub(crate) enqueued: u64,
    pub(crate) done: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) schedulers: u32,
    pub(crate) max_schedulers: u32,
}

impl Ledger {
    /// The record of a new row with its jobs; [`Ledger::apply`] makes it so.
    pub(crate) fn post(&self) -> Record {
        let row = self.next_row + 1;
        let mut queues: Vec<String> =
            ["default", "push", "ingress", "pull"].iter().map(|queue| (*queue).to_owned()).collect();
        // Now and then somebody is mentioned who wants to be told by mail.
        if row.is_multiple_of(10) {
            queues.push("mailers".to_owned());
        }
        Record::Posted { row, first: self.next_job + 1, queues }
    }

    /// The record of something delivered by another server: it is stored when its job is done, not before.
    pub(crate) fn deliver(&self) -> Record {
        Record::Delivered { first: self.next_job + 1, queues: vec!["ingress".to_owned()] }
    }

    /// The row that streaming is to be told of when this job is done.
    pub(crate) fn told_by(&mut self, job: u64) -> Option<u64> {
        self.distributing.remove(&job)
    }

    fn enqueue(&mut self, first: u64, queues: &[String]) {
        for (id, queue) in (first..).zip(queues) {
            self.outstanding.insert(id, queue.clone());
            self.queues.entry(queue.clone()).or_default().push_back(id);
            self.next_job = self.next_job.max(id);
            self.enqueued += 1;
        }
    }

    /// Takes one record into account, written now or read back.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Posted { row, first, queues } => {
                self.rows.insert(*row);
                self.next_row = self.next_row.max(*row);
                self.distributing.insert(*first, *row);
                self.enqueue(*first, queues);
            }
            Record::Delivered { first, queues } => self.enqueue(*first, queues),
            Record::Done { job } => match self.outstanding.remove(job) {
                Some(_) => self.done += 1,
                None => self.duplicated += 1,
            },
            Record::Lost { job } => {
                self.distributing.remove(job);
                if self.outstanding.remove(job).is_some() {
                    self.lost += 1;
                }
            }
            Record::Schedulers { at_once } => self.max_schedulers = self.max_schedulers.max(*at_once),
            Record::Active { .. } => {}
        }
    }

    /// After a reload: what was settled before is no longer waiting.
    pub(crate) fn settle_queues(&mut self) {
        let outstanding = &self.outstanding;
        for waiting in self.queues.values_mut() {
            waiting.retain(|id| outstanding.contains_key(id));
        }
        self.distributing.retain(|id, _| outstanding.contains_key(id));
    }

    pub(crate) fn pending(&self) -> u64 {
        self.outstanding.len() as u64
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    /// The next job for these workers: queues in their order, or by weight in turn.
    pub(crate) fn take(&mut self, workers: &Workers) -> Option<Job> {
        let count = workers.queues.len();
        let start = if workers.strict { 0 } else { self.start_of_turn(workers) };
        for step in 0..count {
            let (queue, _) = &workers.queues[(start + step) % count];
            if let Some(id) = self.queues.get_mut(queue).and_then(VecDeque::pop_front) {
                return Some(Job { id });
            }
        }
        None
    }

    /// Puts a job that was taken but not done back where it came from, to be taken first.
    pub(crate) fn put_back(&mut self, job: &Job) {
        if let Some(queue) = self.outstanding.get(&job.id) {
            self.queues.entry(queue.clone()).or_default().push_front(job.id);
        }
    }

    fn start_of_turn(&mut self, workers: &Workers) -> usize {
        let total: usize = workers.queues.iter().map(|(_, weight)| *weight as usize).sum();
        self.turn = self.turn.wrapping_add(1);
        let mut left = self.turn % total.max(1);
        for (at, (_, weight)) in workers.queues.iter().enumerate() {
            if left < *weight as usize {
                return at;
            }
            left -= *weight as usize;
        }
        0
    }
}
