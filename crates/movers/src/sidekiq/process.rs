//! Sidekiq's processes, as their heartbeats tell of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use super::Hosts;

/// A process that is alive as far as its Redis knows: its last heartbeat has not expired.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// `hostname:pid:nonce`.
    pub identity: String,
    /// The name of the host; in Kubernetes, of the pod.
    pub hostname: String,
    /// The queues it takes jobs from.
    pub queues: Vec<String>,
    /// How many jobs it may run at once.
    pub concurrency: u64,
    /// How many jobs it ran at its last heartbeat.
    pub busy: u64,
    /// Whether it takes no more jobs.
    pub quiet: bool,
    /// When its last heartbeat was, by its own clock: seconds since 1970.
    pub beat: f64,
    /// Sidekiq's version, where it tells (from 7.2).
    pub version: Option<String>,
    /// What it ran at its last heartbeat.
    pub running: Vec<BusyJob>,
}

/// A job that is being run, without what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusyJob {
    /// The class of the job.
    pub class: String,
    /// The queue it came from.
    pub queue: String,
    /// Its id.
    pub id: String,
    /// When it began: seconds since 1970.
    pub since: u64,
}

/// Who is registered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roster {
    /// Those whose last heartbeat has not expired.
    pub alive: Vec<Process>,
    /// Identities of those whose heartbeat has expired and who did not sign off: killed, or cut off.
    pub expired: Vec<String>,
}

impl Process {
    /// Reads a process's hash and what it runs; nothing where the hash has expired.
    pub(super) fn read(identity: &str, fields: &[Option<String>], running: &[Vec<u8>]) -> Option<Self> {
        let field = |index: usize| fields.get(index).and_then(Option::as_deref);
        let info: Info = serde_json::from_str(field(0)?).unwrap_or_default();
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        Some(Self {
            identity: identity.to_owned(),
            hostname: info.hostname.unwrap_or_else(|| host_of(identity).to_owned()),
            queues: info.queues,
            concurrency: number(field(1)).unwrap_or(info.concurrency),
            busy: number(field(2)).unwrap_or_default(),
            quiet: field(4) == Some("true"),
            beat: field(3).and_then(|text| text.parse().ok()).unwrap_or_default(),
            version: info.version,
            running: running.iter().filter_map(|job| BusyJob::read(job)).collect(),
        })
    }

    /// How long ago its last heartbeat was, as far as its clock and this one agree.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let beat = Duration::try_from_secs_f64(self.beat).unwrap_or_default();
        now.saturating_sub(beat)
    }

    /// Whether it takes no more jobs and runs none.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.quiet && self.busy == 0 && self.running.is_empty()
    }
}

impl Roster {
    /// Those alive on these hosts.
    pub fn on<'a>(&'a self, hosts: &'a Hosts) -> impl Iterator<Item = &'a Process> {
        self.alive.iter().filter(|process| hosts.has(&process.hostname))
    }

    /// Those alive on none of these hosts.
    pub fn elsewhere<'a>(&'a self, hosts: &'a Hosts) -> impl Iterator<Item = &'a Process> {
        self.alive.iter().filter(|process| !hosts.has(&process.hostname))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    hostname: Option<String>,
    queues: Vec<String>,
    concurrency: u64,
    version: Option<String>,
}

impl BusyJob {
    fn read(json: &[u8]) -> Option<Self> {
        let work: Value = serde_json::from_slice(json).ok()?;
        // The job is text in text from 6.2 on, and was a part of the whole before.
        let inner = work["payload"].as_str().and_then(|text| serde_json::from_str(text).ok());
        let job: Value = inner.unwrap_or_else(|| work["payload"].clone());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        // Jobs of Active Job name the class that is meant beside the one that carries them.
        let class = if job["wrapped"].is_string() { &job["wrapped"] } else { &job["class"] };
        Some(Self {
            class: text(class),
            queue: text(&work["queue"]),
            id: text(&job["jid"]),
            since: work["run_at"]
                .as_f64()
                .map_or(0, |at| Duration::try_from_secs_f64(at).unwrap_or_default().as_secs()),
        })
    }
}

/// The host in `hostname:pid:nonce`.
fn host_of(identity: &str) -> &str {
    identity.rsplitn(3, ':').nth(2).unwrap_or(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sidekiq_8_writes_is_read_and_arguments_are_not() {
        let info = r#"{"hostname":"web-1","queues":["default","scheduler"],"version":"8.1.6","pid":1}"#;
        let fields = [info, "25", "1", "1700000000.5", "true"].map(|text| Some(text.to_owned()));
        let work = br#"{"queue":"default","run_at":1700000000,"payload":"{\"class\":\"W\",\"jid\":\"j\",\"args\":[\"private\"]}"}"#;
        let process = Process::read("web-1:1:abc", &fields, &[work.to_vec()]).unwrap();
        assert_eq!((process.concurrency, process.busy, process.quiet), (25, 1, true));
        assert_eq!(process.running[0].class, "W");
        assert!(!process.is_drained());
        assert!(!format!("{process:?}").contains("private"));
        assert_eq!(Process::read("gone", &[None, None, None, None, None], &[]), None);
    }

    #[test]
    fn a_host_may_have_colons() {
        assert_eq!(host_of("fe80::1:23:a1b2"), "fe80::1");
    }
}
