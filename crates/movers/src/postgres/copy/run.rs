//! The copy, from the first statement to the last.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::memory::Memory;
use super::schema::{Reading, Schema};
use super::split::divided;
use super::stream;
use super::work::{Job, Work};
use crate::postgres::catalog::{self, ForeignKey, Index, Table, View};
use crate::postgres::session::{Session, identifier};
use crate::postgres::snapshot::{Snapshot, looking_through};
use crate::postgres::tools::Tools;
use crate::postgres::{Address, PostgresError, made, sequences};
use crate::{Limits, Meter, Pace};

/// A copy: from where, to where, and how.
pub(crate) struct Copying<'a> {
    pub(crate) source: &'a Address,
    pub(crate) target: &'a Address,
    /// The name that all its sessions bear.
    pub(crate) name: &'a str,
    pub(crate) tools: &'a Tools,
    /// A private folder.
    pub(crate) folder: &'a Path,
    pub(crate) limits: Limits,
    /// Who owns all on the target; the same owners as on the source where nobody is named.
    pub(crate) owner: Option<&'a str>,
    /// Bytes that building indexes may take on the target, all connections together.
    pub(crate) index_memory: Option<u64>,
    pub(crate) margin: u32,
    pub(crate) meter: &'a Arc<Meter>,
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Tables.
    pub tables: usize,
    /// Rows that have arrived.
    pub rows: u64,
    /// Sequences that were set.
    pub sequences: usize,
}

/// What there is on the source, within the snapshot.
struct Inventory {
    tables: Vec<Table>,
    of_tables: Vec<Index>,
    of_views: Vec<Index>,
    keys: Vec<ForeignKey>,
    views: Vec<View>,
}

