//! Whether a move could begin, and in which mode.

mod physical;

use super::PostgresError;
use super::facts::{Facts, Side, pooler, read};
use super::moving::{Mode, Settings, Sides};
use crate::{Finding, Grade};

/// What was found, and what it comes to.
#[derive(Debug)]
pub struct Plan {
    /// What was found for the mode.
    pub found: Vec<Finding>,
    /// The mode asked for, or the gentlest that nothing speaks against.
    pub mode: Mode,
    /// What speaks against following, where copying is recommended instead.
    pub against_following: Vec<Finding>,
    /// Tables.
    pub tables: usize,
    /// Bytes of the source's database.
    pub bytes: u64,
}

impl Plan {
    /// Whether anything is in the way.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.found.iter().any(|finding| finding.grade == Grade::Refused)
    }
}

/// Looks at both sides; nothing is touched.
///
/// # Errors
/// When a side cannot be asked.
pub async fn plan(sides: &Sides, settings: &Settings, mode: Option<Mode>) -> Result<Plan, PostgresError> {
    if mode == Some(Mode::Physical)
        && let Some(found) = physical::unmade(sides).await?
    {
        return Ok(Plan { found, mode: Mode::Physical, against_following: Vec::new(), tables: 0, bytes: 0 });
    }
    if let Some((side, address)) = pooler(sides).await? {
        let found = refused("postgres-pooler").with("side", side).with("address", address);
        let mode = mode.unwrap_or(Mode::Follow);
        return Ok(Plan { found: vec![found], mode, against_following: Vec::new(), tables: 0, bytes: 0 });
    }
    let facts = read(sides, settings).await?;
    let (tables, bytes) = (facts.tables.len(), facts.bytes.unsigned_abs());
    if mode == Some(Mode::Physical) || (mode.is_none() && physical::is_replica(&facts)) {
        let found = physical::findings(&facts, sides);
        return Ok(Plan { found, mode: Mode::Physical, against_following: Vec::new(), tables, bytes });
    }
    let (following, common) = (for_following(&facts, settings), common(&facts, settings));
    let against: Vec<Finding> = following.iter().filter(|it| it.grade == Grade::Refused).cloned().collect();
    let mode = mode.unwrap_or(if against.is_empty() { Mode::Follow } else { Mode::Copy });
    let mut found = common;
    if mode != Mode::Dump && !facts.divided.is_empty() {
        let connections = settings.limits.connections.to_string();
        found
            .push(ok("postgres-divided").with("names", few(&facts.divided)).with("connections", connections));
    }
    if mode == Mode::Follow {
        found.extend(following);
    }
    Ok(Plan {
        found,
        mode,
        against_following: if mode == Mode::Follow { Vec::new() } else { against },
        tables,
        bytes,
    })
}

pub(super) fn refused(id: &'static str) -> Finding {
    Finding::new(Grade::Refused, id)
}

pub(super) fn warning(id: &'static str) -> Finding {
    Finding::new(Grade::Warning, id)
}

pub(super) fn ok(id: &'static str) -> Finding {
    Finding::new(Grade::Ok, id)
}

/// The first few of a list, and how many more.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 8 { format!("{shown}, … (+{})", names.len() - 8) } else { shown }
}

/// `15.18` from `150018`.
fn version(number: i32) -> String {
    format!("{}.{}", number / 10_000, number % 10_000)
}

