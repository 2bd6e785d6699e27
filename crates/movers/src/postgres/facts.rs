//! What is read of both sides before anything is decided.

use std::time::Instant;

use super::PostgresError;
use super::catalog::{MOVED, Table, indexes, tables};
use super::copy::divided;
use super::made::objects;
use super::moving::{Settings, Sides};
use super::session::{Session, is_behind_pooler};
use super::tools::Tools;

/// One side.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) version: i32,
    pub(super) identity: String,
    pub(super) is_standby: bool,
    pub(super) encoding: String,
    pub(super) collation: String,
    pub(super) collation_moved: bool,
    pub(super) may_subscribe: bool,
    pub(super) may_replicate: bool,
    pub(super) owns_database: bool,
    pub(super) may_signal: bool,
    /// Whether it sees what sessions of others are; without, a fence would overlook them.
    pub(super) may_see: bool,
    pub(super) wal_level: String,
    pub(super) free_slots: i64,
    pub(super) free_senders: i64,
    pub(super) apply_workers: i64,
    pub(super) slot_bound: String,
    pub(super) roles: Vec<String>,
    /// Whether it is a replica that receives something.
    pub(super) receives: bool,
    pub(super) may_promote: bool,
    /// Other databases of its server.
    pub(super) neighbours: Vec<String>,
}

/// Both sides, and what is between them.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) source: Side,
    pub(super) target: Side,
    pub(super) tools: Option<u32>,
    pub(super) tables: Vec<Table>,
    /// Tables that all connections share, where it is our own copy.
    pub(super) divided: Vec<String>,
    pub(super) bytes: i64,
    pub(super) owners: Vec<String>,
    pub(super) extensions_missing: Vec<String>,
    pub(super) target_holds: Vec<String>,
    pub(super) large_objects: i64,
    pub(super) unsupported: Vec<String>,
    pub(super) invalid_indexes: Vec<String>,
    pub(super) hidden_rows: Vec<String>,
    pub(super) prepared: i64,
    pub(super) migrations: Option<(i64, String)>,
    /// Milliseconds that the target's clock is ahead, and how wrong that may be.
    pub(super) clock: (f64, f64),
    /// Unique indexes with duplicates, where they were looked for.
    pub(super) duplicates: Option<Vec<String>>,
}

const DOING: &str = "look at it";

const SIDE: &str = "
SELECT current_setting('server_version_num')::int,
    (SELECT system_identifier::text FROM pg_control_system()) || '/' || d.oid, pg_is_in_recovery(),
    pg_encoding_to_char(d.encoding), d.datcollate || ' / ' || d.datctype,
    r.rolsuper OR coalesce((SELECT pg_has_role(s.oid, 'MEMBER') FROM pg_roles s WHERE s.rolname = 'pg_create_subscription'), false),
    r.rolsuper OR r.rolreplication, r.rolsuper OR pg_has_role(d.datdba, 'MEMBER'),
    r.rolsuper OR pg_has_role('pg_signal_backend', 'MEMBER'), current_setting('wal_level'),
    current_setting('max_replication_slots')::bigint - (SELECT count(*) FROM pg_replication_slots),
    current_setting('max_wal_senders')::bigint - (SELECT count(*) FROM pg_stat_replication),
    least(current_setting('max_logical_replication_workers')::bigint, current_setting('max_worker_processes')::bigint)
        - (SELECT count(*) FROM pg_stat_subscription WHERE pid IS NOT NULL),
    coalesce(current_setting('max_slot_wal_keep_size', true), '-1'),
    ARRAY(SELECT rolname::text FROM pg_roles), r.rolsuper OR pg_has_role('pg_read_all_stats', 'USAGE'),
    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL),
    coalesce(has_function_privilege(to_regprocedure('pg_promote(boolean,integer)'), 'EXECUTE'), false),
    ARRAY(SELECT o.datname::text FROM pg_database o
        WHERE NOT o.datistemplate AND o.datname NOT IN (current_database(), 'postgres') ORDER BY 1)
FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user";

/// Why nothing more can be read: a pooler on a side, by the side's name.
pub(super) async fn pooler(sides: &Sides) -> Result<Option<(&'static str, String)>, PostgresError> {
    for (side, address) in [("source", &sides.source), ("target", &sides.target)] {
        if is_behind_pooler(address).await? {
            return Ok(Some((side, address.to_string())));
        }
    }
    Ok(None)
}

