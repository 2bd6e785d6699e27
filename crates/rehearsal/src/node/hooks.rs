//! What happens to a container between the wish that it end and its end.

use std::net::Ipv4Addr;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::core::v1::{Container, LifecycleHandler};

use super::probe::{fetch, named_port};
use crate::standin::Process;

/// What remains for SIGTERM when a hook has used up the whole grace period, as in the kubelet.
const LEAST_GRACE: Duration = Duration::from_secs(2);

/// Runs the preStop hook, sends SIGTERM, waits out the grace period. Gives the exit code; none when the process is to
/// be killed.
pub(super) async fn end(
    process: &Process,
    container: &Container,
    address: Ipv4Addr,
    clock: &Clock,
    grace: Duration,
) -> Option<i32> {
    if grace.is_zero() {
        return None;
    }
    let deadline = clock.after(grace);
    let hook = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref());
    if let Some(hook) = hook {
        tokio::select! {
            // A hook that outlives the grace period is cut off, and there is nobody to hook into when the
            // process has gone by itself.
            _ = tokio::time::timeout_at(deadline, before_stop(hook, container, address, clock)) => {}
            code = process.exited() => return Some(code),
        }
    }
    process.terminate();
    let deadline = deadline.max(clock.after(LEAST_GRACE.min(grace)));
    tokio::time::timeout_at(deadline, process.exited()).await.ok()
}

async fn before_stop(hook: &LifecycleHandler, container: &Container, address: Ipv4Addr, clock: &Clock) {
    if let Some(sleep) = &hook.sleep {
        clock.sleep(Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or(0))).await;
    } else if let Some(command) = hook.exec.as_ref().and_then(|exec| exec.command.as_ref()) {
        clock.sleep(slept(command)).await;
    } else if let Some(get) = &hook.http_get
        && let Some(port) = named_port(container, &get.port)
    {
        // A hook that fails only makes an event; the end goes on.
        let _ = fetch(address, port, get).await;
    }
}

/// How long a command sleeps: the sum of its `sleep` words.
fn slept(command: &[String]) -> Duration {
    let words: Vec<&str> = command
        .iter()
        .flat_map(|part| part.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|')))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|pair| pair[0].rsplit('/').next() == Some("sleep"))
        .filter_map(|pair| span(pair[1]))
        .sum()
}

fn span(word: &str) -> Option<Duration> {
    let (digits, scale) = match word.strip_suffix('m') {
        Some(minutes) => (minutes, 60.0),
        None => (word.strip_suffix('s').unwrap_or(word), 1.0),
    };
    Duration::try_from_secs_f64(digits.parse::<f64>().ok()? * scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_sleeps_as_long_as_its_command_says() {
        let slept = |words: &[&str]| slept(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(slept(&["sleep", "15"]), Duration::from_secs(15));
        assert_eq!(slept(&["sh", "-c", "touch /tmp/x; /bin/sleep 10s && true"]), Duration::from_secs(10));
        assert_eq!(slept(&["nginx", "-s", "quit"]), Duration::ZERO);
    }
}
