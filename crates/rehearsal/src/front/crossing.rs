//! The front before real stand-ins, without a cluster around them.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use futures::StreamExt;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::sync::CancellationToken;

use super::manner::Ranking;
use super::pool::Endpoint;
use super::proxy::House;
use super::route::{Conditions, Group, PathMatch, Route, Routes};
use super::table::{Backend, Table};
use super::watching::Stand;
use super::{Profile, proxy};
use crate::standin::{Component, Identity, Process, ProcessSpec, Workers, World};

const BOUND: Duration = Duration::from_secs(10);
const HOST: &str = "social.example";

/// A front whose table the test lays itself.
struct Stage {
    world: World,
    address: SocketAddr,
    stand: watch::Sender<Arc<Stand>>,
    clock: Clock,
    cancel: CancellationToken,
    users: Client<HttpConnector, Full<Bytes>>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

struct Answer {
    status: StatusCode,
    pod: String,
    body: String,
}

impl Stage {
    async fn set() -> Self {
        Self::with(Profile::IngressNginx).await
    }

    async fn with(profile: Profile) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stand = watch::Sender::new(Arc::new(Stand::default()));
        let cancel = CancellationToken::new();
        let clock = Clock::faster(1000.0);
        let visited = Arc::default();
        let house = House { stand: stand.subscribe(), profile, clock, visited, cancel: cancel.clone() };
        tokio::spawn(proxy::serve(listener, house));
        let users = Client::builder(TokioExecutor::new()).build_http();
        Self { world: World::open(None).unwrap(), address, stand, clock, cancel, users }
    }

    /// Starts a stand-in on a free port and waits until it is up.
    async fn pod(&self, name: &str, component: Component) -> (Process, SocketAddr) {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let spec = ProcessSpec {
            component,
            address: Ipv4Addr::LOCALHOST,
            ports: vec![free.port()],
            boot: Duration::from_secs(1),
            identity: Identity { pod: name.to_owned(), owner: "mastodon".to_owned(), release: None },
            notice: crate::standin::Notice::default(),
        };
        let process = Process::start(spec, self.world.clone(), self.clock);
        let up = async {
            while !process.is_up() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(BOUND, up).await.unwrap();
        (process, free)
    }

    fn route(&self, routes: &[(&str, &[SocketAddr])]) {
        self.lay(routes, 0, Some(1 << 20));
    }

    fn lay(&self, routes: &[(&str, &[SocketAddr])], reloads: u64, body: Option<u64>) {
        let mut told = Routes::default();
        let mut backends = HashMap::new();
        for (path, addresses) in routes {
            let endpoints = addresses.iter().map(|address| Arc::new(Endpoint::new(*address))).collect();
            let group =
                Group { namespace: "m".to_owned(), service: format!("at {path}"), port: String::new() };
            backends.insert(group.clone(), Arc::new(Backend::new(endpoints)));
            told.add(Route {
                host: HOST.to_owned(),
                path: PathMatch::Elements(path.trim_end_matches('/').to_owned()),
                conditions: Conditions::default(),
                to: vec![(1, Some(group))],
                canary: None,
                body,
                read: BOUND,
            });
        }
        let table = Table::lay(&told, &backends, Ranking::Specific);
        self.stand.send_replace(Arc::new(Stand { table, reloads }));
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        self.ask_with(method, path, &[]).await
    }

    async fn ask_with(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from_static(b"status=hello"))).unwrap();
        let answer = tokio::time::timeout(BOUND, self.users.request(request)).await.unwrap().unwrap();
        let pod = answer.headers().get("x-stand-in-pod").map(|pod| pod.to_str().unwrap().to_owned());
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status, pod: pod.unwrap_or_default(), body }
    }
}

