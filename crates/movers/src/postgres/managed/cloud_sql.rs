//! Cloud SQL of Google Cloud, by `gcloud`.

use serde_json::Value;

use super::{
    Invocation, Managed, Seen, Source, Step, list, number, ok, refused, text, tool, unchecked, unseen,
};

/// The flag that makes its log one that can be followed: for the way back.
const FLAG: &str = "cloudsql.logical_decoding";
/// What backups made by these steps are described as.
const OURS: &str = "before mastoferry";

pub(super) async fn look(managed: &Managed, source: &Source) -> Seen {
    let who = managed.reading(&["auth", "list", "--filter=status:ACTIVE"]);
    let signed_in = managed.signed_in(&who, "/0/account", managed.command(&["auth", "login"])).await;
    let place = Place { managed, source };
    let check =
        managed.reading(&["sql", "instances", "list", &format!("--filter=name={}", managed.instance)]);
    if !signed_in.is_done() {
        let blind = || unchecked("postgres-managed-blind");
        let instance = Step::new("instance", &check, blind()).by(place.create());
        let rest = ["flag", "backup", "database"].map(|name| {
            // Which flags are set nobody knows, and a command that leaves them out takes them away.
            let finding = if name == "flag" { unchecked("postgres-managed-blind-flags") } else { blind() };
            Step::new(name, &check, finding).by(place.command(name, &Value::Null))
        });
        return Seen::only([signed_in, instance].into_iter().chain(rest).collect());
    }
    let answer = match tool::ask(managed, &check).await {
        Ok(answer) => answer,
        Err(trouble) => {
            return Seen::only(vec![signed_in, Step::new("instance", &check, unseen(trouble))]);
        }
    };
    let Some(instance) = list(&answer, "").find(|it| text(it, "/name") == managed.instance) else {
        let is_chosen = managed.tier.is_some() && managed.region.is_some();
        let missing = managed.missing(&check, place.create(), is_chosen);
        let rest = ["backup", "database"].map(|name| {
            let later = unchecked("postgres-managed-later");
            Step::new(name, &check, later).by(place.command(name, &Value::Null))
        });
        return Seen::only([signed_in, missing].into_iter().chain(rest).collect());
    };
    let version = text(instance, "/databaseVersion");
    let major = version.strip_prefix("POSTGRES_").and_then(|it| it.split('_').next()?.parse().ok());
    let (state, failure) = place.state(instance).await;
    let there = ok("postgres-managed-instance").with("instance", managed.instance.clone());
    let mut steps = vec![
        signed_in,
        Step::new("instance", &check, there),
        managed.versions(&check, source, version, major),
        state,
        place.storage(&check, instance),
        place.flag(&check, instance),
        place.backup().await,
        place.database().await,
    ];
    let named = text(instance, "/dnsName");
    let own = list(instance, "/ipAddresses").map(|it| text(it, "/ipAddress")).chain([named]);
    let own: Vec<&str> = own.filter(|it| !it.is_empty()).collect();
    steps.extend(managed.addressed(&check, &own).await);
    Seen { steps, failure }
}

struct Place<'a> {
    managed: &'a Managed,
    source: &'a Source,
}