/// What every mode needs.
fn common(facts: &Facts, settings: &Settings) -> Vec<Finding> {
    let mut found = vec![versions(facts)];
    for (name, side) in [("source", &facts.source), ("target", &facts.target)] {
        if side.is_standby {
            found.push(refused("postgres-standby").with("side", name));
        }
    }
    if facts.source.identity == facts.target.identity {
        found.push(refused("postgres-same"));
    }
    found.push(match facts.target_holds.len() {
        0 => ok("postgres-target-empty"),
        count => refused("postgres-target-holds")
            .with("count", count.to_string())
            .with("names", few(&facts.target_holds)),
    });
    found.push(match facts.tools {
        Some(major) => ok("postgres-tools").with("version", major.to_string()),
        None => {
            refused("postgres-tools-missing").with("version", (facts.source.version / 10_000).to_string())
        }
    });
    found.push(match facts.extensions_missing.as_slice() {
        [] => ok("postgres-extensions"),
        missing => refused("postgres-extensions-missing").with("names", few(missing)),
    });
    found.extend(text(facts));
    found.push(roles(facts, settings));
    found.extend(rights(facts));
    found.extend(contents(facts));
    found.push(clock(facts));
    found.push(space(facts, settings));
    found.push(match &facts.duplicates {
        None => Finding::new(Grade::Unchecked, "postgres-duplicates-unchecked"),
        Some(none) if none.is_empty() => ok("postgres-duplicates-none"),
        Some(indexes) => refused("postgres-duplicates").with("names", few(indexes)),
    });
    found
}

fn versions(facts: &Facts) -> Finding {
    let (source, target) = (facts.source.version, facts.target.version);
    let finding = if target / 10_000 < source / 10_000 {
        refused("postgres-versions-older")
    } else {
        ok("postgres-versions")
    };
    finding.with("source", version(source)).with("target", version(target))
}

/// Encoding and collation.
fn text(facts: &Facts) -> Vec<Finding> {
    let (source, target) = (&facts.source, &facts.target);
    let differ = |finding: Finding, of: fn(&Side) -> &String| {
        finding.with("source", of(source).clone()).with("target", of(target).clone())
    };
    let mut found = Vec::new();
    found.push(match source.encoding == target.encoding {
        true => ok("postgres-encoding").with("encoding", source.encoding.clone()),
        false => differ(refused("postgres-encoding-differs"), |side| &side.encoding),
    });
    found.push(match source.collation == target.collation {
        true => ok("postgres-collation").with("collation", source.collation.clone()),
        false => differ(warning("postgres-collation-differs"), |side| &side.collation),
    });
    if source.collation_moved {
        found.push(warning("postgres-collation-moved"));
    }
    found
}

fn roles(facts: &Facts, settings: &Settings) -> Finding {
    let needed = match &settings.owner {
        Some(owner) => std::slice::from_ref(owner),
        None => facts.owners.as_slice(),
    };
    let missing: Vec<String> =
        needed.iter().filter(|role| !facts.target.roles.contains(role)).cloned().collect();
    match missing.as_slice() {
        [] => ok("postgres-roles").with("names", few(needed)),
        missing => refused("postgres-roles-missing").with("names", few(missing)),
    }
}

fn lacking(side: &'static str, right: &'static str) -> Finding {
    refused("postgres-rights").with("side", side).with("right", right)
}

/// What the roles that we come with may do.
fn rights(facts: &Facts) -> Vec<Finding> {
    let mut missing = Vec::new();
    let mut lacks = |side: &'static str, has: bool, right: &'static str| {
        if !has {
            missing.push(lacking(side, right));
        }
    };
    lacks("source", facts.source.owns_database, "owner of the database");
    lacks("source", facts.source.may_signal, "pg_signal_backend");
    lacks("source", facts.source.may_see, "pg_read_all_stats");
    lacks("target", facts.target.owns_database, "owner of the database");
    lacks("target", facts.target.may_signal, "pg_signal_backend");
    lacks("target", facts.target.may_see, "pg_read_all_stats");
    if missing.is_empty() { vec![ok("postgres-rights-enough")] } else { missing }
}

/// What is stored.
fn contents(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![match facts.large_objects {
        0 => ok("postgres-large-objects-none"),
        count => refused("postgres-large-objects").with("count", count.to_string()),
    }];
    if !facts.unsupported.is_empty() {
        found.push(refused("postgres-partitions").with("names", few(&facts.unsupported)));
    }
    if !facts.hidden_rows.is_empty() {
        found.push(refused("postgres-row-security").with("names", few(&facts.hidden_rows)));
    }
    if !facts.invalid_indexes.is_empty() {
        found.push(warning("postgres-indexes-invalid").with("names", few(&facts.invalid_indexes)));
    }
    if facts.prepared > 0 {
        found.push(refused("postgres-prepared").with("count", facts.prepared.to_string()));
    }
    if let Some((count, last)) = &facts.migrations {
        found.push(ok("postgres-migrations").with("count", count.to_string()).with("last", last.clone()));
    }
    found
}

