//! Commands in containers: `…/pods/NAME/exec`, over a WebSocket with numbered channels.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderValue, Request, StatusCode};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::address::{Query, Spot};
use super::entrance::Entrance;
use super::shell::{Said, Shell};
use super::status::ApiError;
use super::{log, object};

/// The protocols spoken, the best one first. In version 5 a client can say that its input is over.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// The channels: the first byte of each message.
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const CLOSE: u8 = 255;

/// Begins a command in a container.
///
/// # Errors
/// When there is no such pod or container, it does not run, or the client speaks another protocol.
pub(crate) fn begin(
    entrance: &Entrance,
    spot: &Spot,
    mut request: Request<Body>,
) -> Result<Response, ApiError> {
    let pod = entrance.store.get(&spot.kind, spot.namespace(), spot.name())?;
    let query = Query::of(request.uri());
    let name = log::container(&pod, query.get("container"))?;
    let container = running(&pod, &name)?.clone();
    let command: Vec<String> = query.all("command").map(str::to_owned).collect();
    if command.is_empty() {
        return Err(ApiError::BadRequest("you must specify at least 1 command".to_owned()));
    }
    let (stdin, tty) = (query.is_set("stdin"), query.is_set("tty"));
    let headers = request.headers();
    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let offered: Vec<&str> = offered.unwrap_or_default().split(',').map(str::trim).collect();
    let protocol = PROTOCOLS.into_iter().find(|one| offered.contains(one));
    let (Some(protocol), Some(key)) = (protocol, headers.get(SEC_WEBSOCKET_KEY)) else {
        let known = PROTOCOLS.join(", ");
        return Err(ApiError::BadRequest(format!(
            "exec is spoken over WebSockets alone, as one of: {known}"
        )));
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    let shell = Shell::new((*pod).clone(), container, entrance.store.clock());
    tokio::spawn(converse(upgrade, Session { shell, command, stdin, tty }));
    Ok(switching(&accept, protocol))
}

/// The container of that name, if it runs.
fn running<'a>(pod: &'a Value, name: &str) -> Result<&'a Value, ApiError> {
    let mut statuses = ["containerStatuses", "initContainerStatuses"]
        .into_iter()
        .flat_map(|field| object::items(pod, &["status", field]));
    let status = statuses.find(|status| object::text(status, &["name"]) == Some(name));
    let runs = status.is_some_and(|status| object::at(status, &["state", "running"]).is_some());
    let mut containers =
        ["containers", "initContainers"].into_iter().flat_map(|field| object::items(pod, &["spec", field]));
    let container = containers.find(|container| object::text(container, &["name"]) == Some(name));
    match (container, log::waits(pod, name)) {
        (Some(container), _) if runs => Ok(container),
        (_, Some(reason)) => Err(ApiError::BadRequest(format!(
            "container {name} of pod {} does not run: {reason}",
            object::name(pod)
        ))),
        _ => Err(ApiError::BadRequest(format!("container not found (\"{name}\")"))),
    }
}

fn switching(accept: &str, protocol: &'static str) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    answer
}

/// What runs at the other end.
struct Session {
    shell: Shell,
    command: Vec<String>,
    stdin: bool,
    tty: bool,
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The client has gone.
struct Gone;

async fn converse(upgrade: OnUpgrade, session: Session) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    let code = if session.stdin && Shell::is_interactive(&session.command) {
        session.read_along(&mut socket).await
    } else {
        session.once(&mut socket).await
    };
    if let Ok(code) = code {
        // A client that has gone in between needs no goodbye.
        let _ = send(&mut socket, STATUS, status(code).to_string().as_bytes()).await;
        let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let _ = socket.close(Some(goodbye)).await;
    }
}

/// How a command ended, as clients read their exit code from.
fn status(code: u8) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {},
        "status": "Failure",
        "message": format!("command terminated with non-zero exit code: exit code {code}"),
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

