//! RDS of Amazon, by `aws`.

use serde_json::Value;

use super::{
    Invocation, Managed, Seen, Source, Step, list, number, ok, refused, text, tool, unchecked, unseen,
};
use crate::Finding;
use crate::postgres::PostgresError;
use crate::postgres::session::{Session, identifier};

/// The parameter that makes its log one that can be followed: for the way back.
const PARAMETER: &str = "rds.logical_replication";
const ENCODING: &str =
    "SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()";

pub(super) async fn look(managed: &Managed, source: &Source) -> Seen {
    let who = managed.reading(&["sts", "get-caller-identity"]);
    let signed_in = managed.signed_in(&who, "/Arn", managed.command(&["configure"])).await;
    // All of them: that one is not there needs no reading of an error then, and who shares its parameter group is seen.
    let check = managed.reading(&["rds", "describe-db-instances"]);
    if !signed_in.is_done() {
        let place =
            Place { managed, source, group: own_group(managed, source.major()), family: source.major() };
        return Seen::only(std::iter::once(signed_in).chain(place.blind(&check)).collect());
    }
    let answer = match tool::ask(managed, &check).await {
        Ok(answer) => answer,
        Err(trouble) => {
            return Seen::only(vec![signed_in, Step::new("instance", &check, unseen(trouble))]);
        }
    };
    let mut all = list(&answer, "/DBInstances");
    let Some(instance) = all.find(|it| text(it, "/DBInstanceIdentifier") == managed.instance) else {
        let place =
            Place { managed, source, group: own_group(managed, source.major()), family: source.major() };
        let missing = managed.missing(&check, place.create(), managed.tier.is_some());
        if missing.commands.is_empty() {
            return Seen::only(vec![signed_in, missing]);
        }
        let (group, parameter, _) = place.group_and_parameter(&[]).await;
        let backup =
            Step::new("backup", &check, unchecked("postgres-managed-later")).by(place.command("backup"));
        return Seen::only(vec![signed_in, group, parameter, missing, backup]);
    };
    let shown = text(instance, "/EngineVersion");
    let major = shown.split('.').next().and_then(|it| it.parse().ok());
    let major = major.filter(|_| text(instance, "/Engine") == "postgres");
    let there = ok("postgres-managed-instance").with("instance", managed.instance.clone());
    let mut steps = vec![
        signed_in,
        Step::new("instance", &check, there),
        managed.versions(&check, source, shown, major),
        state(&check, instance),
    ];
    // What is none of PostgreSQL has other parameters.
    let Some(major) = major else { return Seen::only(steps) };
    let group = text(instance, GROUP);
    let group = if group.starts_with("default.") { own_group(managed, major) } else { group.to_owned() };
    let others: Vec<&str> = list(&answer, "/DBInstances")
        .filter(|it| list(it, "/DBParameterGroups").any(|it| text(it, "/DBParameterGroupName") == group))
        .map(|it| text(it, "/DBInstanceIdentifier"))
        .filter(|name| *name != managed.instance)
        .collect();
    let place = Place { managed, source, group, family: major };
    let (group, parameter, is_on) = place.group_and_parameter(&others).await;
    let (attached, restart) = place.attached(&check, instance, is_on);
    steps.extend([place.storage(&check, instance), group, parameter, attached, restart]);
    steps.push(place.backup().await);
    steps.push(place.database(&check, instance).await);
    let own = [text(instance, "/Endpoint/Address")];
    steps.extend(managed.addressed(&check, &own).await);
    Seen::only(steps)
}

const GROUP: &str = "/DBParameterGroups/0/DBParameterGroupName";

/// A group for this instance alone: one cannot change the provider's own.
fn own_group(managed: &Managed, major: i32) -> String {
    format!("{}-postgres{major}", managed.instance)
}

fn state(check: &Invocation, instance: &Value) -> Step {
    let state = text(instance, "/DBInstanceStatus");
    match state {
        // Disks are rearranged for hours while it serves as ever.
        "available" | "storage-optimization" => Step::new("state", check, ok("postgres-managed-running")),
        _ if state.split('-').any(|word| word.ends_with("ing")) || state == "maintenance" => {
            Step::new("state", check, unchecked("postgres-managed-busy").with("state", state)).under_way()
        }
        _ => Step::new("state", check, refused("postgres-managed-stopped").with("state", state)),
    }
}

struct Place<'a> {
    managed: &'a Managed,
    source: &'a Source,
    /// The parameter group that is the instance's own, or shall be.
    group: String,
    /// The major version that the group is for.
    family: i32,
}