/// Ids hold the server's time: those of a clock that is behind would come before older ones.
fn clock(facts: &Facts) -> Finding {
    let (ahead, unsure) = facts.clock;
    let told = |finding: Finding| {
        finding.with("offset", format!("{ahead:.0}")).with("unsure", format!("{unsure:.0}"))
    };
    if ahead + unsure < -1000.0 {
        told(refused("postgres-clock-behind"))
    } else if ahead.abs() > unsure + 100.0 {
        told(warning("postgres-clock-differs"))
    } else {
        told(ok("postgres-clock"))
    }
}

fn space(facts: &Facts, settings: &Settings) -> Finding {
    let mebibytes = |bytes: u64| (bytes >> 20).to_string();
    let needed = facts.bytes.unsigned_abs();
    // Indexes are sorted on the disk, and the log of the copy is written beside it.
    let wanted = needed + needed / 2;
    match settings.target_free {
        None => Finding::new(Grade::Unchecked, "postgres-space-unchecked").with("needed", mebibytes(wanted)),
        Some(free) => {
            let finding = if free < wanted { refused("postgres-space-small") } else { ok("postgres-space") };
            finding.with("needed", mebibytes(wanted)).with("free", mebibytes(free))
        }
    }
}

/// What following needs besides.
fn for_following(facts: &Facts, settings: &Settings) -> Vec<Finding> {
    let source = &facts.source;
    let mut found = Vec::new();
    found.push(match source.wal_level.as_str() {
        "logical" => ok("postgres-wal-level"),
        level => refused("postgres-wal-level-low").with("level", level),
    });
    found.push(if source.free_slots > 0 && source.free_senders > 0 {
        ok("postgres-slots")
    } else {
        refused("postgres-slots-none")
    });
    if source.slot_bound != "-1" {
        found.push(warning("postgres-slot-bounded").with("bound", source.slot_bound.clone()));
    }
    if !source.may_replicate {
        found.push(refused("postgres-rights").with("side", "source").with("right", "REPLICATION"));
    }
    let target = &facts.target;
    let creates = target.roles.iter().any(|role| role == "pg_create_subscription");
    if !target.may_subscribe {
        let right = if creates { "SUPERUSER or pg_create_subscription" } else { "SUPERUSER" };
        found.push(refused("postgres-rights").with("side", "target").with("right", right));
    }
    if target.apply_workers < 1 || target.free_slots < 1 {
        found.push(refused("postgres-apply-none"));
    }
    found.push(identities(facts, settings));
    let unlogged: Vec<String> =
        facts.tables.iter().filter(|table| !table.is_logged).map(|table| table.name.clone()).collect();
    if !unlogged.is_empty() {
        found.push(refused("postgres-unlogged").with("names", few(&unlogged)));
    }
    // The way back is the same in the other direction.
    if target.wal_level != "logical" || !source.may_subscribe {
        found.push(warning("postgres-way-back-none").with("level", target.wal_level.clone()));
    }
    found
}

fn identities(facts: &Facts, settings: &Settings) -> Finding {
    let without: Vec<String> = facts
        .tables
        .iter()
        .filter(|table| table.is_logged && !table.is_identified)
        .map(|table| match &table.candidate {
            Some(index) => format!("{} ({index})", table.name),
            None => format!("{} (FULL)", table.name),
        })
        .collect();
    match (without.as_slice(), settings.set_identities) {
        ([], _) => ok("postgres-identities"),
        (names, true) => warning("postgres-identities-set").with("names", few(names)),
        (names, false) => refused("postgres-identities-missing").with("names", few(names)),
    }
}
