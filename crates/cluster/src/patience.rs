//! Asking again: which failures pass by themselves, and how long to wait for it.

use std::future::Future;
use std::time::Duration;

use clock::Clock;
use tokio::time::Instant;

use crate::ClusterError;

/// The first pause, in cluster time; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause is longer, in cluster time, unless the server asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long a request is repeated before its failure counts, in cluster time: control planes of managed clusters are away for
/// a few minutes while they are upgraded, and without them there is no way back either.
const PATIENCE: Duration = Duration::from_secs(300);
/// However fast the cluster's clock runs, this often.
const TRIES_AT_LEAST: u32 = 6;
/// How long an answer may take, in cluster time.
const ANSWER: Duration = Duration::from_secs(30);
/// However fast the cluster's clock runs, the machine under it needs this long.
const ANSWER_AT_LEAST: Duration = Duration::from_secs(10);

/// Makes an idempotent request until it succeeds, fails for good, or failed for too long.
pub(crate) async fn insist<T, F, Fut>(clock: Clock, doing: &str, request: F) -> Result<T, ClusterError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, kube::Error>>,
{
    insist_on(clock, doing, passes_by_itself, request).await
}

/// The same for a change that carries no resource version: that another wrote between is then no news, and passes too.
pub(crate) async fn insist_on_change<T, F, Fut>(
    clock: Clock,
    doing: &str,
    request: F,
) -> Result<T, ClusterError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, kube::Error>>,
{
    insist_on(clock, doing, |error| passes_by_itself(error) || was_overtaken(error), request).await
}

async fn insist_on<T, F, Fut>(
    clock: Clock,
    doing: &str,
    passes: impl Fn(&ClusterError) -> bool,
    request: F,
) -> Result<T, ClusterError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, kube::Error>>,
{
    let mut patience = Patience::new(clock);
    loop {
        match once(clock, doing, request()).await {
            Ok(value) => return Ok(value),
            Err(error) if passes(&error) && patience.lasts(&error).await => {}
            Err(error) => return Err(error),
        }
    }
}

/// How long one request has been repeated.
pub(crate) struct Patience {
    clock: Clock,
    pause: Duration,
    tries: u32,
    until: Instant,
}

impl Patience {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, pause: FIRST_PAUSE, tries: 1, until: clock.after(PATIENCE) }
    }

    /// Pauses before another try; false when there have been enough.
    pub(crate) async fn lasts(&mut self, error: &ClusterError) -> bool {
        if self.tries >= TRIES_AT_LEAST && Instant::now() >= self.until {
            return false;
        }
        self.clock.sleep(self.pause.max(asked_for(error))).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.tries += 1;
        true
    }
}

/// How long the server asks its client to wait (`Retry-After`, which it repeats in the Status); a minute at most.
fn asked_for(error: &ClusterError) -> Duration {
    let seconds = error.status().and_then(|status| status.details.as_ref()?.retry_after_seconds.into());
    Duration::from_secs(seconds.map_or(0, u64::from).min(60))
}

/// Makes a request once, with a limit.
pub(crate) async fn once<T>(
    clock: Clock,
    doing: &str,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ClusterError> {
    let within = clock.on_the_wall(ANSWER).max(ANSWER_AT_LEAST);
    match tokio::time::timeout(within, Box::pin(request)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(ClusterError::Request { doing: doing.to_owned(), source: Box::new(source) }),
        Err(_) => Err(ClusterError::NoAnswer { doing: doing.to_owned(), within }),
    }
}

/// Whether the request may not even have been seen, or the server was merely unwell.
pub(crate) fn passes_by_itself(error: &ClusterError) -> bool {
    match error {
        ClusterError::NoAnswer { .. } => true,
        ClusterError::Request { source, .. } => match source.as_ref() {
            kube::Error::Api(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
            kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_) => true,
            _ => false,
        },
        _ => false,
    }
}

/// Whether somebody else wrote between reading and writing. A conflict over who manages a field names its fields, and one over
/// a name says `AlreadyExists`: neither passes.
fn was_overtaken(error: &ClusterError) -> bool {
    let names_causes = |status: &kube::core::Status| {
        status.details.as_ref().is_some_and(|details| !details.causes.is_empty())
    };
    error
        .status()
        .is_some_and(|status| status.code == 409 && status.reason == "Conflict" && !names_causes(status))
}