async fn send(socket: &mut Socket, channel: u8, content: &[u8]) -> Result<(), Gone> {
    let message = [&[channel], content].concat();
    socket.send(Message::Binary(message.into())).await.map_err(|_| Gone)
}

impl Session {
    /// Runs one command, unless the client goes before its end.
    async fn once(&self, socket: &mut Socket) -> Result<u8, Gone> {
        let run = self.shell.run(&self.command);
        tokio::pin!(run);
        let said = loop {
            tokio::select! {
                said = &mut run => break said,
                heard = socket.next() => if !matches!(heard, Some(Ok(_))) { return Err(Gone) },
            }
        };
        self.say(socket, &said).await?;
        Ok(said.code)
    }

    async fn say(&self, socket: &mut Socket, said: &Said) -> Result<(), Gone> {
        // A terminal has one screen, and wants to be told to go back to the left.
        let dressed = |text: &str| if self.tty { text.replace('\n', "\r\n") } else { text.to_owned() };
        let err = if self.tty { STDOUT } else { STDERR };
        for (channel, text) in [(STDOUT, &said.out), (err, &said.err)] {
            if !text.is_empty() {
                send(socket, channel, dressed(text).as_bytes()).await?;
            }
        }
        Ok(())
    }

    /// Reads commands line by line until the input is over or says `exit`.
    async fn read_along(&self, socket: &mut Socket) -> Result<u8, Gone> {
        let mut line = Vec::new();
        let mut code = 0;
        self.prompt(socket).await?;
        while let Some(Ok(message)) = socket.next().await {
            let Message::Binary(message) = message else { continue };
            match message.split_first() {
                Some((&STDIN, typed)) => {
                    for byte in typed {
                        match self.key(socket, &mut line, *byte).await? {
                            Key::More => {}
                            Key::End => return Ok(code),
                            Key::Line => {
                                let said = self.shell.script(&String::from_utf8_lossy(&line)).await;
                                line.clear();
                                self.say(socket, &said).await?;
                                code = said.code;
                                if said.leaves {
                                    return Ok(code);
                                }
                                self.prompt(socket).await?;
                            }
                        }
                    }
                }
                Some((&CLOSE, closed)) if closed == [STDIN] => {
                    let said = self.shell.script(&String::from_utf8_lossy(&line)).await;
                    self.say(socket, &said).await?;
                    return Ok(if line.is_empty() { code } else { said.code });
                }
                // Sizes of windows, and what else there may be.
                _ => {}
            }
        }
        Err(Gone)
    }

    async fn prompt(&self, socket: &mut Socket) -> Result<(), Gone> {
        if self.tty { send(socket, STDOUT, b"$ ").await } else { Ok(()) }
    }

    /// One key of a terminal, or one byte of an input.
    async fn key(&self, socket: &mut Socket, line: &mut Vec<u8>, byte: u8) -> Result<Key, Gone> {
        const MOST: usize = 4096;
        let echo: Bytes = match byte {
            b'\n' | b'\r' => {
                if self.tty {
                    send(socket, STDOUT, b"\r\n").await?;
                }
                return Ok(Key::Line);
            }
            // Ctrl-D, Ctrl-C, backspace: what a terminal does with them.
            4 if self.tty && line.is_empty() => return Ok(Key::End),
            3 if self.tty => {
                line.clear();
                Bytes::from_static(b"^C\r\n$ ")
            }
            8 | 127 if self.tty => {
                if line.pop().is_some() {
                    Bytes::from_static(b"\x08 \x08")
                } else {
                    Bytes::new()
                }
            }
            _ if line.len() >= MOST || (self.tty && byte < b' ') => Bytes::new(),
            other => {
                line.push(other);
                Bytes::copy_from_slice(&[other])
            }
        };
        if self.tty && !echo.is_empty() {
            send(socket, STDOUT, &echo).await?;
        }
        Ok(Key::More)
    }
}

/// What a key has come to.
enum Key {
    More,
    Line,
    End,
}
