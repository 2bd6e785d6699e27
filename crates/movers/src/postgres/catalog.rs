//! What a database is made of, read from its catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{PostgresError, session::Session};

/// The schema that the mover's own tables are in, on both sides while a move lasts.
pub(crate) const OURS: &str = "mastoferry";

/// Which schemas are moved: `n` is `pg_namespace`. What extensions have brought comes with them (`pg_depend`).
pub(crate) const MOVED: &str =
    "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'mastoferry')";

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) oid: u32,
    /// `schema.table`, quoted as needed.
    pub(crate) name: String,
    /// Its columns that are stored and not computed, quoted and separated by commas.
    pub(crate) columns: String,
    /// Bytes of the table with its out-of-line values.
    pub(crate) bytes: i64,
    /// Pages of its rows, 8 KiB each as a rule; 0 on servers before 14, which cannot read some of them alone.
    pub(crate) pages: i64,
    /// Rows, as the planner believes.
    pub(crate) rows: i64,
    /// Whether every column is of a type that all servers send alike in binary.
    pub(crate) is_binary: bool,
    pub(crate) is_logged: bool,
    /// Whether a replicated UPDATE or DELETE can find its row.
    pub(crate) is_identified: bool,
    /// An index that could find it, where nothing does now.
    pub(crate) candidate: Option<String>,
    /// Whether nothing is said of autovacuum for this table alone.
    pub(crate) is_vacuumed_as_all: bool,
}

/// An index, and the constraint that it carries.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) table: u32,
    /// `CREATE INDEX …`.
    pub(crate) definition: String,
    pub(crate) bytes: i64,
    /// Whether its kind takes long to build, however small it is: what is searched for within a value.
    pub(crate) is_slow: bool,
    /// Whether it is built by sorting its rows: a B-tree.
    pub(crate) is_sorted: bool,
    /// What is said once it is there: its constraint, that rows are found by it, and so on.
    pub(crate) afterwards: Vec<String>,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub(crate) struct ForeignKey {
    pub(crate) table: u32,
    /// `ALTER TABLE … NOT VALID`.
    pub(crate) addition: String,
    /// `ALTER TABLE … VALIDATE CONSTRAINT …`, where it is valid on the source.
    pub(crate) validation: Option<String>,
    /// Whether it is of one column that an index of all its table's rows begins with: both sides can be read in the same order.
    pub(crate) is_indexed: bool,
}

/// A materialised view.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) oid: u32,
    pub(crate) name: String,
    pub(crate) is_populated: bool,
}

/// A sequence and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// `schema.sequence`, quoted as needed.
    pub(crate) name: String,
    /// Nothing where it was never called.
    pub(crate) last: Option<i64>,
    pub(crate) increment: i64,
    pub(crate) minimum: i64,
    pub(crate) maximum: i64,
}

const TABLES: &str = "
SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relpersistence = 'p',
    pg_table_size(c.oid), greatest(c.reltuples, 0)::bigint,
    coalesce((SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), ''),
    NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND t.typtype <> 'e'
            AND (t.oid >= 10000 OR t.typtype <> 'b' OR t.typsend = 0 OR t.typreceive = 0)),
    c.relreplident = 'f'
        OR (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
        OR (c.relreplident = 'i' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)),
    (SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
            AND i.indexprs IS NULL AND NOT EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)
        ORDER BY i.indnatts, x.relname LIMIT 1),
    CASE WHEN current_setting('server_version_num')::int >= 140000
        THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint ELSE 0 END,
    NOT EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o ~ '^autovacuum_enabled=')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND NOT c.relispartition AND {moved}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 4 DESC, 2";

const INDEXES: &str = "
SELECT i.indrelid, format('%I.%I', n.nspname, t.relname), pg_get_indexdef(i.indexrelid),
    pg_relation_size(i.indexrelid), quote_ident(x.relname),
    quote_ident(k.conname), k.contype::text, pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred,
    i.indisreplident, i.indisclustered,
    ARRAY(SELECT format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, x.relname, a.attnum, a.attstattarget)
        FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0),
    (SELECT m.amname IN ('gin', 'gist', 'spgist') FROM pg_am m WHERE m.oid = x.relam),
    (SELECT m.amname = 'btree' FROM pg_am m WHERE m.oid = x.relam)
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = t.oid
WHERE t.relkind IN ('r', 'm') AND NOT t.relispartition AND i.indisvalid AND {moved}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e')";

const FOREIGN_KEYS: &str = "
SELECT k.conrelid, format('ALTER TABLE ONLY %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname,
        pg_get_constraintdef(k.oid)),
    k.convalidated, format('ALTER TABLE ONLY %I.%I VALIDATE CONSTRAINT %I', n.nspname, c.relname, k.conname),
    cardinality(k.conkey) = 1 AND EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_am m ON m.oid = x.relam JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indkey[0] = a.attnum AND m.amname = 'btree'
            AND (i.indpred IS NULL OR pg_get_expr(i.indpred, c.oid) = format('(%I IS NOT NULL)', a.attname)))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND {moved} ORDER BY 2";

const VIEWS: &str = "
SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relispopulated, c.relkind = 'm'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('m', 'v') AND {moved}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 2";

/// Which view reads which relation.
const READS: &str = "
SELECT DISTINCT r.ev_class, d.refobjid FROM pg_rewrite r
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
WHERE d.refobjid <> r.ev_class";

const SEQUENCES: &str = "
SELECT format('%I.%I', schemaname, sequencename), last_value, increment_by, min_value, max_value
FROM pg_sequences n WHERE {moved} ORDER BY 1";