#[tokio::test]
async fn requests_reach_the_pods_their_paths_lead_to_and_posts_are_stored() {
    let stage = Stage::set().await;
    let (_one, one) = stage.pod("web-1", Component::Web).await;
    let (_two, two) = stage.pod("web-2", Component::Web).await;
    let (_live, live) = stage.pod("streaming-1", Component::Streaming).await;
    stage.route(&[("/", &[one, two]), ("/api/v1/streaming", &[live]), ("/nobody", &[])]);

    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(stage.ask(Method::GET, "/").await.pod);
    }
    seen.sort();
    assert_eq!(seen, ["web-1", "web-1", "web-2", "web-2"]);
    assert_eq!(stage.ask(Method::GET, "/api/v1/streaming/health").await.pod, "streaming-1");
    assert!(stage.ask(Method::GET, "/api/v1/instance").await.body.contains(r#""uri":"social.example""#));
    assert_eq!(stage.ask(Method::GET, "/nobody/there").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let posted = stage.ask(Method::POST, "/api/v1/statuses").await;
    assert_eq!((posted.status, posted.body.as_str()), (StatusCode::OK, r#"{"id":"1"}"#));
    assert!(stage.world.has_row(1) && stage.world.invariants().jobs_pending == 4);
    stage.route(&[]);
    assert_eq!(stage.ask(Method::GET, "/").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_other_servers_deliver_becomes_jobs_and_an_unsigned_delivery_is_refused() {
    let stage = Stage::set().await;
    let (_web, web) = stage.pod("web-1", Component::Web).await;
    stage.route(&[("/", &[web])]);
    assert_eq!(stage.ask(Method::POST, "/inbox").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stage.world.invariants().jobs_enqueued, 0);
    let signed = [("signature", "keyId=\"https://remote.example/actor#main-key\"")];
    for path in ["/inbox", "/users/sailor/inbox"] {
        assert_eq!(stage.ask_with(Method::POST, path, &signed).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!((stage.world.invariants().jobs_enqueued, stage.world.invariants().rows), (2, 0));
    assert_eq!(stage.ask(Method::POST, "/api/v2/media").await.body, r#"{"id":"1"}"#);
}

#[tokio::test]
async fn a_post_sent_twice_is_stored_once_and_heard_of_when_sidekiq_has_distributed_it() {
    let stage = Stage::set().await;
    let (_web, web) = stage.pod("web-1", Component::Web).await;
    let (_live, live) = stage.pod("streaming-1", Component::Streaming).await;
    stage.route(&[("/", &[web]), ("/api/v1/streaming", &[live])]);
    let mut listening = connect_to(&stage, "public").await;
    next_text(&mut listening).await;
    for _ in 0..2 {
        let answer = stage.ask_with(Method::POST, "/api/v1/statuses", &[("idempotency-key", "once")]).await;
        assert_eq!(answer.body, r#"{"id":"1"}"#);
    }
    assert_eq!(stage.world.invariants().rows, 1);

    let queues = vec![("default".to_owned(), 1)];
    let workers = Workers { queues, strict: false, concurrency: 1 };
    let (_sidekiq, _) = stage.pod("sidekiq-1", Component::Sidekiq(workers)).await;
    let heard = async {
        loop {
            if let Some(Ok(message)) = listening.next().await
                && message.to_text().is_ok_and(|text| text.contains("update"))
            {
                break message.into_text().unwrap();
            }
        }
    };
    let heard = tokio::time::timeout(BOUND, heard).await.unwrap();
    assert!(heard.contains(r#""payload":"{\"id\":\"1\""#), "{heard}");
}

#[tokio::test]
async fn a_refused_connection_is_tried_elsewhere_even_for_a_post_and_502_when_all_refuse() {
    let stage = Stage::set().await;
    let (gone, dead) = stage.pod("web-1", Component::Web).await;
    let (_here, alive) = stage.pod("web-2", Component::Web).await;
    stage.route(&[("/", &[dead, alive])]);
    for _ in 0..4 {
        assert_eq!(stage.ask(Method::GET, "/health").await.status, StatusCode::OK);
    }
    gone.terminate();
    assert_eq!(tokio::time::timeout(BOUND, gone.exited()).await.unwrap(), 0);
    for method in [Method::GET, Method::POST, Method::GET, Method::POST] {
        let path = if method == Method::POST { "/api/v1/statuses" } else { "/health" };
        let answer = stage.ask(method, path).await;
        assert_eq!((answer.status, answer.pod.as_str()), (StatusCode::OK, "web-2"));
    }
    assert_eq!(stage.world.invariants().rows, 2);
    stage.route(&[("/", &[dead])]);
    assert_eq!(stage.ask(Method::GET, "/").await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_websocket_outlives_a_change_of_routes_and_ends_with_its_pod() {
    let stage = Stage::set().await;
    let (blue, address) = stage.pod("streaming-blue", Component::Streaming).await;
    let (_green, other) = stage.pod("streaming-green", Component::Streaming).await;
    stage.route(&[("/api/v1/streaming", &[address])]);
    let mut held = connect(&stage).await;
    next_text(&mut held).await;
    stage.route(&[("/api/v1/streaming", &[other])]);
    next_text(&mut held).await;
    assert_eq!(stage.ask(Method::GET, "/api/v1/streaming/health").await.pod, "streaming-green");

    blue.terminate();
    let ended = async { while let Some(Ok(_)) = held.next().await {} };
    tokio::time::timeout(BOUND, ended).await.unwrap();
    next_text(&mut connect(&stage).await).await;
}

#[tokio::test]
async fn each_front_tries_again_as_it_does() {
    // What a GET and a POST get when the first of two endpoints is gone, on a new connection to it.
    for (profile, answers) in [
        (Profile::IngressNginx, [200, 200]),
        (Profile::HaProxy, [200, 200]),
        (Profile::Gce, [200, 200]),
        (Profile::OutsideNginx, [200, 200]),
        (Profile::Traefik, [502, 502]),
        (Profile::Alb, [502, 502]),
        (Profile::Gateway, [503, 503]),
    ] {
        let stage = Stage::with(profile).await;
        let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let (_here, alive) = stage.pod("web-1", Component::Web).await;
        for (method, expected) in [Method::GET, Method::POST].into_iter().zip(answers) {
            stage.route(&[("/", &[dead, alive])]);
            let path = if method == Method::POST { "/api/v1/statuses" } else { "/health" };
            assert_eq!(stage.ask(method.clone(), path).await.status, expected, "{profile} {method}");
        }
        stage.route(&[("/", &[])]);
        let nobody = match profile {
            Profile::Gce | Profile::OutsideNginx => 502,
            _ => 503,
        };
        assert_eq!(stage.ask(Method::GET, "/").await.status, nobody, "{profile}");
    }
}

#[tokio::test]
async fn a_body_larger_than_its_route_carries_is_refused() {
    let stage = Stage::set().await;
    let (_here, alive) = stage.pod("web-1", Component::Web).await;
    stage.lay(&[("/", &[alive])], 0, Some(5));
    assert_eq!(stage.ask(Method::POST, "/api/v1/statuses").await.status, StatusCode::PAYLOAD_TOO_LARGE);
    stage.lay(&[("/", &[alive])], 0, None);
    assert_eq!(stage.ask(Method::POST, "/api/v1/statuses").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reload_ends_kept_connections_and_after_a_while_the_websockets_of_old_workers() {
    let stage = Stage::set().await;
    let (_live, live) = stage.pod("streaming-1", Component::Streaming).await;
    let routes: &[(&str, &[SocketAddr])] = &[("/", &[live])];
    stage.route(routes);
    let mut held = connect(&stage).await;
    next_text(&mut held).await;
    let mut kept = TcpStream::connect(stage.address).await.unwrap();
    kept.write_all(format!("GET /api/v1/streaming/health HTTP/1.1\r\nhost: {HOST}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut heard = vec![0; 4096];
    assert!(kept.read(&mut heard).await.unwrap() > 0);

    stage.lay(routes, 1, None);
    let closed = async { while kept.read(&mut heard).await.unwrap() > 0 {} };
    tokio::time::timeout(BOUND, closed).await.unwrap();
    let reloaded = tokio::time::Instant::now();
    let ended = async { while let Some(Ok(_)) = held.next().await {} };
    tokio::time::timeout(BOUND, ended).await.unwrap();
    // Four minutes of the cluster's time, less what passed before the clock was read.
    assert!(reloaded.elapsed() > Duration::from_millis(150), "{:?}", reloaded.elapsed());
    next_text(&mut connect(&stage).await).await;
}

async fn connect(stage: &Stage) -> WebSocketStream<TcpStream> {
    connect_to(stage, "user").await
}

async fn connect_to(stage: &Stage, timeline: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let request = format!("ws://{HOST}/api/v1/streaming?stream={timeline}").into_client_request().unwrap();
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

async fn next_text(socket: &mut WebSocketStream<TcpStream>) {
    let heard = tokio::time::timeout(BOUND, socket.next()).await.unwrap();
    assert!(heard.unwrap().unwrap().is_text());
}
