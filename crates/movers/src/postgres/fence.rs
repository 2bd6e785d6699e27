//! The write fence: a database that takes no writes, whoever comes.

use std::time::{Duration, Instant};

use super::PostgresError;
use super::session::{Session, identifier};

/// Roles with a word of their own on the matter: it counts for more than the database's.
const WILFUL: &str = "
SELECT DISTINCT r.rolname FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND EXISTS (SELECT FROM unnest(s.setconfig) c WHERE c LIKE 'default_transaction_read_only=%')";

/// Sessions that began before the fence stood, or as it was put up: ends them. The mover's own are not meant.
const EARLIER: &str = "
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND application_name <> $1 AND backend_start <= $2::text::timestamptz";

/// Sessions of which this one may not see whether they are meant.
const UNSEEN: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type IS NULL";

/// A database's fence.
pub(crate) struct Fence<'a> {
    /// The session that puts it up.
    pub(crate) session: &'a Session,
    /// The mover's sessions, which it is not meant for.
    pub(crate) name: &'a str,
}

/// When a fence stood, by the server's clock.
pub(crate) struct Standing(String);

impl Fence<'_> {
    /// Every session that begins from now on can only read, unless it says otherwise by itself.
    pub(crate) async fn put_up(&self) -> Result<Standing, PostgresError> {
        let doing = "put up the write fence";
        let database = identifier(&self.session.address.database);
        let mut statements = format!("ALTER DATABASE {database} SET default_transaction_read_only = on;");
        for row in self.session.rows(doing, WILFUL, &[]).await? {
            let role = identifier(row.get(0));
            statements +=
                &format!("ALTER ROLE {role} IN DATABASE {database} SET default_transaction_read_only = on;");
        }
        self.session.run(doing, &statements).await?;
        Ok(Standing(self.session.row(doing, "SELECT clock_timestamp()::text", &[]).await?.get(0)))
    }

    /// Ends the sessions that began before the fence stood; how many there were in the first look.
    pub(crate) async fn end_earlier(
        &self,
        standing: &Standing,
        patience: Duration,
    ) -> Result<i64, PostgresError> {
        let began = Instant::now();
        let unseen: i64 = self.session.row("look at its sessions", UNSEEN, &[]).await?.get(0);
        if unseen > 0 {
            return Err(PostgresError::Unequal {
                what: "sessions of others cannot be looked at",
                detail: format!("{unseen} of them; the role needs pg_read_all_stats"),
            });
        }
        let mut first = None;
        loop {
            let row = self
                .session
                .row("end sessions that could write", EARLIER, &[&self.name, &standing.0])
                .await?;
            let left: i64 = row.get(0);
            let found = *first.get_or_insert(left);
            if left == 0 {
                return Ok(found);
            }
            if began.elapsed() > patience {
                return Err(PostgresError::TooLong {
                    what: "sessions that could write do not end",
                    waited: patience,
                });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sessions may write again. Those that began behind the fence are ended: they would go on refusing to.
    pub(crate) async fn take_down(&self) -> Result<(), PostgresError> {
        if !self.stands().await? {
            return Ok(());
        }
        let doing = "take down the write fence";
        let database = identifier(&self.session.address.database);
        let mut statements = format!("ALTER DATABASE {database} RESET default_transaction_read_only;");
        for row in self.session.rows(doing, WILFUL, &[]).await? {
            let role = identifier(row.get(0));
            statements +=
                &format!("ALTER ROLE {role} IN DATABASE {database} RESET default_transaction_read_only;");
        }
        self.session.run(doing, &statements).await?;
        let now: String = self.session.row(doing, "SELECT clock_timestamp()::text", &[]).await?.get(0);
        self.end_earlier(&Standing(now), Duration::from_secs(10)).await?;
        Ok(())
    }

    /// The same where an earlier process may have died in the midst of it: after the fence fell, and before those sessions
    /// were ended that began behind it.
    pub(crate) async fn take_down_surely(&self) -> Result<(), PostgresError> {
        if self.stands().await? {
            return self.take_down().await;
        }
        let doing = "take down the write fence";
        let now: String = self.session.row(doing, "SELECT clock_timestamp()::text", &[]).await?.get(0);
        self.end_earlier(&Standing(now), Duration::from_secs(10)).await?;
        Ok(())
    }

    /// Whether it stands.
    pub(crate) async fn stands(&self) -> Result<bool, PostgresError> {
        let sql = "SELECT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = 0 \
            AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND 'default_transaction_read_only=on' = ANY (setconfig))";
        Ok(self.session.row("look at the write fence", sql, &[]).await?.get(0))
    }
}
