//! Probes: when they are made, what counts as success, and what follows.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::header::{HOST, USER_AGENT};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::{Container, HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::standin::Process;

/// The shortest a probe waits for an answer, in real time. Answers travel in real time however fast the
/// cluster's clock runs, so a busy machine must not look like a sick pod.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);

/// How long a process that is taken as running for long is given to open its ports, in cluster time.
const STANDING: Duration = Duration::from_secs(2);

/// What is said of a port that the container does not have.
const NO_PORT: &str = "couldn't find port";

/// A probe's timing, defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rhythm {
    delay: Duration,
    period: Duration,
    timeout: Duration,
    successes: u32,
    failures: u32,
}

impl Rhythm {
    pub(super) fn of(probe: &Probe) -> Self {
        let or = |given: Option<i32>, default: u32| {
            given.and_then(|given| u32::try_from(given).ok()).filter(|given| *given > 0).unwrap_or(default)
        };
        let seconds = |count: u32| Duration::from_secs(u64::from(count));
        Self {
            delay: seconds(or(probe.initial_delay_seconds, 0)),
            period: seconds(or(probe.period_seconds, 10)),
            timeout: seconds(or(probe.timeout_seconds, 1)),
            successes: or(probe.success_threshold, 1),
            failures: or(probe.failure_threshold, 3),
        }
    }
}

/// Counts results until they amount to a change of mind.
#[derive(Debug, Default)]
pub(super) struct Opinion {
    last: bool,
    run: u32,
}

impl Opinion {
    /// Takes one result; tells the verdict when as many in a row as the thresholds ask agree.
    pub(super) fn hear(&mut self, rhythm: &Rhythm, success: bool) -> Option<bool> {
        self.run = if self.last == success { self.run.saturating_add(1) } else { 1 };
        self.last = success;
        let enough = if success { rhythm.successes } else { rhythm.failures };
        (self.run >= enough).then_some(success)
    }
}

/// What probes are made against.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) container: &'a Container,
    pub(super) address: Ipv4Addr,
    pub(super) process: &'a Process,
    pub(super) clock: &'a Clock,
    /// Whether it is taken as running for long: nothing is waited for before it is first probed.
    pub(super) stands: bool,
}

impl Subject<'_> {
    /// Probes in rhythm and tells each failure, why, and each verdict, until `heard` says enough.
    pub(super) async fn probe(
        &self,
        probe: &Probe,
        failed: impl Fn(&str),
        mut heard: impl FnMut(bool) -> Enough,
    ) {
        let mut rhythm = Rhythm::of(probe);
        if self.stands {
            rhythm.delay = rhythm.delay.min(STANDING);
        }
        let attempt = || self.attempt_told(probe, &rhythm, &failed);
        keep_rhythm(self.clock, self.process.started(), &rhythm, attempt, &mut heard).await;
    }

    async fn attempt_told(&self, probe: &Probe, rhythm: &Rhythm, failed: &impl Fn(&str)) -> bool {
        let attempted = self.attempt(probe, rhythm).await;
        attempted.inspect_err(|why| failed(why)).is_ok()
    }

    /// One attempt; why it failed, if it did.
    async fn attempt(&self, probe: &Probe, rhythm: &Rhythm) -> Result<(), String> {
        if self.process.is_aloof() {
            return Ok(());
        }
        let patience = self.clock.on_the_wall(rhythm.timeout).max(SHORTEST_PATIENCE);
        let answer = async {
            if let Some(get) = &probe.http_get {
                self.get(get).await
            } else if let Some(socket) = &probe.tcp_socket {
                let Some(port) = self.port(&socket.port) else { return Err(NO_PORT.to_owned()) };
                let connected = TcpStream::connect((self.address, port)).await;
                connected
                    .map(drop)
                    .map_err(|_| format!("dial tcp {}:{port}: connect: connection refused", self.address))
            } else if self.process.is_up() {
                // What a command or a gRPC health check would find out is whether the process is up.
                Ok(())
            } else {
                Err("the process is not up".to_owned())
            }
        };
        let timeout = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| Err(timeout.to_owned()))
    }

    async fn get(&self, get: &HTTPGetAction) -> Result<(), String> {
        let Some(port) = self.port(&get.port) else { return Err(NO_PORT.to_owned()) };
        match fetch(self.address, port, get).await {
            Some(status) if (200..400).contains(&status) => Ok(()),
            Some(status) => Err(format!("HTTP probe failed with statuscode: {status}")),
            None => {
                let path = get.path.as_deref().unwrap_or("/");
                let at = format!("{}:{port}", self.address);
                Err(format!("Get \"http://{at}{path}\": dial tcp {at}: connect: connection refused"))
            }
        }
    }

    fn port(&self, port: &IntOrString) -> Option<u16> {
        named_port(self.container, port)
    }
}

