//! A provider's instance made ready. RDS: Amazon's own tool against moto, which keeps instances as RDS describes them but runs
//! none. Cloud SQL: Google's tool cannot be had by a package's name, so what is tried is a stand-in (`gcloud.py`) that knows
//! the flags of Google's reference and refuses others; nobody has tried it against Google.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use movers::Grade;
use movers::postgres::{Invocation, Managed, PostgresError, Service, Step};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ground::{PATIENCE, free_port, has, pair};

/// A database to move, and an instance for it.
async fn managed(service: Service, tool: PathBuf) -> Option<Managed> {
    let pair = pair()?;
    let name = format!("managed_{}", free_port());
    pair.source.empty(&name).await;
    Some(Managed {
        service,
        instance: "town".to_owned(),
        project: None,
        region: None,
        tier: None,
        tool: Some(tool),
        source: pair.source.address(&name),
        target: None,
        patience: PATIENCE,
    })
}

fn step<'a>(steps: &'a [Step], name: &str) -> &'a Step {
    steps.iter().find(|it| it.name == name).unwrap_or_else(|| panic!("{name} is among {steps:#?}"))
}

fn ids(steps: &[Step]) -> Vec<(&'static str, &'static str)> {
    steps.iter().map(|it| (it.name, it.finding.id.trim_start_matches("postgres-"))).collect()
}

/// Runs all, and says what was run.
async fn prepared(managed: &Managed) -> (Result<Vec<Step>, PostgresError>, Vec<String>) {
    let ran = RefCell::new(Vec::new());
    let told = |command: &Invocation| ran.borrow_mut().push(command.to_string());
    let steps = managed.prepare(told).await;
    (steps, ran.take())
}

fn script(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The stand-in, and what it knows.
struct Gcloud {
    folder: TempDir,
    tool: PathBuf,
}

impl Gcloud {
    fn new(instances: Value) -> Option<Self> {
        if !has("python3", "python3") {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let tool = script(&folder, "gcloud", include_str!("gcloud.py"));
        let this = Self { folder, tool };
        this.write(&json!({
            "signed_in": true, "fails": null, "instances": instances, "operations": [], "backups": [],
            "databases": [{ "name": "postgres", "charset": "UTF8" }], "calls": [],
        }));
        Some(this)
    }

    fn write(&self, state: &Value) {
        fs::write(self.folder.path().join("state.json"), state.to_string()).unwrap();
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(self.folder.path().join("state.json")).unwrap()).unwrap()
    }

    fn set(&self, name: &str, value: Value) {
        let mut state = self.state();
        state[name] = value;
        self.write(&state);
    }
}

fn instance(version: &str, flags: Value) -> Value {
    json!([{
        "name": "town", "databaseVersion": version, "state": "RUNNABLE",
        "ipAddresses": [{ "type": "PRIMARY", "ipAddress": "127.0.0.1" }],
        "settings": {
            "dataDiskSizeGb": "5", "storageAutoResize": false, "storageAutoResizeLimit": "0", "databaseFlags": flags,
        },
    }])
}

#[tokio::test]
async fn cloud_sql_is_made_and_made_ready() {
    let Some(gcloud) = Gcloud::new(json!([])) else { return };
    let Some(mut managed) = managed(Service::CloudSql, gcloud.tool.clone()).await else { return };
    managed.project = Some("a-project".to_owned());
    // How large it shall be nobody else decides.
    let steps = managed.look().await.unwrap();
    assert_eq!(step(&steps, "instance").finding.id, "postgres-managed-unchosen");
    let (steps, ran) = prepared(&managed).await;
    assert!(ran.is_empty() && !steps.unwrap().iter().all(Step::is_done));

    managed.tier = Some("db-custom-4-16384".to_owned());
    managed.region = Some("asia-northeast1".to_owned());
    let steps = managed.look().await.unwrap();
    assert_eq!(
        ids(&steps),
        [
            ("tool", "managed-tool"),
            ("instance", "managed-none"),
            ("backup", "managed-later"),
            ("database", "managed-later")
        ]
    );
    assert_eq!(gcloud.state()["instances"], json!([]), "a look changes nothing");
    managed.target = Some(managed.source.clone());
    let (steps, ran) = prepared(&managed).await;
    let steps = steps.unwrap();
    assert!(steps.iter().all(Step::is_done), "{steps:#?}");
    assert_eq!(step(&steps, "address").finding.grade, Grade::Ok);
    assert_eq!(ran.len(), 3, "{ran:#?}");
    let (major, database) = (pair().unwrap().source.bin.clone(), managed.source.to_string());
    let major = major.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        ran[0],
        format!(
            "gcloud sql instances create town --database-version=POSTGRES_{major} --tier=db-custom-4-16384 \
            --edition=enterprise --region=asia-northeast1 --storage-size=10GB --storage-auto-increase --backup \
            --database-flags=cloudsql.logical_decoding=on --async --project=a-project"
        )
    );
    assert!(ran[1].contains("'--description=before mastoferry'"), "{ran:#?}");
    assert!(ran[2].contains(database.rsplit('/').next().unwrap()), "{ran:#?}");
    let (_, again) = prepared(&managed).await;
    assert!(again.is_empty(), "nothing is done twice");
}

