//! Both sides compared: rows and their contents, sequences, indexes, constraints, views. No tool's word counts here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::catalog::{MOVED, Table, fingerprint, materialised, sequences, tables};
use super::sequences::behind;
use super::session::Session;
use super::snapshot::{Snapshot, looking_through};
use super::{Address, PostgresError};
use crate::Meter;

/// A table on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// `schema.table`.
    pub table: String,
    /// Rows on the source, and on the target.
    pub rows: (u64, u64),
    /// The sum of a hash of every row, whatever their order: on the source, and on the target.
    pub checksums: (String, String),
}

impl Compared {
    /// Whether both sides hold the same.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.rows.0 == self.rows.1 && self.checksums.0 == self.checksums.1
    }
}

/// What was compared, and what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Every table of the source, by name.
    pub tables: Vec<Compared>,
    /// Whether tables and columns are the same.
    pub same_schema: bool,
    /// How many sequences the source has.
    pub sequences: usize,
    /// Sequences of the target that are behind the source's.
    pub sequences_behind: Vec<String>,
    /// Indexes, constraints, extensions, triggers and functions of the source that the target does not have.
    pub missing: Vec<String>,
    /// Indexes and constraints of the target that do not hold.
    pub invalid: Vec<String>,
    /// Materialised views of the target without rows where the source's have some.
    pub views_empty: Vec<String>,
}

impl Proof {
    /// Whether all is the same, and all holds.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.holds() && self.tables.iter().all(Compared::is_equal)
    }

    /// Tables that differ, with their rows on the source and on the target.
    #[must_use]
    pub fn differing(&self) -> BTreeMap<&str, (u64, u64)> {
        let differ = self.tables.iter().filter(|table| !table.is_equal());
        differ.map(|table| (table.table.as_str(), table.rows)).collect()
    }

    /// Whether all that is not rows is as it must be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.same_schema
            && self.sequences_behind.is_empty()
            && self.missing.is_empty()
            && self.invalid.is_empty()
            && self.views_empty.is_empty()
    }
}

