//! A provider's database made ready to be the target of a move.
//!
//! It is an ordinary target: what is moved, and how it is proved, is the mover's own. Here the provider's instance is
//! looked at by the provider's own tool, and what is missing is brought about by its commands, one step after another.
//! Nothing is ever deleted, and no setting changed but those that a step names.

mod cloud_sql;
mod rds;
mod tool;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

pub use tool::Invocation;

use super::preflight::{ok, refused, warning};
use super::session::Session;
use super::{Address, PostgresError};
use crate::{Finding, Grade};

/// Whose service it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Cloud SQL of Google Cloud, by `gcloud`.
    CloudSql,
    /// RDS of Amazon, by `aws`.
    Rds,
}

impl Service {
    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudSql => "cloud-sql",
            Self::Rds => "rds",
        }
    }

    /// The provider's tool.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::CloudSql => "gcloud",
            Self::Rds => "aws",
        }
    }
}

/// The instance that shall be the target, and what it is for.
#[derive(Debug, Clone)]
pub struct Managed {
    /// Whose service it is.
    pub service: Service,
    /// The instance's name there.
    pub instance: String,
    /// Google Cloud's project; the tool's own where none is named.
    pub project: Option<String>,
    /// The region; the tool's own where none is named.
    pub region: Option<String>,
    /// The size of its machine (a tier, an instance class), where it has to be made.
    pub tier: Option<String>,
    /// The provider's tool; found by its name otherwise.
    pub tool: Option<PathBuf>,
    /// What will be moved.
    pub source: Address,
    /// Where it will be, where that is known already.
    pub target: Option<Address>,
    /// How long a step may take until it is seen to have come about.
    pub patience: Duration,
}

/// A step, and how it stands.
#[derive(Debug, Clone)]
pub struct Step {
    /// Which.
    pub name: &'static str,
    /// How it stands: `Ok`, to do (`Refused`), or that nobody could tell (`Unchecked`).
    pub finding: Finding,
    /// What looks at it; it changes nothing.
    pub check: Invocation,
    /// What brings it about; nothing where a person has to.
    pub commands: Vec<Invocation>,
    /// Whether the provider is at it.
    pub is_under_way: bool,
}

impl Step {
    fn new(name: &'static str, check: &Invocation, finding: Finding) -> Self {
        Self { name, finding, check: check.clone(), commands: Vec::new(), is_under_way: false }
    }

    fn by(mut self, command: Invocation) -> Self {
        self.commands.push(command);
        self
    }

    fn under_way(mut self) -> Self {
        self.is_under_way = true;
        self
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.finding.grade <= Grade::Warning
    }

    fn is_refused(&self) -> bool {
        self.finding.grade == Grade::Refused
    }
}

/// All steps, and what the provider said last of one that failed there, by the name of its operation.
#[derive(Debug)]
struct Seen {
    steps: Vec<Step>,
    failure: Option<(String, String)>,
}

impl Seen {
    fn only(steps: Vec<Step>) -> Self {
        Self { steps, failure: None }
    }

    fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    fn under_way(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.is_under_way)
    }
}

/// What has to be known of the source.
#[derive(Debug)]
struct Source {
    version: i32,
    bytes: u64,
    database: String,
}

impl Source {
    async fn read(address: &Address) -> Result<Self, PostgresError> {
        let session = Session::open(address, "mastoferry preflight").await?;
        session.run("take no writes", "SET default_transaction_read_only = on").await?;
        let sql = "SELECT current_setting('server_version_num')::int, pg_database_size(current_database()), \
            current_database()::text";
        let row = session.row("look at it", sql, &[]).await?;
        Ok(Self { version: row.get(0), bytes: row.get::<_, i64>(1).unsigned_abs(), database: row.get(2) })
    }

    fn major(&self) -> i32 {
        self.version / 10_000
    }

    fn shown(&self) -> String {
        format!("{}.{}", self.version / 10_000, self.version % 10_000)
    }

