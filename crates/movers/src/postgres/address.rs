//! Where a PostgreSQL is, and how one is let in.

use std::path::Path;

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::form_urlencoded;

/// What Rails adds to `DATABASE_URL`; it says nothing about where the server is.
const OF_RAILS: [&str; 8] = [
    "pool",
    "prepared_statements",
    "encoding",
    "checkout_timeout",
    "idle_timeout",
    "reaping_frequency",
    "advisory_locks",
    "variables",
];

/// Why an address cannot be used. None of these holds the address: it may have a password in it.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is neither a URL nor a list of `key=value`.
    #[error(
        "the address is neither postgresql://USER:PASSWORD@HOST:5432/DATABASE nor host=… user=… dbname=…"
    )]
    Unreadable,
    /// Something that must be in it is missing.
    #[error("the address does not say its {0}")]
    Missing(&'static str),
    /// Several servers; a move is from one to one.
    #[error("the address names several servers")]
    Several,
    /// A `sslmode` that does not exist.
    #[error("sslmode must be disable, allow, prefer, require, verify-ca or verify-full")]
    SslMode,
    /// The authority's certificates cannot be read.
    #[error("the certificates of sslrootcert cannot be read: {0}")]
    Authority(String),
}

/// How TLS is used, by libpq's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Where the server offers it, unchecked.
    Prefer,
    /// Always, unchecked where no authority is named.
    Require,
    /// Always, and the certificate must be the authority's.
    VerifyCa,
    /// Always, and the certificate must be the authority's and bear the host's name.
    VerifyFull,
}

impl SslMode {
    fn read(text: &str) -> Result<Self, AddressError> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" | "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return Err(AddressError::SslMode),
        })
    }

    /// libpq's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Where a PostgreSQL database is, and how one is let in. Shown, it is `host:port/database`, never the password.
#[derive(Clone)]
pub struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) database: String,
    pub(crate) ssl_mode: SslMode,
    /// Where the authority's certificates are, and what they are.
    pub(crate) authority: Option<(String, Vec<u8>)>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Address({self})")
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}/{}", self.host, self.port, self.database)
    }
}

impl Address {
    /// Reads an address as libpq does: a URL (`DATABASE_URL`), or `key=value` pairs. `sslrootcert` names a file of this
    /// machine.
    ///
    /// # Errors
    /// When it cannot be used; the error does not repeat it.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (text, pairs) = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            from_url(text)
        } else {
            from_pairs(text)?
        };
        let config: Config = text.parse().map_err(|_| AddressError::Unreadable)?;
        let host = match config.get_hosts() {
            [Host::Tcp(name)] => name.clone(),
            [Host::Unix(path)] => path.to_str().ok_or(AddressError::Unreadable)?.to_owned(),
            [] => return Err(AddressError::Missing("host")),
            _ => return Err(AddressError::Several),
        };
        let user = config.get_user().ok_or(AddressError::Missing("user"))?.to_owned();
        let password = match config.get_password() {
            Some(bytes) => Some(String::from_utf8(bytes.to_vec()).map_err(|_| AddressError::Unreadable)?),
            None => None,
        };
        let mut address = Self {
            database: config.get_dbname().unwrap_or(&user).to_owned(),
            host,
            port: config.get_ports().first().copied().unwrap_or(5432),
            user,
            password,
            ssl_mode: SslMode::Prefer,
            authority: None,
        };
        for (name, value) in pairs {
            match name.as_str() {
                "sslmode" => address.ssl_mode = SslMode::read(&value)?,
                // libpq's word for what this machine trusts anyway.
                "sslrootcert" if value == "system" => {}
                "sslrootcert" => address.authority = Some((value.clone(), certificates(Path::new(&value))?)),
                _ => {}
            }
        }
        Ok(address)
    }

    /// The same server under another name of database.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// Whether a password stands in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// `key='value'` pairs for libpq: of a tool's environment, or of a subscription on a server. A certificate's file is
    /// one of the machine that connects.
    pub(crate) fn conninfo(&self) -> String {
        let mut pairs = vec![
            ("host", self.host.clone()),
            ("port", self.port.to_string()),
            ("user", self.user.clone()),
            ("dbname", self.database.clone()),
            ("sslmode", self.ssl_mode.name().to_owned()),
        ];
        pairs.extend(self.password.clone().map(|password| ("password", password)));
        pairs.extend(self.authority.as_ref().map(|(file, _)| ("sslrootcert", file.clone())));
        let quoted = |value: &str| value.replace('\\', r"\\").replace('\'', r"\'");
        let each = pairs.iter().map(|(name, value)| format!("{name}='{}'", quoted(value)));
        each.collect::<Vec<_>>().join(" ")
    }

    /// What a libpq tool is told of the address: in its environment, which only its owner can read, never as an argument.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGHOST", self.host.clone()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", self.user.clone()),
            ("PGDATABASE", self.database.clone()),
            ("PGSSLMODE", self.ssl_mode.name().to_owned()),
        ];
        variables.extend(self.password.clone().map(|password| ("PGPASSWORD", password)));
        variables.extend(self.authority.as_ref().map(|(file, _)| ("PGSSLROOTCERT", file.clone())));
        variables
    }
}

