//! Lines of the containers' own `env`, which are the same in both charts.

use super::Line;
use super::When::{Always, Filled, Fixed, True};

const METRICS: &str = "mastodon.metrics.prometheus.enabled";

/// What stands first in web's `env`.
pub(super) const WEB_FIRST: &[Line] = &[
    ("PORT", "", "mastodon.web.port", Always),
    ("MIN_THREADS", "", "mastodon.web.minThreads", Filled),
    ("MAX_THREADS", "", "mastodon.web.maxThreads", Filled),
    ("WEB_CONCURRENCY", "", "mastodon.web.workers", Filled),
    ("PERSISTENT_TIMEOUT", "", "mastodon.web.persistentTimeout", Filled),
];

/// What stands in web's `env` behind the secrets.
pub(super) const WEB_LAST: &[Line] = &[
    ("MASTODON_PROMETHEUS_EXPORTER_ENABLED", METRICS, METRICS, True),
    ("PROMETHEUS_EXPORTER_HOST", METRICS, "", Fixed("127.0.0.1")),
    ("PROMETHEUS_EXPORTER_PORT", METRICS, "mastodon.metrics.prometheus.port", Always),
    (
        "MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS",
        METRICS,
        "mastodon.metrics.prometheus.web.detailed",
        True,
    ),
];

/// What streaming's `env` says.
pub(super) const STREAMING: &[Line] = &[("PORT", "", "mastodon.streaming.port", Always)];

/// What Sidekiq's `env` says.
pub(super) const SIDEKIQ: &[Line] = &[
    ("MASTODON_PROMETHEUS_EXPORTER_ENABLED", METRICS, METRICS, True),
    ("MASTODON_PROMETHEUS_EXPORTER_LOCAL", METRICS, "", Fixed("true")),
    ("MASTODON_PROMETHEUS_EXPORTER_HOST", METRICS, "", Fixed("0.0.0.0")),
    ("MASTODON_PROMETHEUS_EXPORTER_PORT", METRICS, "mastodon.metrics.prometheus.port", Always),
    (
        "MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS",
        METRICS,
        "mastodon.metrics.prometheus.sidekiq.detailed",
        True,
    ),
];