impl Copying<'_> {
    /// Copies all that the snapshot shows. The snapshot is let go when the last row has been read.
    pub(crate) async fn run(&self, snapshot: Snapshot) -> Result<Copied, PostgresError> {
        let id = snapshot.id.clone();
        let source = Session::open(self.source, self.name).await?;
        source.run("look through the snapshot", &looking_through(&id)).await?;
        let inventory = inventory(&source).await?;
        let reading = Reading {
            tools: self.tools,
            source: self.source,
            name: self.name,
            snapshot: &id,
            folder: self.folder,
            with_owners: self.owner.is_none(),
        };
        let schema = reading.read().await?;
        drop(source);
        self.make(&schema).await?;
        self.autovacuum(&inventory.tables, "SET (autovacuum_enabled = off)").await?;
        let tables = inventory.tables.len();
        let (count, bytes) = inventory.tables.iter().fold((0, 0), |(rows, bytes), it| {
            (rows + it.rows.unsigned_abs(), bytes + it.bytes.unsigned_abs())
        });
        self.meter.expect(count, bytes);
        let connections = self.limits.connections.get();
        let divided = divided(&inventory.tables, &inventory.of_tables, connections).into_iter();
        let divided: Vec<String> = divided.map(|(table, _)| table.name.clone()).collect();
        let workers = self.workers(&id, &divided).await?;
        let (rows, targets) =
            fill(workers, inventory.tables.clone(), inventory.of_tables, snapshot, self).await?;
        let source = Session::open(self.source, self.name).await?;
        self.bind(&schema, inventory.keys, &inventory.views, inventory.of_views, targets).await?;
        self.autovacuum(&inventory.tables, "RESET (autovacuum_enabled)").await?;
        let target = Session::open(self.target, self.name).await?;
        let sequences = sequences::carry(&source, &target, self.margin).await?;
        // One commit that waits for the disk makes those before it safe, which did not wait.
        let safe = format!("SET synchronous_commit = on; DELETE FROM {}.mark", catalog::OURS);
        target.run("put all on the disk", &safe).await?;
        Ok(Copied { tables, rows, sequences })
    }

    /// Makes schemas, tables, functions: all of them or none, with the list of what was made.
    pub(super) async fn make(&self, schema: &Schema) -> Result<(), PostgresError> {
        let target = Session::open(self.target, self.name).await?;
        let doing = "make the schema";
        target.run(doing, "BEGIN").await?;
        let before = made::objects(&target).await?;
        made::begin(&target, self.name).await?;
        target.run(doing, &schema.privileged).await?;
        target.run(doing, &self.as_owner(&schema.before)).await?;
        made::record(&target, &before).await?;
        target.run(doing, "COMMIT").await
    }

    /// Says the same of all tables for which nothing of their own is said. While a table is filled autovacuum gathers statistics that
    /// are gathered again at its end, and whoever builds an index waits until it gives way.
    async fn autovacuum(&self, tables: &[Table], what: &str) -> Result<(), PostgresError> {
        let target = Session::open(self.target, self.name).await?;
        let tables = tables.iter().filter(|table| table.is_vacuumed_as_all);
        let statements: Vec<String> =
            tables.map(|table| format!("ALTER TABLE ONLY {} {what}", table.name)).collect();
        target.run("tell autovacuum", &statements.join(";")).await
    }

    fn as_owner(&self, statements: &str) -> String {
        match self.owner {
            Some(owner) => format!("SET ROLE {};\n{statements}\n;RESET ROLE", identifier(owner)),
            None => statements.to_owned(),
        }
    }

    /// A session on each side for every connection that may be used.
    async fn workers(&self, snapshot: &str, divided: &[String]) -> Result<Vec<Worker>, PostgresError> {
        let count = self.limits.connections.get();
        let mut workers = Vec::with_capacity(count);
        for _ in 0..count {
            let source = Session::open(self.source, self.name).await?;
            source.run("look through the snapshot", &looking_through(snapshot)).await?;
            for table in divided {
                // Whoever wrote it anew between two parts would give its rows other places.
                let lock = format!("LOCK TABLE ONLY {table} IN ACCESS SHARE MODE");
                source.run("hold a table in its place", &lock).await?;
            }
            let target = Session::open(self.target, self.name).await?;
            let memory = Memory::of(&target, self.index_memory, count).await?;
            let settings = format!(
                "SET synchronous_commit = off; SET max_parallel_maintenance_workers = 0; {}",
                memory.for_queries()
            );
            target.run("prepare the session", &settings).await?;
            workers.push(Worker { source: Some(source), target, memory });
        }
        Ok(workers)
    }

    /// Foreign keys, views, and what else comes after the data.
    async fn bind(
        &self,
        schema: &Schema,
        keys: Vec<ForeignKey>,
        views: &[View],
        of_views: Vec<Index>,
        sessions: Vec<(Session, Memory)>,
    ) -> Result<(), PostgresError> {
        let target = Session::open(self.target, self.name).await?;
        let doing = "add foreign keys and views";
        let additions: Vec<&str> = keys.iter().map(|key| key.addition.as_str()).collect();
        target.run(doing, &additions.join(";")).await?;
        if !schema.views.is_empty() {
            target.run(doing, "BEGIN").await?;
            let before = made::objects(&target).await?;
            target.run(doing, &self.as_owner(&schema.views)).await?;
            made::record(&target, &before).await?;
            target.run(doing, "COMMIT").await?;
        }
        let mut jobs: Vec<Vec<String>> = Vec::new();
        // Two constraints of one table cannot be validated at once.
        let mut last = None;
        for key in keys {
            if last != Some(key.table) {
                jobs.push(Vec::new());
                last = Some(key.table);
            }
            // Both sides read in the order of their indexes are compared with no memory at all; the planner prefers to keep one of
            // them. Measured: 0.2 s against 1.2 s for 2 million rows that name 200,000.
            let is_hashed = if key.is_indexed { "off" } else { "on" };
            let statement = |validation| format!("SET enable_hashjoin = {is_hashed}; {validation}");
            if let Some(of_table) = jobs.last_mut() {
                of_table.extend(key.validation.map(statement));
            }
        }
        let queue = Arc::new(Mutex::new(jobs));
        let mut running = JoinSet::new();
        let mut sessions = sessions.into_iter();
        let first = sessions.next();
        for (session, _) in sessions {
            running.spawn(validate(session, Arc::clone(&queue)));
        }
        if let Some((session, memory)) = first {
            refresh(&session, views).await?;
            for index in of_views {
                session.run(doing, &memory.for_index(&index)).await?;
                session.run(doing, &index.definition).await?;
                session.run(doing, &index.afterwards.join(";")).await?;
            }
            running.spawn(validate(session, queue));
        }
        joined(&mut running).await?;
        let after = Session::open(self.target, self.name).await?;
        after.run("add triggers and policies", &self.as_owner(&schema.after)).await
    }
}

async fn inventory(source: &Session) -> Result<Inventory, PostgresError> {
    let tables = catalog::tables(source).await?;
    let views = catalog::materialised(source).await?;
    let is_of_view = |index: &Index| views.iter().any(|view| view.oid == index.table);
    let (of_views, of_tables) = catalog::indexes(source).await?.into_iter().partition(is_of_view);
    let mut keys = catalog::foreign_keys(source).await?;
    keys.sort_by_key(|key| tables.iter().position(|table| table.oid == key.table));
    // Taken from the end: those of the largest table first.
    keys.reverse();
    Ok(Inventory { tables, of_tables, of_views, keys, views })
}

