//! The faults in force, as those ask who are to suffer them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use clock::Clock;
use http::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::{Effect, Fault, Patient, Side, Start, Target};

/// A process, as faults choose it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) patient: Patient,
    /// The label `app.kubernetes.io/instance`.
    pub(crate) release: Option<&'a str>,
    pub(crate) pod: &'a str,
}

/// What a request is to suffer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ailment {
    pub(crate) fails: bool,
    /// Somebody else answers, and content.
    pub(crate) wrong: bool,
    pub(crate) late: Option<Duration>,
    /// How long a WebSocket opened by it lives.
    pub(crate) cut: Option<Duration>,
}

/// Faults, the release they strike, and how far the move has come.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    users: AtomicBool,
    asked: AtomicU64,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    green: Option<String>,
    faults: Vec<Fault>,
    clock: Option<Clock>,
    began: Option<Instant>,
    steps: BTreeMap<String, Instant>,
    ended: bool,
    /// Pods that refuse connections, by the place of their fault.
    refusing: Vec<(usize, String)>,
    /// Pods on a machine that was lost.
    lost: BTreeSet<String>,
    /// What a repository says.
    declared: Vec<Value>,
}

impl State {
    fn is_in_force(&self, fault: &Fault, users: bool) -> bool {
        let Some(window) = &fault.window else {
            return match fault.target {
                _ if fault.effect.begins_with_users(fault.target) => users,
                Target::Part(Side::Green, _) | Target::Whole(Side::Green) => true,
                _ => self.began.is_some(),
            };
        };
        let wall = |span| self.clock.map_or(span, |clock| clock.on_the_wall(span));
        let start = match &window.start {
            Start::After(span) => self.began.map(|began| began + wall(*span)),
            Start::Step(step) => self.steps.get(step).copied(),
        };
        let now = Instant::now();
        start.is_some_and(|start| {
            start <= now && window.span.is_none_or(|span| now.duration_since(start) < wall(span))
        })
    }

    fn side(&self, release: Option<&str>) -> Side {
        if self.green.is_some() && self.green.as_deref() == release { Side::Green } else { Side::Blue }
    }
}

impl FaultBook {
    pub(crate) fn inject(&self, fault: Fault) {
        self.write().faults.push(fault);
    }

    pub(crate) fn begin(&self, release: &str, clock: Clock) {
        let mut state = self.write();
        state.green = Some(release.to_owned());
        state.clock = Some(clock);
    }

    /// Users arrived on green, or left it.
    pub(crate) fn set_active(&self, active: bool) {
        self.users.store(active, Ordering::Relaxed);
    }

    /// A step begins. Time counts from the first; a step that begins again has begun before.
    pub(crate) fn step_begins(&self, step: &str) {
        let now = Instant::now();
        let mut state = self.write();
        state.began.get_or_insert(now);
        state.steps.entry(step.to_owned()).or_insert(now);
    }

    /// The move is over: whoever fought it rests.
    pub(crate) fn end(&self) {
        self.write().ended = true;
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.read().ended
    }

    pub(crate) fn declare(&self, objects: Vec<Value>) {
        self.write().declared = objects;
    }

    pub(crate) fn declared(&self) -> Vec<Value> {
        self.read().declared.clone()
    }

    /// The faults that somebody has to bring about, each with its place among all.
    pub(crate) fn all(&self) -> Vec<(usize, Fault)> {
        self.read().faults.iter().cloned().enumerate().collect()
    }

    pub(crate) fn is_in_force(&self, fault: &Fault) -> bool {
        self.read().is_in_force(fault, self.users.load(Ordering::Relaxed))
    }

    pub(crate) fn side(&self, release: Option<&str>) -> Side {
        self.read().side(release)
    }

    pub(crate) fn lose(&self, pods: impl IntoIterator<Item = String>) {
        self.write().lost.extend(pods);
    }

    /// Whether a pod's machine was lost.
    pub(crate) fn is_lost(&self, pod: &str) -> bool {
        self.read().lost.contains(pod)
    }

