//! What is asked for, and where both sides are.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use movers::postgres::{Address, Managed, Mode, Pooler, Service, Settings, Sides, Tools};

use super::explain;
use crate::data::addresses;
use crate::data::limits::LimitArgs;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// What tells an address where no file is named.
const SOURCE: &str = "MASTOFERRY_SOURCE_DATABASE_URL";
const TARGET: &str = "MASTOFERRY_TARGET_DATABASE_URL";
const SOURCE_SEEN: &str = "MASTOFERRY_SOURCE_FROM_TARGET_DATABASE_URL";
const TARGET_SEEN: &str = "MASTOFERRY_TARGET_FROM_SOURCE_DATABASE_URL";
const PGBOUNCER: &str = "MASTOFERRY_PGBOUNCER_URL";
const EXAMPLE: &str = "postgresql://USER:PASSWORD@HOST:5432/DATABASE";

#[derive(Debug, Subcommand)]
pub(crate) enum PostgresCommand {
    /// Say what is there and how it could move; nothing is touched
    Plan(PlanArgs),
    /// Copy all while nobody writes; the source refuses writes until the cut-over or the rollback
    Copy(CopyArgs),
    /// Copy while everybody writes, and carry changes after it until the cut-over
    Follow(FollowArgs),
    /// Pass writes from the source to the target
    Cutover(SwitchArgs),
    /// Look whether a provider's instance is ready to be the target, and make it so
    Managed(ManagedArgs),
    /// Compare both sides: rows, contents, sequences, indexes, constraints, views
    Verify(VerifyArgs),
    /// Go back: the source serves again, with all that was written meanwhile
    Rollback(SwitchArgs),
    /// End the move: no way back from here, and nothing of it left
    Cleanup(MoveArgs),
}

/// Where both sides are. Addresses with passwords come from files or the environment, never from arguments.
#[derive(Debug, Default, Args)]
pub(crate) struct SideArgs {
    /// The source's address, without a password; MASTOFERRY_SOURCE_DATABASE_URL by default
    #[arg(long, value_name = "ADDRESS", conflicts_with = "source_file")]
    source: Option<String>,
    /// The target's address, without a password; MASTOFERRY_TARGET_DATABASE_URL by default
    #[arg(long, value_name = "ADDRESS", conflicts_with = "target_file")]
    target: Option<String>,
    /// A file with the source's address
    #[arg(long, value_name = "FILE")]
    source_file: Option<PathBuf>,
    /// A file with the target's address
    #[arg(long, value_name = "FILE")]
    target_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SettingArgs {
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    /// Role that shall own all on the target; the same owners as on the source by default
    #[arg(long, value_name = "ROLE")]
    owner: Option<String>,
    /// Folder with pg_dump, pg_restore and psql
    #[arg(long, value_name = "DIR")]
    tools: Option<PathBuf>,
    /// MiB that building indexes may take at most on the target, all connections together; its shared_buffers by default
    #[arg(long, value_name = "MIB")]
    index_memory: Option<u64>,
    /// Steps that every sequence is set further than the source's
    #[arg(long, value_name = "N", default_value = "1000")]
    sequence_margin: u32,
    /// Tell tables without a primary key how rows are found while they are followed (taken back at the end)
    #[arg(long)]
    set_identities: bool,
    /// MiB that are free on the target's disk
    #[arg(long, value_name = "MIB")]
    target_free: Option<u64>,
    /// Read all rows of unique indexes to find values that are there twice
    #[arg(long)]
    look_for_duplicates: bool,
    /// Seconds that anything within the pause may take before it is undone
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    patience: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// By the official tools, while nobody writes
    Dump,
    /// Over several connections, while nobody writes
    Copy,
    /// While everybody writes
    Follow,
    /// The target is the source's streaming replica, and is promoted
    Physical,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(super) sides: SideArgs,
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    /// Look whether this mode can be; the gentlest that can by default
    #[arg(long, value_enum)]
    pub(super) mode: Option<ModeArg>,
}

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    pub(super) sides: SideArgs,
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    /// Folder for the state of the move; the same for all its commands
    #[arg(long, value_name = "DIR")]
    pub(super) state: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    pub(super) place: MoveArgs,
    /// The target is the source's streaming replica already: nothing is copied, and the cut-over promotes it
    #[arg(long)]
    pub(super) physical: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    #[command(flatten)]
    pub(super) place: MoveArgs,
    /// By the official tools alone: dumped into the state's folder, and restored from there
    #[arg(long)]
    pub(super) dump: bool,
    /// Let the source be written to: a copy of one moment to look at, which cannot be cut over to
    #[arg(long)]
    pub(super) leave_writable: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SwitchArgs {
    #[command(flatten)]
    pub(super) place: MoveArgs,
    /// What PgBouncer calls the database; its console's address is taken from MASTOFERRY_PGBOUNCER_URL
    #[arg(long, value_name = "NAME")]
    pgbouncer_database: Option<String>,
    /// PgBouncer's file with the section [databases]: its line is pointed to the new server
    #[arg(long, value_name = "FILE", requires = "pgbouncer_database")]
    pgbouncer_file: Option<PathBuf>,
    /// Command that points PgBouncer to MASTOFERRY_HOST, MASTOFERRY_PORT, MASTOFERRY_DATABASE
    #[arg(long, value_name = "COMMAND", requires = "pgbouncer_database")]
    pgbouncer_command: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(super) sides: SideArgs,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceArg {
    /// Cloud SQL of Google Cloud, by gcloud
    CloudSql,
    /// RDS of Amazon, by aws
    Rds,
}

#[derive(Debug, Args)]
pub(crate) struct ManagedArgs {
    #[command(flatten)]
    sides: SideArgs,
    /// Whose service it is
    #[arg(long, value_enum)]
    service: ServiceArg,
    /// The instance's name there
    #[arg(long, value_name = "NAME", value_parser = instance)]
    instance: String,
    /// Google Cloud's project; gcloud's own by default
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// The region; the tool's own by default
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The size of the machine, where the instance has to be made: a tier, an instance class
    #[arg(long, value_name = "TIER")]
    tier: Option<String>,
    /// gcloud or aws; the one on the PATH by default
    #[arg(long, value_name = "FILE")]
    tool: Option<PathBuf>,
    /// Run the commands of the steps that are to do; without it they are only shown
    #[arg(long)]
    pub(super) run: bool,
    /// Seconds that a step may take until it has come about
    #[arg(long, value_name = "SECONDS", default_value = "1800")]
    patience: u64,
}

impl ManagedArgs {
    pub(super) fn read(&self, words: &Words) -> Result<Managed, Problem> {
        Ok(Managed {
            service: match self.service {
                ServiceArg::CloudSql => Service::CloudSql,
                ServiceArg::Rds => Service::Rds,
            },
            instance: self.instance.clone(),
            project: self.project.clone(),
            region: self.region.clone(),
            tier: self.tier.clone(),
            tool: self.tool.clone(),
            source: self.sides.source(words)?,
            target: self.sides.target_if_told(words)?,
            patience: Duration::from_secs(self.patience),
        })
    }
}

/// What both providers take as an instance's name; anything else could be an option or a filter of the tool's.
fn instance(text: &str) -> Result<String, String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(is_part) {
        return Ok(text.to_owned());
    }
    Err("an instance's name begins with a letter, and has lower-case letters, digits and hyphens".to_owned())
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Dump => Self::Dump,
            ModeArg::Copy => Self::Copy,
            ModeArg::Follow => Self::Follow,
            ModeArg::Physical => Self::Physical,
        }
    }
}

