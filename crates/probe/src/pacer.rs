//! Sends what is due, when it is due.
//!
//! A thread of its own: the runtime's timers are a millisecond coarse, which would show as latency of the
//! server.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::schedule::Schedule;

/// How soon the end is noticed.
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// Requests due within so little of each other are sent at once.
const SHORTEST_NAP: Duration = Duration::from_micros(200);

/// Runs until `stop`; `ended` is cancelled when nothing more will be sent.
pub(crate) fn start(
    engine: Arc<Engine>,
    mut schedule: Schedule,
    stop: CancellationToken,
    ended: CancellationToken,
) -> std::io::Result<()> {
    let pace = move || {
        let _ended = ended.drop_guard();
        while !stop.is_cancelled() {
            while let Some(due) = schedule.take(engine.elapsed()) {
                engine.dispatch(due);
            }
            let next = schedule.next_at().unwrap_or(Duration::MAX);
            thread::sleep(next.saturating_sub(engine.elapsed()).clamp(SHORTEST_NAP, LONGEST_NAP));
        }
    };
    thread::Builder::new().name("prober-pacer".to_owned()).spawn(pace)?;
    Ok(())
}
