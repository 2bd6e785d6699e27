//! What the stand-ins write in their logs: what the real programs write at the same moments, in their manner.
//! Nothing of settings, headers or queries is ever written.

use std::time::Duration;

use super::component::Component;
use super::logbook::Pen;

/// The Mastodon that the stand-ins pretend to be.
pub(crate) const VERSION: &str = "4.5.0";

/// The program has been started.
pub(super) fn booting(component: &Component, pen: &Pen) {
    match component {
        Component::Web => pen.write(&format!(
            "=> Booting Puma\n=> stand-in for Mastodon {VERSION}, application starting in production\n\
             [1] Puma starting in cluster mode..."
        )),
        Component::Sidekiq(_) => {
            sidekiq(pen, "Booted stand-in for Rails application in production environment")
        }
        Component::Streaming => streaming(pen, "info", "Starting the streaming API server (stand-in)"),
        Component::Errand(_) => pen.write("stand-in: begun"),
        Component::Exporter | Component::Notice | Component::Neighbour | Component::Idle => {
            pen.write("stand-in: starting")
        }
    }
}

/// It works from now on.
pub(super) fn booted(component: &Component, ports: &[u16], pen: &Pen) {
    let first = ports.first().copied().unwrap_or_default();
    match component {
        Component::Web => pen.write(&format!(
            "[1] * Listening on http://0.0.0.0:{first}\n[1] Use Ctrl-C to stop\n\
             [1] - Worker 0 (PID: 14) booted in 0.01s, phase: 0"
        )),
        Component::Streaming => {
            streaming(pen, "info", &format!("Streaming API now listening on 0.0.0.0:{first}"));
        }
        Component::Sidekiq(workers) => {
            let queues: Vec<&str> = workers.queues.iter().map(|(queue, _)| queue.as_str()).collect();
            let (queues, concurrency) = (queues.join(", "), workers.concurrency);
            sidekiq(pen, &format!("Starting processing queues {queues} with concurrency {concurrency}"));
        }
        Component::Errand(_) | Component::Idle => {}
        Component::Exporter | Component::Notice | Component::Neighbour => {
            ports.iter().for_each(|port| pen.write(&format!("stand-in: listening on 0.0.0.0:{port}")));
        }
    }
}

/// It has heard SIGTERM.
pub(super) fn told_to_end(component: &Component, pen: &Pen) {
    match component {
        Component::Web => pen.write("[1] - Gracefully shutting down workers..."),
        Component::Sidekiq(_) => sidekiq(pen, "Shutting down"),
        Component::Streaming => streaming(pen, "info", "Received SIGTERM, exiting"),
        _ => pen.write("stand-in: received SIGTERM"),
    }
}

/// It ends by itself.
pub(super) fn ended(component: &Component, code: i32, pen: &Pen) {
    match component {
        Component::Web => pen.write("[1] - Goodbye!"),
        Component::Sidekiq(_) => sidekiq(pen, "Bye!"),
        Component::Errand(_) => pen.write(&format!("stand-in: done, exit code {code}")),
        _ => {}
    }
}

/// It cannot have its port.
pub(super) fn no_port(pen: &Pen) {
    pen.write("Address already in use - bind(2) (Errno::EADDRINUSE)");
}

/// A request to web, as lograge writes it. Of its address only the path is told.
pub(super) fn requested(pen: &Pen, method: &http::Method, path: &str, status: u16, took: Duration) {
    let took = took.as_secs_f64() * 1000.0;
    pen.write(&format!("method={method} path={path} format=*/* status={status} duration={took:.2}"));
}

/// A line of streaming, as pino writes it.
pub(super) fn streaming(pen: &Pen, level: &str, message: &str) {
    let at = pen.now().as_millisecond();
    pen.write(&format!("{{\"level\":\"{level}\",\"time\":{at},\"pid\":1,\"msg\":\"{message}\"}}"));
}

/// A job that Sidekiq has done.
pub(super) fn job_done(pen: &Pen, id: u64, took: Duration) {
    sidekiq(pen, &format!("jid={id:024x} elapsed={:.3} done", took.as_secs_f64()));
}

/// A line of Sidekiq.
pub(super) fn sidekiq(pen: &Pen, message: &str) {
    let at = pen.now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    pen.write(&format!("{at} pid=1 tid=main INFO: {message}"));
}
