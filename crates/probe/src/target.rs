//! What is probed, and what a good answer is.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// An address that needs no looking up.
    Socket(SocketAddr),
    /// `host:port`, looked up for each new connection.
    Name(String),
    /// One of these, spoken to by TLS: its certificate must be good for a name, as for a browser.
    Secure {
        /// Where to connect to.
        at: Box<Address>,
        /// The name, which is also asked for (SNI).
        name: String,
    },
}

impl Address {
    /// The same, spoken to by TLS.
    #[must_use]
    pub fn secured(self, name: &str) -> Self {
        Self::Secure { at: Box::new(self), name: name.to_owned() }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Socket(address)
    }
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither an address with a port nor a host name with a port")]
pub struct AddressError {
    /// The text.
    pub text: String,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !host.contains(':') && port.parse::<u16>().is_ok() => {
                Ok(Self::Name(text.to_owned()))
            }
            _ => Err(AddressError { text: text.to_owned() }),
        }
    }
}

/// How a target is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// GET, which may be repeated on a fresh connection when an idle one turns out to be closed.
    Get,
    /// POST, which is never repeated once it may have reached the server.
    Post {
        /// The body.
        body: Bytes,
        /// Its `Content-Type`.
        content_type: String,
    },
}

/// What makes an answer good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The status.
    pub status: u16,
    /// What the body holds somewhere in its first megabyte.
    pub contains: Option<String>,
    /// What the header `x-stand-in-component` says, where there is one; without it nothing is held
    /// against the answer.
    pub component: Option<String>,
}

impl Expectation {
    /// Only the status counts.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, contains: None, component: None }
    }

    /// The body must hold `text` as well.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.contains = Some(text.to_owned());
        self
    }

    /// The answer must come from `component`, where it says whom it comes from.
    #[must_use]
    pub fn from_component(mut self, component: &str) -> Self {
        self.component = Some(component.to_owned());
        self
    }
}

/// Something users ask for, again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The name under which it is accounted for; several targets may share one.
    pub component: String,
    /// What kind of use it is part of, accounted for beside the component.
    pub class: Option<String>,
    /// Where to connect to.
    pub address: Address,
    /// The `Host` header.
    pub host: String,
    /// How it is asked.
    pub method: Method,
    /// Headers beside those that every request has.
    pub headers: Vec<(String, String)>,
    /// Whether each request carries an `Idempotency-Key` of its own.
    pub has_key: bool,
    /// Path and query.
    pub path: String,
    /// Requests per second.
    pub rate: f64,
    /// What makes an answer good.
    pub expect: Expectation,
    /// Whether a good answer is JSON with an `id`, to be kept as acknowledged.
    pub records_id: bool,
    /// Whether WebSockets that listen should hear of what was acknowledged.
    pub is_heard: bool,
    /// How long a complete answer may take, from the moment the request is sent.
    pub timeout: Duration,
}

impl Target {
    /// A GET with a timeout of five seconds.
    #[must_use]
    pub fn get(component: &str, address: impl Into<Address>, host: &str, path: &str, rate: f64) -> Self {
        Self {
            component: component.to_owned(),
            class: None,
            address: address.into(),
            host: host.to_owned(),
            headers: Vec::new(),
            has_key: false,
            method: Method::Get,
            path: path.to_owned(),
            rate,
            expect: Expectation::status(200),
            records_id: false,
            is_heard: false,
            timeout: Duration::from_secs(5),
        }
    }

    /// With another expectation.
    #[must_use]
    pub fn expecting(mut self, expect: Expectation) -> Self {
        self.expect = expect;
        self
    }
}

/// WebSockets to be held open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sockets {
    /// How many.
    pub count: usize,
    /// Where to connect to.
    pub address: Address,
    /// The `Host` header.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// A connection on which nothing at all arrives for so long counts as lost.
    pub silence: Duration,
    /// Whether posts are listened for: messages `{"event":"update","payload":"{\"id\":…}"}`, as Mastodon's streaming
    /// sends them.
    pub listens: bool,
}

impl Sockets {
    /// With a silence of 90 seconds: Mastodon sends something at least every 30.
    #[must_use]
    pub fn new(count: usize, address: impl Into<Address>, host: &str, path: &str) -> Self {
        Self {
            count,
            address: address.into(),
            host: host.to_owned(),
            path: path.to_owned(),
            silence: Duration::from_secs(90),
            listens: false,
        }
    }
}

/// When the requests of a target arrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrival {
    /// At equal intervals.
    #[default]
    Even,
    /// At random and independently of each other, as those of many people who think between two requests do: a
    /// Poisson process. The same seed gives the same instants.
    Poisson {
        /// What the instants follow from.
        seed: u64,
    },
}

/// What a [`Prober`](crate::Prober) does.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is asked for.
    pub targets: Vec<Target>,
    /// When it is asked for.
    pub arrival: Arrival,
    /// WebSockets held open beside.
    pub sockets: Vec<Sockets>,
    /// From the acknowledgement of a post to its arrival on a WebSocket; what takes longer is late.
    pub heard_within: Duration,
    /// Requests in flight at once; those due beyond are failures of the prober itself.
    pub max_in_flight: usize,
    /// Requests after which a connection is retired.
    pub requests_per_connection: u32,
    /// How far [`Prober::window`](crate::Prober::window) can look back.
    pub history: Duration,
}

impl Config {
    /// At equal intervals, with 20,000 requests in flight, 16 requests per connection, posts heard of within
    /// two seconds, and two minutes to look back.
    #[must_use]
    pub fn new(targets: Vec<Target>, sockets: impl IntoIterator<Item = Sockets>) -> Self {
        Self {
            targets,
            arrival: Arrival::Even,
            sockets: sockets.into_iter().collect(),
            heard_within: Duration::from_secs(2),
            max_in_flight: 20_000,
            requests_per_connection: 16,
            history: Duration::from_secs(120),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_told_apart() {
        let parsed = |text: &str| text.parse::<Address>();
        assert_eq!(parsed("127.0.0.1:80"), Ok(Address::Socket(([127, 0, 0, 1], 80).into())));
        assert!(matches!(parsed("[::1]:80"), Ok(Address::Socket(_))));
        assert_eq!(parsed("mastodon.example:443"), Ok(Address::Name("mastodon.example:443".to_owned())));
        for wrong in ["mastodon.example", ":80", "host:port", "::1:x", ""] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