pub(super) async fn read(sides: &Sides, settings: &Settings) -> Result<Facts, PostgresError> {
    let source = Session::open(&sides.source, "mastoferry preflight").await?;
    let target = Session::open(&sides.target, "mastoferry preflight").await?;
    let (one, other) = (side(&source).await?, side(&target).await?);
    let major = u32::try_from(one.version / 10_000).unwrap_or_default();
    let tools = match &settings.tools {
        Some(tools) => Some(tools.clone()).filter(|tools| tools.major() >= major),
        None => Tools::find(major).ok(),
    };
    let names = |session, sql: String| names(session, sql);
    let extensions = names(&source, "SELECT extname::text FROM pg_extension".to_owned()).await?;
    let available = names(&target, "SELECT name::text FROM pg_available_extensions".to_owned()).await?;
    let clock = clock(&source, &target).await?;
    let (tables, indexes) = (tables(&source).await?, indexes(&source).await?);
    let shared = divided(&tables, &indexes, settings.limits.connections.get());
    Ok(Facts {
        tools: tools.map(|tools| tools.major()),
        divided: shared.into_iter().map(|(table, _)| table.name.clone()).collect(),
        tables,
        bytes: source.row(DOING, "SELECT pg_database_size(current_database())", &[]).await?.get(0),
        owners: names(&source, OWNERS.replace("{moved}", MOVED)).await?,
        extensions_missing: extensions.into_iter().filter(|it| !available.contains(it)).collect(),
        target_holds: objects(&target)
            .await?
            .into_iter()
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect(),
        large_objects: source.row(DOING, "SELECT count(*) FROM pg_largeobject_metadata", &[]).await?.get(0),
        unsupported: names(&source, UNSUPPORTED.replace("{moved}", MOVED)).await?,
        invalid_indexes: names(&source, INVALID.replace("{moved}", MOVED)).await?,
        hidden_rows: names(&source, HIDDEN.replace("{moved}", MOVED)).await?,
        prepared: source
            .row(DOING, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()", &[])
            .await?
            .get(0),
        migrations: migrations(&source).await?,
        clock,
        duplicates: match settings.look_for_duplicates {
            true => Some(duplicates(&source).await?),
            false => None,
        },
        source: one,
        target: other,
    })
}

/// Everyone who owns something, or has rights on it.
const OWNERS: &str = "
SELECT DISTINCT pg_get_userbyid(owner)::text FROM (
    SELECT c.relowner AS owner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {moved}
    UNION SELECT p.proowner FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {moved}
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION SELECT a.grantee FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
        WHERE {moved} AND a.grantee <> 0
) x";

const UNSUPPORTED: &str = "
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {moved} AND (c.relkind IN ('p', 'f') OR c.relispartition
    OR (c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))))";

const INVALID: &str = "
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND {moved}";

/// Tables whose policies would hide rows from the role that reads.
const HIDDEN: &str = "
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND row_security_active(c.oid) AND {moved}";

async fn names(session: &Session, sql: String) -> Result<Vec<String>, PostgresError> {
    let mut names: Vec<String> = session.rows(DOING, &sql, &[]).await?.iter().map(|row| row.get(0)).collect();
    names.sort();
    Ok(names)
}

async fn side(session: &Session) -> Result<Side, PostgresError> {
    let row = session.row(DOING, SIDE, &[]).await?;
    let version: i32 = row.get(0);
    // What libc or ICU sorts by today, against what indexes were built with.
    let moved = "SELECT coalesce(datcollversion <> pg_database_collation_actual_version(oid), false) \
        FROM pg_database WHERE datname = current_database()";
    let collation_moved =
        if version >= 150_000 { session.row(DOING, moved, &[]).await?.get(0) } else { false };
    Ok(Side {
        version,
        identity: row.get(1),
        is_standby: row.get(2),
        encoding: row.get(3),
        collation: row.get(4),
        collation_moved,
        may_subscribe: row.get(5),
        may_replicate: row.get(6),
        owns_database: row.get(7),
        may_signal: row.get(8),
        wal_level: row.get(9),
        free_slots: row.get(10),
        free_senders: row.get(11),
        apply_workers: row.get(12),
        slot_bound: row.get(13),
        roles: row.get(14),
        may_see: row.get(15),
        receives: row.get(16),
        may_promote: row.get(17),
        neighbours: row.get(18),
    })
}

/// Which migrations Rails has made: how many, and the last.
async fn migrations(session: &Session) -> Result<Option<(i64, String)>, PostgresError> {
    let there = "SELECT to_regclass('public.schema_migrations') IS NOT NULL";
    if !session.row(DOING, there, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let sql = "SELECT count(*), coalesce(max(version)::text, '') FROM public.schema_migrations";
    let row = session.row(DOING, sql, &[]).await?;
    Ok(Some((row.get(0), row.get(1))))
}

async fn clock(source: &Session, target: &Session) -> Result<(f64, f64), PostgresError> {
    let now = "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000";
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..5 {
        let began = Instant::now();
        let before: f64 = source.row(DOING, now, &[]).await?.get(0);
        let there: f64 = target.row(DOING, now, &[]).await?.get(0);
        let after: f64 = source.row(DOING, now, &[]).await?.get(0);
        let unsure = began.elapsed().as_secs_f64() * 1000.0 / 2.0;
        if best.is_none_or(|(_, it)| unsure < it) {
            best = Some((there - (before + after) / 2.0, unsure));
        }
    }
    Ok(best.unwrap_or((0.0, f64::INFINITY)))
}

/// Unique indexes whose columns have values twice. Read from the tables themselves: an index that a change of the system's
/// sorting broke does not know.
async fn duplicates(source: &Session) -> Result<Vec<String>, PostgresError> {
    let sql = "
SELECT format('%I.%I', n.nspname, x.relname), format('%I.%I', n.nspname, t.relname),
    array_to_string(ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(1, i.indnkeyatts) k), ', '),
    pg_get_expr(i.indpred, i.indrelid)
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.indisunique AND t.relkind = 'r' AND {moved}";
    let mut found = Vec::new();
    source.run(DOING, "BEGIN; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off").await?;
    for row in source.rows(DOING, &sql.replace("{moved}", MOVED), &[]).await? {
        let (index, table, keys): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let condition: Option<String> = row.get(3);
        let condition = condition.map(|it| format!("WHERE {it}")).unwrap_or_default();
        let twice = format!(
            "SELECT EXISTS (SELECT FROM (SELECT ROW({keys}) AS k, count(*) AS c FROM ONLY {table} {condition} \
            GROUP BY {keys} HAVING count(*) > 1) x WHERE NOT (k::text ~ '[(,][,)]'))"
        );
        if source.row("look for duplicates", &twice, &[]).await?.get(0) {
            found.push(index);
        }
    }
    source.run(DOING, "COMMIT").await?;
    Ok(found)
}
