//! Where a Redis is, and how one is let in.

use redis::{Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, TlsCertificates};
use url::Url;

/// Why an address cannot be used. None of these holds the address: it may have a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("the address of Redis is not a URL such as redis://:PASSWORD@HOST:6379/0")]
    NotUrl,
    /// It is a URL of something else.
    #[error("the address of Redis must begin with redis:// or rediss:// (TLS)")]
    Scheme,
    /// The path is no number of a database.
    #[error("the path of the address of Redis must be the number of a database")]
    Database,
    /// Certificates cannot be left unchecked.
    #[error("the address of Redis must not have a #fragment: certificates are always checked")]
    Fragment,
    /// Anything else that the client refuses.
    #[error("the address of Redis cannot be used")]
    Unusable,
    /// The authority's certificates cannot be read.
    #[error(
        "the certificates of the authority of Redis cannot be read, or its address does not begin with rediss://"
    )]
    Authority,
}

/// Where a Redis is, and how one is let in. Shown, it is host and port alone.
#[derive(Clone)]
pub struct RedisAddress {
    client: Client,
}

impl std::fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RedisAddress({self})")
    }
}

impl std::fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                write!(formatter, "{host}:{port}")
            }
            ConnectionAddr::Unix(path) => write!(formatter, "{}", path.display()),
            _ => formatter.write_str("Redis"),
        }
    }
}

impl RedisAddress {
    /// Reads a URL as Mastodon does (`REDIS_URL`): `redis://[USER][:PASSWORD]@HOST[:PORT][/DATABASE]`, `rediss://` for
    /// TLS; `authority` holds the certificates (PEM) of the authority to trust instead of the system's.
    ///
    /// # Errors
    /// When it is nothing of the kind; the error does not repeat it.
    pub fn read(url: &str, authority: Option<&[u8]>) -> Result<Self, AddressError> {
        let url = Url::parse(url.trim()).map_err(|_| AddressError::NotUrl)?;
        if !matches!(url.scheme(), "redis" | "rediss") {
            return Err(AddressError::Scheme);
        }
        if url.fragment().is_some() {
            return Err(AddressError::Fragment);
        }
        let database = url.path().trim_matches('/');
        if !database.is_empty() && database.parse::<u32>().is_err() {
            return Err(AddressError::Database);
        }
        if url.scheme() == "rediss" {
            // Rustls has one provider here, and says so before it is asked for the first time.
            let _already_chosen = rustls::crypto::ring::default_provider().install_default();
        }
        let info = url.into_connection_info().map_err(|_| AddressError::Unusable)?;
        let client = match authority {
            Some(pem) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
                Client::build_with_tls(info, certificates).map_err(|_| AddressError::Authority)?
            }
            None => Client::open(info).map_err(|_| AddressError::Unusable)?,
        };
        Ok(Self { client })
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The number of the database.
    #[must_use]
    pub fn database(&self) -> i64 {
        self.client.get_connection_info().redis_settings().db()
    }

    /// Host and port, where it is not a socket's file.
    pub(crate) fn place(&self) -> Option<(String, u16)> {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some((host.clone(), *port))
            }
            _ => None,
        }
    }

    /// Who one is there: user and password.
    pub(crate) fn credentials(&self) -> (Option<&str>, Option<&str>) {
        let settings = self.client.get_connection_info().redis_settings();
        (settings.username(), settings.password())
    }

    /// The same server, spoken to in RESP3: it may say something without having been asked.
    pub(crate) fn outspoken(&self) -> Result<Self, AddressError> {
        let info = self.client.get_connection_info().clone();
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(|_| AddressError::Unusable)?;
        Ok(Self { client })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_nowhere() {
        let address = RedisAddress::read("rediss://mastodon:hush-hush@redis.example:6380/2", None).unwrap();
        assert_eq!(address.to_string(), "redis.example:6380");
        assert!(!format!("{address:?}").contains("hush"));
        for wrong in ["http://:hush@a/", "redis://:hush@a/zero", "rediss://:hush@a/#insecure", ":hush@a"] {
            let error = RedisAddress::read(wrong, None).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }
}
