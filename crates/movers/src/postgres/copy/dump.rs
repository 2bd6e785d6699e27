//! The same by the official tools alone, for what our own copy has no answer to.

use crate::postgres::catalog::{OURS, sequences, tables};
use crate::postgres::session::Session;
use crate::postgres::snapshot::{Snapshot, looking_through};
use crate::postgres::tools::run;
use crate::postgres::{PostgresError, made, sequences as carrying};

use super::Copied;
use super::run::Copying;
use super::schema::Reading;

impl Copying<'_> {
    /// Dumps into a folder and restores from it: nothing is compressed, as many at once as there may be connections.
    pub(crate) async fn by_dump(&self, snapshot: Snapshot) -> Result<Copied, PostgresError> {
        let source = Session::open(self.source, self.name).await?;
        source.run("look through the snapshot", &looking_through(&snapshot.id)).await?;
        let (tables, sequences) = (tables(&source).await?.len(), sequences(&source).await?.len());
        let coming = made::objects(&source).await?;
        let with_owners = self.owner.is_none();
        let reading = Reading {
            tools: self.tools,
            source: self.source,
            name: self.name,
            snapshot: &snapshot.id,
            folder: self.folder,
            with_owners,
        };
        self.make(&reading.read().await?).await?;
        // What pg_restore makes is in no list of its own: it was empty before, so all of it is ours.
        made::record_coming(&Session::open(self.target, self.name).await?, coming).await?;
        let jobs = format!("--jobs={}", self.limits.connections);
        let folder = self.folder.join("dump");
        if folder.exists() {
            let failed = |source| PostgresError::File { path: folder.clone(), source };
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        let mut dump = self.tools.command("pg_dump", self.source, self.name);
        dump.args(["--format=directory", "--compress=0", &jobs, "--no-publications", "--no-subscriptions"]);
        dump.args(["--no-tablespaces", "--exclude-schema=mastoferry"])
            .arg(format!("--snapshot={}", snapshot.id));
        dump.arg("--file").arg(&folder);
        run("pg_dump", dump).await?;
        drop((source, snapshot));
        for section in ["--section=data", "--section=post-data"] {
            let mut restore = self.tools.command("pg_restore", self.target, self.name);
            restore.args([section, &jobs, "--exit-on-error"]).arg("--dbname").arg(&self.target.database);
            if !with_owners {
                restore.args(["--no-owner", "--no-privileges"]);
                // Views that need a primary key come here, and are to be its own as well.
                restore.args(self.owner.map(|owner| format!("--role={owner}")));
            }
            restore.arg(&folder);
            run("pg_restore", restore).await?;
        }
        let target = Session::open(self.target, self.name).await?;
        target.run("gather statistics", "ANALYZE").await?;
        let source = Session::open(self.source, self.name).await?;
        carrying::carry(&source, &target, self.margin).await?;
        let mut rows = 0;
        for table in crate::postgres::catalog::tables(&target).await? {
            let count: i64 = target
                .row("count rows", &format!("SELECT count(*) FROM ONLY {}", table.name), &[])
                .await?
                .get(0);
            rows += count.unsigned_abs();
        }
        target.run("put all on the disk", &format!("DELETE FROM {OURS}.mark")).await?;
        Ok(Copied { tables, rows, sequences })
    }
}
