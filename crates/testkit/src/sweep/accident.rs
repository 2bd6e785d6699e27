//! What can come between, and the way to the API server on which it lies.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use voyage::Crash;

use super::stint::{Call, Stint};
use crate::failure::Failure;
use crate::wire;

/// What comes between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Accident {
    /// The operator dies at a record of the journal.
    Crash(Crash),
    /// So many requests from this one on go wrong.
    Requests {
        /// While what is under way.
        stint: Stint,
        /// The first, counted from 0 among those.
        at: usize,
        /// How many.
        times: usize,
        /// What becomes of them.
        ailment: Ailment,
    },
    /// One call goes wrong, each of the first so many times that it is made.
    Call {
        /// Which.
        call: Call,
        /// How many times.
        times: usize,
        /// What becomes of it.
        ailment: Ailment,
    },
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// 401: the credentials ran out.
    Expired,
    /// 403.
    Forbidden,
    /// 409, as when another wrote first.
    Conflict,
    /// 429 with `Retry-After`.
    Busy,
    /// 500.
    Broken,
    /// 503.
    Away,
    /// It is done, and the answer is lost.
    LostAnswer,
    /// It is never answered.
    Hangs,
    /// A watch ends as soon as it has begun.
    CutWatch,
    /// Another operator takes the Lease; a moment later it is as if nothing had been.
    StolenLease,
}

impl Ailment {
    pub(crate) const ALL: [Self; 10] = [
        Self::Expired,
        Self::Forbidden,
        Self::Conflict,
        Self::Busy,
        Self::Broken,
        Self::Away,
        Self::LostAnswer,
        Self::Hangs,
        Self::CutWatch,
        Self::StolenLease,
    ];

    /// Whether it is one for such a call, and another thing than what others are.
    pub(crate) fn befalls(self, call: &Call) -> bool {
        match self {
            // A creation conflicts with what exists, which is another thing.
            Self::Conflict => call.writes() && call.method != Method::POST,
            Self::LostAnswer | Self::StolenLease => call.writes(),
            Self::CutWatch => call.watches,
            _ => true,
        }
    }
}

impl FromStr for Ailment {
    type Err = String;

    /// By its name in words such as `lost-answer`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.replace('-', "");
        let named = |own: &Self| format!("{own:?}").eq_ignore_ascii_case(&wanted);
        Self::ALL.into_iter().find(named).ok_or_else(|| format!("no ailment: {text}"))
    }
}

impl fmt::Display for Accident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(crash) => write!(formatter, "death {crash:?}"),
            Self::Requests { stint, at, times, ailment } => {
                write!(formatter, "{ailment:?} of {times} from request {at} of {stint} on")
            }
            Self::Call { call, times, ailment } => write!(formatter, "{ailment:?} of {times} times {call}"),
        }
    }
}

/// What was asked for on the way, and whether the accident was met.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    calls: Mutex<Vec<Call>>,
    struck: Mutex<usize>,
}

impl Wake {
    /// Every call so far, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn has_met(&self) -> bool {
        *self.struck.lock().unwrap_or_else(PoisonError::into_inner) > 0
    }

    /// Takes note of a call, and says what becomes of it.
    fn takes(&self, call: Call, accident: Option<&Accident>) -> Option<Ailment> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        let ailment = match accident {
            Some(Accident::Call { call: own, times, ailment }) => {
                (*own == call && *struck < *times).then_some(*ailment)
            }
            Some(Accident::Requests { stint, at, times, ailment }) => {
                let before = calls.iter().filter(|earlier| earlier.stint == *stint).count();
                let is_first = *struck == 0 && call.stint == *stint && before >= *at;
                (is_first || *struck > 0 && *struck < *times).then_some(*ailment)
            }
            Some(Accident::Crash(_)) | None => None,
        };
        *struck += usize::from(ailment.is_some());
        calls.push(call);
        ailment
    }
}

/// A client whose requests may meet an accident, and leave their wake; what is under way, the journal says.
pub(crate) fn client_through(
    client: &Client,
    namespace: &str,
    journal: PathBuf,
    accident: Option<&Accident>,
    wake: &Arc<Wake>,
) -> Client {
    let (client, namespace, wake) = (client.clone(), namespace.to_owned(), Arc::clone(wake));
    let accident = accident.cloned().map(Arc::new);
    let default = namespace.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let call = Call::of(&request, Stint::under_way(&journal));
        let ailment = wake.takes(call, accident.as_deref());
        let (client, namespace) = (client.clone(), namespace.clone());
        async move {
            match ailment {
                Some(ailment) => Box::pin(struck(&client, &namespace, request, ailment)).await,
                None => client.send(request).await,
            }
        }
    });
    Client::new(service, default)
}

async fn struck(
    client: &Client,
    namespace: &str,
    request: Request<Body>,
    ailment: Ailment,
) -> Result<Response<Body>, kube::Error> {
    let watches = request.uri().query().is_some_and(|query| query.contains("watch="));
    let creates = request.method() == Method::POST;
    Ok(match ailment {
        Ailment::Expired => refusal(401, "Unauthorized"),
        Ailment::Forbidden => refusal(403, "Forbidden"),
        // A creation conflicts with what exists, which is another thing.
        Ailment::Conflict if !creates && !watches => refusal(409, "Conflict"),
        Ailment::Busy => refusal(429, "TooManyRequests"),
        Ailment::Broken => refusal(500, "InternalError"),
        Ailment::Away => refusal(503, "ServiceUnavailable"),
        Ailment::LostAnswer => {
            client.send(request).await?;
            refusal(504, "Timeout")
        }
        Ailment::Hangs => std::future::pending().await,
        Ailment::CutWatch if watches => Response::new(Body::empty()),
        Ailment::StolenLease => match steal(client, namespace).await {
            Ok(()) => client.send(request).await?,
            Err(_) => refusal(500, "InternalError"),
        },
        Ailment::Conflict | Ailment::CutWatch => client.send(request).await?,
    })
}

fn refusal(code: u16, reason: &str) -> Response<Body> {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": "refused by the sweep",
    });
    if code == 429 {
        status["details"] = json!({"retryAfterSeconds": 1});
    }
    let mut response = Response::new(Body::from(status.to_string().into_bytes()));
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

/// Whoever else may hold it: a name that no voyage has.
const THIEF: &str = "another operator";

async fn steal(client: &Client, namespace: &str) -> Result<(), Failure> {
    let all = leases(namespace);
    let list = wire::send(client, Method::GET, &all, None).await?;
    for name in names(&list.body, |_| true) {
        let patch = json!({"spec": {"holderIdentity": THIEF}});
        let content = Some(("application/merge-patch+json", &patch));
        wire::send(client, Method::PATCH, &format!("{all}/{name}"), content).await?;
    }
    Ok(())
}

/// The other operator is done: what it holds, it gives back.
pub(crate) async fn thief_leaves(client: &Client, namespace: &str) -> Result<(), Failure> {
    let all = leases(namespace);
    let list = wire::send(client, Method::GET, &all, None).await?;
    for name in names(&list.body, |lease| lease["spec"]["holderIdentity"] == THIEF) {
        wire::send(client, Method::DELETE, &format!("{all}/{name}"), None).await?;
    }
    Ok(())
}

fn leases(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
}

fn names(list: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten().filter(|lease| wanted(lease));
    items.filter_map(|lease| lease["metadata"]["name"].as_str().map(ToOwned::to_owned)).collect()
}
