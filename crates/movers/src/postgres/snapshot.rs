//! One moment of a database, seen alike by many sessions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};

use super::session::Session;
use super::tools::Tools;
use super::{Address, PostgresError};

/// A snapshot that others can look through as long as this stands.
pub(crate) struct Snapshot {
    /// What `SET TRANSACTION SNAPSHOT` takes.
    pub(crate) id: String,
    _holder: Holder,
}

/// Who keeps it.
enum Holder {
    /// A session in its transaction.
    Session { _it: Box<Session> },
    /// The replication connection that made a slot.
    Slot { _it: SlotMaker },
}

/// What a session says to see the snapshot.
pub(crate) fn looking_through(id: &str) -> String {
    format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{id}'")
}

impl Snapshot {
    /// This moment.
    pub(crate) async fn now(session: Session) -> Result<Self, PostgresError> {
        let doing = "hold a snapshot";
        session.run(doing, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let id = session.row(doing, "SELECT pg_export_snapshot()", &[]).await?.get(0);
        Ok(Self { id, _holder: Holder::Session { _it: Box::new(session) } })
    }

    /// The moment at which a logical replication slot begins: what was committed before is in the snapshot, what is committed
    /// after comes through the slot.
    ///
    /// Only the replication protocol exports it, and psql speaks that.
    pub(crate) async fn of_new_slot(
        tools: &Tools,
        address: &Address,
        name: &str,
        slot: &str,
    ) -> Result<Self, PostgresError> {
        let mut command = tools.command("psql", address, name);
        // An address on psql's own command line would be seen by all; its database is needed there to ask for replication.
        command.env("PGOPTIONS", "").args(["-XAtq", "-v", "ON_ERROR_STOP=1"]);
        command.arg(format!(
            "dbname='{}' replication=database",
            address.database.replace('\\', r"\\").replace('\'', r"\'")
        ));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let statement = format!("CREATE_REPLICATION_SLOT \"{slot}\" LOGICAL pgoutput EXPORT_SNAPSHOT;\n");
        let making = tokio::task::spawn_blocking(move || SlotMaker::begin(command, &statement));
        let failed = |reason: String| PostgresError::Tool { program: "psql", reason };
        let (id, maker) = making.await.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
        Ok(Self { id, _holder: Holder::Slot { _it: maker } })
    }
}

/// psql with its replication connection, which ends with this.
struct SlotMaker {
    child: Child,
    /// While it is open psql waits for more, and the snapshot stands.
    _input: ChildStdin,
}

impl SlotMaker {
    fn begin(mut command: std::process::Command, statement: &str) -> Result<(String, Self), String> {
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let (Some(mut input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("no pipes".to_owned());
        };
        let written = input.write_all(statement.as_bytes()).and_then(|()| input.flush());
        let mut maker = Self { child, _input: input };
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        // name|lsn|snapshot|plugin
        if let (Ok(()), Ok(_), Some(id)) = (written, read, line.split('|').nth(2)) {
            return Ok((id.to_owned(), maker));
        }
        maker.end();
        let told = std::io::read_to_string(errors).unwrap_or_default();
        let why = told
            .lines()
            .find(|line| line.contains("ERROR:") || line.contains("FATAL:") || line.contains("error:"));
        Err(why.unwrap_or("it ended without a slot").to_owned())
    }

    fn end(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Drop for SlotMaker {
    fn drop(&mut self) {
        self.end();
    }
}