    /// Whether a process of this kind never finishes booting.
    pub(crate) fn never_ready(&self, who: &Who<'_>) -> bool {
        self.any(who, |effect| matches!(effect, Effect::NeverReady))
    }

    /// Whether a process of this kind ends with an error once it has booted. Sidekiq asks Redis for its version
    /// before it does anything (`Sidekiq::CLI#run`), and dies without.
    pub(crate) fn crashes(&self, who: &Who<'_>) -> bool {
        self.any(who, |effect| match effect {
            Effect::CrashLoop => true,
            Effect::RedisUnreachable => who.patient == Patient::Sidekiq,
            _ => false,
        })
    }

    /// Whether the registry lacks the image of a container of this kind.
    pub(crate) fn image_missing(&self, who: &Who<'_>) -> bool {
        self.any(who, |effect| matches!(effect, Effect::ImageMissing))
    }

    /// How much longer a process of this kind boots.
    pub(crate) fn slow_boot(&self, who: &Who<'_>) -> Duration {
        self.sum(who)
    }

    /// Whether a pod is to refuse connections; once chosen it stays so while the fault lasts.
    pub(crate) fn refuses(&self, who: &Who<'_>) -> bool {
        let mut state = self.write();
        let side = state.side(who.release);
        let users = self.users.load(Ordering::Relaxed);
        let mut refuses = false;
        for at in 0..state.faults.len() {
            let fault = &state.faults[at];
            let Effect::LostEndpoint { pods } = fault.effect else { continue };
            if fault.target != Target::Part(side, who.patient) || !state.is_in_force(fault, users) {
                continue;
            }
            let chosen = state.refusing.iter().filter(|(of, _)| *of == at);
            let known = chosen.clone().any(|(_, pod)| pod == who.pod);
            if !known && chosen.count() < usize::from(pods) {
                state.refusing.push((at, who.pod.to_owned()));
            }
            refuses |= state.refusing.iter().any(|(of, pod)| *of == at && pod == who.pod);
        }
        refuses
    }

    /// Whether any pod may have to end or refuse while it runs, so that processes need to look.
    pub(crate) fn strikes_running(&self) -> bool {
        let strikes = |fault: &Fault| matches!(fault.effect, Effect::LostEndpoint { .. } | Effect::Lost);
        self.read().faults.iter().any(strikes)
    }

    /// What the next request to a process suffers.
    pub(crate) fn ailment(&self, who: &Who<'_>, method: &Method, path: &str) -> Ailment {
        let mut ailment = Ailment::default();
        let users = self.users.load(Ordering::Relaxed);
        let state = self.read();
        if state.faults.is_empty() {
            return ailment;
        }
        let side = state.side(who.release);
        for fault in &state.faults {
            if !strikes(fault, side, who.patient) || !state.is_in_force(fault, users) {
                continue;
            }
            match fault.effect {
                Effect::Fails { percent } => ailment.fails |= self.falls_on(percent),
                Effect::WrongAnswer { percent } => ailment.wrong |= self.falls_on(percent),
                Effect::Late { by } => ailment.late = Some(by),
                Effect::Drops { after } => ailment.cut = Some(after),
                spoiling => ailment.fails |= spoils(spoiling, who.patient, method, path),
            }
        }
        ailment
    }

