//! What the parts of a running prober share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::account::{Account, Durations, Ended};
use crate::connection::Pool;
use crate::exchange::{Progress, Template, TemplateError, exchange};
use crate::failure::FailureKind;
use crate::schedule::Due;
use crate::streaming::SocketAccount;
use crate::target::Config;
use crate::window::Windows;

/// A target, ready to be asked.
struct Lane {
    component: usize,
    class: Option<usize>,
    is_heard: bool,
    pool: usize,
    template: Template,
    timeout: Duration,
}

/// What the pacer, the requests, the WebSockets and the onlookers share.
pub(crate) struct Engine {
    began: Instant,
    runtime: Handle,
    lanes: Vec<Lane>,
    pools: Vec<Pool>,
    components: Vec<(String, f64)>,
    max_in_flight: usize,
    in_flight: TaskTracker,
    account: Mutex<Account>,
    windows: Mutex<Windows>,
    sockets: Mutex<SocketAccount>,
    sockets_open: AtomicU64,
    announced: AtomicBool,
}

impl Engine {
    /// Fails with the target's place in the list, if one cannot be asked.
    pub(crate) fn new(config: &Config, runtime: Handle) -> Result<Self, (usize, TemplateError)> {
        let mut components: Vec<(String, f64)> = Vec::new();
        let mut classes: Vec<(String, f64)> = Vec::new();
        let mut pools: Vec<Pool> = Vec::new();
        let mut lanes = Vec::new();
        for (place, target) in config.targets.iter().enumerate() {
            let component = gathered(&mut components, &target.component, target.rate);
            let class = target.class.as_ref().map(|class| gathered(&mut classes, class, target.rate));
            let known = pools.iter().position(|pool| *pool.address() == target.address);
            let pool = known.unwrap_or_else(|| {
                pools.push(Pool::new(target.address.clone(), config.requests_per_connection));
                pools.len() - 1
            });
            let template = Template::new(target).map_err(|error| (place, error))?;
            let (is_heard, timeout) = (target.is_heard, target.timeout);
            lanes.push(Lane { component, class, is_heard, pool, template, timeout });
        }
        let longest = config.targets.iter().map(|target| target.timeout).max().unwrap_or_default();
        let sockets = config.sockets.iter().map(|sockets| sockets.count).sum();
        Ok(Self {
            began: Instant::now(),
            runtime,
            lanes,
            pools,
            account: Mutex::new(Account::new(&components, &classes, longest)),
            windows: Mutex::new(Windows::new(components.len(), config.history)),
            components,
            max_in_flight: config.max_in_flight,
            in_flight: TaskTracker::new(),
            sockets: Mutex::new(SocketAccount::new(sockets, config.heard_within)),
            sockets_open: AtomicU64::new(0),
            announced: AtomicBool::new(false),
        })
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sockets(&self) -> MutexGuard<'_, SocketAccount> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sockets_open(&self) -> &AtomicU64 {
        &self.sockets_open
    }

    /// Maintenance is announced, or over.
    pub(crate) fn announce(&self, maintenance: bool) {
        self.announced.store(maintenance, Ordering::Relaxed);
        self.sockets().announced(maintenance, self.elapsed_ms());
    }

    /// The number of a component.
    pub(crate) fn component(&self, name: &str) -> Option<usize> {
        self.components.iter().position(|(known, _)| known == name)
    }

    /// Sends a request, whatever became of the others.
    pub(crate) fn dispatch(self: &Arc<Self>, due: Due) {
        if self.in_flight.len() >= self.max_in_flight {
            self.enter(due, Err(FailureKind::Overload), Progress::default());
            return;
        }
        let engine = Arc::clone(self);
        self.in_flight.spawn_on(async move { engine.ask(due).await }, &self.runtime);
    }

    async fn ask(&self, due: Due) {
        let lane = &self.lanes[due.target];
        let lateness = self.elapsed().saturating_sub(due.at);
        let durations = Durations { lateness, ..Durations::default() };
        let mut progress = Progress { durations, retries: 0 };
        let asked = exchange(&lane.template, &self.pools[lane.pool], &mut progress, &self.announced);
        let outcome = tokio::time::timeout(lane.timeout, asked).await.unwrap_or(Err(FailureKind::Timeout));
        self.enter(due, outcome, progress);
    }

    fn enter(&self, due: Due, outcome: Result<Option<String>, FailureKind>, progress: Progress) {
        let Lane { component, class, is_heard, .. } = self.lanes[due.target];
        let (outcome, acknowledged_id) = match outcome {
            Ok(id) => (Ok(()), id),
            Err(kind) => (Err(kind), None),
        };
        let ended = Ended {
            component,
            class,
            due: due.at,
            at: self.elapsed(),
            outcome,
            retries: progress.retries,
            durations: progress.durations,
            acknowledged_id,
        };
        if let (true, Some(id)) = (is_heard, &ended.acknowledged_id) {
            self.sockets().acknowledged(id, ended.at);
        }
        let latency = outcome.map(|()| ended.latency());
        // What was announced says nothing about how well users are served.
        if !outcome.is_err_and(FailureKind::is_announced) {
            self.windows().record(component, ended.at, latency);
        }
        self.account().enter(ended);
    }

    /// Waits for the requests in flight, each of which has its timeout, and closes the connections.
    pub(crate) async fn drain(&self) {
        self.in_flight.close();
        self.in_flight.wait().await;
        for pool in &self.pools {
            pool.close();
        }
    }

    /// One more WebSocket is open for as long as the guard lives.
    pub(crate) fn open_socket(&self) -> OpenSocket<'_> {
        self.sockets_open.fetch_add(1, Ordering::Relaxed);
        OpenSocket { engine: self }
    }
}

/// The place of a name in a list of names and rates, with this rate added to it.
fn gathered(named: &mut Vec<(String, f64)>, name: &str, rate: f64) -> usize {
    let place = named.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        named.push((name.to_owned(), 0.0));
        named.len() - 1
    });
    named[place].1 += rate;
    place
}

/// Counts a WebSocket as open.
pub(crate) struct OpenSocket<'a> {
    engine: &'a Engine,
}

impl Drop for OpenSocket<'_> {
    fn drop(&mut self) {
        self.engine.sockets_open.fetch_sub(1, Ordering::Relaxed);
    }
}