fn certificates(path: &Path) -> Result<Vec<u8>, AddressError> {
    let text = std::fs::read(path).map_err(|error| AddressError::Authority(error.to_string()))?;
    let is_pem = text.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----");
    if is_pem { Ok(text) } else { Err(AddressError::Authority("there is none in the file".to_owned())) }
}

type Pairs = Vec<(String, String)>;

/// What is the mover's own (TLS) and what nobody needs here.
fn is_taken_out(name: &str) -> bool {
    matches!(name, "sslmode" | "sslrootcert") || OF_RAILS.contains(&name)
}

fn from_url(text: &str) -> (String, Pairs) {
    let Some((before, query)) = text.split_once('?') else { return (text.to_owned(), Vec::new()) };
    let (ours, rest): (Pairs, Pairs) =
        form_urlencoded::parse(query.as_bytes()).into_owned().partition(|(name, _)| is_taken_out(name));
    if rest.is_empty() {
        return (before.to_owned(), ours);
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(rest);
    // The parser of addresses takes a plus for itself.
    (format!("{before}?{}", query.finish().replace('+', "%20")), ours)
}

fn from_pairs(text: &str) -> Result<(String, Pairs), AddressError> {
    let (mut ours, mut rest) = (Vec::new(), String::new());
    let mut left = text;
    while !left.is_empty() {
        let (name, after) = left.split_once('=').ok_or(AddressError::Unreadable)?;
        let (name, after) = (name.trim(), after.trim_start());
        let (value, after) = value(after)?;
        if is_taken_out(name) {
            ours.push((name.to_owned(), value));
        } else {
            rest += &format!("{name}='{}' ", value.replace('\\', r"\\").replace('\'', r"\'"));
        }
        left = after.trim_start();
    }
    Ok((rest, ours))
}

/// A value, quoted or not, and what follows it.
fn value(text: &str) -> Result<(String, &str), AddressError> {
    let (quoted, text) = match text.strip_prefix('\'') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next().ok_or(AddressError::Unreadable)?.1),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            letter if !quoted && letter.is_whitespace() => return Ok((value, &text[at..])),
            letter => value.push(letter),
        }
    }
    if quoted { Err(AddressError::Unreadable) } else { Ok((value, "")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_pairs_say_the_same() {
        let url =
            "postgresql://mastodon:hush%20%27hush@db.example:6432/mastodon_production?sslmode=require&pool=5";
        let pairs = r"host=db.example port = 6432 user=mastodon password='hush \'hush' dbname=mastodon_production sslmode=require";
        for text in [url, pairs] {
            let address = Address::read(text).unwrap();
            assert_eq!(address.to_string(), "db.example:6432/mastodon_production");
            assert_eq!(address.password.as_deref(), Some("hush 'hush"));
            assert_eq!(address.ssl_mode, SslMode::Require);
            assert!(!format!("{address:?}").contains("hush"));
            let again = Address::read(&address.conninfo()).unwrap();
            assert_eq!(again.password, address.password);
        }
        let socket = Address::read("postgresql://mastodon@/mastodon?host=/run/postgresql").unwrap();
        assert_eq!((socket.host.as_str(), socket.port), ("/run/postgresql", 5432));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for wrong in [
            "mysql://a:hush@b/c",
            "postgresql://a:hush@b,c/d",
            "postgresql://a:hush@b/c?sslmode=maybe",
            "postgresql://a:hush@b/c?nonsense=1",
            "host=b user='a password=hush",
            "postgresql:///c",
            "host=b password=hush",
            "host=b user=a password=hush sslrootcert=/nowhere/at/all",
            "hush",
            "=\\",
        ] {
            let error = Address::read(wrong).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }
}
