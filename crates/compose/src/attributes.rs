//! Every attribute of the Compose specification: what it may hold as written, and what it becomes.
//!
//! Written after the specification's schema and the types of compose-go 2.9.1.

/// What an attribute may hold as written.
pub(crate) enum Shape {
    Any,
    Of(&'static [Type]),
    Choice(&'static [&'static str]),
    /// A whole number from the first to the second.
    Within(f64, f64),
    /// A list; whether its elements must differ.
    List(&'static Shape, bool),
    Map(&'static Shape),
    /// A mapping whose keys are names; whether other keys pass unlooked at.
    Named(&'static Shape, bool),
    Object(&'static Object),
    AnyOf(&'static [Shape]),
}

/// The types of scalars, and the mapping.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Type {
    Null,
    Bool,
    Number,
    Integer,
    Text,
    Mapping,
}

/// What an attribute becomes once everything is spelt out.
pub(crate) enum Kind {
    Text,
    Flag,
    /// A flag that is kept when it says no.
    KeptFlag,
    /// A flag that always stands.
    StandingFlag,
    Integer,
    KeptInteger,
    Unsigned,
    KeptUnsigned,
    Float,
    /// A float that a text may give.
    Cpus,
    Bytes,
    Duration,
    KeptDuration,
    /// Words, kept when there are none.
    Command,
    HealthTest,
    Texts,
    /// Name and text, from a mapping or `NAME=text`.
    Pairs,
    /// As pairs, and a name may stand alone.
    Environment,
    Hosts,
    Ssh,
    Mode,
    Ulimit,
    DeviceCount,
    External,
    Options,
    Object(&'static Object),
    /// An object that is left out when it holds nothing.
    LeanObject(&'static Object),
    List(&'static Kind),
    Map(&'static Kind),
    /// Read, and not part of the result.
    Dropped,
}

/// An attribute: its name, its shape, its kind.
pub(crate) struct Field(pub(crate) &'static str, pub(crate) Shape, pub(crate) Kind);

/// A mapping with known attributes.
pub(crate) struct Object {
    pub(crate) fields: &'static [Field],
    pub(crate) required: &'static [&'static str],
    /// Whether `x-…` may stand in it.
    pub(crate) extensions: bool,
    /// Whether anything may stand in it.
    pub(crate) open: bool,
    pub(crate) nullable: bool,
}

use Kind as K;
use Shape::{Any, AnyOf, Choice, List, Map, Named, Of, Within};
use Type::{Bool, Integer, Mapping, Null, Number, Text};

const fn object(fields: &'static [Field]) -> Object {
    Object { fields, required: &[], extensions: true, open: false, nullable: false }
}

const TEXT: Shape = Of(&[Text]);
const FLAG: Shape = Of(&[Bool, Text]);
const NUMBER: Shape = Of(&[Number, Text]);
const INTEGER: Shape = Of(&[Integer, Text]);
const TEXTS: Shape = List(&TEXT, false);
const SET: Shape = List(&TEXT, true);
const TEXT_OR_SET: Shape = AnyOf(&[TEXT, SET]);
const PAIRS: Shape = AnyOf(&[Map(&Of(&[Text, Number, Bool, Null])), SET]);
const COMMAND: Shape = AnyOf(&[Of(&[Null, Text]), TEXTS]);
const OPTIONS: Shape = Map(&Of(&[Text, Number]));
const HOSTS: Shape = AnyOf(&[Map(&AnyOf(&[TEXT, TEXTS])), SET]);

pub(crate) static PROJECT: Object = object(&[
    Field("version", TEXT, K::Dropped),
    Field("name", TEXT, K::Text),
    Field("include", List(&AnyOf(&[TEXT, Shape::Object(&INCLUDE)]), false), K::Dropped),
    Field("services", Named(&Shape::Object(&SERVICE), false), K::Map(&K::Object(&SERVICE))),
    Field("models", Named(&Shape::Object(&MODEL), true), K::Map(&K::Object(&MODEL))),
    Field("networks", Named(&Shape::Object(&NETWORK), true), K::Map(&K::Object(&NETWORK))),
    Field("volumes", Named(&Shape::Object(&VOLUME), false), K::Map(&K::Object(&VOLUME))),
    Field("secrets", Named(&Shape::Object(&SECRET), false), K::Map(&K::Object(&SECRET))),
    Field("configs", Named(&Shape::Object(&CONFIG), false), K::Map(&K::Object(&CONFIG))),
]);

static INCLUDE: Object = Object {
    extensions: false,
    ..object(&[
        Field("path", TEXT_OR_SET, K::Texts),
        Field("env_file", TEXT_OR_SET, K::Texts),
        Field("project_directory", TEXT, K::Text),
    ])
};

pub(crate) static SERVICE: Object = object(&[
    Field("annotations", PAIRS, K::Pairs),
    Field("attach", FLAG, K::KeptFlag),
    Field("blkio_config", Shape::Object(&BLKIO), K::Object(&BLKIO)),
    Field("build", AnyOf(&[TEXT, Shape::Object(&BUILD)]), K::Object(&BUILD)),
    Field("cap_add", SET, K::Texts),
    Field("cap_drop", SET, K::Texts),
    Field("cgroup", Choice(&["host", "private"]), K::Text),
    Field("cgroup_parent", TEXT, K::Text),
    Field("command", COMMAND, K::Command),
    Field("configs", MOUNTS, K::List(&K::Object(&MOUNT))),
    Field("container_name", TEXT, K::Text),
    Field("cpu_count", AnyOf(&[TEXT, Within(0.0, f64::MAX)]), K::Integer),
    Field("cpu_percent", AnyOf(&[TEXT, Within(0.0, 100.0)]), K::Float),
    Field("cpu_period", NUMBER, K::Integer),
    Field("cpu_quota", NUMBER, K::Integer),
    Field("cpu_rt_period", NUMBER, K::Integer),
    Field("cpu_rt_runtime", NUMBER, K::Integer),
    Field("cpu_shares", NUMBER, K::Integer),
    Field("cpus", NUMBER, K::Float),
    Field("cpuset", TEXT, K::Text),
    Field("credential_spec", Shape::Object(&CREDENTIAL), K::Object(&CREDENTIAL)),
    Field("depends_on", DEPENDS_ON, K::Map(&K::Object(&DEPENDENCY))),
    Field("deploy", Shape::Object(&DEPLOY), K::Object(&DEPLOY)),
    Field("develop", Shape::Object(&DEVELOP), K::Object(&DEVELOP)),
    Field("device_cgroup_rules", SET, K::Texts),
    Field("devices", List(&AnyOf(&[TEXT, Shape::Object(&DEVICE)]), false), K::List(&K::Object(&DEVICE))),
    Field("dns", TEXT_OR_SET, K::Texts),
    Field("dns_opt", SET, K::Texts),
    Field("dns_search", TEXT_OR_SET, K::Texts),
    Field("domainname", TEXT, K::Text),
    Field("entrypoint", COMMAND, K::Command),
    Field("env_file", ENV_FILE, K::List(&K::Object(&ENV_FILE_ENTRY))),
    Field("environment", PAIRS, K::Environment),
    Field("expose", List(&Of(&[Text, Number]), true), K::Texts),
    Field("extends", AnyOf(&[TEXT, Shape::Object(&EXTENDS)]), K::Object(&EXTENDS)),
    Field("external_links", SET, K::Texts),
    Field("extra_hosts", HOSTS, K::Hosts),
    Field("gpus", AnyOf(&[Choice(&["all"]), List(&Shape::Object(&GPU), false)]), K::List(&K::Object(&GPU))),
    Field("group_add", List(&Of(&[Text, Number]), true), K::Texts),
    Field("healthcheck", Shape::Object(&HEALTH), K::Object(&HEALTH)),
    Field("hostname", TEXT, K::Text),
    Field("image", TEXT, K::Text),
    Field("init", FLAG, K::KeptFlag),
    Field("ipc", TEXT, K::Text),
    Field("isolation", TEXT, K::Text),
    Field("label_file", AnyOf(&[TEXT, TEXTS]), K::Texts),
    Field("labels", PAIRS, K::Pairs),
    Field("links", SET, K::Texts),
    Field("logging", Shape::Object(&LOGGING), K::Object(&LOGGING)),
    Field("mac_address", TEXT, K::Text),
    Field("mem_limit", NUMBER, K::Bytes),
    Field("mem_reservation", INTEGER, K::Bytes),
    Field("mem_swappiness", INTEGER, K::Bytes),
    Field("memswap_limit", NUMBER, K::Bytes),
    Field(
        "models",
        AnyOf(&[SET, Named(&AnyOf(&[Shape::Object(&USED_MODEL), Of(&[Null])]), true)]),
        USED_MODELS,
    ),
    Field("network_mode", TEXT, K::Text),
    Field("networks", NETWORKS, K::Map(&K::Object(&ATTACHMENT))),
    Field("oom_kill_disable", FLAG, K::Flag),
    Field("oom_score_adj", AnyOf(&[TEXT, Within(-1000.0, 1000.0)]), K::Integer),
    Field("pid", Of(&[Text, Null]), K::Text),
    Field("pids_limit", NUMBER, K::Integer),
    Field("platform", TEXT, K::Text),
    Field("ports", PORTS, K::List(&K::Object(&PORT))),
    Field("post_start", List(&Shape::Object(&HOOK), false), K::List(&K::Object(&HOOK))),
    Field("pre_stop", List(&Shape::Object(&HOOK), false), K::List(&K::Object(&HOOK))),
    Field("privileged", FLAG, K::Flag),
    Field("profiles", SET, K::Texts),
    Field("provider", Shape::Object(&PROVIDER), K::Object(&PROVIDER)),
    Field("pull_policy", TEXT, K::Text),
    Field("pull_refresh_after", TEXT, K::Dropped),
    Field("read_only", FLAG, K::Flag),
    Field("restart", TEXT, K::Text),
    Field("runtime", TEXT, K::Text),
    Field("scale", INTEGER, K::KeptInteger),
    Field("secrets", MOUNTS, K::List(&K::Object(&MOUNT))),
    Field("security_opt", SET, K::Texts),
    Field("shm_size", NUMBER, K::Bytes),
    Field("stdin_open", FLAG, K::Flag),
    Field("stop_grace_period", TEXT, K::KeptDuration),
    Field("stop_signal", TEXT, K::Text),
    Field("storage_opt", Of(&[Mapping]), K::Map(&K::Text)),
    Field("sysctls", PAIRS, K::Pairs),
    Field("tmpfs", TEXT_OR_SET, K::Texts),
    Field("tty", FLAG, K::Flag),
    Field("ulimits", ULIMITS, K::Map(&K::Ulimit)),
    Field("use_api_socket", Of(&[Bool]), K::Flag),
    Field("user", TEXT, K::Text),
    Field("userns_mode", TEXT, K::Text),
    Field("uts", TEXT, K::Text),
    Field("volumes", List(&AnyOf(&[TEXT, Shape::Object(&BIND)]), true), K::List(&K::Object(&BIND))),
    Field("volumes_from", SET, K::Texts),
    Field("working_dir", TEXT, K::Text),
]);

const USED_MODELS: Kind = K::Map(&K::Object(&USED_MODEL));
const MOUNTS: Shape = List(&AnyOf(&[TEXT, Shape::Object(&MOUNT)]), false);
const DEPENDS_ON: Shape = AnyOf(&[SET, Named(&Shape::Object(&DEPENDENCY), false)]);
const NETWORKS: Shape = AnyOf(&[SET, Named(&AnyOf(&[Shape::Object(&ATTACHMENT), Of(&[Null])]), false)]);
const PORTS: Shape = List(&AnyOf(&[Of(&[Number, Text]), Shape::Object(&PORT)]), true);
const ENV_FILE: Shape = AnyOf(&[TEXT, List(&AnyOf(&[TEXT, Shape::Object(&ENV_FILE_ENTRY)]), false)]);
const ULIMITS: Shape = Map(&AnyOf(&[INTEGER, Shape::Object(&ULIMIT)]));

static ULIMIT: Object = Object {
    required: &["soft", "hard"],
    ..object(&[Field("hard", INTEGER, K::Integer), Field("soft", INTEGER, K::Integer)])
};

static ENV_FILE_ENTRY: Object = Object {
    required: &["path"],
    extensions: false,
    ..object(&[
        Field("path", TEXT, K::Text),
        Field("format", TEXT, K::Text),
        Field("required", FLAG, K::StandingFlag),
    ])
};

static EXTENDS: Object = Object {
    required: &["service"],
    extensions: false,
    ..object(&[Field("service", TEXT, K::Text), Field("file", TEXT, K::Text)])
};

static DEPENDENCY: Object = Object {
    required: &["condition"],
    ..object(&[
        Field("restart", FLAG, K::Flag),
        Field("required", Of(&[Bool]), K::StandingFlag),
        Field(
            "condition",
            Choice(&["service_started", "service_healthy", "service_completed_successfully"]),
            K::Text,
        ),
    ])
};

static BUILD: Object = object(&[
    Field("context", TEXT, K::Text),
    Field("dockerfile", TEXT, K::Text),
    Field("dockerfile_inline", TEXT, K::Text),
    Field("entitlements", TEXTS, K::Texts),
    Field("args", PAIRS, K::Environment),
    Field("ssh", PAIRS, K::Ssh),
    Field("labels", PAIRS, K::Pairs),
    Field("cache_from", TEXTS, K::Texts),
    Field("cache_to", TEXTS, K::Texts),
    Field("no_cache", FLAG, K::Flag),
    Field("additional_contexts", PAIRS, K::Pairs),
    Field("network", TEXT, K::Text),
    Field("provenance", FLAG, K::Text),
    Field("sbom", FLAG, K::Text),
    Field("pull", FLAG, K::Flag),
    Field("target", TEXT, K::Text),
    Field("shm_size", INTEGER, K::Bytes),
    Field("extra_hosts", HOSTS, K::Hosts),
    Field("isolation", TEXT, K::Text),
    Field("privileged", FLAG, K::Flag),
    Field("secrets", MOUNTS, K::List(&K::Object(&MOUNT))),
    Field("tags", TEXTS, K::Texts),
    Field("ulimits", ULIMITS, K::Map(&K::Ulimit)),
    Field("platforms", TEXTS, K::Texts),
]);

static BLKIO: Object = Object {
    extensions: false,
    ..object(&[
        Field("device_read_bps", LIMITS, K::List(&K::Object(&BLKIO_LIMIT))),
        Field("device_read_iops", LIMITS, K::List(&K::Object(&BLKIO_LIMIT))),
        Field("device_write_bps", LIMITS, K::List(&K::Object(&BLKIO_LIMIT))),
        Field("device_write_iops", LIMITS, K::List(&K::Object(&BLKIO_LIMIT))),
        Field("weight", INTEGER, K::Unsigned),
        Field(
            "weight_device",
            List(&Shape::Object(&BLKIO_WEIGHT), false),
            K::List(&K::Object(&BLKIO_WEIGHT)),
        ),
    ])
};
const LIMITS: Shape = List(&Shape::Object(&BLKIO_LIMIT), false);
static BLKIO_LIMIT: Object =
    Object { extensions: false, ..object(&[Field("path", TEXT, K::Text), Field("rate", INTEGER, K::Bytes)]) };
static BLKIO_WEIGHT: Object = Object {
    extensions: false,
    ..object(&[Field("path", TEXT, K::Text), Field("weight", INTEGER, K::Unsigned)])
};

static CREDENTIAL: Object =
    object(&[Field("config", TEXT, K::Text), Field("file", TEXT, K::Text), Field("registry", TEXT, K::Text)]);

static DEPLOY: Object = Object {
    nullable: true,
    ..object(&[
        Field("mode", TEXT, K::Text),
        Field("endpoint_mode", TEXT, K::Text),
        Field("replicas", INTEGER, K::KeptInteger),
        Field("labels", PAIRS, K::Pairs),
        Field("rollback_config", Shape::Object(&UPDATE), K::Object(&UPDATE)),
        Field("update_config", Shape::Object(&UPDATE), K::Object(&UPDATE)),
        Field("resources", Shape::Object(&RESOURCES), K::LeanObject(&RESOURCES)),
        Field("restart_policy", Shape::Object(&RESTART_POLICY), K::Object(&RESTART_POLICY)),
        Field("placement", Shape::Object(&PLACEMENT), K::LeanObject(&PLACEMENT)),
    ])
};
static UPDATE: Object = object(&[
    Field("parallelism", INTEGER, K::KeptUnsigned),
    Field("delay", TEXT, K::Duration),
    Field("failure_action", TEXT, K::Text),
    Field("monitor", TEXT, K::Duration),
    Field("max_failure_ratio", NUMBER, K::Float),
    Field("order", Choice(&["start-first", "stop-first"]), K::Text),
]);
static RESOURCES: Object = object(&[
    Field("limits", Shape::Object(&RESOURCE_LIMITS), K::Object(&RESOURCE_LIMITS)),
    Field("reservations", Shape::Object(&RESERVATIONS), K::Object(&RESERVATIONS)),
]);
static RESOURCE_LIMITS: Object = object(&[
    Field("cpus", NUMBER, K::Cpus),
    Field("memory", TEXT, K::Bytes),
    Field("pids", INTEGER, K::Integer),
]);
static RESERVATIONS: Object = object(&[
    Field("cpus", NUMBER, K::Cpus),
    Field("memory", TEXT, K::Bytes),
    Field("generic_resources", List(&Shape::Object(&GENERIC), false), K::List(&K::Object(&GENERIC))),
    Field("devices", List(&Shape::Object(&DEVICE_REQUEST), false), K::List(&K::Object(&DEVICE_REQUEST))),
]);
static GENERIC: Object =
    object(&[Field("discrete_resource_spec", Shape::Object(&DISCRETE), K::Object(&DISCRETE))]);
static DISCRETE: Object = object(&[Field("kind", TEXT, K::Text), Field("value", NUMBER, K::KeptInteger)]);
const DEVICE_FIELDS: &[Field] = &[
    Field("capabilities", SET, K::Texts),
    Field("count", INTEGER, K::DeviceCount),
    Field("device_ids", SET, K::Texts),
    Field("driver", TEXT, K::Text),
    Field("options", PAIRS, K::Pairs),
];
static DEVICE_REQUEST: Object = Object { required: &["capabilities"], ..object(DEVICE_FIELDS) };
static GPU: Object = Object { open: true, ..object(DEVICE_FIELDS) };
static RESTART_POLICY: Object = object(&[
    Field("condition", TEXT, K::Text),
    Field("delay", TEXT, K::KeptDuration),
    Field("max_attempts", INTEGER, K::KeptUnsigned),
    Field("window", TEXT, K::KeptDuration),
]);
static PLACEMENT: Object = object(&[
    Field("constraints", TEXTS, K::Texts),
    Field("preferences", List(&Shape::Object(&PREFERENCE), false), K::List(&K::Object(&PREFERENCE))),
    Field("max_replicas_per_node", INTEGER, K::Unsigned),
]);
static PREFERENCE: Object = object(&[Field("spread", TEXT, K::Text)]);

static DEVELOP: Object = Object {
    nullable: true,
    ..object(&[Field("watch", List(&Shape::Object(&WATCH), false), K::List(&K::Object(&WATCH)))])
};
static WATCH: Object = Object {
    required: &["path", "action"],
    ..object(&[
        Field("ignore", TEXT_OR_SET, K::Texts),
        Field("include", TEXT_OR_SET, K::Texts),
        Field("path", TEXT, K::Text),
        Field("action", Choice(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"]), K::Text),
        Field("target", TEXT, K::Text),
        Field("exec", Shape::Object(&HOOK), K::LeanObject(&HOOK)),
        Field("initial_sync", Of(&[Bool]), K::Flag),
    ])
};
static HOOK: Object = Object {
    required: &["command"],
    ..object(&[
        Field("command", COMMAND, K::Command),
        Field("user", TEXT, K::Text),
        Field("privileged", FLAG, K::Flag),
        Field("working_dir", TEXT, K::Text),
        Field("environment", PAIRS, K::Environment),
    ])
};

static DEVICE: Object = Object {
    required: &["source"],
    ..object(&[
        Field("source", TEXT, K::Text),
        Field("target", TEXT, K::Text),
        Field("permissions", TEXT, K::Text),
    ])
};
static HEALTH: Object = object(&[
    Field("disable", FLAG, K::Flag),
    Field("interval", TEXT, K::KeptDuration),
    Field("retries", NUMBER, K::KeptUnsigned),
    Field("test", AnyOf(&[TEXT, TEXTS]), K::HealthTest),
    Field("timeout", TEXT, K::KeptDuration),
    Field("start_period", TEXT, K::KeptDuration),
    Field("start_interval", TEXT, K::KeptDuration),
]);
static LOGGING: Object =
    object(&[Field("driver", TEXT, K::Text), Field("options", Map(&Of(&[Text, Number, Null])), K::Options)]);
static USED_MODEL: Object =
    object(&[Field("endpoint_var", TEXT, K::Text), Field("model_var", TEXT, K::Text)]);
static ATTACHMENT: Object = object(&[
    Field("aliases", SET, K::Texts),
    Field("driver_opts", OPTIONS, K::Options),
    Field("gw_priority", Of(&[Number]), K::Integer),
    Field("interface_name", TEXT, K::Text),
    Field("ipv4_address", TEXT, K::Text),
    Field("ipv6_address", TEXT, K::Text),
    Field("link_local_ips", SET, K::Texts),
    Field("mac_address", TEXT, K::Text),
    Field("priority", Of(&[Number]), K::Integer),
]);
static PORT: Object = object(&[
    Field("name", TEXT, K::Text),
    Field("mode", TEXT, K::Text),
    Field("host_ip", TEXT, K::Text),
    Field("target", INTEGER, K::Unsigned),
    Field("published", INTEGER, K::Text),
    Field("protocol", TEXT, K::Text),
    Field("app_protocol", TEXT, K::Text),
]);
static PROVIDER: Object = Object {
    required: &["type"],
    ..object(&[Field("type", TEXT, K::Text), Field("options", Any, K::Map(&K::Texts))])
};
static MOUNT: Object = object(&[
    Field("source", TEXT, K::Text),
    Field("target", TEXT, K::Text),
    Field("uid", TEXT, K::Text),
    Field("gid", TEXT, K::Text),
    Field("mode", NUMBER, K::Mode),
]);
static BIND: Object = Object {
    required: &["type"],
    ..object(&[
        Field("type", Choice(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"]), K::Text),
        Field("source", TEXT, K::Text),
        Field("target", TEXT, K::Text),
        Field("read_only", FLAG, K::Flag),
        Field("consistency", TEXT, K::Text),
        Field("bind", Shape::Object(&BIND_OPTIONS), K::Object(&BIND_OPTIONS)),
        Field("volume", Shape::Object(&VOLUME_OPTIONS), K::Object(&VOLUME_OPTIONS)),
        Field("tmpfs", Shape::Object(&TMPFS), K::Object(&TMPFS)),
        Field("image", Shape::Object(&IMAGE_OPTIONS), K::Object(&IMAGE_OPTIONS)),
    ])
};
static BIND_OPTIONS: Object = object(&[
    Field("selinux", Choice(&["z", "Z"]), K::Text),
    Field("propagation", TEXT, K::Text),
    Field("create_host_path", FLAG, K::Flag),
    Field("recursive", Choice(&["enabled", "disabled", "writable", "readonly"]), K::Text),
]);
static VOLUME_OPTIONS: Object = object(&[
    Field("labels", PAIRS, K::Pairs),
    Field("nocopy", FLAG, K::Flag),
    Field("subpath", TEXT, K::Text),
]);
static TMPFS: Object = object(&[
    Field("size", AnyOf(&[TEXT, Within(0.0, f64::MAX)]), K::Bytes),
    Field("mode", NUMBER, K::Unsigned),
]);
static IMAGE_OPTIONS: Object = object(&[Field("subpath", TEXT, K::Text)]);

const EXTERNAL: Shape = AnyOf(&[Of(&[Bool, Text]), Shape::Object(&EXTERNAL_NAME)]);
static EXTERNAL_NAME: Object = object(&[Field("name", TEXT, K::Text)]);
static NETWORK: Object = Object {
    nullable: true,
    ..object(&[
        Field("name", TEXT, K::Text),
        Field("driver", TEXT, K::Text),
        Field("driver_opts", OPTIONS, K::Options),
        Field("ipam", Shape::Object(&IPAM), K::LeanObject(&IPAM)),
        Field("external", EXTERNAL, K::External),
        Field("internal", FLAG, K::Flag),
        Field("attachable", FLAG, K::Flag),
        Field("labels", PAIRS, K::Pairs),
        Field("enable_ipv4", FLAG, K::KeptFlag),
        Field("enable_ipv6", FLAG, K::KeptFlag),
    ])
};
static IPAM: Object = object(&[
    Field("driver", TEXT, K::Text),
    Field("config", List(&Shape::Object(&IPAM_POOL), false), K::List(&K::Object(&IPAM_POOL))),
    Field("options", Map(&TEXT), K::Dropped),
]);
static IPAM_POOL: Object = object(&[
    Field("subnet", TEXT, K::Text),
    Field("gateway", TEXT, K::Text),
    Field("ip_range", TEXT, K::Text),
    Field("aux_addresses", Map(&TEXT), K::Pairs),
]);
static VOLUME: Object = Object {
    nullable: true,
    ..object(&[
        Field("name", TEXT, K::Text),
        Field("driver", TEXT, K::Text),
        Field("driver_opts", OPTIONS, K::Options),
        Field("external", EXTERNAL, K::External),
        Field("labels", PAIRS, K::Pairs),
    ])
};
static SECRET: Object = object(&[
    Field("name", TEXT, K::Text),
    Field("environment", TEXT, K::Text),
    Field("file", TEXT, K::Text),
    Field("external", EXTERNAL, K::External),
    Field("labels", PAIRS, K::Pairs),
    Field("driver", TEXT, K::Text),
    Field("driver_opts", OPTIONS, K::Options),
    Field("template_driver", TEXT, K::Text),
]);
static CONFIG: Object = object(&[
    Field("name", TEXT, K::Text),
    Field("content", TEXT, K::Text),
    Field("environment", TEXT, K::Text),
    Field("file", TEXT, K::Text),
    Field("external", EXTERNAL, K::External),
    Field("labels", PAIRS, K::Pairs),
    Field("template_driver", TEXT, K::Text),
]);
static MODEL: Object = Object {
    required: &["model"],
    ..object(&[
        Field("name", TEXT, K::Text),
        Field("model", TEXT, K::Text),
        Field("context_size", Of(&[Integer]), K::Integer),
        Field("runtime_flags", TEXTS, K::Texts),
    ])
};
