//! Asking again: which failures pass by themselves, and how long to wait for it.

use std::future::Future;
use std::time::Duration;

use clock::Clock;

use crate::ClusterError;

/// How often an idempotent request is made before its failure counts.
const TRIES: u32 = 6;
/// The first pause, in cluster time; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long an answer may take, in cluster time.
const ANSWER: Duration = Duration::from_secs(30);
/// However fast the cluster's clock runs, the machine under it needs this long.
const ANSWER_AT_LEAST: Duration = Duration::from_secs(10);

/// Makes an idempotent request until it succeeds, fails for good, or failed too often.
pub(crate) async fn insist<T, F, Fut>(clock: Clock, doing: &str, request: F) -> Result<T, ClusterError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, kube::Error>>,
{
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let error = match once(clock, doing, request()).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if tries == TRIES || !passes_by_itself(&error) {
            return Err(error);
        }
        clock.sleep(pause).await;
        pause *= 2;
        tries += 1;
    }
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

fn passes_by_itself(error: &ClusterError) -> bool {
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
