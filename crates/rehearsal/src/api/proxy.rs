//! The way to a port of a pod or Service through the API server.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::address::Spot;
use super::object;
use super::status::ApiError;
use super::store::Store;

/// The header in which a client says by which name it wants to reach the pod.
const WANTED_HOST: &str = "x-forwarded-host";

/// Which endpoint of a Service is asked next.
static TURN: AtomicUsize = AtomicUsize::new(0);

/// Headers that speak of one connection, not of the request.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "authorization",
];

/// What the proxy passes on.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Option<String>,
    pub(crate) body: bytes::Bytes,
}

/// Asks a pod, or one of those behind a Service, and returns its answer.
pub(crate) async fn pass(store: &Store, spot: &Spot, passed: Passed) -> Result<Response, ApiError> {
    let (address, host) =
        if spot.kind.is_core("Service") { behind(store, spot)? } else { address(store, spot)? };
    let host = passed.headers.get(WANTED_HOST).cloned().or_else(|| HeaderValue::from_str(&host).ok());
    let path = match &passed.query {
        Some(query) => format!("{}?{query}", spot.rest),
        None => spot.rest.clone(),
    };
    let mut request = Request::new(Full::new(passed.body));
    *request.method_mut() = passed.method;
    *request.uri_mut() = path.parse().map_err(|why| ApiError::BadRequest(format!("{path:?}: {why}")))?;
    for (name, value) in &passed.headers {
        if !HOP_BY_HOP.contains(&name.as_str()) {
            request.headers_mut().append(name, value.clone());
        }
    }
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    let unreachable = |why: String| ApiError::Unavailable(format!("error trying to reach service: {why}"));
    let socket = TcpStream::connect(&address).await.map_err(|why| unreachable(why.to_string()))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(socket)).await.map_err(|why| unreachable(why.to_string()))?;
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|why| unreachable(why.to_string()))?;
    let (mut head, body) = answer.into_parts();
    for name in HOP_BY_HOP.iter().filter(|name| **name != "content-length") {
        head.headers.remove(*name);
    }
    Ok(Response::from_parts(head, Body::new(body)))
}

/// The socket address of `[SCHEME:]NAME[:PORT]`.
fn address(store: &Store, spot: &Spot) -> Result<(String, String), ApiError> {
    let parts: Vec<&str> = spot.name().split(':').collect();
    let (name, port) = match parts.as_slice() {
        [name] => (*name, ""),
        [name, port] => (*name, *port),
        ["http", name, port] => (*name, *port),
        _ => return Err(ApiError::BadRequest(format!("invalid pod request {:?}", spot.name()))),
    };
    let pod = store.get(&spot.kind, spot.namespace(), name)?;
    let address = object::text(&pod, &["status", "podIP"]).filter(|address| !address.is_empty());
    let address =
        address.ok_or_else(|| ApiError::Unavailable(format!("pod {name:?} does not have an address yet")))?;
    let port = port_number(&pod, port);
    let port = port.ok_or_else(|| ApiError::Unavailable(format!("pod {name:?} has no such port")))?;
    Ok((format!("{address}:{port}"), format!("{address}:{port}")))
}

/// The socket address of a ready endpoint of the Service `NAME[:PORT]`, the port by its number or name: another one each
/// time, as the real server picks one at random.
fn behind(store: &Store, spot: &Spot) -> Result<(String, String), ApiError> {
    let (name, wanted) = spot.name().split_once(':').unwrap_or((spot.name(), ""));
    let service = store.get(&spot.kind, spot.namespace(), name)?;
    let ports = object::items(&service, &["spec", "ports"]);
    let named = |port: &&Value| {
        object::int(port, &["port"]).is_some_and(|number| number.to_string() == wanted)
            || object::text(port, &["name"]) == Some(wanted)
    };
    let port = if wanted.is_empty() { ports.first() } else { ports.iter().find(named) };
    let missing = || ApiError::Unavailable(format!("no service port {wanted:?} found for service {name:?}"));
    let port = object::text(port.ok_or_else(missing)?, &["name"]).unwrap_or_default();
    let slices = store.kind("discovery.k8s.io/v1", "EndpointSlice")?;
    let mut ready = Vec::new();
    for slice in store.list(&slices, Some(spot.namespace())) {
        if slice["metadata"]["labels"]["kubernetes.io/service-name"] != name {
            continue;
        }
        let ports = object::items(&slice, &["ports"]);
        let number = ports.iter().find(|own| object::text(own, &["name"]).unwrap_or_default() == port);
        let Some(number) = number.and_then(|own| object::int(own, &["port"])) else { continue };
        let serving = |endpoint: &&Value| endpoint["conditions"]["ready"] != Value::Bool(false);
        for endpoint in object::items(&slice, &["endpoints"]).iter().filter(serving) {
            let addresses = object::items(endpoint, &["addresses"]);
            ready.extend(addresses.iter().filter_map(Value::as_str).map(|own| format!("{own}:{number}")));
        }
    }
    let none = || ApiError::Unavailable(format!("no endpoints available for service {name:?}"));
    let turn = TURN.fetch_add(1, Ordering::Relaxed).checked_rem(ready.len()).ok_or_else(none)?;
    Ok((ready[turn].clone(), ready[turn].clone()))
}

fn port_number(pod: &Value, port: &str) -> Option<i64> {
    let containers = object::items(pod, &["spec", "containers"]);
    let mut ports = containers.iter().flat_map(|container| object::items(container, &["ports"]));
    if port.is_empty() {
        return Some(ports.next().and_then(|one| object::int(one, &["containerPort"])).unwrap_or(80));
    }
    port.parse().ok().or_else(|| {
        let named = ports.find(|one| object::text(one, &["name"]) == Some(port))?;
        object::int(named, &["containerPort"])
    })
}