#[tokio::test]
async fn flags_of_cloud_sql_are_kept() {
    let set = json!([
        { "name": "pgaudit.log", "value": "read,write" }, { "name": "cloudsql.logical_decoding", "value": "off" },
        { "name": "max_connections", "value": "300" },
    ]);
    let Some(gcloud) = Gcloud::new(instance("POSTGRES_99", set)) else { return };
    let Some(managed) = managed(Service::CloudSql, gcloud.tool.clone()).await else { return };
    let (steps, ran) = prepared(&managed).await;
    let steps = steps.unwrap();
    assert!(steps.iter().all(Step::is_done), "{steps:#?}");
    assert_eq!(ran[0], "gcloud sql instances patch town --storage-auto-increase --async");
    let flags =
        "'--database-flags=^;^pgaudit.log=read,write;max_connections=300;cloudsql.logical_decoding=on'";
    assert_eq!(ran[1], format!("gcloud sql instances patch town {flags} --async"));
    assert_eq!(
        gcloud.state()["instances"][0]["settings"]["databaseFlags"],
        json!([
            { "name": "pgaudit.log", "value": "read,write" }, { "name": "max_connections", "value": "300" },
            { "name": "cloudsql.logical_decoding", "value": "on" },
        ])
    );
    // Nothing but what was told is ever asked of it, and never to remove anything.
    for call in gcloud.state()["calls"].as_array().unwrap() {
        assert!(!call.to_string().contains("delete") && !call.to_string().contains("clear"), "{call}");
    }
}

#[tokio::test]
async fn what_cloud_sql_cannot_be_is_refused() {
    let Some(gcloud) = Gcloud::new(instance("POSTGRES_9_6", json!([]))) else { return };
    let Some(mut managed) = managed(Service::CloudSql, gcloud.tool.clone()).await else { return };
    let (steps, ran) = prepared(&managed).await;
    assert!(ran.is_empty(), "an older one is left alone: {ran:#?}");
    assert_eq!(step(&steps.unwrap(), "version").finding.id, "postgres-versions-older");
    gcloud.set("instances", instance("MYSQL_8_0", json!([])));
    let steps = managed.look().await.unwrap();
    assert_eq!(step(&steps, "version").finding.id, "postgres-managed-engine");
    gcloud.set("instances", instance("POSTGRES_99", json!([])));
    let mut stopped = gcloud.state()["instances"].clone();
    stopped[0]["state"] = json!("SUSPENDED");
    gcloud.set("instances", stopped);
    let (steps, ran) = prepared(&managed).await;
    assert!(ran.is_empty());
    assert_eq!(step(&steps.unwrap(), "state").finding.id, "postgres-managed-stopped");

    // What fails at the provider's afterwards is told in the provider's words, and nothing is run after it.
    gcloud.set("instances", instance("POSTGRES_99", json!([])));
    gcloud.set("fails", json!("UPDATE"));
    let (failed, ran) = prepared(&managed).await;
    let error = failed.unwrap_err().to_string();
    assert!(error.contains("[INTERNAL_ERROR] the disk went away"), "{error}");
    assert_eq!(ran.len(), 1, "{ran:#?}");

    gcloud.set("signed_in", json!(false));
    let steps = managed.look().await.unwrap();
    assert_eq!(step(&steps, "tool").finding.id, "postgres-managed-tool-signed-out");
    managed.tool = Some(gcloud.folder.path().join("not-there"));
    for (service, commands) in [(Service::CloudSql, 4), (Service::Rds, 6)] {
        managed.service = service;
        let (steps, ran) = prepared(&managed).await;
        let steps = steps.unwrap();
        assert_eq!(step(&steps, "tool").finding.id, "postgres-managed-tool-missing");
        let unseen = steps.iter().filter(|it| it.finding.grade == Grade::Unchecked);
        assert_eq!(unseen.filter(|it| !it.commands.is_empty()).count(), commands, "{steps:#?}");
        assert!(ran.is_empty());
    }
}

