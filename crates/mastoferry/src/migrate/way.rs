//! The way by which the prober's requests reach the front: as users' do, or by an address that was given.

use std::str::FromStr;

use probe::{Address, Config};
use serde::{Deserialize, Serialize};

/// Where users come in that nothing else is known of.
const HTTPS: u16 = 443;

/// An address of the front: `[http://|https://]HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct FrontAddress {
    address: Address,
    secure: bool,
}

impl FromStr for FrontAddress {
    type Err = String;

    /// A port alone says which it is: 443 is HTTPS.
    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest.trim_end_matches('/')),
            Some(_) => return Err("begins neither with http:// nor with https://".to_owned()),
            None => (None, text),
        };
        let with_port = rest.parse::<Address>();
        let port = if scheme == Some("https") { HTTPS } else { 80 };
        let address = match (with_port, scheme) {
            (Ok(address), _) => address,
            (Err(_), Some(_)) => {
                format!("{rest}:{port}").parse::<Address>().map_err(|error| error.to_string())?
            }
            (Err(error), None) => return Err(error.to_string()),
        };
        let secure = scheme.map_or_else(|| text.ends_with(":443"), |scheme| scheme == "https");
        Ok(Self { address, secure })
    }
}

impl TryFrom<String> for FrontAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<FrontAddress> for String {
    fn from(front: FrontAddress) -> Self {
        front.to_string()
    }
}

impl std::fmt::Display for FrontAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        match &self.address {
            Address::Socket(address) => write!(formatter, "{scheme}://{address}"),
            Address::Name(name) => write!(formatter, "{scheme}://{name}"),
            Address::Secure { name, .. } => write!(formatter, "{scheme}://{name}"),
        }
    }
}

/// How each host is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way<'a> {
    /// As users do: the host's own name is looked up, and asked by HTTPS.
    Names,
    /// By the front's address, whatever the host.
    Front(&'a FrontAddress),
}

impl<'a> Way<'a> {
    /// The way that was asked for.
    pub(crate) fn of(via: Option<&'a FrontAddress>) -> Self {
        via.map_or(Self::Names, Self::Front)
    }

    fn address(self, host: &str) -> Address {
        match self {
            Self::Names => Address::Name(format!("{host}:{HTTPS}")).secured(host),
            Self::Front(FrontAddress { address, secure: true }) => address.clone().secured(host),
            Self::Front(FrontAddress { address, secure: false }) => address.clone(),
        }
    }

    /// Leads every request of a prober this way.
    pub(crate) fn lead(self, config: &mut Config) {
        let is_plain = matches!(self, Self::Front(front) if !front.secure);
        for target in &mut config.targets {
            target.address = self.address(&target.host);
            if is_plain {
                // Whoever stands before a front ends TLS, and says so; Mastodon answers plain HTTP with a redirection.
                target.headers.push(("x-forwarded-proto".to_owned(), "https".to_owned()));
            }
        }
        for sockets in &mut config.sockets {
            sockets.address = self.address(&sockets.host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_whether_it_is_https() {
        for (text, told) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("front.example:443", "https://front.example:443"),
            ("https://10.0.0.5", "https://10.0.0.5:443"),
            ("http://[::1]:80/", "http://[::1]:80"),
            ("https://front.example:8443", "https://front.example:8443"),
        ] {
            let front: FrontAddress = text.parse().expect(text);
            assert_eq!(front.to_string(), told);
            assert_eq!(front.to_string().parse(), Ok(front), "what is written is read again");
        }
        for wrong in ["front.example", "ftp://front.example:21", "https://", ""] {
            assert!(wrong.parse::<FrontAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_asked_by_their_own_name_whatever_the_way() {
        let front: FrontAddress = "https://10.0.0.5:8443".parse().expect("an address");
        let by_front = Way::Front(&front).address("m.example");
        assert_eq!(by_front, Address::Socket(([10, 0, 0, 5], 8443).into()).secured("m.example"));
        let by_name = Way::Names.address("m.example");
        assert_eq!(by_name, Address::Name("m.example:443".to_owned()).secured("m.example"));
    }
}
