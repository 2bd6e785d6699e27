//! What is to be done, in an order that leaves no connection idle: the longest first, indexes as their table's data is in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::postgres::catalog::{Index, Table};

/// One thing that one connection does.
pub(super) enum Job {
    /// A table's rows.
    Rows(Table),
    /// An index of it.
    Index(Index),
    /// What is said of its indexes once all are there, and its statistics.
    Finish { table: String, statements: Vec<String> },
}

/// What a table still waits for.
struct Waiting {
    name: String,
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
    /// Tables whose rows are not all there.
    unread: usize,
}

/// The jobs of all connections.
pub(super) struct Work {
    inside: Mutex<Inside>,
    changed: Notify,
}

impl Work {
    /// All tables with their indexes.
    pub(super) fn new(tables: Vec<Table>, indexes: Vec<Index>) -> Self {
        let mut waiting: HashMap<u32, Waiting> = HashMap::new();
        for table in &tables {
            let new =
                Waiting { name: table.name.clone(), indexes: Vec::new(), unbuilt: 0, statements: Vec::new() };
            waiting.insert(table.oid, new);
        }
        for index in indexes {
            if let Some(of) = waiting.get_mut(&index.table) {
                of.unbuilt += 1;
                of.indexes.push(index);
            }
        }
        // A table's indexes follow its rows: the longest chain begins first.
        let follows =
            |table: &Table| waiting[&table.oid].indexes.iter().map(|index| index.bytes).sum::<i64>();
        let ready =
            tables.iter().map(|table| (table.bytes + follows(table), Job::Rows(table.clone()))).collect();
        Self {
            inside: Mutex::new(Inside { ready, waiting, busy: 0, unread: tables.len() }),
            changed: Notify::new(),
        }
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

    /// A table's rows are there.
    pub(super) fn rows_are_in(&self, table: u32) {
        self.done(|inside| {
            inside.unread -= 1;
            let Some(waiting) = inside.waiting.get_mut(&table) else { return };
            let indexes = std::mem::take(&mut waiting.indexes);
            if indexes.is_empty() {
                finish(inside, table);
            }
            inside.ready.extend(indexes.into_iter().map(|index| (index.bytes, Job::Index(index))));
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
    if let Some(Waiting { name, mut statements, .. }) = inside.waiting.remove(&table) {
        // The primary key before what may be said of other indexes.
        statements.sort_by_key(|statement| !statement.contains(" PRIMARY KEY "));
        inside.ready.push((0, Job::Finish { table: name, statements }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(oid: u32, bytes: i64) -> Table {
        Table {
            oid,
            name: format!("t{oid}"),
            columns: "id".to_owned(),
            bytes,
            rows: 0,
            is_binary: true,
            is_logged: true,
            is_identified: true,
            candidate: None,
        }
    }

    fn index(table: u32, bytes: i64) -> Index {
        Index { table, definition: String::new(), bytes, afterwards: vec![format!("of {table}")] }
    }

    #[tokio::test]
    async fn the_longest_chain_goes_first_and_a_table_ends_after_its_indexes() {
        let work = Work::new(vec![table(1, 10), table(2, 40)], vec![index(1, 50), index(1, 5)]);
        let Some(Job::Rows(first)) = work.next().await else { panic!("rows first") };
        assert_eq!(first.oid, 1, "10 + 55 is more than 40");
        work.rows_are_in(1);
        let Some(Job::Index(large)) = work.next().await else { panic!("its large index") };
        let Some(Job::Rows(second)) = work.next().await else { panic!("then the other table") };
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
}
