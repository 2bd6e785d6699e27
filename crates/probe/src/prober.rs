//! The prober as others hold it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::client;
use crate::engine::Engine;
use crate::pacer;
use crate::report::{FailureSpan, Live, TrafficReport};
use crate::schedule::Schedule;
use crate::target::Config;
use crate::window::{WindowStats, sum_up};

/// What [`Prober::live`] looks back over.
const LIVE: Duration = Duration::from_secs(2);

/// Why a prober cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A rate that is no rate.
    #[error("{component} {path}: a rate of {rate} requests per second")]
    Rate {
        /// The target's component.
        component: String,
        /// The target's path.
        path: String,
        /// What was asked for.
        rate: f64,
    },
    /// A target that no request can be made of.
    #[error("{component} {path}: {reason}")]
    Target {
        /// The target's component.
        component: String,
        /// The target's path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// WebSockets that cannot be asked for.
    #[error("WebSocket {host}{path}: {reason}")]
    Sockets {
        /// Their host.
        host: String,
        /// Their path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No runtime to run on.
    #[error("the prober needs a tokio runtime")]
    Runtime(#[from] tokio::runtime::TryCurrentError),
    /// The machine gave no thread.
    #[error("no thread for the prober")]
    Thread(#[from] std::io::Error),
}

/// A prober at work. Clones are the same prober; when the last one is dropped, it stops.
#[derive(Clone)]
pub struct Prober {
    engine: Arc<Engine>,
    clients: TaskTracker,
    stop: CancellationToken,
    pacer_ended: CancellationToken,
    finished: Arc<OnceCell<TrafficReport>>,
    _stop_when_dropped: Arc<DropGuard>,
}

impl Prober {
    /// Starts to probe, until `cancel` or [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// When the configuration makes no sense, or there is no runtime or no thread.
    pub fn start(config: Config, cancel: CancellationToken) -> Result<Self, StartError> {
        check(&config)?;
        let runtime = Handle::try_current()?;
        let engine = Engine::new(&config, runtime).map_err(|(place, error)| StartError::Target {
            component: config.targets[place].component.clone(),
            path: config.targets[place].path.clone(),
            reason: error.to_string(),
        })?;
        let engine = Arc::new(engine);
        let stop = cancel.child_token();
        let pacer_ended = CancellationToken::new();
        let schedule = Schedule::new(config.arrival, config.targets.iter().map(|target| target.rate));
        pacer::start(Arc::clone(&engine), schedule, stop.clone(), pacer_ended.clone())?;
        let clients = TaskTracker::new();
        let mut place = 0;
        for sockets in config.sockets.into_iter().map(Arc::new) {
            for _ in 0..sockets.count {
                clients.spawn(client::keep(Arc::clone(&engine), Arc::clone(&sockets), place, stop.clone()));
                place += 1;
            }
        }
        let _stop_when_dropped = Arc::new(stop.clone().drop_guard());
        let finished = Arc::new(OnceCell::new());
        Ok(Self { engine, clients, stop, pacer_ended, finished, _stop_when_dropped })
    }

    /// The instant from which all `at_ms` count.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.engine.began()
    }

    /// Now, as `at_ms`.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        self.engine.elapsed_ms()
    }

    /// Notes a moment for the report, and returns it.
    pub fn mark(&self, label: &str) -> u64 {
        let at = self.engine.elapsed();
        self.engine.account().mark(at, label);
        u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
    }

    /// From now on 503 with `Retry-After` is what users were told to expect, or not any more. Such answers are counted by
    /// themselves ([`TrafficReport::maintenance`]) and are neither good nor failed.
    pub fn announce_maintenance(&self, maintenance: bool) {
        self.engine.announce(maintenance);
    }

    /// What ended in the last `span`, over all components; up to 100 ms more, and at most the configured
    /// history.
    #[must_use]
    pub fn window(&self, span: Duration) -> WindowStats {
        self.look_back(span, None)
    }

    /// The same for one component; nothing for one that is not probed.
    #[must_use]
    pub fn window_of(&self, component: &str, span: Duration) -> WindowStats {
        match self.engine.component(component) {
            Some(component) => self.look_back(span, Some(component)),
            None => WindowStats::default(),
        }
    }

    fn look_back(&self, span: Duration, component: Option<usize>) -> WindowStats {
        let slots = self.engine.windows().recent(self.engine.elapsed(), span);
        sum_up(&slots, component)
    }

    /// The failures among requests due from `from_ms` to `to_ms`: the first bad answer after a switch, and
    /// the last one before traffic was restored. Requests in flight are not known yet.
    #[must_use]
    pub fn failures_between(&self, from_ms: u64, to_ms: u64) -> Option<FailureSpan> {
        self.engine.account().failures_between(from_ms, to_ms)
    }

    /// For a progress display.
    #[must_use]
    pub fn live(&self) -> Live {
        let (requests, failed) = self.engine.account().counts();
        let lately = self.window(LIVE);
        let span = self.engine.elapsed().min(LIVE);
        let per_second = 1.0 / span.as_secs_f64().max(0.001);
        Live {
            requests,
            failed,
            rate: f64::from(u32::try_from(lately.requests).unwrap_or(u32::MAX)) * per_second,
            p50_ms: crate::latency::milliseconds(lately.p50_us),
            p99_ms: crate::latency::milliseconds(lately.p99_us),
            sockets_open: self.engine.sockets_open().load(Ordering::Relaxed),
        }
    }

    /// The account so far; requests in flight are not in it.
    #[must_use]
    pub fn report(&self) -> TrafficReport {
        let streaming = self.engine.sockets().report(self.engine.elapsed_ms());
        self.engine.account().report(streaming)
    }

    /// Sends nothing more, waits for what is in flight (each request has its timeout), closes the
    /// WebSockets, and tells how it went. Calling it again gives the same account.
    pub async fn finish(&self) -> TrafficReport {
        self.finished.get_or_init(|| self.end()).await.clone()
    }

    async fn end(&self) -> TrafficReport {
        let stopped_ms = self.engine.elapsed_ms();
        self.stop.cancel();
        self.pacer_ended.cancelled().await;
        self.engine.drain().await;
        self.clients.close();
        self.clients.wait().await;
        let streaming = self.engine.sockets().report(stopped_ms);
        self.engine.account().report(streaming)
    }
}

fn check(config: &Config) -> Result<(), StartError> {
    for target in &config.targets {
        if !(target.rate.is_finite() && target.rate > 0.0) {
            let (component, path) = (target.component.clone(), target.path.clone());
            return Err(StartError::Rate { component, path, rate: target.rate });
        }
    }
    for sockets in &config.sockets {
        if let Err(error) = client::upgrade_request(sockets) {
            let (host, path) = (sockets.host.clone(), sockets.path.clone());
            return Err(StartError::Sockets { host, path, reason: error.to_string() });
        }
    }
    Ok(())
}