    /// Whether the next of so many in a hundred is this one. A step that is prime to 100 spreads them evenly, and
    /// exactly, over each hundred.
    pub(super) fn falls_on(&self, percent: u8) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed).wrapping_mul(37) % 100 < u64::from(percent)
    }

    fn any(&self, who: &Who<'_>, is: impl Fn(Effect) -> bool) -> bool {
        let users = self.users.load(Ordering::Relaxed);
        let state = self.read();
        let side = state.side(who.release);
        state.faults.iter().any(|fault| {
            strikes(fault, side, who.patient) && is(fault.effect) && state.is_in_force(fault, users)
        })
    }

    fn sum(&self, who: &Who<'_>) -> Duration {
        let users = self.users.load(Ordering::Relaxed);
        let state = self.read();
        let side = state.side(who.release);
        let faults = state.faults.iter().filter(|fault| strikes(fault, side, who.patient));
        let in_force = faults.filter(|fault| state.is_in_force(fault, users));
        in_force
            .map(|fault| if let Effect::SlowBoot { by } = fault.effect { by } else { Duration::ZERO })
            .sum()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn strikes(fault: &Fault, side: Side, patient: Patient) -> bool {
    match fault.target {
        Target::Part(of, part) => of == side && part == patient,
        Target::Whole(of) => of == side,
        Target::Api | Target::GitOps | Target::Node | Target::Operator => false,
    }
}

/// Whether a request needs what is not there. Health checks of Mastodon ask neither database nor Redis (`/health` is Rails'
/// own, streaming's says OK while it runs), and files are read from the image.
fn spoils(effect: Effect, patient: Patient, method: &Method, path: &str) -> bool {
    let is_file = ["/packs/", "/assets/", "/emoji/"].iter().any(|under| path.starts_with(under));
    let is_health = path.ends_with("/health");
    let writes = method == Method::POST;
    match (effect, patient) {
        (Effect::DatabaseUnreachable, _) => !is_file && !is_health,
        (Effect::RedisUnreachable, Patient::Streaming) => !is_health,
        (Effect::DiskFull | Effect::RedisUnreachable, Patient::Web) => writes,
        (Effect::MigrationPending, Patient::Web) => writes || path == "/",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(release: Option<&str>) -> Who<'_> {
        Who { patient: Patient::Web, release, pod: "web-1" }
    }

    fn book(faults: &[&str]) -> FaultBook {
        let book = FaultBook::default();
        for fault in faults {
            book.inject(Fault::parse(fault).unwrap());
        }
        book.begin("crossing", Clock::faster(10.0));
        book
    }

    #[test]
    fn only_green_suffers_and_only_once_users_are_there() {
        let book = book(&["green.web.500=30%"]);
        let failed = |release: Option<&str>| {
            (0..1000).filter(|_| book.ailment(&web(release), &Method::GET, "/").fails).count()
        };
        assert_eq!(failed(Some("crossing")), 0);
        book.set_active(true);
        assert_eq!(failed(Some("crossing")), 300);
        assert_eq!(failed(Some("mastodon")), 0);
        assert_eq!(failed(None), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_is_said_counts_and_runs_in_cluster_time() {
        let book = book(&["green.web.500=100%@observe+20s", "blue.web.500=100%@30s"]);
        let fails = |release| book.ailment(&web(release), &Method::GET, "/").fails;
        book.set_active(true);
        book.step_begins("check-assumptions");
        assert!(!fails(Some("crossing")) && !fails(None));
        // 30 s of a cluster that runs ten times as fast.
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(!fails(Some("crossing")) && fails(None));
        book.step_begins("observe");
        assert!(fails(Some("crossing")));
        tokio::time::advance(Duration::from_millis(2_001)).await;
        assert!(!fails(Some("crossing")) && fails(None));
    }

    #[test]
    fn what_is_unreachable_spoils_what_needs_it() {
        let fails = |fault: &str, method: Method, path: &str| {
            book(&[fault]).ailment(&web(Some("crossing")), &method, path).fails
        };
        for (fault, page, health, file, post) in [
            ("green.database-unreachable", true, false, false, true),
            ("green.redis-unreachable", false, false, false, true),
            ("green.web.migration-pending", true, false, false, true),
        ] {
            assert_eq!(fails(fault, Method::GET, "/"), page, "{fault}");
            assert_eq!(fails(fault, Method::GET, "/health"), health, "{fault}");
            assert_eq!(fails(fault, Method::GET, "/packs/x.css"), file, "{fault}");
            assert_eq!(fails(fault, Method::POST, "/api/v1/statuses"), post, "{fault}");
        }
    }

    #[test]
    fn as_many_pods_refuse_as_was_said_and_always_the_same() {
        let book = book(&["green.web.lost-endpoint=1"]);
        let refuses = |pod| book.refuses(&Who { pod, ..web(Some("crossing")) });
        assert!(!refuses("a"));
        book.set_active(true);
        assert!(refuses("a") && !refuses("b") && refuses("a") && !refuses("b"));
    }
}
