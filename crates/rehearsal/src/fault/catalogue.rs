//! The faults there are.

use std::time::Duration;

/// Which side of a move suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What serves today.
    Blue,
    /// What shall serve.
    Green,
}

/// A component that can be told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Patient {
    /// The Rails application server.
    Web,
    /// The streaming API.
    Streaming,
    /// The background workers.
    Sidekiq,
}

/// Who suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A component of a side.
    Part(Side, Patient),
    /// Everything of a side.
    Whole(Side),
    /// The way between the program and the API server; the cluster's own controllers are spared.
    Api,
    /// A controller that keeps the cluster as a repository says.
    GitOps,
    /// The machine on which every second pod runs.
    Node,
    /// The machine on which the program runs.
    Operator,
}

/// What goes wrong. Spans are cluster time, but for those that users feel, who live in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// This many of each hundred requests are answered with 500.
    Fails {
        /// Per cent of the requests, 1 to 100.
        percent: u8,
    },
    /// Every answer is this much later, in real time.
    Late {
        /// The delay added.
        by: Duration,
    },
    /// This many of each hundred requests are answered with 200 by somebody else: a default backend.
    WrongAnswer {
        /// Per cent of the requests, 1 to 100.
        percent: u8,
    },
    /// The process never finishes booting: it opens no port and registers nowhere.
    NeverReady,
    /// Booting takes this much longer.
    SlowBoot {
        /// The time added.
        by: Duration,
    },
    /// The process ends with an error as soon as it has booted, again and again.
    CrashLoop,
    /// The registry does not have the image.
    ImageMissing,
    /// So many pods are ready for the kubelet, and refuse every other connection.
    LostEndpoint {
        /// How many pods, those first that ask.
        pods: u8,
    },
    /// WebSockets are cut off this long after they were opened, in real time.
    Drops {
        /// How long each lives.
        after: Duration,
    },
    /// Nothing can be written: what stores anything answers 500.
    DiskFull,
    /// One pod is killed without grace, as by a kubelet whose disk runs full, and replaced.
    Evicted,
    /// The database lacks columns that the new code reads: pages and posts answer 500, health checks do not.
    MigrationPending,
    /// PostgreSQL cannot be reached: all but health checks and files answers 500.
    DatabaseUnreachable,
    /// Redis cannot be reached: posts and WebSockets answer 500, and Sidekiq does not start.
    RedisUnreachable,
    /// An autoscaler that no file speaks of asks for so many pods, every 15 s.
    ScaledTo {
        /// How many pods.
        pods: u8,
    },
    /// This many of each hundred changes meet a 409: somebody else wrote between.
    ApiConflict {
        /// Per cent of the changes, 1 to 100.
        percent: u8,
    },
    /// This many of each hundred requests meet a 429 with `Retry-After`.
    ApiBusy {
        /// Per cent of the requests, 1 to 100.
        percent: u8,
    },
    /// This many of each hundred requests meet a 500.
    ApiError {
        /// Per cent of the requests, 1 to 100.
        percent: u8,
    },
    /// This many of each hundred changes are made, and the answer is a 504.
    ApiLostAnswer {
        /// Per cent of the changes, 1 to 100.
        percent: u8,
    },
    /// This many of each hundred requests are never answered.
    ApiHang {
        /// Per cent of the requests, 1 to 100.
        percent: u8,
    },
    /// Every watch ends this long after it began.
    WatchDrop {
        /// How long each lives.
        after: Duration,
    },
    /// What the source says is put back, this often.
    Undoes {
        /// Between two looks.
        every: Duration,
    },
    /// The machine loses its power; five minutes later its pods are given up and replaced.
    Lost,
    /// The operator's clock is ahead by this much.
    ClockAhead {
        /// How far.
        by: Duration,
    },
    /// The operator's clock is behind by this much.
    ClockBehind {
        /// How far.
        by: Duration,
    },
}

/// A line of the catalogue of faults.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The id, as it is written before `=`.
    pub id: &'static str,
    /// The name of what goes wrong, without whom; descriptions are kept under it.
    pub effect: &'static str,
    /// An example of the whole argument.
    pub example: &'static str,
    pub(super) target: Target,
    pub(super) reads: Reads,
}

/// How the part after `=` makes an effect.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reads {
    Percent(fn(u8) -> Effect),
    /// Up to this many milliseconds.
    Span(fn(Duration) -> Effect, u64),
    Count(fn(u8) -> Effect),
    Nothing(Effect),
}

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// Rows of both sides: the ids differ in their first word.
macro_rules! parts {
    ($($side:ident $name:literal $patient:ident $part:literal: $($effect:literal $value:literal $reads:expr;)*)*) => {
        &[$($(Entry {
            id: concat!($name, ".", $part, ".", $effect),
            effect: $effect,
            example: concat!($name, ".", $part, ".", $effect, $value),
            target: Target::Part(Side::$side, Patient::$patient),
            reads: $reads,
        },)*)*]
    };
}

const FAILS: Reads = Reads::Percent(|percent| Effect::Fails { percent });
const LATE: Reads = Reads::Span(|by| Effect::Late { by }, MINUTE);
const WRONG: Reads = Reads::Percent(|percent| Effect::WrongAnswer { percent });
const NEVER_READY: Reads = Reads::Nothing(Effect::NeverReady);
const SLOW_BOOT: Reads = Reads::Span(|by| Effect::SlowBoot { by }, DAY);
const CRASH_LOOP: Reads = Reads::Nothing(Effect::CrashLoop);
const IMAGE_MISSING: Reads = Reads::Nothing(Effect::ImageMissing);
const LOST_ENDPOINT: Reads = Reads::Count(|pods| Effect::LostEndpoint { pods });
const DROPS: Reads = Reads::Span(|after| Effect::Drops { after }, DAY);
const SCALED_TO: Reads = Reads::Count(|pods| Effect::ScaledTo { pods });
const EVICTED: Reads = Reads::Nothing(Effect::Evicted);

