//! Whether the target is the source's replica, and could be promoted.

use super::super::facts::Facts;
use super::super::moving::Sides;
use super::super::physical::SLOT;
use super::super::session::Session;
use super::super::{Address, PostgresError};
use super::{clock, contents, few, lacking, ok, refused, rights, version, warning};
use crate::{Finding, Grade};

/// Whether the target replays what the source writes: the same server's files, and the same database in them.
pub(super) fn is_replica(facts: &Facts) -> bool {
    facts.source.identity == facts.target.identity && facts.target.is_standby && !facts.source.is_standby
}

/// What there is to say where the target does not run yet: how the replica is made.
pub(super) async fn unmade(sides: &Sides) -> Result<Option<Vec<Finding>>, PostgresError> {
    match Session::open(&sides.target, "mastoferry preflight").await {
        Ok(_) => Ok(None),
        Err(PostgresError::Unreachable { .. } | PostgresError::NoDatabase { .. }) => {
            Ok(Some(vec![missing(sides)]))
        }
        Err(error) => Err(error),
    }
}

fn missing(sides: &Sides) -> Finding {
    let source = sides.source_from_target.as_ref().unwrap_or(&sides.source);
    refused("postgres-physical-replica-none").with("command", command(source))
}

/// What makes the replica. It asks for the password itself.
fn command(source: &Address) -> String {
    format!(
        "pg_basebackup --host={} --port={} --username={} --pgdata=FOLDER --write-recovery-conf --wal-method=stream \
        --checkpoint=fast --create-slot --slot={SLOT} --progress",
        source.host, source.port, source.user
    )
}

/// What speaks for and against a promotion.
pub(super) fn findings(facts: &Facts, sides: &Sides) -> Vec<Finding> {
    let (source, target) = (&facts.source, &facts.target);
    let (here, there) = (source.version, target.version);
    let same = if here / 10_000 == there / 10_000 {
        ok("postgres-versions")
    } else {
        refused("postgres-physical-major")
    };
    let mut found = vec![same.with("source", version(here)).with("target", version(there))];
    if source.is_standby {
        found.push(refused("postgres-standby").with("side", "source"));
    }
    if source.wal_level == "minimal" {
        found.push(refused("postgres-physical-wal-level"));
    }
    found.push(if !is_replica(facts) {
        missing(sides)
    } else if target.receives {
        ok("postgres-physical-replica")
    } else {
        refused("postgres-physical-replica-silent")
    });
    if !is_replica(facts) && source.free_senders < 2 {
        found.push(refused("postgres-slots-none"));
    }
    // Indexes come as they are: what sorts otherwise there does not find its rows.
    found.push(if target.collation_moved {
        refused("postgres-physical-collation")
    } else {
        ok("postgres-collation").with("collation", source.collation.clone())
    });
    let mut lacks: Vec<Finding> = rights(facts).into_iter().filter(|it| it.grade == Grade::Refused).collect();
    if !target.may_promote {
        lacks.push(lacking("target", "EXECUTE ON FUNCTION pg_promote"));
    }
    found.extend(if lacks.is_empty() { vec![ok("postgres-rights-enough")] } else { lacks });
    // What a dump could not take along comes with the files.
    let matters = |it: &Finding| matches!(it.id, "postgres-prepared" | "postgres-migrations");
    found.extend(contents(facts).into_iter().filter(matters));
    found.push(clock(facts));
    if !source.neighbours.is_empty() {
        found.push(warning("postgres-physical-whole").with("names", few(&source.neighbours)));
    }
    found.push(warning("postgres-physical-one-way"));
    found
}
