//! What is to be done, in an order that leaves no connection idle: the longest first, indexes as their table's data is in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::split::{Part, divided, length, parts};
use crate::postgres::catalog::{Index, Table};

/// One thing that one connection does.
pub(super) enum Job {
    /// A table's rows: all of them, or those of some pages.
    Rows(Table, Option<Part>),
    /// An index of it.
    Index(Index),
    /// What is said of its indexes once all are there, and its statistics.
    Finish { table: String, statements: Vec<String>, was_divided: bool },
}

/// What a table still waits for.
struct Waiting {
    name: String,
    bytes: i64,
    /// Parts of its rows that are not there yet.
    unread: usize,
    was_divided: bool,
    indexes: Vec<Index>,
    /// Indexes that are not built yet.
    unbuilt: usize,
    statements: Vec<String>,
}

struct Inside {
    /// With how long they may take, in bytes.
    ready: Vec<(i64, Job)>,
    waiting: HashMap<u32, Waiting>,
    /// Jobs that someone does at this moment.
    busy: usize,
    /// Jobs of rows that are not done.
    unread: usize,
}

/// The jobs of all connections.
pub(super) struct Work {
    inside: Mutex<Inside>,
    changed: Notify,
}

impl Work {
    /// All tables with their indexes, for so many connections.
    pub(super) fn new(tables: Vec<Table>, indexes: Vec<Index>, connections: usize) -> Self {
        let divided: HashMap<u32, usize> = divided(&tables, &indexes, connections)
            .into_iter()
            .map(|(table, parts)| (table.oid, parts))
            .collect();
        let parts_of = |table: &Table| match divided.get(&table.oid) {
            Some(count) => parts(table.pages, *count).into_iter().map(Some).collect(),
            None => vec![None],
        };
        let mut waiting: HashMap<u32, Waiting> = HashMap::new();
        for table in &tables {
            let new = Waiting {
                name: table.name.clone(),
                bytes: table.bytes,
                unread: parts_of(table).len(),
                was_divided: divided.contains_key(&table.oid),
                indexes: Vec::new(),
                unbuilt: 0,
                statements: Vec::new(),
            };
            waiting.insert(table.oid, new);
        }
        for index in indexes {
            if let Some(of) = waiting.get_mut(&index.table) {
                of.unbuilt += 1;
                of.indexes.push(index);
            }
        }
        // A table's indexes follow its rows: the longest chain begins first.
        let follows = |table: &Table| {
            waiting[&table.oid].indexes.iter().map(|index| length(index, table.bytes)).sum::<i64>()
        };
        let mut ready = Vec::new();
        for table in &tables {
            let length = table.bytes + follows(table);
            ready.extend(parts_of(table).into_iter().map(|part| (length, Job::Rows(table.clone(), part))));
        }
        let unread = ready.len();
        Self { inside: Mutex::new(Inside { ready, waiting, busy: 0, unread }), changed: Notify::new() }
    }

    /// The next thing to do; nothing when all is done.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
                let longest = (0..inside.ready.len()).max_by_key(|at| inside.ready[*at].0);
                if let Some(longest) = longest {
                    inside.busy += 1;
                    return Some(inside.ready.swap_remove(longest).1);
                }
                if inside.busy == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// A table's rows are there, or those of one of its parts.
    pub(super) fn rows_are_in(&self, table: u32) {
        self.done(|inside| {
            inside.unread -= 1;
            let Some(waiting) = inside.waiting.get_mut(&table) else { return };
            waiting.unread -= 1;
            if waiting.unread > 0 {
                return;
            }
            let (indexes, bytes) = (std::mem::take(&mut waiting.indexes), waiting.bytes);
            if indexes.is_empty() {
                finish(inside, table);
            }
            let all = indexes.into_iter().map(|index| (length(&index, bytes), Job::Index(index)));
            inside.ready.extend(all);
        });
    }

    /// Whether nobody needs the source's rows any more.
    pub(super) fn has_read_all(&self) -> bool {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).unread == 0
    }

    /// An index is built.
    pub(super) fn index_is_built(&self, index: Index) {
        self.done(|inside| {
            let Some(waiting) = inside.waiting.get_mut(&index.table) else { return };
            waiting.statements.extend(index.afterwards);
            waiting.unbuilt -= 1;
            if waiting.unbuilt == 0 {
                finish(inside, index.table);
            }
        });
    }

    /// A table is finished.
    pub(super) fn is_finished(&self) {
        self.done(|_| {});
    }

    fn done(&self, then: impl FnOnce(&mut Inside)) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        then(&mut inside);
        inside.busy -= 1;
        drop(inside);
        self.changed.notify_waiters();
    }
}

fn finish(inside: &mut Inside, table: u32) {
    if let Some(Waiting { name, bytes, mut statements, was_divided, .. }) = inside.waiting.remove(&table) {
        // The primary key before what may be said of other indexes.
        statements.sort_by_key(|statement| !statement.contains(" PRIMARY KEY "));
        // Gathering statistics reads a sample.
        inside.ready.push((bytes / 10, Job::Finish { table: name, statements, was_divided }));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::postgres::copy) fn table(oid: u32, bytes: i64) -> Table {
        Table {
            oid,
            name: format!("t{oid}"),
            columns: "id".to_owned(),
            bytes,
            pages: 0,
            rows: 0,
            is_binary: true,
            is_logged: true,
            is_identified: true,
            candidate: None,
            is_vacuumed_as_all: true,
        }
    }

    pub(in crate::postgres::copy) fn index(table: u32, bytes: i64) -> Index {
        Index {
            table,
            definition: String::new(),
            bytes,
            is_slow: false,
            is_sorted: true,
            afterwards: vec![format!("of {table}")],
        }
    }

    #[tokio::test]
    async fn the_longest_chain_goes_first_and_a_table_ends_after_its_indexes() {
        let work = Work::new(vec![table(1, 10), table(2, 40)], vec![index(1, 50), index(1, 5)], 2);
        let Some(Job::Rows(first, None)) = work.next().await else { panic!("rows first") };
        assert_eq!(first.oid, 1, "10 + 55 is more than 40");
        work.rows_are_in(1);
        let Some(Job::Index(large)) = work.next().await else { panic!("its large index") };
        let Some(Job::Rows(second, None)) = work.next().await else { panic!("then the other table") };
        work.rows_are_in(second.oid);
        let Some(Job::Index(small)) = work.next().await else { panic!("the small index") };
        work.index_is_built(large);
        let Some(Job::Finish { table, .. }) = work.next().await else {
            panic!("a table without indexes ends")
        };
        assert_eq!(table, "t2");
        work.is_finished();
        work.index_is_built(small);
        let Some(Job::Finish { statements, .. }) = work.next().await else { panic!("all indexes are there") };
        assert_eq!(statements.len(), 2);
        work.is_finished();
        assert!(work.next().await.is_none());
    }

    #[tokio::test]
    async fn indexes_wait_for_all_parts_of_a_table() {
        let mut large = table(1, 80 << 20);
        large.pages = large.bytes >> 13;
        let work = Work::new(vec![large], vec![index(1, 5)], 3);
        for _ in 0..3 {
            let Some(Job::Rows(_, Some(_))) = work.next().await else { panic!("a part") };
        }
        for _ in 0..2 {
            work.rows_are_in(1);
            assert!(!work.has_read_all());
        }
        work.rows_are_in(1);
        assert!(work.has_read_all());
        let Some(Job::Index(index)) = work.next().await else { panic!("its index") };
        work.index_is_built(index);
        let Some(Job::Finish { was_divided: true, .. }) = work.next().await else { panic!("the end") };
    }
}
