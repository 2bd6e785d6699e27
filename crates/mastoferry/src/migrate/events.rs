//! What happens, one JSON object a line, for programs that watch.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use camino::Utf8Path;
use probe::Prober;
use serde_json::json;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use voyage::VoyageEvent;

use crate::rehearse::millis_since_1970;

/// How often traffic is told.
const EVERY: Duration = Duration::from_secs(1);

/// Opens the file for its owner alone; what is in it already stays.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open(path: &Utf8Path) -> std::io::Result<File> {
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Writes until it is over.
pub(super) async fn write(
    mut file: File,
    mut events: broadcast::Receiver<VoyageEvent>,
    prober: Prober,
    over: CancellationToken,
) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        let line = tokio::select! {
            biased;
            event = events.recv() => match event {
                Ok(event) => serde_json::to_value(&event).unwrap_or_default(),
                Err(broadcast::error::RecvError::Lagged(missed)) => json!({"event": "missed", "count": missed}),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            () = over.cancelled() => return,
            _ = tick.tick() => {
                let live = prober.live();
                json!({
                    "event": "traffic", "at_ms": millis_since_1970(),
                    "requests": live.requests, "failed": live.failed, "p99_ms": live.p99_ms,
                })
            }
        };
        // A full disk must not end the migration: the journal is what counts.
        let _ = writeln!(file, "{line}");
    }
}