impl Place<'_> {
    /// All answer at once: what they began is looked after by the steps' own checks, longer than the tool itself would.
    fn create(&self) -> Invocation {
        let Managed { instance, tier, region, .. } = self.managed;
        let tier = tier.as_deref().unwrap_or("TIER");
        let version = format!("--database-version=POSTGRES_{}", self.source.major());
        let size = format!("--storage-size={}GB", self.source.gibibytes(10));
        let (flags, chosen) = (format!("--database-flags={FLAG}=on"), format!("--tier={tier}"));
        let region = format!("--region={}", region.as_deref().unwrap_or("REGION"));
        let mut words = vec!["sql", "instances", "create", instance, &version, &chosen];
        // Which edition is the default depends on the version, and each has tiers of its own.
        if tier.starts_with("db-perf-optimized-") {
            words.push("--edition=enterprise-plus");
        } else if ["db-custom-", "db-f1-", "db-g1-"].iter().any(|family| tier.starts_with(family)) {
            words.push("--edition=enterprise");
        }
        words.extend([&*region, &*size, "--storage-auto-increase", "--backup", &*flags, "--async"]);
        self.managed.command(&words)
    }

    /// What brings a step about, given what the instance has.
    fn command(&self, step: &str, instance: &Value) -> Invocation {
        let name = self.managed.instance.as_str();
        let within = format!("--instance={name}");
        match step {
            "flag" => {
                let flags = with_flag(instance);
                self.managed.command(&["sql", "instances", "patch", name, &flags, "--async"])
            }
            "backup" => {
                let described = format!("--description={OURS}");
                self.managed.command(&["sql", "backups", "create", &within, &described, "--async"])
            }
            _ => {
                let database = self.managed.database(self.source);
                self.managed.command(&[
                    "sql",
                    "databases",
                    "create",
                    database,
                    &within,
                    "--charset=UTF8",
                    "--async",
                ])
            }
        }
    }

    /// Whether it runs and nothing is under way, and what failed last.
    async fn state(&self, instance: &Value) -> (Step, Option<(String, String)>) {
        let within = format!("--instance={}", self.managed.instance);
        let check = self.managed.reading(&["sql", "operations", "list", &within, "--limit=10"]);
        let state = text(instance, "/state");
        let operations = match tool::ask(self.managed, &check).await {
            Ok(answer) => answer,
            Err(trouble) => return (Step::new("state", &check, unseen(trouble)), None),
        };
        let failed = |it: &&Value| it.pointer("/error/errors/0").is_some();
        let failure = list(&operations, "").find(failed).map(|it| {
            let error =
                format!("[{}] {}", text(it, "/error/errors/0/code"), text(it, "/error/errors/0/message"));
            (text(it, "/name").to_owned(), error)
        });
        let at = list(&operations, "").find(|it| text(it, "/status") != "DONE");
        let step = match (state, at) {
            (_, Some(operation)) => {
                let busy =
                    unchecked("postgres-managed-busy").with("state", text(operation, "/operationType"));
                Step::new("state", &check, busy).under_way()
            }
            ("RUNNABLE", None) => Step::new("state", &check, ok("postgres-managed-running")),
            ("PENDING_CREATE" | "MAINTENANCE" | "ONLINE_MAINTENANCE" | "REPAIRING", None) => {
                let busy = unchecked("postgres-managed-busy").with("state", state);
                Step::new("state", &check, busy).under_way()
            }
            _ => Step::new("state", &check, refused("postgres-managed-stopped").with("state", state)),
        };
        (step, failure)
    }

    fn storage(&self, check: &Invocation, instance: &Value) -> Step {
        let (have, needed) = (number(instance, "/settings/dataDiskSizeGb"), self.source.gibibytes(10));
        let grows = instance.pointer("/settings/storageAutoResize") == Some(&Value::Bool(true));
        let bound = number(instance, "/settings/storageAutoResizeLimit");
        let finding = if have >= needed {
            ok("postgres-managed-storage")
        } else if grows && (bound == 0 || bound >= needed) {
            ok("postgres-managed-storage-grows")
        } else {
            refused("postgres-managed-storage-small")
        };
        let finding = finding.with("have", have.to_string()).with("needed", needed.to_string());
        let step = Step::new("storage", check, finding);
        if step.is_done() {
            return step;
        }
        let larger =
            if grows { format!("--storage-size={needed}GB") } else { "--storage-auto-increase".to_owned() };
        let name = &self.managed.instance;
        step.by(self.managed.command(&["sql", "instances", "patch", name, &larger, "--async"]))
    }

    fn flag(&self, check: &Invocation, instance: &Value) -> Step {
        if flags(instance).any(|(name, value)| name == FLAG && value == "on") {
            return Step::new("flag", check, ok("postgres-managed-flag").with("flag", FLAG));
        }
        let kept = flags(instance).filter(|(name, _)| *name != FLAG).count().to_string();
        let off = refused("postgres-managed-flag-off").with("flag", FLAG).with("kept", kept);
        Step::new("flag", check, off.with("service", "cloud-sql")).by(self.command("flag", instance))
    }

    async fn backup(&self) -> Step {
        let within = format!("--instance={}", self.managed.instance);
        let check = self.managed.reading(&["sql", "backups", "list", &within]);
        let answer = match tool::ask(self.managed, &check).await {
            Ok(answer) => answer,
            Err(trouble) => return Step::new("backup", &check, unseen(trouble)),
        };
        let states: Vec<&str> = list(&answer, "")
            .filter(|it| text(it, "/description") == OURS)
            .map(|it| text(it, "/status"))
            .collect();
        if states.contains(&"SUCCESSFUL") {
            return Step::new("backup", &check, ok("postgres-managed-backup"));
        }
        if let Some(state) = states.iter().find(|it| matches!(**it, "ENQUEUED" | "RUNNING" | "OVERDUE")) {
            return Step::new("backup", &check, unchecked("postgres-managed-busy").with("state", *state))
                .under_way();
        }
        Step::new("backup", &check, refused("postgres-managed-backup-none"))
            .by(self.command("backup", &Value::Null))
    }

    async fn database(&self) -> Step {
        let within = format!("--instance={}", self.managed.instance);
        let check = self.managed.reading(&["sql", "databases", "list", &within]);
        let answer = match tool::ask(self.managed, &check).await {
            Ok(answer) => answer,
            Err(trouble) => return Step::new("database", &check, unseen(trouble)),
        };
        let name = self.managed.database(self.source);
        let database = list(&answer, "").find(|it| text(it, "/name") == name);
        let finding = match database.map(|it| text(it, "/charset")) {
            Some("UTF8") => ok("postgres-managed-database"),
            Some(other) => refused("postgres-managed-database-encoding").with("encoding", other),
            None => refused("postgres-managed-database-none"),
        };
        let step = Step::new("database", &check, finding.with("database", name));
        if database.is_some() { step } else { step.by(self.command("database", &Value::Null)) }
    }
}

