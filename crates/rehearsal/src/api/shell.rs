//! The stand-in shell: what `kubectl exec` meets in a container. It knows a few commands and says of all others
//! that it does not; nothing it does reaches beyond the rehearsal.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::object;
use crate::standin::VERSION;

const HELP: &str = "This is a stand-in for a shell: nothing but the rehearsal's own pod is behind it.
It knows: cat curl date echo env exit false help hostname id ls nc printenv ps pwd sleep tootctl true uname
wget whoami, one after another with ; && ||. It knows no files, pipes, redirections or variables.
";

/// Exit codes as shells give them.
const NOT_FOUND: u8 = 127;
const MISUSED: u8 = 2;

/// How long a connection that the shell makes may take, in real time, and how much it may bring.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 1024 * 1024;

/// A shell in a container.
#[derive(Debug)]
pub(super) struct Shell {
    pod: Value,
    container: Value,
    clock: Clock,
}

/// What a command has said, and how it ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) code: u8,
    /// Whether the shell itself is to end.
    pub(super) leaves: bool,
}

impl Said {
    fn out(text: impl Into<String>) -> Self {
        Self { out: text.into(), ..Self::default() }
    }

    fn failed(code: u8, text: impl Into<String>) -> Self {
        Self { err: text.into(), code, ..Self::default() }
    }
}

impl Shell {
    pub(super) fn new(pod: Value, container: Value, clock: Clock) -> Self {
        Self { pod, container, clock }
    }

    /// Whether a command is a shell that reads its commands from its input.
    pub(super) fn is_interactive(command: &[String]) -> bool {
        matches!(command, [shell, rest @ ..] if is_shell(shell) && rest.iter().all(|one| one.starts_with('-') && !one.contains('c')))
    }

    /// Runs a command given in words, a shell with `-c` among them.
    pub(super) async fn run(&self, command: &[String]) -> Said {
        match command {
            [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.contains('c') => {
                self.script(script).await
            }
            [] => Said::default(),
            words => self.command(words).await,
        }
    }

    /// Runs a line.
    pub(super) async fn script(&self, script: &str) -> Said {
        let steps = match steps(script) {
            Ok(steps) => steps,
            Err(why) => return Said::failed(MISUSED, format!("sh: {why}; try help\n")),
        };
        let mut said = Said::default();
        for (joint, words) in steps {
            let due = match joint {
                Joint::Always => true,
                Joint::And => said.code == 0,
                Joint::Or => said.code != 0,
            };
            if !due || words.is_empty() {
                continue;
            }
            let next = self.command(&words).await;
            said.out.push_str(&next.out);
            said.err.push_str(&next.err);
            said.code = next.code;
            if next.leaves {
                said.leaves = true;
                return said;
            }
        }
        said
    }

    async fn command(&self, words: &[String]) -> Said {
        let (name, rest) = words.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
        let first = rest.first().map(String::as_str);
        match name.rsplit('/').next().unwrap_or(name) {
            "true" | ":" => Said::default(),
            "false" => Said { code: 1, ..Said::default() },
            "echo" => Said::out(rest.join(" ") + "\n"),
            "help" => Said::out(HELP),
            "pwd" => Said::out("/opt/mastodon\n"),
            "whoami" => Said::out("mastodon\n"),
            "id" => Said::out("uid=991(mastodon) gid=991(mastodon) groups=991(mastodon)\n"),
            "hostname" => Said::out(format!("{}\n", object::name(&self.pod))),
            "uname" => Said::out("Linux\n"),
            "date" => Said::out(self.now()),
            "ps" => Said::out(self.processes()),
            "env" => Said::out(self.environment(None)),
            "printenv" => match (first, self.environment(first)) {
                (Some(_), value) if value.is_empty() => Said { code: 1, ..Said::default() },
                (_, value) => Said::out(value),
            },
            "ls" => Said::default(),
            "cat" => first.map_or_else(Said::default, |file| {
                Said::failed(1, format!("cat: {file}: No such file or directory\n"))
            }),
            "exit" => {
                let code = first.and_then(|code| code.parse().ok()).unwrap_or_default();
                Said { code, leaves: true, ..Said::default() }
            }
            "sleep" => self.sleep(first).await,
            "tootctl" if matches!(first, Some("version" | "--version")) => Said::out(format!("{VERSION}\n")),
            "nc" => self.knock(rest).await,
            "curl" | "wget" => self.fetch(name, rest).await,
            _ => Said::failed(NOT_FOUND, format!("sh: 1: {name}: not found (a stand-in shell: try help)\n")),
        }
    }

    fn now(&self) -> String {
        let now = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default();
        now.strftime("%a %b %e %H:%M:%S UTC %Y\n").to_string()
    }

    fn processes(&self) -> String {
        let words = |field: &str| -> Vec<&str> {
            object::items(&self.container, &[field]).iter().filter_map(Value::as_str).collect()
        };
        let command = [words("command"), words("args")].concat().join(" ");
        let command = if command.is_empty() {
            object::text(&self.container, &["image"]).unwrap_or_default().to_owned()
        } else {
            command
        };
        format!("    PID TTY          TIME CMD\n      1 ?        00:00:00 {command}\n")
    }

    /// The variables that the container is given in so many words. What comes out of Secrets or ConfigMaps is named
    /// and not told.
    fn environment(&self, only: Option<&str>) -> String {
        let mut told = String::new();
        for variable in object::items(&self.container, &["env"]) {
            let name = object::text(variable, &["name"]).unwrap_or_default();
            let value = match object::text(variable, &["value"]) {
                Some(value) => value,
                None if variable.get("valueFrom").is_some() => "(from elsewhere: not told here)",
                None => "",
            };
            match only {
                None => told.push_str(&format!("{name}={value}\n")),
                Some(only) if only == name => told.push_str(&format!("{value}\n")),
                Some(_) => {}
            }
        }
        told
    }

    /// Sleeps in cluster time.
    async fn sleep(&self, span: Option<&str>) -> Said {
        let seconds = span.and_then(|span| span.trim_end_matches('s').parse::<f64>().ok());
        match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(span) => {
                self.clock.sleep(span).await;
                Said::default()
            }
            None => Said::failed(1, "sleep: invalid time interval\n"),
        }
    }