impl Place<'_> {
    /// All steps, unseen, with the commands for a new instance.
    fn blind(&self, check: &Invocation) -> Vec<Step> {
        let blind = |name| Step::new(name, check, unchecked("postgres-managed-blind"));
        let mut steps: Vec<Step> =
            ["group", "flag"].map(|name| blind(name).by(self.command(name))).into_iter().collect();
        steps.push(blind("instance").by(self.create()));
        steps.extend(["attached", "restart", "backup"].map(|name| blind(name).by(self.command(name))));
        steps
    }

    fn snapshot(&self) -> String {
        format!("{}-before-mastoferry", self.managed.instance)
    }

    fn create(&self) -> Invocation {
        let Managed { instance, tier, .. } = self.managed;
        let size = self.source.gibibytes(20);
        let (size, most) = (size.to_string(), (size * 2).to_string());
        let (version, tier) = (self.source.major().to_string(), tier.as_deref().unwrap_or("CLASS"));
        self.managed.command(&[
            "rds",
            "create-db-instance",
            "--db-instance-identifier",
            instance,
            "--engine",
            "postgres",
            "--engine-version",
            &version,
            "--db-instance-class",
            tier,
            "--allocated-storage",
            &size,
            "--max-allocated-storage",
            &most,
            "--storage-encrypted",
            "--backup-retention-period",
            "7",
            "--db-parameter-group-name",
            &self.group,
            "--db-name",
            self.managed.database(self.source),
            "--master-username",
            "postgres",
            // A password would stand among the arguments; the provider makes one and keeps it.
            "--manage-master-user-password",
        ])
    }

    /// What brings a step about.
    fn command(&self, step: &str) -> Invocation {
        let (instance, group) = (self.managed.instance.as_str(), self.group.as_str());
        let family = format!("postgres{}", self.family);
        let described = format!("Parameters of {instance}");
        let parameter = format!("ParameterName={PARAMETER},ParameterValue=1,ApplyMethod=pending-reboot");
        let snapshot = self.snapshot();
        let of_instance = ["--db-instance-identifier", instance];
        let of_group = ["--db-parameter-group-name", group];
        let words: Vec<&str> = match step {
            "group" => [&["rds", "create-db-parameter-group"], &of_group[..]]
                .concat()
                .into_iter()
                .chain(["--db-parameter-group-family", &family, "--description", &described])
                .collect(),
            "flag" => {
                [&["rds", "modify-db-parameter-group"], &of_group[..], &["--parameters", &parameter]].concat()
            }
            "attached" => [&["rds", "modify-db-instance"], &of_instance[..], &of_group[..]].concat(),
            "restart" => [&["rds", "reboot-db-instance"], &of_instance[..]].concat(),
            _ => [&["rds", "create-db-snapshot"], &of_instance[..], &["--db-snapshot-identifier", &snapshot]]
                .concat(),
        };
        self.managed.command(&words)
    }

    /// Whether the parameter group is there, and whether the parameter is on in it.
    async fn group_and_parameter(&self, others: &[&str]) -> (Step, Step, bool) {
        let check = self.managed.reading(&["rds", "describe-db-parameter-groups"]);
        let within = ["rds", "describe-db-parameters", "--db-parameter-group-name", &self.group];
        let inner = self.managed.reading(&within);
        let named = |finding: Finding| finding.with("group", self.group.clone());
        let found = match tool::ask(self.managed, &check).await {
            Ok(answer) => list(&answer, "/DBParameterGroups")
                .any(|it| text(it, "/DBParameterGroupName").eq_ignore_ascii_case(&self.group)),
            Err(trouble) => {
                let group = Step::new("group", &check, unseen(trouble));
                let later = Step::new("flag", &inner, unchecked("postgres-managed-later"));
                return (group, later.by(self.command("flag")), false);
            }
        };
        let group = if found {
            Step::new("group", &check, named(ok("postgres-managed-group")))
        } else {
            Step::new("group", &check, named(refused("postgres-managed-group-none")))
                .by(self.command("group"))
        };
        let value = if found { tool::ask(self.managed, &inner).await } else { Ok(Value::Null) };
        let is_on = match value {
            Ok(answer) => list(&answer, "/Parameters")
                .any(|it| text(it, "/ParameterName") == PARAMETER && text(it, "/ParameterValue") == "1"),
            Err(trouble) => return (group, Step::new("flag", &inner, unseen(trouble)), false),
        };
        let flag = if is_on {
            Step::new("flag", &inner, ok("postgres-managed-flag").with("flag", PARAMETER))
        } else if others.is_empty() {
            let off = refused("postgres-managed-flag-off").with("flag", PARAMETER).with("service", "rds");
            Step::new("flag", &inner, off.with("kept", "0")).by(self.command("flag"))
        } else {
            let shared = named(refused("postgres-managed-group-shared"));
            Step::new("flag", &inner, shared.with("names", others.join(", ")))
        };
        (group, flag, is_on)
    }

    /// Whether the group is the instance's, and whether it runs with what stands there.
    fn attached(&self, check: &Invocation, instance: &Value, is_on: bool) -> (Step, Step) {
        let now = text(instance, GROUP);
        let status = text(instance, "/DBParameterGroups/0/ParameterApplyStatus");
        let named = |finding: Finding| finding.with("group", self.group.clone()).with("now", now);
        let is_ours = now.eq_ignore_ascii_case(&self.group);
        let attached = match status {
            "applying" => {
                Step::new("attached", check, unchecked("postgres-managed-busy").with("state", status))
                    .under_way()
            }
            _ if is_ours => Step::new("attached", check, named(ok("postgres-managed-attached"))),
            _ => Step::new("attached", check, named(refused("postgres-managed-attached-other")))
                .by(self.command("attached")),
        };
        let restart = if is_ours && is_on && status == "in-sync" {
            Step::new("restart", check, ok("postgres-managed-restarted"))
        } else {
            let needed = refused("postgres-managed-restart-needed").with("state", status);
            Step::new("restart", check, needed).by(self.command("restart"))
        };
        (attached, restart)
    }

    /// Whether all fits. That RDS makes a disk larger by itself does not count: it does so by a tenth, and then not for hours.
    fn storage(&self, check: &Invocation, instance: &Value) -> Step {
        let (have, needed) = (number(instance, "/AllocatedStorage"), self.source.gibibytes(20));
        let told =
            |finding: Finding| finding.with("have", have.to_string()).with("needed", needed.to_string());
        if have >= needed {
            return Step::new("storage", check, told(ok("postgres-managed-storage")));
        }
        // Applied at once, all else that waits for its maintenance would be too.
        let waits = instance.pointer("/PendingModifiedValues").and_then(Value::as_object);
        if waits.is_some_and(|waits| !waits.is_empty()) {
            return Step::new("storage", check, told(refused("postgres-managed-storage-pending")));
        }
        let name = &self.managed.instance;
        // A disk grows by a tenth at least.
        let size = needed.max((have * 11).div_ceil(10)).to_string();
        let operations = number(instance, "/Iops").to_string();
        let mut words = vec!["rds", "modify-db-instance", "--db-instance-identifier", name];
        words.extend(["--allocated-storage", &size, "--apply-immediately"]);
        if matches!(text(instance, "/StorageType"), "io1" | "io2") {
            words.extend(["--iops", &operations]);
        }
        Step::new("storage", check, told(refused("postgres-managed-storage-small")))
            .by(self.managed.command(&words))
    }

    async fn backup(&self) -> Step {
        let within = ["--db-instance-identifier", &self.managed.instance];
        let check = self.managed.reading(&["rds", "describe-db-snapshots", within[0], within[1]]);
        let answer = match tool::ask(self.managed, &check).await {
            Ok(answer) => answer,
            Err(trouble) => return Step::new("backup", &check, unseen(trouble)),
        };
        let name = self.snapshot();
        let snapshot = list(&answer, "/DBSnapshots").find(|it| text(it, "/DBSnapshotIdentifier") == name);
        match snapshot.map(|it| text(it, "/Status")) {
            Some("available") => Step::new("backup", &check, ok("postgres-managed-backup")),
            Some(state @ "creating") => {
                Step::new("backup", &check, unchecked("postgres-managed-busy").with("state", state))
                    .under_way()
            }
            Some(state) => {
                Step::new("backup", &check, refused("postgres-managed-stopped").with("state", state))
            }
            None => Step::new("backup", &check, refused("postgres-managed-backup-none"))
                .by(self.command("backup")),
        }
    }

    /// RDS has no command for databases: the server itself is asked where its address is known.
    async fn database(&self, check: &Invocation, instance: &Value) -> Step {
        let name = self.managed.database(self.source);
        let sql = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", identifier(name));
        let by_hand = || refused("postgres-managed-database-by-hand").with("sql", sql.clone());
        let finding = match &self.managed.target {
            Some(target) => match encoding(target).await {
                Ok(encoding) if encoding == "UTF8" => ok("postgres-managed-database"),
                Ok(other) => refused("postgres-managed-database-encoding").with("encoding", other),
                Err(PostgresError::NoDatabase { .. }) => by_hand(),
                Err(error) => unchecked("postgres-managed-unseen").with("detail", error.to_string()),
            },
            None if text(instance, "/DBName") == name => ok("postgres-managed-database"),
            None => unchecked("postgres-managed-database-unseen").with("sql", sql),
        };
        Step::new("database", check, finding.with("database", name))
    }
}

async fn encoding(target: &super::Address) -> Result<String, PostgresError> {
    let session = Session::open(target, "mastoferry preflight").await?;
    Ok(session.row("look at it", ENCODING, &[]).await?.get(0))
}
