//! A container's process: boots, works, hears SIGTERM, and can be killed.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clock::Clock;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::answer::Answerer;
use super::component::Component;
use super::logbook::{Pen, Writing};
use super::notice::Notice;
use super::server::{self, Farewell};
use super::world::World;
use super::{sidekiq, speech};
use crate::fault::{Patient, Who};

/// Exit codes as a kubelet reports them.
const TERMINATED: i32 = 143;
const KILLED: i32 = 137;
/// A server that could not have its port.
const NO_PORT: i32 = 98;
/// A program that gave up.
const ERROR: i32 = 1;
/// How often a process that may be struck while it runs looks whether it is.
const LOOK: Duration = Duration::from_millis(25);

/// Whom a process belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) pod: String,
    /// The Deployment, or whatever owns the pod.
    pub(crate) owner: String,
    /// The label `app.kubernetes.io/instance`.
    pub(crate) release: Option<String>,
}

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct ProcessSpec {
    pub(crate) component: Component,
    pub(crate) address: Ipv4Addr,
    pub(crate) ports: Vec<u16>,
    pub(crate) boot: Duration,
    pub(crate) identity: Identity,
    /// What it serves, where it serves a notice.
    pub(crate) notice: Notice,
}

/// A started process. Dropped, it vanishes as with its whole node: sockets close, and jobs in hand are where
/// Redis keeps them.
#[derive(Debug)]
pub(crate) struct Process {
    component: Component,
    signals: Signals,
    exit: watch::Receiver<Option<i32>>,
    killed: watch::Sender<Option<i32>>,
    task: AbortOnDropHandle<()>,
    started: Instant,
}

/// What a process hears and shows.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    /// SIGTERM.
    pub(crate) term: CancellationToken,
    /// SIGKILL, for those who hold jobs: they are lost, as basic fetch loses them.
    pub(crate) kill: Arc<AtomicBool>,
    booted: Arc<AtomicBool>,
    /// What it writes its log with.
    pub(crate) pen: Arc<Pen>,
    /// It refuses connections, and its kubelet is content all the same.
    aloof: Arc<AtomicBool>,
}

impl Process {
    /// Starts a process whose log nobody reads.
    #[cfg(test)]
    pub(crate) fn start(spec: ProcessSpec, world: World, clock: Clock) -> Self {
        Self::start_writing(Pen::dry(), spec, world, clock)
    }