    /// The pod itself, by any name it has for itself; nothing else is within reach.
    fn address(&self, host: &str) -> Option<IpAddr> {
        let own = object::text(&self.pod, &["status", "podIP"])?.parse().ok()?;
        let given = host.parse::<IpAddr>().ok();
        let is_own = host == "localhost" || host == object::name(&self.pod) || given == Some(own);
        (is_own || given == Some(Ipv4Addr::LOCALHOST.into())).then_some(own)
    }

    async fn knock(&self, words: &[String]) -> Said {
        let plain: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
        let [host, port] = plain.as_slice() else { return Said::failed(MISUSED, "nc: HOST PORT\n") };
        let port = port.parse::<u16>().ok();
        let (Some(address), Some(port)) = (self.address(host), port) else {
            return Said::failed(1, format!("nc: {host}: not within reach of a stand-in\n"));
        };
        match tokio::time::timeout(PATIENCE, TcpStream::connect((address, port))).await {
            Ok(Ok(_)) => Said::default(),
            _ => Said { code: 1, ..Said::default() },
        }
    }

    async fn fetch(&self, name: &str, words: &[String]) -> Said {
        let given = words.iter().rev().find(|word| !word.starts_with('-'));
        let Some(given) = given else { return Said::failed(MISUSED, format!("{name}: no URL\n")) };
        let whole = if given.contains("://") { given.clone() } else { format!("http://{given}") };
        let failed = |why: &str| Said::failed(7, format!("{name}: {given}: {why}\n"));
        let Ok(address) = whole.parse::<Uri>() else { return failed("malformed URL") };
        let Some(host) = address.host().and_then(|host| self.address(host)) else {
            return failed("not within reach of a stand-in (its own ports are: http://localhost:PORT/)");
        };
        let got = self.get(host, &address);
        match tokio::time::timeout(PATIENCE, got).await {
            Ok(Some((status, body))) => {
                let fails = status >= 400
                    && (name == "wget"
                        || words.iter().any(|word| {
                            word == "--fail"
                                || (word.starts_with('-') && !word.starts_with("--") && word.contains('f'))
                        }));
                if fails {
                    Said::failed(22, format!("{name}: the requested URL returned error: {status}\n"))
                } else {
                    Said::out(body)
                }
            }
            Ok(None) => failed("connection refused"),
            Err(_) => failed("timed out"),
        }
    }