    /// Gibibytes for twice its size: indexes are sorted on the disk, and the log of the copy is written beside it.
    fn gibibytes(&self, least: u64) -> u64 {
        (self.bytes * 2).div_ceil(1 << 30).max(least)
    }
}

impl Managed {
    /// Looks at every step; nothing is touched, at the source or at the provider's.
    ///
    /// # Errors
    /// When the source cannot be asked. What the provider's tool refuses is told in the steps.
    pub async fn look(&self) -> Result<Vec<Step>, PostgresError> {
        let source = Source::read(&self.source).await?;
        Ok(self.seen(&source).await.steps)
    }

    /// Runs the commands of all steps that are to do, in their order, each once the one before has come about. It ends before
    /// a step that only a person can do. `told` hears of each command before it is run.
    ///
    /// # Errors
    /// When the source cannot be asked, a command fails ([`PostgresError::Tool`]), or what it asked for does not come about
    /// in time ([`PostgresError::Pending`]): the same goes on from there.
    pub async fn prepare(&self, told: impl Fn(&Invocation)) -> Result<Vec<Step>, PostgresError> {
        let source = Source::read(&self.source).await?;
        let (mut owed, mut ran) = (Vec::<Step>::new(), Vec::new());
        let mut seen = self.settled(&source).await?;
        loop {
            for step in seen.steps.iter().filter(|step| step.is_refused() && !step.commands.is_empty()) {
                owed.retain(|it| it.name != step.name);
                owed.push(step.clone());
            }
            let first = seen.steps.iter().position(|step| step.is_refused() && step.commands.is_empty());
            let before = &seen.steps[..first.unwrap_or(seen.steps.len())];
            // What was to do is done even where it does not look so any more: a provider tells late that a restart is needed.
            let next = before.iter().find_map(|step| {
                owed.iter().find(|it| it.name == step.name && !ran.contains(&it.name)).cloned()
            });
            let Some(step) = next else { return Ok(seen.steps) };
            ran.push(step.name);
            for command in &step.commands {
                told(command);
                tool::run(self, command).await.map_err(|trouble| trouble.told(self.service.program()))?;
            }
            seen = self.come_about(&source, &step, seen.failure.as_ref()).await?;
        }
    }

    async fn seen(&self, source: &Source) -> Seen {
        match self.service {
            Service::CloudSql => cloud_sql::look(self, source).await,
            Service::Rds => rds::look(self, source).await,
        }
    }

    /// How all stands once the provider is at nothing.
    async fn settled(&self, source: &Source) -> Result<Seen, PostgresError> {
        let began = Instant::now();
        loop {
            let seen = self.seen(source).await;
            let Some(step) = seen.under_way() else { return Ok(seen) };
            self.wait(began, step).await?;
        }
    }

    /// Waits until a step whose commands were run is done; how all stands then.
    async fn come_about(
        &self,
        source: &Source,
        asked: &Step,
        before: Option<&(String, String)>,
    ) -> Result<Seen, PostgresError> {
        let began = Instant::now();
        loop {
            let seen = self.seen(source).await;
            if seen.under_way().is_none() {
                if let Some((_, reason)) = seen.failure.as_ref().filter(|it| Some(*it) != before) {
                    let program = self.service.program();
                    return Err(PostgresError::Tool { program, reason: reason.clone() });
                }
                if seen.step(asked.name).is_some_and(Step::is_done) {
                    return Ok(seen);
                }
            }
            self.wait(began, asked).await?;
        }
    }

