//! What is asked on the command line, and where the two servers are. Addresses hold passwords, and are never arguments.

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand, ValueEnum};
use movers::RedisAddress;
use movers::keyspace::{Choice, Kind, Route};

use crate::data::addresses;
use crate::data::limits::LimitArgs;
use crate::problem::Problem;
use crate::words::Words;

const EXAMPLE: &str = "redis://:PASSWORD@HOST:6379/0";

#[derive(Debug, Subcommand)]
pub(crate) enum RedisCommand {
    /// Say what is there and how it could move; nothing is touched
    Plan(Box<WayArgs>),
    /// Copy keys while the old Redis serves; may be repeated, and goes on where it was
    Copy(Box<MoveArgs>),
    /// Make the new Redis a replica of the old one; may be repeated
    Replicate(Box<MoveArgs>),
    /// Carry the last changes behind a fence, compare every key, and make the new Redis the one
    Cutover {
        #[command(flatten)]
        way: Box<MoveArgs>,
        /// Even though Sidekiq processes still work on the old Redis: what they run may be lost
        #[arg(long)]
        workers_running: bool,
        /// Let the old Redis follow the new one afterwards (after `replicate`), so that going back loses nothing
        #[arg(long)]
        follow_back: bool,
    },
    /// Compare every key on both sides
    Verify(Box<MoveArgs>),
    /// Make the old Redis the one again
    Rollback {
        #[command(flatten)]
        way: Box<MoveArgs>,
        /// Even though what was written to the new Redis since the cut-over is lost
        #[arg(long)]
        accept_loss: bool,
    },
    /// Take away what was needed on the way, and say what is left; there is no way back afterwards
    Cleanup(Box<MoveArgs>),
}

/// Addresses come from MASTOFERRY_SOURCE_REDIS_URL and MASTOFERRY_TARGET_REDIS_URL, or from files.
#[derive(Debug, Default, Args)]
pub(crate) struct WayArgs {
    /// A file with the address of the old Redis, instead of MASTOFERRY_SOURCE_REDIS_URL
    #[arg(long, value_name = "FILE")]
    source_file: Option<Utf8PathBuf>,
    /// A file with the address of the new Redis, instead of MASTOFERRY_TARGET_REDIS_URL
    #[arg(long, value_name = "FILE")]
    target_file: Option<Utf8PathBuf>,
    /// Certificates (PEM) of the authority of the old Redis
    #[arg(long, value_name = "FILE")]
    source_authority: Option<Utf8PathBuf>,
    /// Certificates (PEM) of the authority of the new Redis
    #[arg(long, value_name = "FILE")]
    target_authority: Option<Utf8PathBuf>,
    /// Only keys for this, such as where Sidekiq has a Redis of its own; may be repeated
    #[arg(long, value_name = "KIND")]
    only: Vec<KindArg>,
    /// REDIS_NAMESPACE of the old side: only its keys move, and lose it, as Mastodon 4.4 wants it
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Where the new Redis reaches the old one, if not where we do
    #[arg(long, value_name = "HOST:PORT", value_parser = place)]
    source_seen: Option<(String, u16)>,
    /// Where the old Redis reaches the new one, if not where we do
    #[arg(long, value_name = "HOST:PORT", value_parser = place)]
    target_seen: Option<(String, u16)>,
    /// What stands before `REDIS_URL` in the names of the variables, as Mastodon has it: nothing, `SIDEKIQ_` or `CACHE_`.
    #[arg(skip)]
    prefix: &'static str,
}

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    pub(super) way: WayArgs,
    /// The folder of the move's journal
    #[arg(long, value_name = "FOLDER")]
    pub(super) state: Utf8PathBuf,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindArg {
    /// Jobs, their schedule, counters and locks
    Sidekiq,
    /// Home and list feeds
    Feeds,
    /// Rails' cache
    Cache,
    /// All else
    Other,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Sidekiq => Self::Sidekiq,
            KindArg::Feeds => Self::Feeds,
            KindArg::Cache => Self::Cache,
            KindArg::Other => Self::Other,
        }
    }
}

fn place(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.filter(|(host, _)| !host.is_empty()).ok_or("it is no HOST:PORT")?;
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

impl WayArgs {
    /// What the environment says alone, of the Redis whose settings begin with a prefix.
    pub(crate) fn of_environment(prefix: &'static str, namespace: Option<String>) -> Self {
        Self { prefix, namespace, ..Self::default() }
    }

    pub(crate) fn route(&self, words: &Words) -> Result<Route, Problem> {
        let variable = |side: &str| format!("MASTOFERRY_{side}_{}REDIS_URL", self.prefix);
        let (source, target) = (self.source_file.as_deref(), self.target_file.as_deref());
        let source = address(source, &variable("SOURCE"), self.source_authority.as_deref(), words)?;
        let target = address(target, &variable("TARGET"), self.target_authority.as_deref(), words)?;
        let kinds = self.only.iter().map(|kind| Kind::from(*kind)).collect();
        let namespace = self.namespace.clone().filter(|name| !name.is_empty());
        Ok(Route {
            source,
            target,
            choice: Choice { kinds, namespace },
            source_seen: self.source_seen.clone(),
            target_seen: self.target_seen.clone(),
        })
    }
}

fn address(
    file: Option<&Utf8Path>,
    variable: &str,
    authority: Option<&Utf8Path>,
    words: &Words,
) -> Result<RedisAddress, Problem> {
    let told = addresses::needed(file.map(Utf8Path::as_std_path), variable, EXAMPLE, words)?;
    let authority = authority.map(|path| addresses::read(path.as_std_path(), words)).transpose()?;
    RedisAddress::read(&told.text, authority.as_deref())
        .map_err(|error| addresses::unusable(&told.place, &error, words))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_have_a_host_and_a_port() {
        assert_eq!(place("redis.mastodon.svc:6379"), Ok(("redis.mastodon.svc".to_owned(), 6379)));
        assert_eq!(place("[::1]:6379"), Ok(("::1".to_owned(), 6379)));
        for wrong in ["", ":6379", "redis", "redis:port"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