/// The flags that are set.
fn flags(instance: &Value) -> impl Iterator<Item = (&str, &str)> {
    list(instance, "/settings/databaseFlags").map(|it| (text(it, "/name"), text(it, "/value")))
}

/// All flags again, and ours: those that the argument does not name are taken away.
fn with_flag(instance: &Value) -> String {
    let kept = flags(instance).filter(|(name, _)| *name != FLAG);
    let all: Vec<String> =
        kept.chain([(FLAG, "on")]).map(|(name, value)| format!("{name}={value}")).collect();
    // A value may hold commas (pgaudit.log): the tool takes another sign between two circumflexes.
    let is_free = |sign: &char| !all.iter().any(|flag| flag.contains(*sign));
    match [',', ';', '|', '~', '#'].into_iter().find(is_free) {
        Some(',') | None => format!("--database-flags={}", all.join(",")),
        Some(sign) => format!("--database-flags=^{sign}^{}", all.join(&sign.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flags_that_are_set_are_given_again() {
        let instance = |flags: Value| json!({ "settings": { "databaseFlags": flags } });
        assert_eq!(with_flag(&Value::Null), "--database-flags=cloudsql.logical_decoding=on");
        let set = json!([{ "name": FLAG, "value": "off" }, { "name": "max_connections", "value": "300" }]);
        assert_eq!(
            with_flag(&instance(set)),
            "--database-flags=max_connections=300,cloudsql.logical_decoding=on"
        );
        let set = json!([{ "name": "pgaudit.log", "value": "read,write" }]);
        assert_eq!(
            with_flag(&instance(set)),
            "--database-flags=^;^pgaudit.log=read,write;cloudsql.logical_decoding=on"
        );
    }
}