    async fn wait(&self, began: Instant, step: &Step) -> Result<(), PostgresError> {
        if began.elapsed() > self.patience {
            let command = step.commands.last().unwrap_or(&step.check).to_string();
            return Err(PostgresError::Pending { command, waited: self.patience });
        }
        // Operations take minutes, and providers bound how often one may ask.
        let pause = (self.patience / 100).clamp(Duration::from_millis(100), Duration::from_secs(10));
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// A command of the provider's tool for this place.
    fn command(&self, words: &[&str]) -> Invocation {
        let place = match self.service {
            Service::CloudSql => self.project.as_ref().map(|project| format!("--project={project}")),
            Service::Rds => self.region.as_ref().map(|region| format!("--region={region}")),
        };
        let words = words.iter().map(|word| (*word).to_owned());
        Invocation { program: self.service.program(), arguments: words.chain(place).collect() }
    }

    /// One that only reads, and answers in JSON.
    fn reading(&self, words: &[&str]) -> Invocation {
        let mut command = self.command(words);
        command.arguments.push(match self.service {
            Service::CloudSql => "--format=json".to_owned(),
            Service::Rds => "--output=json".to_owned(),
        });
        command
    }

    fn database<'a>(&'a self, source: &'a Source) -> &'a str {
        self.target.as_ref().map_or(&source.database, |target| &target.database)
    }

    /// Whether the tool is there and knows who asks; `who` is where its answer says that.
    async fn signed_in(&self, check: &Invocation, who: &str, sign_in: Invocation) -> Step {
        let out = |detail: String| {
            let finding = refused("postgres-managed-tool-signed-out").with("detail", detail);
            finding.with("tool", self.service.program()).with("command", sign_in.to_string())
        };
        let finding = match tool::ask(self, check).await {
            Ok(answer) => match answer.pointer(who).and_then(Value::as_str) {
                Some(who) => ok("postgres-managed-tool").with("who", who),
                None => out(String::new()),
            },
            Err(tool::Trouble::Missing) => refused("postgres-managed-tool-missing"),
            Err(tool::Trouble::Failed(detail)) => out(detail),
        };
        Step::new("tool", check, finding.with("tool", self.service.program()))
    }

    /// Whether the instance's machine was chosen, and the command that makes it.
    fn missing(&self, check: &Invocation, create: Invocation, is_chosen: bool) -> Step {
        let id =
            if is_chosen { refused("postgres-managed-none") } else { refused("postgres-managed-unchosen") };
        let finding = id.with("instance", self.instance.clone()).with("service", self.service.name());
        let step = Step::new("instance", check, finding);
        if is_chosen { step.by(create) } else { step }
    }

    fn versions(&self, check: &Invocation, source: &Source, shown: &str, major: Option<i32>) -> Step {
        let finding = match major {
            Some(major) if major >= source.major() => ok("postgres-versions"),
            Some(_) => refused("postgres-versions-older"),
            None => refused("postgres-managed-engine").with("service", self.service.name()),
        };
        Step::new("version", check, finding.with("source", source.shown()).with("target", shown))
    }

    /// Whether the target's address leads to the instance.
    async fn addressed(&self, check: &Invocation, own: &[&str]) -> Option<Step> {
        let target = self.target.as_ref()?;
        let mut leads = own.contains(&target.host.as_str());
        if !leads {
            let there = resolved(&target.host).await;
            for name in own {
                leads |= resolved(name).await.iter().any(|it| there.contains(it));
            }
        }
        let finding =
            if leads { ok("postgres-managed-address") } else { warning("postgres-managed-address-other") };
        let finding = finding.with("host", target.host.clone()).with("addresses", own.join(", "));
        Some(Step::new("address", check, finding))
    }
}

async fn resolved(host: &str) -> Vec<std::net::IpAddr> {
    let found = tokio::net::lookup_host((host, 0)).await;
    found.map(|all| all.map(|address| address.ip()).collect()).unwrap_or_default()
}

fn unchecked(id: &'static str) -> Finding {
    Finding::new(Grade::Unchecked, id)
}

/// What the tool did not answer.
fn unseen(trouble: tool::Trouble) -> Finding {
    match trouble {
        tool::Trouble::Missing => unchecked("postgres-managed-blind"),
        tool::Trouble::Failed(detail) => unchecked("postgres-managed-unseen").with("detail", detail),
    }
}

/// A text in an answer; empty where it is not there.
fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A number in an answer, whether it was written as one or as a text.
fn number(answer: &Value, pointer: &str) -> u64 {
    let value = answer.pointer(pointer);
    value.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok())).unwrap_or_default()
}

/// The members of a list in an answer.
fn list<'a>(answer: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    answer.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