    /// Starts a process that writes its log with that pen.
    pub(crate) fn start_writing(pen: Pen, spec: ProcessSpec, world: World, clock: Clock) -> Self {
        let pen = Arc::new(pen);
        let (kill, booted, aloof) = (Arc::default(), Arc::default(), Arc::default());
        let signals = Signals { term: CancellationToken::new(), kill, booted, aloof, pen };
        let (told, exit) = watch::channel(None);
        let killed = told.clone();
        let running = world.running();
        let component = spec.component.clone();
        let writing = Writing::with(&signals.pen);
        let life = live(spec, world, clock, signals.clone());
        let task = tokio::spawn(async move {
            // Declared after the guard, the life is dropped before it.
            let (_running, _writing) = (running, writing);
            let code = life.await;
            told.send_replace(Some(code));
        });
        let started = Instant::now();
        Self { component, signals, exit, killed, task: AbortOnDropHandle::new(task), started }
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Whether it has booted and is still there: what an exec probe finds.
    pub(crate) fn is_up(&self) -> bool {
        self.signals.booted.load(Ordering::Relaxed) && self.exit.borrow().is_none()
    }

    /// Whether its kubelet calls it ready though nobody else can reach it.
    pub(crate) fn is_aloof(&self) -> bool {
        self.signals.aloof.load(Ordering::Relaxed)
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        speech::told_to_end(&self.component, &self.signals.pen);
        self.signals.term.cancel();
    }

    /// SIGKILL; returns when its sockets are closed.
    pub(crate) async fn kill(self) -> i32 {
        self.signals.kill.store(true, Ordering::Relaxed);
        self.task.abort();
        // Aborted or ended by itself in the meantime: either way it is gone.
        let _ = self.task.await;
        let code = self.exit.borrow().unwrap_or(KILLED);
        self.killed.send_replace(Some(code));
        code
    }

    /// Waits for its end and gives the exit code.
    pub(crate) async fn exited(&self) -> i32 {
        let mut exit = self.exit.clone();
        let code = exit.wait_for(Option::is_some).await.map(|code| *code);
        code.ok().flatten().unwrap_or(KILLED)
    }
}

async fn live(spec: ProcessSpec, world: World, clock: Clock, signals: Signals) -> i32 {
    speech::booting(&spec.component, &signals.pen);
    let code = Box::pin(live_on(&spec, world, clock, &signals)).await;
    speech::ended(&spec.component, code, &signals.pen);
    code
}

/// From the start to the end; gives the exit code.
async fn live_on(spec: &ProcessSpec, world: World, clock: Clock, signals: &Signals) -> i32 {
    let who = patient(&spec.component).map(|patient| Who {
        patient,
        release: spec.identity.release.as_deref(),
        pod: &spec.identity.pod,
    });
    let faults = world.faults();
    if faults.is_lost(&spec.identity.pod) {
        return silent(signals).await;
    }
    let scheduler = match &spec.component {
        Component::Sidekiq(workers) if workers.schedules() => Some(world.scheduler()),
        _ => None,
    };
    let boot = spec.boot + who.map_or(Duration::ZERO, |who| faults.slow_boot(&who));
    tokio::select! {
        () = signals.term.cancelled() => return TERMINATED,
        () = clock.sleep(boot) => {}
    }
    if let Some(who) = &who {
        if faults.crashes(who) {
            return ERROR;
        }
        if faults.never_ready(who) {
            return silent(signals).await;
        }
    }
    if !faults.strikes_running() {
        return work(spec, &world, &clock, signals).await;
    }
    loop {
        signals.aloof.store(false, Ordering::Relaxed);
        tokio::select! {
            code = work(spec, &world, &clock, signals) => return code,
            () = until(|| faults.is_lost(&spec.identity.pod)) => {
                // What it held is lost, and nobody is told.
                signals.kill.store(true, Ordering::Relaxed);
                break;
            }
            () = until(|| who.is_some_and(|who| faults.refuses(&who))) => {}
        }
        signals.aloof.store(true, Ordering::Relaxed);
        tokio::select! {
            () = signals.term.cancelled() => return TERMINATED,
            () = until(|| who.is_none_or(|who| !faults.refuses(&who))) => {}
        }
    }
    drop(scheduler);
    silent(signals).await
}

/// Neither works nor ends, until it is told to.
async fn silent(signals: &Signals) -> i32 {
    signals.term.cancelled().await;
    TERMINATED
}

async fn until(met: impl Fn() -> bool) {
    while !met() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Serves or works until the end; gives the exit code.
async fn work(spec: &ProcessSpec, world: &World, clock: &Clock, signals: &Signals) -> i32 {
    let listeners = match server::listen(spec.address, &spec.ports) {
        Ok(listeners) => listeners,
        Err(_) => {
            speech::no_port(&signals.pen);
            return NO_PORT;
        }
    };
    signals.booted.store(true, Ordering::Relaxed);
    speech::booted(&spec.component, &spec.ports, &signals.pen);
    // When this future ends, or is dropped, so do the WebSockets that left their connections.
    let alive = CancellationToken::new();
    let _until_the_end = alive.clone().drop_guard();
    let answerer = Arc::new(Answerer::of(spec, world.clone(), alive, &signals.pen));
    match &spec.component {
        Component::Errand(lasts) => tokio::select! {
            () = signals.term.cancelled() => TERMINATED,
            () = clock.sleep(*lasts) => 0,
        },
        Component::Web => {
            server::serve(listeners, &answerer, &signals.term, Farewell::Finishes).await;
            0
        }
        Component::Sidekiq(workers) => {
            let work = sidekiq::work(world, clock, workers, &spec.identity.pod, signals);
            // It answers for its metrics until its workers have drained.
            let never = CancellationToken::new();
            tokio::select! {
                () = work => 0,
                () = server::serve(listeners, &answerer, &never, Farewell::Hangs) => 0,
            }
        }
        Component::Streaming
        | Component::Exporter
        | Component::Notice
        | Component::Neighbour
        | Component::Idle => {
            server::serve(listeners, &answerer, &signals.term, Farewell::Hangs).await;
            0
        }
    }
}

pub(crate) fn patient(component: &Component) -> Option<Patient> {
    match component {
        Component::Web => Some(Patient::Web),
        Component::Streaming => Some(Patient::Streaming),
        Component::Sidekiq(_) => Some(Patient::Sidekiq),
        _ => None,
    }
}
