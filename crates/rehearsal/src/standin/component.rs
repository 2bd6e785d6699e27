//! What a container is: told from its command, its arguments and its image, as a person would tell.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Probe};

use super::notice::CONFIGURATION;

/// The queues of Mastodon; a Sidekiq told nothing else serves them all.
pub(crate) const QUEUES: [&str; 7] = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"];

/// How long a migration or a tootctl command runs, in cluster time.
const RAILS_ERRAND: Duration = Duration::from_secs(10);

/// What a container runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Component {
    Web,
    Streaming,
    Sidekiq(Workers),
    /// `prometheus_exporter` beside a Rails process.
    Exporter,
    /// Something that runs to its end after this long in cluster time: migrations, tootctl, a wait for a port.
    Errand(Duration),
    /// An nginx with the maintenance page.
    Notice,
    /// Any other server.
    Neighbour,
    /// Any other process without a port.
    Idle,
}

/// The queues a Sidekiq process takes jobs from, and how many at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workers {
    pub(crate) queues: Vec<(String, u32)>,
    /// Without weights the order is strict, as in Sidekiq.
    pub(crate) strict: bool,
    pub(crate) concurrency: usize,
}

impl Workers {
    pub(crate) fn schedules(&self) -> bool {
        self.queues.iter().any(|(queue, _)| queue == "scheduler")
    }
}

/// Whether a container stands before the others or runs to an end by its pod's restart policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Serves until it is told to stop.
    Serves,
    /// An init container, or a container of a Job.
    Ends,
}

impl Component {
    pub(crate) fn of(container: &Container, duty: Duty) -> Self {
        let words = words(container);
        let word = |is: &dyn Fn(&str) -> bool| words.iter().any(|word| is(base(word)));
        let pair = |first: &str, is: &dyn Fn(&str) -> bool| {
            words.windows(2).any(|pair| base(&pair[0]) == first && is(&pair[1]))
        };
        let rails = word(&|w| matches!(w, "rails" | "rake" | "tootctl"));
        if duty == Duty::Ends {
            return Self::Errand(if rails { RAILS_ERRAND } else { Duration::ZERO });
        }
        if words.iter().any(|word| word == CONFIGURATION) {
            Self::Notice
        } else if word(&|w| w == "puma") || pair("rails", &|next| next == "s" || next == "server") {
            Self::Web
        } else if words.iter().any(|w| w.ends_with("streaming/index.js"))
            || pair("node", &|next| next.trim_end_matches('/').ends_with("streaming"))
            || starts_the_package(&words)
        {
            Self::Streaming
        } else if word(&|w| w == "sidekiq") {
            Self::Sidekiq(workers(&words))
        } else if word(&|w| w.starts_with("prometheus_exporter")) {
            Self::Exporter
        } else if rails {
            Self::Errand(RAILS_ERRAND)
        } else if words.is_empty() && image_name(container).ends_with("mastodon-streaming") {
            Self::Streaming
        } else if container.ports.as_ref().is_some_and(|ports| !ports.is_empty()) {
            Self::Neighbour
        } else {
            Self::Idle
        }
    }

    /// The ports it listens on: what the container declares, else what the program defaults to.
    pub(crate) fn ports(&self, container: &Container, port_variable: Option<&str>) -> Vec<u16> {
        let mut ports: Vec<u16> = container
            .ports
            .iter()
            .flatten()
            .filter(|port| port.protocol.as_deref().unwrap_or("TCP") == "TCP")
            .filter_map(|port| u16::try_from(port.container_port).ok())
            .collect();
        if ports.is_empty() {
            let told = port_variable.and_then(|port| port.parse().ok());
            match self {
                Self::Web => ports.push(told.unwrap_or(3000)),
                Self::Streaming => ports.push(told.unwrap_or(4000)),
                Self::Exporter => ports.push(9394),
                _ => {}
            }
        }
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// How long it boots, in cluster time: as this kind of program does, but at least as slowly as its
    /// probes make one expect.
    pub(crate) fn boot(&self, container: &Container) -> Duration {
        let own = Duration::from_secs(match self {
            Self::Web => 15,
            Self::Streaming => 3,
            Self::Sidekiq(_) => 10,
            Self::Exporter | Self::Errand(_) | Self::Notice | Self::Neighbour | Self::Idle => 1,
        });
        let delay = |probe: &Option<Probe>| probe.as_ref().and_then(|probe| probe.initial_delay_seconds);
        let expected = delay(&container.readiness_probe).or_else(|| delay(&container.startup_probe));
        let expected = expected.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
        own.max(Duration::from_secs(expected) * 3 / 4)
    }
}

/// The words of command and arguments, shell punctuation taken as space so that `sh -c "a && b"` is read.
fn words(container: &Container) -> Vec<String> {
    let given = container.command.iter().flatten().chain(container.args.iter().flatten());
    given
        .flat_map(|part| part.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')')))
        .map(|word| word.trim_matches(['"', '\'']))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether the script `start` of Mastodon's `package.json` runs: streaming, in all its versions.