/// Rows, indexes and statistics, by all connections at once: how many rows, and the sessions with the target.
async fn fill(
    workers: Vec<Worker>,
    tables: Vec<Table>,
    indexes: Vec<Index>,
    snapshot: Snapshot,
    copying: &Copying<'_>,
) -> Result<(u64, Vec<(Session, Memory)>), PostgresError> {
    let work = Arc::new(Work::new(tables, indexes, copying.limits.connections.get()));
    let held = Arc::new(Mutex::new(Some(snapshot)));
    let pace = Arc::new(Pace::new(&copying.limits));
    let mut running = JoinSet::new();
    for mut worker in workers {
        let (work, held, pace) = (Arc::clone(&work), Arc::clone(&held), Arc::clone(&pace));
        let meter = Arc::clone(copying.meter);
        running.spawn(async move {
            let mut rows = 0;
            while let Some(job) = work.next().await {
                rows += worker.does(job, &work, &pace, &meter).await?;
                if worker.source.is_some() && work.has_read_all() {
                    // The source may clean up behind us from now on.
                    worker.source = None;
                    let _let_go = held.lock().unwrap_or_else(PoisonError::into_inner).take();
                }
            }
            Ok((rows, (worker.target, worker.memory)))
        });
    }
    let done = joined(&mut running).await?;
    let rows = done.iter().map(|(rows, _)| rows).sum();
    Ok((rows, done.into_iter().map(|(_, target)| target).collect()))
}

/// One of the connections that work side by side.
struct Worker {
    /// As long as there are rows to be read.
    source: Option<Session>,
    target: Session,
    memory: Memory,
}

impl Worker {
    /// Does one job: the rows that have arrived by it.
    async fn does(&self, job: Job, work: &Work, pace: &Pace, meter: &Meter) -> Result<u64, PostgresError> {
        let target = &self.target;
        match (job, &self.source) {
            (Job::Rows(table, part), Some(source)) => {
                let rows = stream::table(source, target, &table, part, pace, meter).await?;
                work.rows_are_in(table.oid);
                return Ok(rows);
            }
            (Job::Rows(table, _), None) => {
                return Err(PostgresError::Unequal {
                    what: "a table came after the last",
                    detail: table.name,
                });
            }
            (Job::Index(index), _) => {
                target.run("build an index", &self.memory.for_index(&index)).await?;
                // One that is built as a constraint shuts others out of its table; waiting for them is PostgreSQL's part.
                target.run("build an index", &index.definition).await?;
                work.index_is_built(index);
            }
            (Job::Finish { table, statements, was_divided }, _) => {
                target.run("add constraints", &statements.join(";")).await?;
                let analyze = match was_divided {
                    // Its rows were not written frozen: foreign keys are validated faster once they are known to be visible.
                    true => format!("VACUUM (ANALYZE, INDEX_CLEANUP off, TRUNCATE off) {table}"),
                    false => format!("ANALYZE {table}"),
                };
                target.run("gather statistics", &analyze).await?;
                work.is_finished();
            }
        }
        Ok(0)
    }
}

async fn validate(session: Session, queue: Arc<Mutex<Vec<Vec<String>>>>) -> Result<(), PostgresError> {
    // The other connections are at work already: helpers would take their time.
    let settings = format!("{}; SET max_parallel_workers_per_gather = 0", Memory::for_foreign_keys());
    session.run("prepare the session", &settings).await?;
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(statements) = next else { return Ok(()) };
        for statement in statements {
            session.run("validate a foreign key", &statement).await?;
        }
    }
}

/// What all tasks come to; the first that fails ends the others.
async fn joined<T: 'static>(
    running: &mut JoinSet<Result<T, PostgresError>>,
) -> Result<Vec<T>, PostgresError> {
    let mut all = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(result) => all.push(result?),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    Ok(all)
}

/// Fills the materialised views that are filled on the source. One that reads another through a function is found out by
/// trying again.
pub(crate) async fn refresh(target: &Session, views: &[View]) -> Result<(), PostgresError> {
    let mut left: Vec<&View> = views.iter().filter(|view| view.is_populated).collect();
    loop {
        let (all, mut again, mut why) = (left.len(), Vec::new(), None);
        for view in left {
            let refresh = format!("REFRESH MATERIALIZED VIEW {}", view.name);
            match target.run("refresh a materialised view", &refresh).await {
                Ok(()) => {}
                // One that it reads has no rows yet.
                Err(error) if error.code() == Some("55000") => {
                    again.push(view);
                    why = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match why {
            None => return Ok(()),
            Some(error) if again.len() == all => return Err(error),
            Some(_) => left = again,
        }
    }
}
