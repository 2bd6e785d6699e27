//! A profile as data.

use serde::{Deserialize, Serialize};

/// Who uses a server, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// Its name, or the file it was read from.
    pub(crate) name: String,
    /// Requests per second, all together.
    pub(crate) rate: f64,
    /// When they come.
    pub(crate) arrival: Arrival,
    /// What is asked for.
    pub(crate) asks: Vec<Ask>,
    /// WebSockets held.
    pub(crate) sockets: usize,
    /// Seconds from the acknowledgement of a post to its arrival on a WebSocket; what takes longer is late.
    pub(crate) within: f64,
    /// What the WebSockets listen to.
    pub(crate) timelines: Vec<Timeline>,
}

/// When requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Arrival {
    /// At equal intervals.
    Even,
    /// At random, the same for the same seed.
    Poisson {
        /// What the instants follow from.
        seed: u64,
    },
}

/// Who must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Who {
    /// Puma.
    Web,
    /// The streaming server.
    Streaming,
    /// Whoever serves the routes of web that are for files; the path counts from each of these.
    Assets,
    /// Every neighbour with a route of its own; the path counts from each of these.
    Neighbours,
}

/// A request that is made again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// What kind of use it is part of.
    pub(crate) class: String,
    /// How often it is made, in proportion to the others.
    pub(crate) share: f64,
    /// Who must answer.
    pub(crate) from: Who,
    /// Path and query.
    pub(crate) path: String,
    /// What is sent with it; a GET has nothing.
    pub(crate) body: Option<Body>,
    /// The status of a good answer.
    pub(crate) status: u16,
    /// What a good answer holds, `{host}` standing for the host that was asked.
    pub(crate) holds: Option<String>,
    /// Whether each has an `Idempotency-Key` of its own.
    pub(crate) keyed: bool,
    /// Whether the answer's id is kept, to be looked for among the rows at the end.
    pub(crate) keeps_id: bool,
    /// Whether WebSockets should hear of it.
    pub(crate) heard: bool,
    /// The component it counts as in the report, where that is not who answers.
    pub(crate) counts_as: Option<String>,
}

/// What is sent with a POST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Body {
    /// As a page's form.
    Form(String),
    /// JSON.
    Json(String),
    /// A file of so many bytes, in a form of several parts.
    Upload(usize),
    /// An activity as another server delivers it, with a signature that looks like one.
    Activity {
        /// Its type, such as `Create`.
        kind: String,
        /// How large it is.
        bytes: usize,
    },
}

/// What a WebSocket listens to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timeline {
    /// As in the address: `user`, `public`, `public:local`, `hashtag&tag=…`.
    pub(crate) timeline: String,
    /// How many WebSockets listen to it, in proportion to the others.
    pub(crate) share: f64,
}

impl Timeline {
    /// Whether every public post is told there.
    pub(crate) fn is_public(&self) -> bool {
        self.timeline.starts_with("public")
    }
}