fn of(sql: &str) -> String {
    sql.replace("{moved}", MOVED)
}

/// All tables, the largest first.
pub(crate) async fn tables(session: &Session) -> Result<Vec<Table>, PostgresError> {
    let rows = session.rows("list its tables", &of(TABLES), &[]).await?;
    let table = |row: &tokio_postgres::Row| Table {
        oid: row.get(0),
        name: row.get(1),
        is_logged: row.get(2),
        bytes: row.get(3),
        rows: row.get(4),
        columns: row.get(5),
        is_binary: row.get(6),
        is_identified: row.get(7),
        candidate: row.get(8),
        pages: row.get(9),
        is_vacuumed_as_all: row.get(10),
    };
    Ok(rows.iter().map(table).collect())
}

/// All valid indexes of tables and of materialised views.
pub(crate) async fn indexes(session: &Session) -> Result<Vec<Index>, PostgresError> {
    let rows = session.rows("list its indexes", &of(INDEXES), &[]).await?;
    Ok(rows.iter().map(index).collect())
}

fn index(row: &tokio_postgres::Row) -> Index {
    let table_name: String = row.get(1);
    let name: String = row.get(4);
    let constraint: Option<String> = row.get(5);
    let kind: Option<String> = row.get(6);
    let mut definition: String = row.get(2);
    let mut afterwards = Vec::new();
    if let (Some(constraint), Some(kind)) = (constraint, kind) {
        // PostgreSQL builds this one with its index at once.
        if kind == "x" {
            let text: String = row.get(7);
            definition = format!("ALTER TABLE ONLY {table_name} ADD CONSTRAINT {constraint} {text}");
        } else {
            let kind = if kind == "p" { "PRIMARY KEY" } else { "UNIQUE" };
            let when = match (row.get(8), row.get(9)) {
                (Some(true), Some(true)) => " DEFERRABLE INITIALLY DEFERRED",
                (Some(true), _) => " DEFERRABLE",
                _ => "",
            };
            afterwards.push(format!(
                "ALTER TABLE ONLY {table_name} ADD CONSTRAINT {constraint} {kind} USING INDEX {name}{when}"
            ));
        }
    }
    if row.get(10) {
        afterwards.push(format!("ALTER TABLE ONLY {table_name} REPLICA IDENTITY USING INDEX {name}"));
    }
    if row.get(11) {
        afterwards.push(format!("ALTER TABLE {table_name} CLUSTER ON {name}"));
    }
    afterwards.extend(row.get::<_, Vec<String>>(12));
    let (is_slow, is_sorted) = (row.get(13), row.get(14));
    Index { table: row.get(0), definition, bytes: row.get(3), is_slow, is_sorted, afterwards }
}

/// All foreign keys.
pub(crate) async fn foreign_keys(session: &Session) -> Result<Vec<ForeignKey>, PostgresError> {
    let rows = session.rows("list its foreign keys", &of(FOREIGN_KEYS), &[]).await?;
    let key = |row: &tokio_postgres::Row| {
        let (addition, is_valid): (String, bool) = (row.get(1), row.get(2));
        ForeignKey {
            table: row.get(0),
            // The definition of one that is not valid says so itself.
            addition: if is_valid { addition + " NOT VALID" } else { addition },
            validation: is_valid.then(|| row.get(3)),
            is_indexed: row.get(4),
        }
    };
    Ok(rows.iter().map(key).collect())
}

/// The materialised views, each after those that it reads.
pub(crate) async fn materialised(session: &Session) -> Result<Vec<View>, PostgresError> {
    let rows = session.rows("list its materialised views", &of(VIEWS), &[]).await?;
    let mut reads: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for row in session.rows("list what its views read", READS, &[]).await? {
        reads.entry(row.get(0)).or_default().insert(row.get(1));
    }
    let mut left: Vec<(View, bool)> = rows
        .iter()
        .map(|row| (View { oid: row.get(0), name: row.get(1), is_populated: row.get(2) }, row.get(3)))
        .collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let waiting: BTreeSet<u32> = left.iter().map(|(view, _)| view.oid).collect();
        let can_go = |view: &View| reads.get(&view.oid).is_none_or(|it| it.is_disjoint(&waiting));
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|(view, _)| can_go(view));
        // Views in a circle do not exist; were there one, none of it could be refreshed.
        if now.is_empty() {
            ordered.extend(later);
            break;
        }
        ordered.extend(now);
        left = later;
    }
    Ok(ordered.into_iter().filter(|(_, is_materialised)| *is_materialised).map(|(view, _)| view).collect())
}

/// All sequences: those that columns own and those that functions name at run time.
pub(crate) async fn sequences(session: &Session) -> Result<Vec<Sequence>, PostgresError> {
    let rows =
        session.rows("read its sequences", &of(SEQUENCES).replace("n.nspname", "n.schemaname"), &[]).await?;
    let sequence = |row: &tokio_postgres::Row| Sequence {
        name: row.get(0),
        last: row.get(1),
        increment: row.get(2),
        minimum: row.get(3),
        maximum: row.get(4),
    };
    Ok(rows.iter().map(sequence).collect())
}

/// What tables and columns there are, in one number: it changes with the schema.
pub(crate) async fn fingerprint(session: &Session) -> Result<String, PostgresError> {
    let sql = of("
SELECT md5(coalesce(string_agg(format('%I.%I.%I %s %s', n.nspname, c.relname, a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull), ';'
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attname COLLATE \"C\"), ''))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND {moved}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')");
    Ok(session.row("read its schema", &of(&sql), &[]).await?.get(0))
}
