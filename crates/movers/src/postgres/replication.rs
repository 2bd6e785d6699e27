//! Changes carried from one side to the other while it is written to: publication, slot and subscription.

use std::time::{Duration, Instant};

use super::bringing::fresh_token;
use super::catalog::{OURS, Table, tables};
use super::fence::{Fence, Standing};
use super::sequences::carry;
use super::session::{Session, identifier, literal};
use super::{Address, PostgresError};

const MOVING: &str = "move a replication slot on";

/// One direction: from a database that publishes to one that subscribes. Publication, slot and subscription have one name.
pub(crate) struct Stream<'a> {
    pub(crate) from: &'a Session,
    pub(crate) to: &'a Session,
    pub(crate) name: &'a str,
}

/// What a stream's two servers say of how it goes. No proof of anything, but of life.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pulse {
    /// How far the subscriber says it is.
    pub(crate) reached: Option<String>,
    /// How often it could not take something in; servers before 15 do not count.
    pub(crate) errors: i64,
}

/// What is found of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) publication: bool,
    pub(crate) slot: bool,
    pub(crate) subscription: bool,
}

impl Stream<'_> {
    /// Publishes all tables that exist now, and the mover's marks. Named one by one: a table that appears later shall stop
    /// the move, not be missing quietly.
    pub(crate) async fn publish(&self) -> Result<(), PostgresError> {
        let all: Vec<Table> = tables(self.from).await?;
        let mut names: Vec<String> =
            all.into_iter().filter(|table| table.is_logged).map(|table| table.name).collect();
        names.push(format!("{OURS}.mark"));
        let publication = identifier(self.name);
        self.from
            .run(
                "publish its tables",
                &format!("CREATE PUBLICATION {publication} FOR TABLE {}", names.join(", ")),
            )
            .await
    }

    /// Makes the slot on a side that nobody writes to, and that need not be copied from.
    pub(crate) async fn make_slot(&self) -> Result<(), PostgresError> {
        let sql = "SELECT pg_create_logical_replication_slot($1, 'pgoutput')";
        self.from.rows("make a replication slot", sql, &[&self.name]).await?;
        Ok(())
    }

    /// What was written until now is not for the other side. Up to where that is.
    pub(crate) async fn skip_to_now(&self) -> Result<String, PostgresError> {
        // A position that a crash takes back would be given anew, to what is for the other side.
        let flush = "BEGIN; SET LOCAL synchronous_commit = local; \
            SELECT pg_logical_emit_message(true, 'mastoferry', ''); COMMIT";
        self.from.run(MOVING, flush).await?;
        let sql = "SELECT (pg_replication_slot_advance($1, pg_current_wal_flush_lsn())).end_lsn::text";
        Ok(self.from.row(MOVING, sql, &[&self.name]).await?.get(0))
    }

    /// Has a slot stay where it was moved to: "in the event of a crash, the slot may return to an earlier position", say
    /// PostgreSQL's documents of `pg_replication_slot_advance`, up to the next checkpoint. One that has is moved again.
    pub(crate) async fn stay_at(&self, position: &str) -> Result<(), PostgresError> {
        let sql = "SELECT pg_replication_slot_advance(slot_name, $2::text::pg_lsn) FROM pg_replication_slots \
            WHERE slot_name = $1 AND confirmed_flush_lsn < $2::text::pg_lsn";
        self.from.rows(MOVING, sql, &[&self.name, &position]).await?;
        self.from.run(MOVING, "CHECKPOINT").await
    }

    /// Subscribes to what the slot holds. `seen` is the publisher's address as the subscribing server sees it.
    pub(crate) async fn subscribe(&self, seen: &Address) -> Result<(), PostgresError> {
        // The connection's password shall not reach the server's log; only a superuser may say so.
        let quiet = "SELECT set_config(name, value, false) FROM (VALUES ('log_statement', 'none'), \
            ('log_min_duration_statement', '-1'), ('log_min_error_statement', 'panic')) AS x (name, value) \
            WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)";
        self.to.rows("prepare the session", quiet, &[]).await?;
        let subscription = format!(
            "CREATE SUBSCRIPTION {name} CONNECTION {connection} PUBLICATION {name} \
            WITH (copy_data = false, create_slot = false, slot_name = {slot}, streaming = false)",
            name = identifier(self.name),
            connection = literal(&seen.conninfo()),
            slot = literal(self.name),
        );
        self.to.run("subscribe to the other side", &subscription).await
    }

    /// What there is of it.
    pub(crate) async fn found(&self) -> Result<Found, PostgresError> {
        let there = "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1), \
            EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database())";
        let from = self.from.row("look for replication", there, &[&self.name]).await?;
        // Connections of subscriptions are for superusers alone; their names are not.
        let subscribed = "SELECT EXISTS (SELECT FROM pg_subscription WHERE subname = $1 \
            AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))";
        let to = self.to.row("look for replication", subscribed, &[&self.name]).await?;
        Ok(Found { publication: from.get(0), slot: from.get(1), subscription: to.get(0) })
    }

    /// Takes the subscription away on its side; the slot stays.
    pub(crate) async fn unsubscribe(&self) -> Result<(), PostgresError> {
        if !self.found().await?.subscription {
            return Ok(());
        }
        let name = identifier(self.name);
        let doing = "end the subscription";
        self.to.run(doing, &format!("ALTER SUBSCRIPTION {name} DISABLE")).await?;
        self.to.run(doing, &format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")).await?;
        self.to.run(doing, &format!("DROP SUBSCRIPTION {name}")).await
    }

    /// Takes slot and publication away. A slot that nobody reads keeps the server's log for ever.
    pub(crate) async fn unpublish(&self) -> Result<(), PostgresError> {
        let doing = "remove the replication slot";
        let began = Instant::now();
        loop {
            // Whoever reads it is ended first; only then it can go.
            let end = "SELECT count(pg_terminate_backend(active_pid)) FROM pg_replication_slots WHERE slot_name = $1";
            self.from.rows(doing, end, &[&self.name]).await?;
            let drop =
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1";
            match self.from.rows(doing, drop, &[&self.name]).await {
                Ok(_) => break,
                // Still in use.
                Err(error) if error.code() == Some("55006") && began.elapsed() < Duration::from_secs(15) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.from.run(doing, &format!("DROP PUBLICATION IF EXISTS {}", identifier(self.name))).await
    }

    pub(crate) async fn pulse(&self) -> Result<Pulse, PostgresError> {
        let reached = "SELECT max(confirmed_flush_lsn)::text FROM pg_replication_slots WHERE slot_name = $1";
        let reached = self.from.row("see how far changes are", reached, &[&self.name]).await?.get(0);
        let doing = "see whether changes can be taken in";
        let counts = "SELECT to_regclass('pg_stat_subscription_stats') IS NOT NULL";
        let errors = if self.to.row(doing, counts, &[]).await?.get(0) {
            let errors = "SELECT coalesce(sum(apply_error_count), 0)::int8 FROM pg_stat_subscription_stats \
                WHERE subname = $1";
            self.to.row(doing, errors, &[&self.name]).await?.get(0)
        } else {
            0
        };
        Ok(Pulse { reached, errors })
    }

    /// Writes a mark on the publishing side and waits until it is seen on the other. One worker applies transactions in the
    /// order of their commits: when the mark is there, so is all that was committed before it. No position that a server
    /// reports says as much; a connection's keepalives move those on their own.
    pub(crate) async fn await_mark(
        &self,
        token: &str,
        patience: Duration,
    ) -> Result<Duration, PostgresError> {
        let began = Instant::now();
        let write = format!("INSERT INTO {OURS}.mark VALUES ($1)");
        self.from.rows("write a mark", &write, &[&token]).await?;
        let see = format!("SELECT EXISTS (SELECT FROM {OURS}.mark WHERE token = $1)");
        let doing = "look for the mark";
        let see = self.to.client.prepare(&see).await.map_err(|error| self.to.told(doing, &error))?;
        let mut looked = 0;
        loop {
            let row = self
                .to
                .client
                .query_one(&see, &[&token])
                .await
                .map_err(|error| self.to.told(doing, &error))?;
            if row.get(0) {
                return Ok(began.elapsed());
            }
            if began.elapsed() > patience {
                return Err(PostgresError::TooLong {
                    what: "the last change does not arrive",
                    waited: patience,
                });
            }
            looked += 1;
            // Short at first: within the pause every millisecond is someone's.
            let pause = if looked < 100 { 1 } else { 20 };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
}

/// Behind the fence of the side that publishes: waits for its last change and sets the sequences; again, where a session
/// turns up that began before the fence stood and was not seen yet.
pub(crate) async fn settle(
    stream: &Stream<'_>,
    fence: &Fence<'_>,
    standing: &Standing,
    margin: u32,
    patience: Duration,
) -> Result<(), PostgresError> {
    for _ in 0..10 {
        stream.await_mark(&fresh_token(), patience).await?;
        carry(stream.from, stream.to, margin).await?;
        if fence.end_earlier(standing, patience).await? == 0 {
            return Ok(());
        }
    }
    Err(PostgresError::TooLong { what: "sessions that could write keep turning up", waited: patience })
}
