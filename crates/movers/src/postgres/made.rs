//! What the mover has made on the target, so that it can be taken away without touching anything else.

use std::collections::BTreeSet;

use super::PostgresError;
use super::catalog::OURS;
use super::session::Session;

/// Everything a schema is made of, except what extensions bring and what belongs to something else listed here (a table's
/// row type, a column's sequence).
const OBJECTS: &str = "
SELECT o.type, o.identity FROM (
    SELECT 'pg_class'::regclass::oid AS class, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'mastoferry')
    UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'mastoferry')
    UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'mastoferry')
            AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
    UNION ALL SELECT 'pg_namespace'::regclass, n.oid FROM pg_namespace n
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'mastoferry', 'public')
    UNION ALL SELECT 'pg_extension'::regclass, e.oid FROM pg_extension e WHERE e.extname <> 'plpgsql'
) x, LATERAL pg_identify_object(x.class, x.oid, 0) o
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = x.class AND d.objid = x.oid AND d.deptype IN ('e', 'a', 'i'))
ORDER BY 1, 2";

const LISTING: &str = "list what it holds";

/// Kind and name of an object, as `DROP` takes them.
pub(crate) type Object = (String, String);

/// What the target holds, apart from the mover's own schema.
pub(crate) async fn objects(target: &Session) -> Result<BTreeSet<Object>, PostgresError> {
    let rows = target.rows(LISTING, OBJECTS, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Makes the mover's own schema, within the caller's transaction: who made what, and marks of how far changes have come.
pub(crate) async fn begin(target: &Session, name: &str) -> Result<(), PostgresError> {
    let doing = "make the mover's own tables";
    target.run(doing, &tables()).await?;
    target.rows(doing, &format!("INSERT INTO {OURS}.move VALUES ($1)"), &[&name]).await?;
    Ok(())
}

/// The mover's own tables, the same on both sides.
pub(crate) fn tables() -> String {
    format!(
        "CREATE SCHEMA {OURS}; CREATE TABLE {OURS}.move (name text PRIMARY KEY); \
        CREATE TABLE {OURS}.made (kind text NOT NULL, name text NOT NULL, PRIMARY KEY (kind, name)); \
        CREATE TABLE {OURS}.mark (token text PRIMARY KEY)"
    )
}

/// Writes down what has come since, within the transaction in which it came.
pub(crate) async fn record(target: &Session, before: &BTreeSet<Object>) -> Result<(), PostgresError> {
    let new = objects(target).await?.difference(before).cloned().collect();
    record_coming(target, new).await
}

/// Writes down what is ours, or will be as soon as it is there.
pub(crate) async fn record_coming(target: &Session, new: BTreeSet<Object>) -> Result<(), PostgresError> {
    let (kinds, names): (Vec<String>, Vec<String>) = new.into_iter().unzip();
    let sql = format!(
        "INSERT INTO {OURS}.made SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING"
    );
    target.rows("write down what was made", &sql, &[&kinds, &names]).await?;
    Ok(())
}

/// The move whose tables these are, where there are any.
pub(crate) async fn whose(session: &Session) -> Result<Option<String>, PostgresError> {
    let there = format!("SELECT to_regclass('{OURS}.move') IS NOT NULL");
    if !session.row(LISTING, &there, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let rows = session.rows(LISTING, &format!("SELECT name FROM {OURS}.move"), &[]).await?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// Takes away what this move has made, all of it or nothing. What others have made is not touched; where it needs what was
/// made here, nothing is taken away and the error says so.
pub(crate) async fn take_away(target: &Session, name: &str) -> Result<(), PostgresError> {
    if whose(target).await?.as_deref() != Some(name) {
        return Ok(());
    }
    let doing = "take away what was made";
    target.run(doing, "BEGIN").await?;
    if let Err(error) = drop_all(target, doing).await {
        target.run(doing, "ROLLBACK").await?;
        return Err(error);
    }
    target.run(doing, &format!("DROP SCHEMA {OURS} CASCADE; COMMIT")).await
}

async fn drop_all(target: &Session, doing: &'static str) -> Result<(), PostgresError> {
    let keys = format!(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', m.name, k.conname) FROM {OURS}.made m \
        JOIN pg_constraint k ON k.contype = 'f' AND k.conrelid = to_regclass(m.name) WHERE m.kind = 'table'"
    );
    for row in target.rows(doing, &keys, &[]).await? {
        target.run(doing, row.get(0)).await?;
    }
    let rows = target.rows(doing, &format!("SELECT kind, name FROM {OURS}.made ORDER BY 1, 2"), &[]).await?;
    let mut left: Vec<Object> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    loop {
        let mut kept = Vec::new();
        let mut why = None;
        let all = left.len();
        for (kind, identity) in left {
            let drop = format!("SAVEPOINT it; DROP {kind} IF EXISTS {identity}");
            match target.run(doing, &drop).await {
                Ok(()) => {}
                // Something left in the list, or of another's, needs it: others first.
                Err(error) if error.code() == Some("2BP01") => {
                    target.run(doing, "ROLLBACK TO SAVEPOINT it").await?;
                    kept.push((kind, identity));
                    why = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match why {
            None => return Ok(()),
            Some(error) if kept.len() == all => return Err(error),
            Some(_) => left = kept,
        }
    }
}