const NAMES: &str = "
SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND i.indisvalid AND {moved}
UNION ALL SELECT format('constraint %I on %I.%I: %s', k.conname, n.nspname, c.relname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND {moved}
UNION ALL SELECT 'extension ' || extname FROM pg_extension
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND {moved}
UNION ALL SELECT 'function ' || p.oid::regprocedure || ' ' || md5(p.prosrc) FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {moved}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL SELECT format('view %I.%I: %s', n.nspname, c.relname, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY
        a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND {moved}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL SELECT format('default of %I.%I.%I: %s', n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum WHERE {moved}";

const INVALID: &str = "
SELECT format('index %I.%I', n.nspname, c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT (i.indisvalid AND i.indisready) AND {moved}";

const DOING: &str = "compare both sides";

/// Two moments that are compared.
pub(crate) struct Moments {
    pub(crate) source: Snapshot,
    pub(crate) target: Snapshot,
}

impl Moments {
    /// Now, on both sides.
    pub(crate) async fn now(sides: (&Address, &Address), name: &str) -> Result<Self, PostgresError> {
        Ok(Self {
            source: Snapshot::now(Session::open(sides.0, name).await?).await?,
            target: Snapshot::now(Session::open(sides.1, name).await?).await?,
        })
    }
}

/// Compares both sides as they are now.
///
/// # Errors
/// When a side cannot be asked. That they differ is no error but the result.
pub async fn verify(
    source: &Address,
    target: &Address,
    connections: usize,
    meter: &Arc<Meter>,
) -> Result<Proof, PostgresError> {
    let name = "mastoferry verify";
    let moments = Moments::now((source, target), name).await?;
    compare((source, target), name, moments, connections, meter).await
}

/// Compares both sides as they were at two moments; with as many connections to each.
pub(crate) async fn compare(
    sides: (&Address, &Address),
    name: &str,
    moments: Moments,
    connections: usize,
    meter: &Arc<Meter>,
) -> Result<Proof, PostgresError> {
    let (source, target) = (Session::open(sides.0, name).await?, Session::open(sides.1, name).await?);
    source.run(DOING, &looking_through(&moments.source.id)).await?;
    target.run(DOING, &looking_through(&moments.target.id)).await?;
    let all = tables(&source).await?;
    let on_target: Vec<String> = tables(&target).await?.into_iter().map(|table| table.name).collect();
    let (here, there) = (names(&source).await?, names(&target).await?);
    let mut missing: Vec<String> = here.into_iter().filter(|name| !there.contains(name)).collect();
    let (left, right) = (sequences(&source).await?, sequences(&target).await?);
    let filled = materialised(&target).await?;
    let is_filled = |name: &str| filled.iter().any(|view| view.name == name && view.is_populated);
    let populated = materialised(&source).await?.into_iter().filter(|view| view.is_populated);
    let views_empty = populated.filter(|view| !is_filled(&view.name)).map(|view| view.name).collect();
    let invalid = target.rows(DOING, &INVALID.replace("{moved}", MOVED), &[]).await?;
    let same_schema = fingerprint(&source).await? == fingerprint(&target).await?;
    let (both, gone): (Vec<Table>, Vec<Table>) =
        all.into_iter().partition(|table| on_target.contains(&table.name));
    missing.extend(gone.iter().map(|table| format!("table {}", table.name)));
    meter.expect(
        both.iter().map(|table| table.rows.unsigned_abs()).sum(),
        both.iter().map(|table| table.bytes.unsigned_abs()).sum(),
    );
    let mut compared = contents(sides, name, &moments, both, connections, meter).await?;
    compared.extend(gone.into_iter().map(|table| Compared {
        table: table.name,
        rows: (table.rows.unsigned_abs(), 0),
        checksums: ("?".to_owned(), String::new()),
    }));
    compared.sort_by(|one, other| one.table.cmp(&other.table));
    Ok(Proof {
        tables: compared,
        same_schema,
        sequences: left.len(),
        sequences_behind: behind(&left, &right),
        missing,
        invalid: invalid.iter().map(|row| row.get(0)).collect(),
        views_empty,
    })
}

async fn names(session: &Session) -> Result<Vec<String>, PostgresError> {
    let rows = session.rows(DOING, &NAMES.replace("{moved}", MOVED), &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Rows and checksums of all tables, both sides at once.
async fn contents(
    sides: (&Address, &Address),
    name: &str,
    moments: &Moments,
    tables: Vec<Table>,
    connections: usize,
    meter: &Arc<Meter>,
) -> Result<Vec<Compared>, PostgresError> {
    let mut queue: Vec<Table> = tables;
    // Taken from the end: the largest first.
    queue.reverse();
    let queue = Arc::new(Mutex::new(queue));
    let mut running = JoinSet::new();
    for _ in 0..connections.max(1) {
        let (source, target) = (Session::open(sides.0, name).await?, Session::open(sides.1, name).await?);
        source.run(DOING, &looking_through(&moments.source.id)).await?;
        target.run(DOING, &looking_through(&moments.target.id)).await?;
        let (queue, meter) = (Arc::clone(&queue), Arc::clone(meter));
        running.spawn(async move {
            let mut done = Vec::new();
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some(table) = next else { return Ok::<_, PostgresError>(done) };
                let (left, right) = futures::try_join!(content(&source, &table), content(&target, &table))?;
                meter.add(left.0, table.bytes.unsigned_abs());
                done.push(Compared {
                    table: table.name,
                    rows: (left.0, right.0),
                    checksums: (left.1, right.1),
                });
            }
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(done) => all.extend(done?),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    Ok(all)
}

/// How many rows, and the sum of their hashes: the same whatever the order, and another when a row is there twice.
async fn content(session: &Session, table: &Table) -> Result<(u64, String), PostgresError> {
    let (name, columns) = (&table.name, &table.columns);
    let sql = format!(
        "SELECT count(*), coalesce(sum(hashtextextended(ROW({columns})::text COLLATE \"C\", 0)::numeric), 0)::text \
        FROM ONLY {name}"
    );
    let row = session.row(DOING, &sql, &[]).await?;
    Ok((row.get::<_, i64>(0).unsigned_abs(), row.get(1)))
}