impl SideArgs {
    pub(crate) fn read(&self, words: &Words) -> Result<Sides, Problem> {
        Ok(Sides {
            source: self.source(words)?,
            target: self.target(words)?,
            source_from_target: from_environment(SOURCE_SEEN, words)?,
            target_from_source: from_environment(TARGET_SEEN, words)?,
        })
    }

    fn source(&self, words: &Words) -> Result<Address, Problem> {
        address(self.source.as_deref(), self.source_file.as_ref(), ("--source", SOURCE), words)
    }

    fn target(&self, words: &Words) -> Result<Address, Problem> {
        address(self.target.as_deref(), self.target_file.as_ref(), ("--target", TARGET), words)
    }

    /// The target, where anybody said where it is.
    fn target_if_told(&self, words: &Words) -> Result<Option<Address>, Problem> {
        if self.target.is_none() && self.target_file.is_none() && std::env::var_os(TARGET).is_none() {
            return Ok(None);
        }
        self.target(words).map(Some)
    }
}

impl SettingArgs {
    pub(super) fn read(&self, words: &Words) -> Result<Settings, Problem> {
        let tools = self.tools.as_deref().map(Tools::within).transpose();
        Ok(Settings {
            limits: self.limits.limits(),
            owner: self.owner.clone(),
            tools: tools.map_err(|error| explain::problem_of(&error, None, words))?,
            index_memory: self.index_memory.map(|it| it << 20),
            sequence_margin: self.sequence_margin,
            set_identities: self.set_identities,
            target_free: self.target_free.map(|it| it << 20),
            look_for_duplicates: self.look_for_duplicates,
            patience: Duration::from_secs(self.patience),
        })
    }
}

impl SwitchArgs {
    pub(super) fn pooler(&self, words: &Words) -> Result<Option<Pooler>, Problem> {
        let (file, command) = (self.pgbouncer_file.clone(), self.pgbouncer_command.clone());
        pooler(self.pgbouncer_database.as_deref(), file, command, words)
    }
}

/// PgBouncer, by what it calls the database; none where that is not told.
///
/// # Errors
/// If nobody said where its console is.
pub(crate) fn pooler(
    database: Option<&str>,
    file: Option<PathBuf>,
    command: Option<String>,
    words: &Words,
) -> Result<Option<Pooler>, Problem> {
    let Some(database) = database else { return Ok(None) };
    let admin =
        from_environment(PGBOUNCER, words)?.ok_or_else(|| addresses::nowhere(PGBOUNCER, EXAMPLE, words))?;
    Ok(Some(Pooler { admin, database: database.to_owned(), file, command }))
}

fn address(
    argument: Option<&str>,
    file: Option<&PathBuf>,
    (name, variable): (&str, &str),
    words: &Words,
) -> Result<Address, Problem> {
    if let Some(text) = argument {
        let address = parsed(text, name, words)?;
        if address.has_password() {
            let told = [("argument", name), ("variable", variable)];
            return Err(Problem::new(words, Exit::Unreadable, "postgres-argument-password", &told));
        }
        return Ok(address);
    }
    let told = addresses::needed(file.map(PathBuf::as_path), variable, EXAMPLE, words)?;
    parsed(&told.text, &told.place, words)
}

fn from_environment(variable: &str, words: &Words) -> Result<Option<Address>, Problem> {
    let told = addresses::told(None, variable, words)?;
    told.map(|told| parsed(&told.text, &told.place, words)).transpose()
}

fn parsed(text: &str, place: &str, words: &Words) -> Result<Address, Problem> {
    Address::read(text).map_err(|error| addresses::unusable(place, &error, words))
}