    async fn get(&self, host: IpAddr, address: &Uri) -> Option<(u16, String)> {
        let port = address.port_u16().unwrap_or(80);
        let socket = TcpStream::connect((host, port)).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.ok()?;
        tokio::spawn(connection);
        let path = address.path_and_query().map_or("/", |path| path.as_str());
        let host = address.authority().map_or("localhost", |authority| authority.as_str());
        let request = Request::get(path).header(header::HOST, host).body(Empty::<Bytes>::new()).ok()?;
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await.ok()?.to_bytes();
        Some((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
}

/// How a command hangs on the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Always,
    And,
    Or,
}

/// The commands of a line, each in words.
fn steps(line: &str) -> Result<Vec<(Joint, Vec<String>)>, &'static str> {
    let mut steps = vec![(Joint::Always, Vec::new())];
    let mut word: Option<String> = None;
    let mut letters = line.chars().peekable();
    let end_word = |word: &mut Option<String>, steps: &mut Vec<(Joint, Vec<String>)>| {
        if let (Some(word), Some((_, words))) = (word.take(), steps.last_mut()) {
            words.push(word);
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' => end_word(&mut word, &mut steps),
            '\n' | ';' => {
                end_word(&mut word, &mut steps);
                steps.push((Joint::Always, Vec::new()));
            }
            '&' | '|' if letters.next_if_eq(&letter).is_some() => {
                end_word(&mut word, &mut steps);
                steps.push((if letter == '&' { Joint::And } else { Joint::Or }, Vec::new()));
            }
            '&' | '|' | '<' | '>' | '$' | '`' => return Err("no pipes, redirections or variables"),
            '#' if word.is_none() => break,
            '\'' | '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some(quoted) if quoted == letter => break,
                        Some('$' | '`') if letter == '"' => {
                            return Err("no pipes, redirections or variables");
                        }
                        Some(quoted) => text.push(quoted),
                        None => return Err("a quote is not closed"),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            other => word.get_or_insert_default().push(other),
        }
    }
    end_word(&mut word, &mut steps);
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn said(line: &str) -> Said {
        let pod = json!({"metadata": {"name": "web-1"}, "status": {"podIP": "127.77.0.1"}});
        let container = json!({"name": "web", "command": ["puma"], "env": [
            {"name": "PLAIN", "value": "told"},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]});
        Shell::new(pod, container, Clock::faster(1000.0)).script(line).await
    }

    #[tokio::test]
    async fn lines_are_run_command_by_command() {
        assert_eq!(said("echo 'a  b' \"c\" && hostname").await, Said::out("a  b c\nweb-1\n"));
        assert_eq!(said("false && echo no || echo yes; exit 3; echo never").await.out, "yes\n");
        assert_eq!(said("exit 3").await.code, 3);
        assert_eq!(said("unheard of").await.code, NOT_FOUND);
        assert_eq!(said("cat /etc/passwd | sort").await.code, MISUSED);
        assert_eq!(said("sleep 5 && echo slept").await.out, "slept\n");
    }

    #[tokio::test]
    async fn what_comes_out_of_secrets_is_not_told() {
        assert_eq!(said("env").await.out, "PLAIN=told\nPASSWORD=(from elsewhere: not told here)\n");
        assert_eq!(said("printenv PLAIN").await.out, "told\n");
        assert_eq!(said("printenv NONE").await.code, 1);
    }

    #[tokio::test]
    async fn nothing_but_the_pod_itself_is_within_reach() {
        for line in ["curl http://example.com/", "nc -z 10.0.0.1 80", "wget -qO- http://127.9.9.9:80"] {
            let said = said(line).await;
            assert!(said.code != 0 && said.err.contains("not within reach"), "{line}: {said:?}");
        }
    }

    #[test]
    fn shells_that_read_their_input_are_known() {
        let is = |words: &[&str]| {
            Shell::is_interactive(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert!(is(&["sh"]) && is(&["/bin/bash", "-l"]));
        assert!(!is(&["sh", "-c", "true"]) && !is(&["ls"]));
    }
}