/// Whether a verdict ends the probing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enough {
    Yes,
    No,
}

/// A probe's first delay counts from the container's start, not from the end of another probe.
async fn keep_rhythm<F>(
    clock: &Clock,
    started: Instant,
    rhythm: &Rhythm,
    attempt: impl Fn() -> F,
    heard: &mut impl FnMut(bool) -> Enough,
) where
    F: Future<Output = bool>,
{
    let mut opinion = Opinion::default();
    tokio::time::sleep_until(started + clock.on_the_wall(rhythm.delay)).await;
    loop {
        let next = clock.after(rhythm.period);
        if let Some(verdict) = opinion.hear(rhythm, attempt().await)
            && heard(verdict) == Enough::Yes
        {
            return;
        }
        tokio::time::sleep_until(next).await;
    }
}

/// The number of a port given by number or by name.
pub(super) fn named_port(container: &Container, port: &IntOrString) -> Option<u16> {
    let number = match port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let mut ports = container.ports.iter().flatten();
            match ports.find(|port| port.name.as_ref() == Some(name)) {
                Some(port) => port.container_port,
                None => name.parse().ok()?,
            }
        }
    };
    u16::try_from(number).ok()
}

/// Makes a GET as the kubelet does; the status, or nothing when there was no answer.
pub(super) async fn fetch(address: Ipv4Addr, port: u16, get: &HTTPGetAction) -> Option<u16> {
    let path = get.path.as_deref().filter(|path| path.starts_with('/')).unwrap_or("/");
    let mut request = Request::get(path).body(Empty::<Bytes>::new()).ok()?;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static("kube-probe/1.33"));
    headers.insert(HOST, HeaderValue::from_str(&format!("{address}:{port}")).ok()?);
    for header in get.http_headers.iter().flatten() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(&header.value).ok()?);
    }
    let stream = TcpStream::connect((address, port)).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    // The connection must be driven while the answer is awaited, and is of no use after it.
    let answered = sender.send_request(request);
    tokio::select! {
        answer = answered => answer.ok().map(|answer| answer.status().as_u16()),
        _ = connection => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use tokio::time::Instant;

    fn rhythm(spec: serde_json::Value) -> Rhythm {
        Rhythm::of(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn thresholds_ask_for_as_many_in_a_row() {
        let rhythm = rhythm(serde_json::json!({"failureThreshold": 3, "successThreshold": 2}));
        let mut opinion = Opinion::default();
        let mut hear = |success| opinion.hear(&rhythm, success);
        assert_eq!(hear(true), None);
        assert_eq!(hear(false), None);
        assert_eq!(hear(true), None);
        assert_eq!(hear(true), Some(true));
        assert_eq!((hear(false), hear(false), hear(true)), (None, None, None));
        assert_eq!((hear(false), hear(false), hear(false)), (None, None, Some(false)));
    }

    #[tokio::test(start_paused = true)]
    async fn delay_and_period_run_in_cluster_time() {
        let rhythm = rhythm(serde_json::json!({"initialDelaySeconds": 180, "periodSeconds": 30}));
        let clock = Clock::faster(60.0);
        let start = Instant::now();
        let asked = RefCell::new(Vec::new());
        let verdicts = Cell::new(0);
        let attempt = || {
            asked.borrow_mut().push(start.elapsed().as_millis());
            async { true }
        };
        keep_rhythm(&clock, start, &rhythm, attempt, &mut |verdict| {
            assert!(verdict);
            verdicts.set(verdicts.get() + 1);
            if verdicts.get() == 3 { Enough::Yes } else { Enough::No }
        })
        .await;
        // 180 s, 210 s and 240 s of cluster time at sixty times the speed.
        assert_eq!(*asked.borrow(), [3000, 3500, 4000]);
    }
}
