//! Hearing which keys change, while they change (`CLIENT TRACKING … BCAST`).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, Value, cmd};

use crate::RedisAddress;

/// Names of changed keys that are kept at once; beyond it everything is taken for changed.
const MOST_BYTES: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection on which a server names every key that changes, in any of its databases.
pub(super) struct Watch {
    connection: MultiplexedConnection,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    keys: HashSet<Vec<u8>>,
    bytes: usize,
    /// More changed than was heard of: the connection broke, the database was flushed, or there was no room.
    more: bool,
    broken: bool,
}

/// What has changed since it was asked last.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) keys: Vec<Vec<u8>>,
    /// Anything else may have changed as well.
    pub(super) more: bool,
}

impl Heard {
    fn take_in(&mut self, info: PushInfo) {
        match info.kind {
            PushKind::Disconnection => (self.more, self.broken) = (true, true),
            PushKind::Invalidate => match info.data.into_iter().next() {
                Some(Value::Array(keys)) => keys.into_iter().for_each(|key| self.add(key)),
                // The database was flushed.
                _ => self.more = true,
            },
            _ => {}
        }
    }

    fn add(&mut self, key: Value) {
        match key {
            Value::BulkString(key) if self.bytes < MOST_BYTES => {
                let length = key.len();
                if self.keys.insert(key) {
                    self.bytes += length;
                }
            }
            _ => self.more = true,
        }
    }
}

impl Watch {
    /// Begins to listen; nothing where the server does not know or allow it.
    pub(super) async fn begin(address: &RedisAddress) -> Option<Self> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let ear = Arc::clone(&heard);
        let take_in = move |info: PushInfo| -> Result<(), redis::aio::SendError> {
            ear.lock().unwrap_or_else(PoisonError::into_inner).take_in(info);
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(take_in);
        let address = address.outspoken().ok()?;
        let made = address.client().get_multiplexed_async_connection_with_config(&config).await;
        let mut connection = made.ok()?;
        let on = cmd("CLIENT").arg("TRACKING").arg("ON").arg("BCAST").exec_async(&mut connection).await;
        on.ok().map(|()| Self { connection, heard })
    }

    /// What has changed until now. All that was changed before this is asked is among it: the server names changes in the
    /// order in which it answers, on the connection on which we ask.
    pub(super) async fn changed(&self) -> Changed {
        let answered: Result<(), _> = cmd("PING").exec_async(&mut self.connection.clone()).await;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.broken |= answered.is_err();
        let keys = std::mem::take(&mut heard.keys);
        heard.bytes = 0;
        let more = std::mem::take(&mut heard.more) || heard.broken;
        Changed { keys: keys.into_iter().collect(), more }
    }
}
