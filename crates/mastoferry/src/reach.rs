//! What a move uses besides the cluster: the queues' own Redis, Prometheus, and a key for the backup's Secrets.

use std::fs;

use camino::Utf8Path;
use movers::{AddressError, RedisAddress, Sidekiq};
use plan::Plan;
use probe::Prometheus;
use voyage::{Identity, Recipient, Voyage};

use crate::cli::ReachArgs;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Where the token for Prometheus is looked for.
const TOKEN: &str = "MASTOFERRY_PROMETHEUS_TOKEN";
/// The file with the identity that can read the backup's Secrets, beside the folders of states and not in them.
pub(crate) const IDENTITY: &str = "backup-identity.txt";

/// What was asked for and answers.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    sidekiq: Option<Sidekiq>,
    prometheus: Option<Prometheus>,
}

impl Reach {
    /// Opens what was asked for, before anything is touched.
    ///
    /// # Errors
    /// When it cannot be reached, or does not let us in.
    pub(crate) async fn open(arguments: &ReachArgs, plan: &Plan, words: &Words) -> Result<Self, Problem> {
        let sidekiq = match &arguments.redis {
            Some(given) => Some(sidekiq(given, arguments.redis_authority.as_deref(), plan, words).await?),
            None => None,
        };
        let prometheus = match &arguments.prometheus {
            Some(address) => Some(prometheus(address, words).await?),
            None => None,
        };
        Ok(Self { sidekiq, prometheus })
    }

    /// The queues' own Redis.
    pub(crate) fn sidekiq(&self) -> Option<&Sidekiq> {
        self.sidekiq.as_ref()
    }

    /// Gives it to a voyage.
    pub(crate) fn equip(self, voyage: &mut Voyage) {
        if let Some(sidekiq) = self.sidekiq {
            voyage.reach_queues(sidekiq);
        }
        if let Some(prometheus) = self.prometheus {
            voyage.ask_prometheus(prometheus);
        }
    }
}

async fn sidekiq(
    given: &str,
    authority: Option<&Utf8Path>,
    plan: &Plan,
    words: &Words,
) -> Result<Sidekiq, Problem> {
    let unusable =
        |detail: &str| Problem::new(words, Exit::Unreadable, "redis-address", &[("detail", detail)]);
    let unread = |error: std::io::Error| unusable(&error.to_string());
    let url = match given.split_once(':') {
        Some(("env", name)) => std::env::var(name).map_err(|_| unusable(&format!("{name} is not set")))?,
        Some(("file", path)) => fs::read_to_string(path).map_err(unread)?,
        _ => given.to_owned(),
    };
    let authority = authority.map(fs::read).transpose().map_err(unread)?;
    let address = RedisAddress::read(&url, authority.as_deref());
    let address = address.map_err(|error: AddressError| unusable(&error.to_string()))?;
    Sidekiq::open(address, plan.handover.namespace.as_deref()).await.map_err(|error| {
        Problem::new(words, Exit::Refused, "redis-unreachable", &[("detail", &error.to_string())])
    })
}

async fn prometheus(address: &str, words: &Words) -> Result<Prometheus, Problem> {
    let told = |error: &probe::PrometheusError| {
        Problem::new(words, Exit::Refused, "prometheus-unreachable", &[("detail", &error.to_string())])
    };
    let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
    let prometheus = Prometheus::new(address, token).map_err(|error| told(&error))?;
    prometheus.query("vector(1)").await.map_err(|error| told(&error))?;
    Ok(prometheus)
}

/// For whom the backup's Secrets are encrypted: who was named, or else the identity beside the state's folder, which is
/// made where there is none.
///
/// # Errors
/// When the identity's file cannot be used.
pub(crate) fn recipient(given: Option<&str>, state: &Utf8Path, words: &Words) -> Result<Recipient, Problem> {
    let told = |error: voyage::BackupError| {
        Problem::new(words, Exit::Unreadable, "backup-key", &[("detail", &error.to_string())])
    };
    match given {
        Some(given) => given.parse().map_err(told),
        None => {
            let beside = state.parent().unwrap_or(state).join(IDENTITY);
            Ok(Identity::in_file(beside.as_std_path()).map_err(told)?.recipient())
        }
    }
}
