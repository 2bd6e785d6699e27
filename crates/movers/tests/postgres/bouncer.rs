//! A PgBouncer that ends with the test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use movers::postgres::{Address, Pooler};
use tempfile::TempDir;

use super::ground::{PATIENCE, as_server, connect, free_port, give_to_server};

/// A PgBouncer before one database.
pub(crate) struct Bouncer {
    pub(crate) port: u16,
    child: Child,
    pub(crate) folder: TempDir,
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Bouncer {
    pub(crate) async fn start(database: &str, server: u16, mode: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{database} = host=127.0.0.1 port={server} dbname={database}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
            listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}/users\npool_mode = {mode}\n\
            admin_users = mastodon\nlogfile = {0}/log\ndefault_pool_size = 20\n",
            folder.path().display()
        );
        fs::write(&file, text).unwrap();
        fs::write(folder.path().join("users"), "\"mastodon\" \"app\"\n").unwrap();
        for path in [folder.path(), &file, &folder.path().join("users")] {
            give_to_server(path);
        }
        let child = as_server("pgbouncer")
            .arg(&file)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bouncer = Self { port, child, folder };
        let began = Instant::now();
        while connect(port, database, "mastodon", "app").await.is_err() {
            assert!(
                began.elapsed() < PATIENCE,
                "{}",
                fs::read_to_string(bouncer.folder.path().join("log")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bouncer
    }

    pub(crate) fn pooler(&self, database: &str) -> Pooler {
        let admin = format!("postgresql://mastodon:app@127.0.0.1:{}/pgbouncer?sslmode=disable", self.port);
        Pooler {
            admin: Address::read(&admin).unwrap(),
            database: database.to_owned(),
            file: Some(self.folder.path().join("pgbouncer.ini")),
            command: None,
        }
    }
}
