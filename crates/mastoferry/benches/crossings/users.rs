//! Users, who know nothing of the move, and a watch that sees which side answers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plan::{Plan, RouteComponent};
use probe::{Config, Expectation, Method, Sockets, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Requests a second, over all routes.
pub(crate) const RATE: f64 = 500.0;
/// WebSockets that are held.
pub(crate) const SOCKETS: usize = 50;
/// The share of posts, each of which must reach the database, and its jobs the workers.
const POSTS: f64 = 0.05;
/// How often the watch asks each component.
const LOOK: Duration = Duration::from_millis(20);

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Every route is asked, posts are written, and WebSockets are held.
pub(crate) fn traffic(plan: &Plan, front: SocketAddr) -> Config {
    let mut targets = Vec::new();
    let mut sockets = Vec::new();
    for route in &plan.routes {
        let mut get = |component: &str, path: &str, share: f64| {
            let target = Target::get(component, front, &route.host, path, share);
            targets.push(target.expecting(Expectation::status(200).from_component(component)));
        };
        match &route.component {
            RouteComponent::Web if route.path == "/" => {
                get("web", "/", 2.0);
                get("web", "/health", 1.0);
                get("web", "/api/v1/instance", 2.0);
            }
            RouteComponent::Web => {
                get("web", &format!("{}/sample.css", route.path.trim_end_matches('/')), 0.5)
            }
            RouteComponent::Streaming => {
                get("streaming", "/api/v1/streaming/health", 2.0);
                let path = "/api/v1/streaming?stream=public";
                sockets.push(Sockets { listens: true, ..Sockets::new(SOCKETS, front, &route.host, path) });
            }
            RouteComponent::Neighbour(name) => get(name, "/sample.jpg", 1.0),
        }
    }
    let total: f64 = targets.iter().map(|target| target.rate).sum();
    for target in &mut targets {
        target.rate *= RATE * (1.0 - POSTS) / total;
    }
    if let Some(host) = web(plan) {
        let mut posts = Target::get("web", front, host, "/api/v1/statuses", RATE * POSTS);
        let (body, content_type) = ("status=Ahoy".into(), "application/x-www-form-urlencoded".to_owned());
        posts.method = Method::Post { body, content_type };
        posts.records_id = true;
        targets.push(posts.expecting(Expectation::status(200).from_component("web")));
    }
    Config::new(targets, sockets)
}

fn web(plan: &Plan) -> Option<&str> {
    let mut pages = plan.routes.iter();
    pages
        .find(|route| route.component == RouteComponent::Web && route.path == "/")
        .map(|route| route.host.as_str())
}

/// Who answered, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Blue,
    Green,
    /// The page, an error, nobody.
    Other,
}

/// One look.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// When it was asked, in milliseconds since 1970.
    at_ms: u64,
    is_web: bool,
    side: Side,
}

/// The looks so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<Look>>>);

impl Watch {
    /// Asks web and streaming by the front, each on a new connection, until it is cancelled.
    pub(crate) fn start(plan: &Plan, front: SocketAddr, over: &CancellationToken) -> Self {
        let watch = Self::default();
        let green: Arc<[String]> =
            plan.green.iter().filter(|it| it["kind"] == "Deployment").filter_map(name).collect();
        let blue: Arc<[String]> =
            plan.blue.iter().filter(|it| it["kind"] == "Deployment").filter_map(name).collect();
        for route in &plan.routes {
            let (path, is_web) = match &route.component {
                RouteComponent::Web if route.path == "/" => ("/health", true),
                RouteComponent::Streaming => ("/api/v1/streaming/health", false),
                _ => continue,
            };
            let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", route.host);
            let (watch, over) = (watch.clone(), over.clone());
            let (green, blue) = (green.clone(), blue.clone());
            tokio::spawn(async move {
                let mut tick = tokio::time::interval(LOOK);
                while tokio::select! { _ = tick.tick() => true, () = over.cancelled() => false } {
                    let at_ms = now_ms();
                    let pod = pod(front, &request).await.ok().flatten().unwrap_or_default();
                    let side = side(&pod, &blue, &green);
                    watch.0.lock().unwrap_or_else(PoisonError::into_inner).push(Look { at_ms, is_web, side });
                }
            });
        }
        watch
    }

    /// Milliseconds from an instant until blue alone answered what is asked of web, and what is asked of anybody.
    pub(crate) fn since(&self, instant: u64) -> (u64, u64) {
        let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = |counts: &dyn Fn(&Look) -> bool| {
            let others = looks.iter().filter(|look| look.side != Side::Blue && counts(look));
            others.map(|look| look.at_ms).max().unwrap_or(instant).saturating_sub(instant)
        };
        (last(&|look| look.is_web), last(&|_| true))
    }
}

fn name(object: &serde_json::Value) -> Option<String> {
    object.pointer("/metadata/name").and_then(serde_json::Value::as_str).map(str::to_owned)
}

/// The side whose Deployment has the longest name that the pod's begins with.
fn side(pod: &str, blue: &[String], green: &[String]) -> Side {
    let longest = |names: &[String]| {
        let mine = |name: &&String| {
            let rest = pod.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('-'));
            // What a ReplicaSet and a pod add to the name.
            rest.is_some_and(|rest| rest.split('-').count() == 2)
        };
        names.iter().filter(mine).map(String::len).max()
    };
    match (longest(blue), longest(green)) {
        (None, None) => Side::Other,
        (blue, green) if blue > green => Side::Blue,
        _ => Side::Green,
    }
}

async fn pod(front: SocketAddr, request: &str) -> std::io::Result<Option<String>> {
    let asked = async {
        let mut stream = TcpStream::connect(front).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).to_lowercase())
    };
    let Ok(answer) = tokio::time::timeout(Duration::from_secs(2), asked).await else { return Ok(None) };
    let answer = answer?;
    let is_good = answer.starts_with("http/1.1 200");
    let pod = answer.lines().find_map(|line| line.strip_prefix("x-stand-in-pod: "));
    Ok(pod.filter(|_| is_good).map(|pod| pod.trim().to_owned()))
}
