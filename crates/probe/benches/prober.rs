//! What the prober itself costs: 5,000 requests/s and 200 WebSockets for five seconds against a trivial server
//! in a process of its own, so that processor time and memory are the prober's alone.
//!
//! `cargo bench -p probe -- [--json] [--rate N] [--seconds N] [--sockets N]`

use std::convert::Infallible;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use probe::{Config, Expectation, Prober, Sockets, Target, TrafficReport};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn Error + Send + Sync>;

struct Measured {
    report: TrafficReport,
    elapsed: Duration,
    /// How long the longest call of `window` took.
    longest_look: Duration,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, otherwise: u32| {
        let place = arguments.iter().position(|argument| argument == name);
        let given = place.and_then(|place| arguments.get(place + 1)).and_then(|text| text.parse().ok());
        given.unwrap_or(otherwise)
    };
    if arguments.iter().any(|argument| argument == "--serve") {
        return tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve());
    }
    let (rate, sockets) = (number("--rate", 5_000), number("--sockets", 200));
    let seconds = number("--seconds", 5).clamp(1, 600);
    let mut server = Command::new(std::env::current_exe()?)
        .arg("--serve")
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()?;
    let mut addresses = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut addresses)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let measured = runtime.block_on(measure(&addresses, rate, seconds, sockets));
    // Its standard input closes with us, which ends it; this only hurries.
    server.kill()?;
    server.wait()?;
    tell(&measured?, rate, seconds, arguments.iter().any(|argument| argument == "--json"))
}

async fn measure(addresses: &str, rate: u32, seconds: u32, sockets: u32) -> Result<Measured, Failure> {
    let (http, websockets) = addresses.trim().split_once(' ').ok_or("no address")?;
    let http: SocketAddr = http.parse()?;
    let websockets: SocketAddr = websockets.parse()?;
    let target = |component: &str, path| {
        let expect = Expectation::status(200).containing("OK").from_component("web");
        Target::get(component, http, "mastodon.example", path, f64::from(rate) / 5.0).expecting(expect)
    };
    let targets = vec![
        target("web", "/"),
        target("web", "/health"),
        target("web", "/api/v1/instance"),
        target("streaming", "/api/v1/streaming/health"),
        target("media", "/media"),
    ];
    let sockets =
        Sockets::new(usize::try_from(sockets)?, websockets, "mastodon.example", "/api/v1/streaming");
    let prober = Prober::start(Config::new(targets, Some(sockets)), CancellationToken::new())?;
    // The guard looks, too; how long a look takes is part of the cost.
    let mut longest_look = Duration::ZERO;
    for _ in 0..seconds * 4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let began = std::time::Instant::now();
        std::hint::black_box(prober.window(Duration::from_secs(60)));
        longest_look = longest_look.max(began.elapsed());
    }
    let elapsed = prober.began().elapsed();
    Ok(Measured { report: prober.finish().await, elapsed, longest_look })
}

fn tell(measured: &Measured, rate: u32, seconds: u32, json: bool) -> Result<(), Failure> {
    let report = &measured.report;
    let window_us = measured.longest_look.as_micros();
    let achieved = f64::from(u32::try_from(report.requests)?) / measured.elapsed.as_secs_f64();
    let overload = report.failures.get("overload").copied().unwrap_or(0);
    let cpu = cpu_seconds()?;
    let peak = peak_kib()?;
    let mut out = std::io::stdout().lock();
    if json {
        let line = serde_json::json!({
            "benchmark": "prober", "rate": rate, "seconds": seconds, "achieved_rate": achieved,
            "requests": report.requests, "failed": report.failed, "overload": overload,
            "retries": report.retries, "connections": report.phases.connect.count,
            "p50_ms": report.p50_ms, "p99_ms": report.p99_ms,
            "lateness_p50_ms": report.phases.lateness.p50_ms, "lateness_p99_ms": report.phases.lateness.p99_ms,
            "sockets": report.streaming.connections, "socket_losses": report.streaming.losses,
            "window_us": window_us, "cpu_seconds": cpu, "peak_kib": peak,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let rows = [
        ("rate asked for", format!("{rate}/s for {seconds} s")),
        ("rate achieved", format!("{achieved:.1}/s")),
        ("failed", format!("{} ({overload} by overload)", report.failed)),
        ("connections", format!("{} ({} retries)", report.phases.connect.count, report.retries)),
        ("latency", format!("p50 {:.3} ms, p99 {:.3} ms", report.p50_ms, report.p99_ms)),
        (
            "of it lateness",
            format!(
                "p50 {:.3} ms, p99 {:.3} ms",
                report.phases.lateness.p50_ms, report.phases.lateness.p99_ms
            ),
        ),
        ("WebSockets", format!("{} ({} lost)", report.streaming.connections, report.streaming.losses)),
        ("longest look at a window", format!("{window_us} µs")),
        ("processor time", format!("{cpu:.2} s")),
        ("peak memory", format!("{:.1} MiB", f64::from(u32::try_from(peak)?) / 1024.0)),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<26}{value}")?;
    }
    Ok(())
}

/// User and system time of this process; Linux counts it in hundredths of a second.
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no process name")?;
    let ticks: Result<Vec<u32>, _> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(f64::from(ticks?.iter().sum::<u32>()) / 100.0)
}

/// The most memory this process held at once.
fn peak_kib() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}

/// The other process: says its two addresses, and serves until its standard input ends.
async fn serve() -> Result<(), Failure> {
    let http = TcpListener::bind(("127.0.0.1", 0)).await?;
    let websockets = TcpListener::bind(("127.0.0.1", 0)).await?;
    let addresses = format!("{} {}", http.local_addr()?, websockets.local_addr()?);
    writeln!(std::io::stdout(), "{addresses}")?;
    std::thread::spawn(|| {
        // The parent never writes: this returns when it is gone.
        let _ = std::io::stdin().lock().read_line(&mut String::new());
        std::process::exit(0);
    });
    loop {
        tokio::select! {
            accepted = http.accept() => drop(tokio::spawn(answer_http(accepted?.0))),
            accepted = websockets.accept() => drop(tokio::spawn(answer_websocket(accepted?.0))),
        }
    }
}

async fn answer_http(stream: TcpStream) {
    let ok = service_fn(|_: Request<Incoming>| async {
        let mut response = Response::new(Full::new(Bytes::from_static(b"OK")));
        response.headers_mut().insert("x-stand-in-component", http::HeaderValue::from_static("web"));
        Ok::<_, Infallible>(response)
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), ok).await;
}

async fn answer_websocket(stream: TcpStream) {
    use futures::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = second.tick() => if socket.send(Message::text("event")).await.is_err() { return },
            received = socket.next() => if !matches!(received, Some(Ok(_))) { return },
        }
    }
}