/// Faults of single components.
const OF_PARTS: &[Entry] = parts! {
    Green "green" Web "web":
        "500" "=30%" FAILS;
        "latency" "=500ms" LATE;
        "wrong-answer" "=20%" WRONG;
        "never-ready" "" NEVER_READY;
        "slow-boot" "=90s" SLOW_BOOT;
        "crash-loop" "" CRASH_LOOP;
        "image-missing" "" IMAGE_MISSING;
        "lost-endpoint" "=1" LOST_ENDPOINT;
        "disk-full" "" Reads::Nothing(Effect::DiskFull);
        "evicted" "" EVICTED;
        "migration-pending" "" Reads::Nothing(Effect::MigrationPending);
        "scaled-to" "=4" SCALED_TO;
    Green "green" Streaming "streaming":
        "500" "=30%" FAILS;
        "latency" "=500ms" LATE;
        "wrong-answer" "=20%" WRONG;
        "never-ready" "" NEVER_READY;
        "slow-boot" "=90s" SLOW_BOOT;
        "crash-loop" "" CRASH_LOOP;
        "image-missing" "" IMAGE_MISSING;
        "lost-endpoint" "=1" LOST_ENDPOINT;
        "drops" "=2s" DROPS;
        "evicted" "" EVICTED;
    Green "green" Sidekiq "sidekiq":
        "never-ready" "" NEVER_READY;
        "slow-boot" "=90s" SLOW_BOOT;
        "crash-loop" "" CRASH_LOOP;
        "image-missing" "" IMAGE_MISSING;
        "evicted" "" EVICTED;
    Blue "blue" Web "web":
        "500" "=30%" FAILS;
        "latency" "=500ms" LATE;
        "lost-endpoint" "=1" LOST_ENDPOINT;
        "evicted" "" EVICTED;
        "scaled-to" "=4" SCALED_TO;
    Blue "blue" Streaming "streaming":
        "500" "=30%" FAILS;
        "drops" "=2s" DROPS;
        "evicted" "" EVICTED;
    Blue "blue" Sidekiq "sidekiq":
        "evicted" "" EVICTED;
        "scaled-to" "=2" SCALED_TO;
};

const OF_ALL: &[Entry] = &[
    whole("green.database-unreachable", Target::Whole(Side::Green), Effect::DatabaseUnreachable),
    whole("green.redis-unreachable", Target::Whole(Side::Green), Effect::RedisUnreachable),
    at_api("api.409", "409", "api.409=20%", Reads::Percent(|percent| Effect::ApiConflict { percent })),
    at_api("api.429", "429", "api.429=20%", Reads::Percent(|percent| Effect::ApiBusy { percent })),
    at_api("api.500", "api-500", "api.500=20%", Reads::Percent(|percent| Effect::ApiError { percent })),
    at_api(
        "api.lost-answer",
        "lost-answer",
        "api.lost-answer=10%",
        Reads::Percent(|percent| Effect::ApiLostAnswer { percent }),
    ),
    at_api("api.hang", "hang", "api.hang=1%", Reads::Percent(|percent| Effect::ApiHang { percent })),
    at_api(
        "api.watch-drop",
        "watch-drop",
        "api.watch-drop=5s",
        Reads::Span(|after| Effect::WatchDrop { after }, DAY),
    ),
    Entry {
        id: "gitops.undoes",
        effect: "undoes",
        example: "gitops.undoes=10s",
        target: Target::GitOps,
        reads: Reads::Span(|every| Effect::Undoes { every }, DAY),
    },
    whole("node.lost", Target::Node, Effect::Lost),
    operator("operator.clock-ahead", "operator.clock-ahead=10m", |by| Effect::ClockAhead { by }),
    operator("operator.clock-behind", "operator.clock-behind=10m", |by| Effect::ClockBehind { by }),
];

const fn whole(id: &'static str, target: Target, effect: Effect) -> Entry {
    let name = match effect {
        Effect::DatabaseUnreachable => "database-unreachable",
        Effect::RedisUnreachable => "redis-unreachable",
        _ => "node-lost",
    };
    Entry { id, effect: name, example: id, target, reads: Reads::Nothing(effect) }
}

const fn at_api(id: &'static str, effect: &'static str, example: &'static str, reads: Reads) -> Entry {
    Entry { id, effect, example, target: Target::Api, reads }
}

const fn operator(id: &'static str, example: &'static str, of: fn(Duration) -> Effect) -> Entry {
    Entry { id, effect: "clock", example, target: Target::Operator, reads: Reads::Span(of, DAY) }
}

/// Every fault that can be injected, in the order in which they are listed.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    OF_PARTS.iter().chain(OF_ALL)
}

impl Effect {
    /// Whether users feel it in answers that green gives: it begins with them, unless a time is said.
    pub(super) fn begins_with_users(self, target: Target) -> bool {
        let of_answers = matches!(
            self,
            Self::Fails { .. }
                | Self::Late { .. }
                | Self::WrongAnswer { .. }
                | Self::LostEndpoint { .. }
                | Self::Drops { .. }
                | Self::DiskFull
                | Self::Evicted
        );
        of_answers && matches!(target, Target::Part(Side::Green, Patient::Web | Patient::Streaming))
    }
}