#[tokio::test]
async fn the_last_words_of_a_tool_are_told() {
    let Some(gcloud) = Gcloud::new(instance("POSTGRES_99", json!([]))) else { return };
    let folder = TempDir::new().unwrap();
    // A tool that no longer knows a flag.
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *patch*) echo 'first' >&2; echo 'ERROR: unrecognized arguments' >&2; exit 2;; esac\n\
        exec '{}' \"$@\"\n",
        gcloud.tool.display()
    );
    let tool = script(&folder, "gcloud", &text);
    let Some(mut managed) = managed(Service::CloudSql, tool).await else { return };
    let (failed, ran) = prepared(&managed).await;
    let error = failed.unwrap_err().to_string();
    assert_eq!(error, "gcloud failed: first; ERROR: unrecognized arguments");
    assert_eq!(ran.len(), 1);
    // One that never ends what it was asked for is not waited for without bound.
    let mut stuck = gcloud.state()["instances"].clone();
    stuck[0]["state"] = json!("MAINTENANCE");
    gcloud.set("instances", stuck);
    managed.patience = Duration::from_millis(300);
    assert!(matches!(prepared(&managed).await.0, Err(PostgresError::Pending { .. })));
}

/// moto, and Amazon's own tool led to it.
struct Moto {
    server: Child,
    folder: TempDir,
    port: u16,
}

impl Moto {
    async fn start() -> Option<Self> {
        if !has("moto_server", "PyPI: moto[server]") || !has("aws", "PyPI: awscli") {
            return None;
        }
        let port = free_port();
        let mut command = Command::new("moto_server");
        command
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = command.spawn().unwrap();
        let this = Self { server, folder: TempDir::new().unwrap(), port };
        for _ in 0..600 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(this);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("moto_server does not listen");
    }

    fn tool(&self) -> PathBuf {
        let text = format!(
            "#!/bin/sh\nexport AWS_ENDPOINT_URL=http://127.0.0.1:{} AWS_ACCESS_KEY_ID=AKALL AWS_SECRET_ACCESS_KEY=hush \
            AWS_DEFAULT_REGION=eu-west-1 AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null\n\
            exec aws \"$@\"\n",
            self.port
        );
        script(&self.folder, "aws", &text)
    }

    /// What somebody does with the tool beside.
    fn aws(&self, words: &str) -> Value {
        let output = Command::new(self.tool()).args(words.split(' ')).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _already_gone = self.server.kill();
        let _waited = self.server.wait();
    }
}