fn starts_the_package(words: &[String]) -> bool {
    let mut rest =
        words.iter().map(|word| base(word)).skip_while(|word| !matches!(*word, "npm" | "yarn" | "pnpm"));
    rest.next().is_some() && rest.find(|word| *word != "run" && !word.starts_with('-')) == Some("start")
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn image_name(container: &Container) -> &str {
    let image = container.image.as_deref().unwrap_or_default();
    let image = image.split('@').next().unwrap_or_default();
    let last = base(image);
    let tag = last.find(':').map_or(0, |at| last.len() - at);
    &image[..image.len() - tag]
}

fn workers(words: &[String]) -> Workers {
    let mut queues: Vec<(String, u32)> = Vec::new();
    let mut strict = true;
    let mut concurrency = 5;
    let mut rest = words.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        if let Some(value) = option(word, "-q", "--queue", &mut rest) {
            let (name, weight) = value.split_once(',').unwrap_or((value, ""));
            strict &= weight.is_empty();
            queues.push((name.to_owned(), weight.parse().unwrap_or(1).max(1)));
        } else if let Some(value) = option(word, "-c", "--concurrency", &mut rest) {
            concurrency = value.parse().unwrap_or(concurrency).max(1);
        }
    }
    if queues.is_empty() {
        strict = false;
        queues = QUEUES.iter().map(|queue| ((*queue).to_owned(), 1)).collect();
    }
    Workers { queues, strict, concurrency }
}

/// The value of an option written `-q v`, `-qv`, `--queue v` or `--queue=v`.
fn option<'a>(
    word: &'a str,
    short: &str,
    long: &str,
    rest: &mut impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    if word == short || word == long {
        return rest.next();
    }
    if let Some(value) = word.strip_prefix(long) {
        return value.strip_prefix('=');
    }
    word.strip_prefix(short).filter(|value| !value.is_empty() && !word.starts_with("--"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn container(spec: serde_json::Value) -> Container {
        let mut whole = json!({"name": "c", "image": "ghcr.io/mastodon/mastodon:v4.5.0"});
        for (key, value) in spec.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn containers_are_told_apart_by_what_they_run() {
        let serves = |spec| Component::of(&container(spec), Duty::Serves);
        assert_eq!(
            serves(json!({"command": ["bundle", "exec", "puma", "-C", "config/puma.rb"]})),
            Component::Web
        );
        assert_eq!(
            serves(json!({"args": ["bash", "-c", "rm -f /tmp/pid; bundle exec rails s -p 3000"]})),
            Component::Web
        );
        assert_eq!(serves(json!({"command": ["node", "./streaming/index.js"]})), Component::Streaming);
        assert_eq!(serves(json!({"command": ["node", "./streaming"]})), Component::Streaming);
        assert_eq!(serves(json!({"args": ["yarn", "start"]})), Component::Streaming);
        assert_eq!(serves(json!({"args": ["npm", "run", "start"]})), Component::Streaming);
        assert_eq!(
            serves(json!({"image": "reg.example:5000/mastodon/mastodon-streaming:v4.5@sha256:0"})),
            Component::Streaming
        );
        assert_eq!(
            serves(json!({"command": ["./bin/prometheus_exporter", "--bind", "0.0.0.0"]})),
            Component::Exporter
        );
        assert_eq!(
            serves(json!({"command": ["./bin/rails", "db:migrate"]})),
            Component::Errand(RAILS_ERRAND)
        );
        assert_eq!(serves(json!({"ports": [{"containerPort": 8080}]})), Component::Neighbour);
        let nginx = ["nginx", "-p", "/mastoferry/", "-c", "/mastoferry/nginx.conf"];
        assert_eq!(serves(json!({"command": nginx, "ports": [{"containerPort": 3000}]})), Component::Notice);
        assert_eq!(serves(json!({"command": ["sleep", "infinity"]})), Component::Idle);
        assert_eq!(
            Component::of(
                &container(json!({"command": ["sh", "-c", "until nc -z db 5432; do sleep 3; done"]})),
                Duty::Ends
            ),
            Component::Errand(Duration::ZERO)
        );
    }

    #[test]
    fn sidekiq_is_read_with_its_queues_weights_and_concurrency() {
        let Component::Sidekiq(all) = Component::of(
            &container(json!({"command": ["bundle", "exec", "sidekiq", "-c", "15"]})),
            Duty::Serves,
        ) else {
            panic!("not a Sidekiq")
        };
        assert_eq!((all.concurrency, all.queues.len(), all.schedules()), (15, 7, true));
        let some =
            json!({"args": ["bundle", "exec", "sidekiq", "-q", "default,8", "--queue=push,6", "-qpull"]});
        let Component::Sidekiq(some) = Component::of(&container(some), Duty::Serves) else {
            panic!("not a Sidekiq")
        };
        let queues: Vec<_> = some.queues.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
        assert_eq!(queues, [("default", 8), ("push", 6), ("pull", 1)]);
        assert!(!some.schedules() && !some.strict);
    }

    #[test]
    fn a_program_boots_as_slowly_as_its_probes_say() {
        let slow = container(json!({"readinessProbe": {"initialDelaySeconds": 180}}));
        assert_eq!(Component::Web.boot(&slow), Duration::from_secs(135));
        assert_eq!(Component::Web.boot(&container(json!({}))), Duration::from_secs(15));
        let startup = container(json!({"startupProbe": {"initialDelaySeconds": 40}}));
        assert_eq!(Component::Streaming.boot(&startup), Duration::from_secs(30));
    }
}
