//! A session with a server, made ready for moving data.

use std::time::Duration;

use tokio_postgres::config::SslMode as Offer;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row};

use super::{Address, PostgresError, SslMode, tls};

/// How long a server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);

/// What both sides must say alike: text of rows is compared, bounds of the application's role must not end a long copy, and
/// no policy may hide rows without an error. A fence on the database is not meant for us.
const READY: &str = "SET search_path = pg_catalog; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; \
    SET extra_float_digits = 3; SET timezone = 'UTC'; SET bytea_output = 'hex'; SET statement_timeout = 0; \
    SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET row_security = off; \
    SET client_min_messages = error; SET default_transaction_read_only = off";

/// Triggers and keys hold for us; only a superuser may say so, and only one can have been told otherwise.
const CHECKED: &str = "SELECT set_config('session_replication_role', 'origin', false) \
    WHERE current_setting('session_replication_role') <> 'origin'";

/// A session. Sessions of one move share the name that `pg_stat_activity` shows, so that those of a mover that died can be
/// told from all others.
pub(crate) struct Session {
    pub(crate) address: Address,
    pub(crate) client: Client,
}

impl Session {
    /// Opens one that is named after the move.
    pub(crate) async fn open(address: &Address, name: &str) -> Result<Self, PostgresError> {
        let session = Self { address: address.clone(), client: enter(address, name).await? };
        session.run("prepare the session", READY).await?;
        // A statement whose client is gone shall not hold locks until it notices; servers before 14 cannot.
        let checks = "SELECT set_config('client_connection_check_interval', '1s', false) \
            FROM pg_settings WHERE name = 'client_connection_check_interval'";
        session.rows("prepare the session", checks, &[]).await?;
        session.rows("prepare the session", CHECKED, &[]).await?;
        Ok(session)
    }

    /// Runs statements that answer nothing.
    pub(crate) async fn run(&self, doing: &'static str, sql: &str) -> Result<(), PostgresError> {
        self.client.batch_execute(sql).await.map_err(|error| self.told(doing, &error))
    }

    /// Asks for rows.
    pub(crate) async fn rows(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        self.client.query(sql, parameters).await.map_err(|error| self.told(doing, &error))
    }

    /// Asks for the one row there is.
    pub(crate) async fn row(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, PostgresError> {
        self.client.query_one(sql, parameters).await.map_err(|error| self.told(doing, &error))
    }

    /// What an error of this session means.
    pub(crate) fn told(&self, doing: &'static str, error: &tokio_postgres::Error) -> PostgresError {
        PostgresError::doing(&self.address, doing, error)
    }

    /// Ends sessions that a mover which died has left, so that nothing of it happens later than it is looked at.
    pub(crate) async fn end_namesakes(&self, name: &str) -> Result<(), PostgresError> {
        let doing = "end what an earlier process has left";
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE application_name = $1 AND datname = current_database() AND pid <> pg_backend_pid()";
        for _ in 0..300 {
            let left: i64 = self.row(doing, end, &[&name]).await?.get(0);
            if left == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(PostgresError::TooLong {
            what: "sessions of an earlier process do not end",
            waited: Duration::from_secs(15),
        })
    }
}

/// A bare session, as any client has it.
pub(crate) async fn enter(address: &Address, name: &str) -> Result<Client, PostgresError> {
    let mut config = Config::new();
    config.host(&address.host).port(address.port).user(&address.user).dbname(&address.database);
    config.application_name(name).connect_timeout(PATIENCE);
    config
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(10))
        .keepalives_retries(3);
    if let Some(password) = &address.password {
        config.password(password);
    }
    let late = || PostgresError::Unreachable {
        address: address.to_string(),
        reason: "no answer in time".to_owned(),
    };
    if address.ssl_mode == SslMode::Disable || address.host.starts_with('/') {
        config.ssl_mode(Offer::Disable);
        let connecting = tokio::time::timeout(PATIENCE, config.connect(NoTls)).await.map_err(|_| late())?;
        let (client, connection) = connecting.map_err(|error| PostgresError::connecting(address, &error))?;
        // Its end is told to whoever asks next.
        tokio::spawn(connection);
        return Ok(client);
    }
    config.ssl_mode(if address.ssl_mode == SslMode::Prefer { Offer::Prefer } else { Offer::Require });
    let maker = tls::maker(address)?;
    let connecting = tokio::time::timeout(PATIENCE, config.connect(maker)).await.map_err(|_| late())?;
    let (client, connection) = connecting.map_err(|error| PostgresError::connecting(address, &error))?;
    tokio::spawn(connection);
    Ok(client)
}

/// Whether something that hands out connections to the server stands between: two sessions at once with one backend, or a
/// backend that outlives its session, are no server's doing.
pub(crate) async fn is_behind_pooler(address: &Address) -> Result<bool, PostgresError> {
    let backend = |client: Client| async move {
        // Without a prepared statement, which a pooler may refuse.
        let answer = client.simple_query("SELECT pg_backend_pid()").await;
        let answer = answer.map_err(|error| PostgresError::doing(address, "say who answers", &error))?;
        let pid = answer.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok::<_, PostgresError>((client, pid))
    };
    let (first, first_pid) = backend(enter(address, "mastoferry").await?).await?;
    let (second, second_pid) = backend(enter(address, "mastoferry").await?).await?;
    if first_pid == second_pid {
        return Ok(true);
    }
    drop((first, second));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (_third, third_pid) = backend(enter(address, "mastoferry").await?).await?;
    Ok(third_pid == first_pid || third_pid == second_pid)
}

/// A name in double quotes.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!(" E'{}'", quoted.replace('\\', r"\\")) } else { format!("'{quoted}'") }
}