#[tokio::test]
async fn rds_is_made_and_made_ready() {
    let Some(moto) = Moto::start().await else { return };
    let Some(mut managed) = managed(Service::Rds, moto.tool()).await else { return };
    let (steps, ran) = prepared(&managed).await;
    assert_eq!(step(&steps.unwrap(), "instance").finding.id, "postgres-managed-unchosen");
    assert!(ran.is_empty(), "nothing is made for an instance that cannot be: {ran:#?}");
    managed.tier = Some("db.m6g.large".to_owned());
    let (steps, ran) = prepared(&managed).await;
    let steps = steps.unwrap();
    assert!(steps.iter().all(Step::is_done), "{steps:#?}");
    assert!(ran.iter().any(|it| it.contains("--manage-master-user-password")), "{ran:#?}");
    assert!(!ran.iter().any(|it| it.contains("--master-user-password")), "{ran:#?}");
    assert!(ran.last().unwrap().contains("create-db-snapshot"), "{ran:#?}");
    let made = &moto.aws("rds describe-db-instances")["DBInstances"][0];
    assert_eq!((&made["Engine"], &made["AllocatedStorage"]), (&json!("postgres"), &json!(20)));
    assert_eq!(made["BackupRetentionPeriod"], 7);
    assert!(
        made["DBParameterGroups"][0]["DBParameterGroupName"].as_str().unwrap().starts_with("town-postgres")
    );
    let (_, again) = prepared(&managed).await;
    assert!(again.is_empty(), "nothing is done twice: {again:#?}");
}

#[tokio::test]
async fn rds_that_is_there_gets_parameters_of_its_own() {
    let Some(moto) = Moto::start().await else { return };
    let Some(mut managed) = managed(Service::Rds, moto.tool()).await else { return };
    let make = "rds create-db-instance --db-instance-class db.m6g.large --master-username postgres --engine postgres";
    moto.aws(&format!("{make} --db-instance-identifier old --engine-version 9.6.1 --allocated-storage 20 --manage-master-user-password"));
    moto.aws(&format!("{make} --db-instance-identifier town --engine-version 99.1 --allocated-storage 19 --manage-master-user-password"));
    let steps = managed.look().await.unwrap();
    assert_eq!(step(&steps, "database").finding.id, "postgres-managed-database-unseen");
    // The server itself is asked where its address is known; here it is not the instance's, and that is said.
    let pair = pair().unwrap();
    managed.target = Some(pair.target.address("not_there_yet"));
    let (steps, ran) = prepared(&managed).await;
    let steps = steps.unwrap();
    let by_hand = step(&steps, "database");
    assert_eq!(by_hand.finding.id, "postgres-managed-database-by-hand");
    assert_eq!(step(&steps, "address").finding.grade, Grade::Warning);
    let sql = by_hand.finding.details.iter().find(|(name, _)| *name == "sql").map(|(_, sql)| sql).unwrap();
    let told: Vec<&str> = ran.iter().filter_map(|it| it.split(' ').nth(2)).collect();
    assert_eq!(
        told,
        [
            "modify-db-instance",
            "create-db-parameter-group",
            "modify-db-parameter-group",
            "modify-db-instance",
            "reboot-db-instance",
            "create-db-snapshot",
        ],
        "{ran:#?}"
    );
    let client = pair.target.client("postgres").await;
    client.batch_execute(sql).await.unwrap();
    let steps = managed.look().await.unwrap();
    assert!(steps.iter().all(Step::is_done), "{steps:#?}");
    client.batch_execute("DROP DATABASE not_there_yet").await.unwrap();

    managed.instance = "old".to_owned();
    let (steps, ran) = prepared(&managed).await;
    assert_eq!(step(&steps.unwrap(), "version").finding.id, "postgres-versions-older");
    assert!(ran.is_empty(), "{ran:#?}");
    // A group that others use is not changed for them.
    moto.aws("rds create-db-parameter-group --db-parameter-group-name ours --db-parameter-group-family postgres99 --description ours");
    for name in ["one", "other"] {
        moto.aws(&format!("{make} --db-instance-identifier {name} --engine-version 99.1 --allocated-storage 20 --db-parameter-group-name ours --manage-master-user-password"));
    }
    managed.instance = "one".to_owned();
    let (steps, ran) = prepared(&managed).await;
    let steps = steps.unwrap();
    assert_eq!(step(&steps, "flag").finding.id, "postgres-managed-group-shared");
    assert!(ran.is_empty(), "{ran:#?}");
}
