//! A connection that is made anew once when it broke, and errors told apart.

use std::error::Error;
use std::io::ErrorKind as IoErrorKind;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, FromRedisValue, Pipeline, ServerErrorKind};
use tokio::sync::Mutex;

use crate::{RedisAddress, RedisError};

/// How long a connection may take, and every answer where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is asked of it first.
const ENTERING: &str = "let us in";

/// A Redis that is asked one thing after the other.
pub(crate) struct Redis {
    address: RedisAddress,
    patience: Duration,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Redis {
    pub(crate) fn new(address: RedisAddress) -> Self {
        Self::patient(address, PATIENCE)
    }

    /// One whose answers may take as long: payloads of many keys, or one large key.
    pub(crate) fn patient(address: RedisAddress, patience: Duration) -> Self {
        Self { address, patience, connection: Mutex::new(None) }
    }

    pub(crate) fn address(&self) -> &RedisAddress {
        &self.address
    }

    /// Asks, and asks again over a new connection where the old one broke: everything asked here may be done twice.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        doing: &'static str,
        questions: &Pipeline,
    ) -> Result<T, RedisError> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = held.as_mut() {
            match questions.query_async(connection).await {
                Err(error) if error.is_io_error() && !error.is_timeout() => *held = None,
                answer => return answer.map_err(|error| self.told(doing, &error)),
            }
        }
        let mut connection = self.connect().await?;
        let answer = questions.query_async(&mut connection).await;
        *held = Some(connection);
        answer.map_err(|error| self.told(doing, &error))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let patience = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(self.patience));
        let client = self.address.client();
        let made = client.get_multiplexed_async_connection_with_config(&patience).await;
        made.map_err(|error| self.told(ENTERING, &error))
    }

    /// What an error means to who has to mend it.
    pub(crate) fn told(&self, doing: &'static str, error: &redis::RedisError) -> RedisError {
        let address = self.address.to_string();
        // Refusals of several questions at once are told by their texts alone.
        let text = error.to_string();
        let is = |code: &str| error.code() == Some(code) || text.contains(&format!("\"{code}\""));
        let has = |kind: ServerErrorKind| {
            error.kind() == ErrorKind::Server(kind) || text.contains(&format!("error: {kind:?}"))
        };
        match error.kind() {
            ErrorKind::AuthenticationFailed => RedisError::WrongPassword { address },
            _ if is("WRONGPASS") => RedisError::WrongPassword { address },
            _ if is("NOAUTH") => RedisError::PasswordNeeded { address },
            _ if has(ServerErrorKind::NoPerm) => RedisError::Forbidden { address, doing },
            _ if has(ServerErrorKind::ReadOnly) => RedisError::Replica { address },
            ErrorKind::Parse => RedisError::NotRedis { address },
            // One that speaks in clear text waits for the end of a line.
            _ if error.is_timeout() && doing == ENTERING && self.address.is_encrypted() => {
                RedisError::Tls { address, reason: "it does not answer in TLS".to_owned() }
            }
            _ if error.is_timeout() => {
                RedisError::Silent { address, doing, seconds: self.patience.as_secs() }
            }
            ErrorKind::Io => self.broken(address, error),
            _ => RedisError::Refused { address, doing, reason: text },
        }
    }

    fn broken(&self, address: String, error: &redis::RedisError) -> RedisError {
        // The client keeps what broke behind a pointer of its own.
        let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
        let io = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
        let tls =
            io.and_then(std::io::Error::get_ref).and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (tls, io.map(std::io::Error::kind)) {
            (Some(tls), _) => RedisError::Tls { address, reason: tls.to_string() },
            // It hung up on a greeting in clear text, or on one that is encrypted.
            (
                None,
                Some(IoErrorKind::UnexpectedEof | IoErrorKind::ConnectionReset | IoErrorKind::BrokenPipe),
            ) => RedisError::NotRedis { address },
            _ => RedisError::Unreachable { address, reason: error.to_string() },
        }
    }
}
