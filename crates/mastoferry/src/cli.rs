//! The command line.

use std::net::SocketAddr;

use audit::Acceptance;
use camino::Utf8PathBuf;
use clap::builder::ArgPredicate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use source::SourceRef;

use crate::data::NewStoresArgs;
use crate::migrate::FrontAddress;
use crate::words::Language;

/// Moves a running Mastodon server from one way of running it to another while its users stay aboard.
#[derive(Debug, Parser)]
#[command(name = "mastoferry", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Language of everything that is read at run time; the locale's by default
    #[arg(long, global = true, value_enum)]
    pub(crate) lang: Option<Language>,
    /// Form of the result on standard output; progress goes to standard error
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// For documents
    Markdown,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what an installation is made of
    Inspect(InspectArgs),
    /// Render a Helm chart: print what `helm template` prints
    Render(RenderArgs),
    /// Write the installation anew and account for every leaf of it
    Convert(ConvertArgs),
    /// Compare what stands with what shall stand, whoever wrote it
    Audit(AuditArgs),
    /// Decide every step of a move, without touching anything
    Plan(PlanArgs),
    /// Carry out a move on the cluster inside this program, under real traffic
    Rehearse(Box<RehearseArgs>),
    /// Carry out a move on the cluster that users are served from
    Migrate(MigrateArgs),
    /// Say whether a move could begin: what is in its way, and what to do about it
    Doctor(DoctorArgs),
    /// Move what a server stores: PostgreSQL, Redis, media
    #[command(subcommand)]
    Data(crate::data::DataCommand),
    /// Go on with a rehearsal or a migration that was interrupted
    Resume(ResumeArgs),
    /// Undo a rehearsal that was interrupted, or a migration: the old side serves again
    Rollback(RollbackArgs),
    /// Say how far a rehearsal or a migration has come
    Status(StatusArgs),
    /// Show the report of a rehearsal or a migration again
    Report(ReportArgs),
    /// Put back what was kept of the old side before a move
    Restore(RestoreArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// What stands today: a file or folder (Compose, Kustomize, manifests, a dump, Helm values), KIND:PATH to say which
    /// (compose, kustomize, manifests, helm), or cluster:[CONTEXT/]NAMESPACE
    pub(crate) source: SourceRef,
    /// Which Mastodon, where the source holds several: its domain, or NAMESPACE/DOMAIN
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) instance: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Print the objects as read, after the build, as YAML (values of Secrets are left out)
    #[arg(long)]
    pub(crate) objects: bool,
    /// Print a diagram of it: users, routes, components, stores, and what stands beside them
    #[arg(long, value_enum, value_name = "LANGUAGE", conflicts_with = "objects")]
    pub(crate) diagram: Option<DiagramLanguage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiagramLanguage {
    /// D2
    D2,
    /// Mermaid, as GitHub and GitLab draw it
    Mermaid,
}

#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    /// The chart: a folder, a .tgz (also by its address), REPOSITORY/NAME[@VERSION] of a repository that Helm knows, or
    /// https://REPOSITORY/NAME[@VERSION]
    pub(crate) chart: String,
    /// Address of the repository that CHART is a name in
    #[arg(long, value_name = "URL")]
    pub(crate) repo: Option<String>,
    /// Version of the chart, or a constraint on it; the newest release by default
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// A file of values; may be repeated, later ones over earlier ones
    #[arg(long, short = 'f', value_name = "FILE")]
    pub(crate) values: Vec<Utf8PathBuf>,
    /// A value over those of the files, as `helm --set` reads it; may be repeated
    #[arg(long, value_name = "K=V")]
    pub(crate) set: Vec<String>,
    /// A value that is text whatever it looks like; may be repeated
    #[arg(long, value_name = "K=V")]
    pub(crate) set_string: Vec<String>,
    /// A value in JSON, or an object of values; may be repeated
    #[arg(long, value_name = "K=JSON")]
    pub(crate) set_json: Vec<String>,
    /// A value that is the text of a file; may be repeated
    #[arg(long, value_name = "K=FILE")]
    pub(crate) set_file: Vec<String>,
    /// A value that is text to its end, commas and all; may be repeated
    #[arg(long, value_name = "K=V")]
    pub(crate) set_literal: Vec<String>,
    /// Name of the release
    #[arg(long, default_value = "release-name")]
    pub(crate) release: String,
    /// Namespace of the release
    #[arg(long, default_value = "default")]
    pub(crate) namespace: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    /// Render as for an upgrade, not a first installation
    #[arg(long)]
    pub(crate) is_upgrade: bool,
    /// Version of Kubernetes that templates see
    #[arg(long, value_name = "VERSION")]
    pub(crate) kube_version: Option<String>,
    /// An API version that templates see beside the usual ones; may be repeated, or joined with commas
    #[arg(long, short = 'a', value_name = "VERSION", value_delimiter = ',')]
    pub(crate) api_versions: Vec<String>,
    /// Do not hold the values against the chart's values.schema.json
    #[arg(long)]
    pub(crate) skip_schema_validation: bool,
}

/// What of a rendering is printed.
#[derive(Debug, Args)]
pub(crate) struct ShownArgs {
    /// Only what these templates came to, such as templates/web.yaml; may be repeated
    #[arg(long, short = 's', value_name = "TEMPLATE")]
    pub(crate) show_only: Vec<String>,
    /// The chart's notes (NOTES.txt) instead of its objects
    #[arg(long, conflicts_with_all = ["show_only", "include_crds", "no_hooks", "skip_tests"])]
    pub(crate) notes: bool,
    /// The chart's CustomResourceDefinitions as well
    #[arg(long)]
    pub(crate) include_crds: bool,
    /// No hooks
    #[arg(long)]
    pub(crate) no_hooks: bool,
    /// No tests
    #[arg(long)]
    pub(crate) skip_tests: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum To {
    /// Values of the official Helm chart, with patches and objects for what it has no place for
    Helm,
    /// Native manifests in the official chart's shape
    Manifests,
    /// The same manifests as a Kustomize base with an overlay
    Kustomize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyChoice {
    /// Let the program choose
    Auto,
    /// The new side is built beside the old one, then users and queues pass over
    BlueGreen,
    /// The new side takes the old one's place pod by pod: never more than one pod too many
    Rolling,
    /// Users get a maintenance page (503, Retry-After) while the old side ends and the new one begins
    Maintenance,
}

/// How the move is made.
#[derive(Debug, Clone, Args)]
pub(crate) struct MannerArgs {
    /// How to move
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) strategy: StrategyChoice,
    /// With a maintenance page: a text of your own below what it says anyway; @FILE reads it from a file
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(crate) page_text: Option<String>,
    /// With a maintenance page: a picture above it (SVG, PNG, WebP, GIF or JPEG, 256 KiB at most)
    #[arg(long, value_name = "FILE")]
    pub(crate) page_logo: Option<Utf8PathBuf>,
    /// With a maintenance page: the image that serves it, with any nginx in it
    #[arg(long, value_name = "IMAGE")]
    pub(crate) page_image: Option<String>,
    #[command(flatten)]
    pub(crate) stores: NewStoresArgs,
}

impl StrategyChoice {
    /// The strategy asked for; none where the program chooses.
    pub(crate) fn asked(self) -> Option<plan::Strategy> {
        match self {
            Self::Auto => None,
            Self::BlueGreen => Some(plan::Strategy::BlueGreen),
            Self::Rolling => Some(plan::Strategy::Rolling),
            Self::Maintenance => Some(plan::Strategy::Maintenance),
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TargetArgs {
    /// What shall stand tomorrow
    #[arg(long, value_enum, default_value = "helm")]
    pub(crate) to: To,
    /// With --to helm: `new` (mastodon/helm-charts), `old` (mastodon/chart), or one of them as `render` takes a chart: a folder,
    /// a .tgz, REPOSITORY/NAME[@VERSION], https://…
    #[arg(long, value_name = "CHART", default_value = "new")]
    pub(crate) chart: String,
    /// Release name of the new side; one that collides with nothing by default
    #[arg(long)]
    pub(crate) release: Option<String>,
    /// Namespace, where the source says none
    #[arg(long)]
    pub(crate) namespace: Option<String>,
    /// A difference or loss that is meant, by the code and path that `audit` and `convert` tell; may be repeated
    #[arg(long, value_name = "CODE:PATH")]
    pub(crate) accept: Vec<Acceptance>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// What shall stand: in any form that a source may have, or a folder that `convert` wrote
    #[arg(long, value_name = "TARGET")]
    pub(crate) against: SourceRef,
    /// The chart that values are for, as for `convert`; the official one that their keys belong to by default
    #[arg(long, value_name = "CHART")]
    pub(crate) chart: Option<String>,
    /// A difference or loss that is meant, by its code and path; may be repeated
    #[arg(long, value_name = "CODE:PATH")]
    pub(crate) accept: Vec<Acceptance>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoresChoice {
    /// Where they are, on the Docker host
    Stay,
    /// Made anew in the cluster: CloudNativePG, and a StatefulSet for Redis and the search engine
    InCluster,
    /// At the addresses given
    External,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoutesChoice {
    /// An Ingress
    Ingress,
    /// An HTTPRoute of the Gateway API
    Gateway,
}

/// How a Compose project becomes workloads of a cluster.
#[derive(Debug, Args)]
pub(crate) struct RaiseArgs {
    /// From Compose: where PostgreSQL, Redis and the search engine are to be
    #[arg(long, value_enum, default_value = "stay")]
    pub(crate) stores: StoresChoice,
    /// From Compose: host name or IP address of a service that is not in the cluster; may be repeated
    #[arg(long, value_name = "SERVICE=HOST", value_parser = address)]
    pub(crate) address: Vec<(String, String)>,
    /// From Compose: size of each claim that is made of a folder or volume of the host
    #[arg(long, value_name = "SIZE", default_value = "10Gi", value_parser = size)]
    pub(crate) claim_size: String,
    /// With --stores in-cluster: size of the claim of each store; that of the other claims by default
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) store_size: Option<String>,
    /// From Compose: by what users reach it
    #[arg(
        long,
        value_enum,
        default_value = "ingress",
        default_value_if("gateway", ArgPredicate::IsPresent, "gateway")
    )]
    pub(crate) routes: RoutesChoice,
    /// From Compose: the Gateway that HTTPRoutes hang on; without it, a place to fill in
    #[arg(long, value_name = "[NAMESPACE/]NAME", value_parser = gateway)]
    pub(crate) gateway: Option<String>,
}

fn gateway(text: &str) -> Result<String, String> {
    let is_name = |name: &str, most: usize, more: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || more.contains(c);
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        name.len() <= most && name.chars().all(allowed) && name.starts_with(edge) && name.ends_with(edge)
    };
    let (namespace, name) = text.split_once('/').unwrap_or(("default", text));
    if is_name(namespace, 63, "") && is_name(name, 253, ".") {
        Ok(text.to_owned())
    } else {
        Err("not of the form [NAMESPACE/]NAME".to_owned())
    }
}

fn address(text: &str) -> Result<(String, String), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    match text.split_once('=') {
        Some((service, host)) if !service.is_empty() && !host.is_empty() && host.chars().all(allowed) => {
            Ok((service.to_owned(), host.to_owned()))
        }
        _ => Err("not of the form SERVICE=HOST".to_owned()),
    }
}

fn size(text: &str) -> Result<String, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let known = ["", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"].contains(&unit);
    let counts = number.parse::<u64>().is_ok_and(|number| number > 0);
    if known && counts { Ok(text.to_owned()) } else { Err("not a size, such as 20Gi".to_owned()) }
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) raising: RaiseArgs,
    /// Folder to write to; it must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<Utf8PathBuf>,
    /// Write into the folder, too, how a tool delivers it; may be repeated
    #[arg(long, value_enum, value_name = "TOOL", requires = "out")]
    pub(crate) with: Vec<With>,
    /// With --with: where the tool gets the chart (https:// or oci://); without it, a place to fill in
    #[arg(long, value_name = "URL", requires = "with", value_parser = repository)]
    pub(crate) repository: Option<String>,
    /// Folder for the Secrets with their values, which no output holds otherwise; new or empty, outside --out and Git
    #[arg(long, value_name = "DIR")]
    pub(crate) secrets: Option<Utf8PathBuf>,
}

/// A tool that delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum With {
    /// Argo CD
    ArgoCd,
    /// Flux
    Flux,
    /// Skaffold
    Skaffold,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) manner: MannerArgs,
    /// What routes users to pods, where it is not as the source tells: ingress-nginx, traefik, haproxy, gateway, gce, alb,
    /// outside-nginx
    #[arg(long, value_name = "PROFILE")]
    pub(crate) front: Option<rehearsal::Profile>,
    /// File to write the plan to, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) guard: RuleArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RehearseArgs {
    /// What stands today (as for `plan`), or a plan.json
    #[arg(required_unless_present = "list_faults")]
    pub(crate) source: Option<SourceRef>,
    /// Which Mastodon, where the source holds several: its domain, or NAMESPACE/DOMAIN
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) instance: Option<String>,
    /// File to write the report to, as one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<Utf8PathBuf>,
    /// Folder for the state of rehearsals
    #[arg(long, value_name = "DIR", default_value = ".mastoferry")]
    pub(crate) state: Utf8PathBuf,
    /// How many times as fast as life the cluster runs, 20 by default; traffic is always in real time
    #[arg(long, value_parser = speed)]
    pub(crate) speed: Option<f64>,
    /// Open the cluster to kubectl and helm on a loopback address, by default on any free port, and keep it at the end
    /// until ^C
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:0",
        value_parser = loopback,
        conflicts_with = "cluster"
    )]
    pub(crate) serve: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) users: UsersArgs,
    #[command(flatten)]
    pub(crate) mishaps: MishapArgs,
    #[command(flatten, next_help_heading = "What shall stand")]
    pub(crate) target: TargetArgs,
    #[command(flatten, next_help_heading = "How to move")]
    pub(crate) manner: MannerArgs,
    #[command(flatten)]
    pub(crate) staging: StagingArgs,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    #[command(flatten)]
    pub(crate) guard: RuleArgs,
    /// For whom the backup's Secrets are encrypted: a public key of age (age1…); without it, a key is made beside the state
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) backup_recipient: Option<String>,
}

/// Who uses the server while it moves, and by which way.
#[derive(Debug, Args)]
#[command(next_help_heading = "Users")]
pub(crate) struct UsersArgs {
    /// Who the users are: steady (the default), small, evening, festival, visitors, or a file that describes them
    #[arg(long, value_name = "PROFILE|FILE")]
    pub(crate) load: Option<String>,
    /// Requests per second; the profile's by default, 500 for steady
    #[arg(long, value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// WebSockets to hold; the profile's by default, 200 for steady
    #[arg(long)]
    pub(crate) sockets: Option<usize>,
    /// What routes users to pods, where it is not as the source tells: ingress-nginx, traefik, haproxy, gateway, gce, alb,
    /// outside-nginx
    #[arg(long, value_name = "PROFILE")]
    pub(crate) front: Option<rehearsal::Profile>,
}

/// What goes wrong meanwhile.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mishaps")]
pub(crate) struct MishapArgs {
    /// A fault to rehearse, such as green.web.500=30% or api.429=20%@drain-queues+60s; may be repeated
    #[arg(long, value_name = "FAULT")]
    pub(crate) inject: Vec<String>,
    /// Only list the faults there are
    #[arg(long)]
    pub(crate) list_faults: bool,
}

/// A rehearsal in a namespace of a real cluster, with the real images.
#[derive(Debug, Args)]
#[command(next_help_heading = "In a real cluster")]
pub(crate) struct StagingArgs {
    /// Rehearse in a cluster: a context of the kubeconfig; --namespace says where in it
    #[arg(long, value_name = "CONTEXT", requires = "namespace", conflicts_with = "inject")]
    pub(crate) cluster: Option<String>,
    /// Begin; without it, only what would be made is told
    #[arg(long, requires = "cluster")]
    pub(crate) approve: bool,
    /// Host that stands for the domain; without one, no Ingress or HTTPRoute is made
    #[arg(long, value_name = "HOST", requires = "cluster", value_parser = host)]
    pub(crate) host: Option<String>,
    /// A setting of Mastodon laid over production's; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "cluster", value_parser = setting)]
    pub(crate) setting: Vec<(String, String)>,
    /// The stores are in the namespace, and names without a dot lead there
    #[arg(long, requires = "cluster")]
    pub(crate) stores_in_namespace: bool,
    /// A setting of a store that may be production's, such as SMTP_SERVER; may be repeated
    #[arg(long, value_name = "KEY", requires = "cluster")]
    pub(crate) share: Vec<String>,
    /// Let pods reach addresses outside private networks: other servers, mail
    #[arg(long, requires = "cluster")]
    pub(crate) open_egress: bool,
    /// Leave in the namespace what was made
    #[arg(long, requires = "cluster")]
    pub(crate) keep: bool,
}

fn host(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= 200 && text.contains('.') && text.split('.').all(label) {
        Ok(text.to_owned())
    } else {
        Err("not the name of a host, such as trial.example.org".to_owned())
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && key.chars().all(allowed) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("not of the form KEY=VALUE".to_owned()),
    }
}

/// The cluster that a plan is for.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The plan, as `mastoferry plan --out` wrote it
    pub(crate) plan: Utf8PathBuf,
    /// Context of the kubeconfig
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: String,
    /// Namespace that users are served from
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: String,
    /// Kubeconfig, where it is not the usual one
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<Utf8PathBuf>,
    /// Where the front is, for the requests that show what users get: [http://|https://]HOST:PORT; by default the host
    /// names are looked up and asked by HTTPS, as users do
    #[arg(long, alias = "url", value_name = "ADDRESS")]
    pub(crate) via: Option<FrontAddress>,
    /// Requests per second that show what users get; GET only
    #[arg(long, value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// How many times as fast as life the cluster runs: for those that stand in for one
    #[arg(long, value_parser = speed, default_value = "1", hide = true)]
    pub(crate) speed: f64,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Ask nothing before the first change
    #[arg(long)]
    pub(crate) approve: bool,
    /// Have the API server decide every change without making it, and tell them all
    #[arg(long, conflicts_with_all = ["approve", "pause_before"])]
    pub(crate) dry_run: bool,
    /// Pause before a step; may be repeated
    #[arg(long, value_name = "STEP")]
    pub(crate) pause_before: Vec<String>,
    /// File that every event is appended to, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<Utf8PathBuf>,
    /// File to write the report to, as one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<Utf8PathBuf>,
    /// For whom the backup's Secrets are encrypted: a public key of age (age1…); without it, a key is made beside the state
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) backup_recipient: Option<String>,
    /// Folder for the state of migrations
    #[arg(long, value_name = "DIR", default_value = ".mastoferry")]
    pub(crate) state: Utf8PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Which rehearsal or migration is meant.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Folder for the state of rehearsals and migrations
    #[arg(long, value_name = "DIR", default_value = ".mastoferry")]
    pub(crate) state: Utf8PathBuf,
    /// Name of the rehearsal or migration; the newest by default
    pub(crate) name: Option<String>,
}

/// Where a migration is whose state is not on this machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Begun on another machine")]
pub(crate) struct ElsewhereArgs {
    /// Context of the kubeconfig
    #[arg(long, value_name = "CONTEXT", requires = "namespace")]
    pub(crate) context: Option<String>,
    /// Namespace that users are served from
    #[arg(long, value_name = "NAMESPACE", requires = "context")]
    pub(crate) namespace: Option<String>,
    /// Kubeconfig, where it is not the usual one
    #[arg(long, value_name = "FILE", requires = "context")]
    pub(crate) kubeconfig: Option<Utf8PathBuf>,
}

/// How it goes on.
#[derive(Debug, Args)]
pub(crate) struct OnwardArgs {
    /// Take a migration over from another machine, by the copy of its state in the cluster
    #[arg(long, requires = "context", help_heading = "Begun on another machine")]
    pub(crate) take_over: bool,
    /// File that every event of a migration is appended to, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<Utf8PathBuf>,
    /// File to write the report to, as one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Pause a migration before a step; may be repeated
    #[arg(long, value_name = "STEP")]
    pub(crate) pause_before: Vec<String>,
    #[command(flatten)]
    pub(crate) onward: OnwardArgs,
    #[command(flatten)]
    pub(crate) elsewhere: ElsewhereArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelChoice {
    /// Users and queues go back; the new side stays, reached by nobody
    Traffic,
    /// Everything goes back, and the new side is removed
    Release,
    /// All of it, even where what was written to new stores is lost (--accept-loss); refused where no store moved
    Database,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// How far a migration goes back
    #[arg(long, value_enum, default_value = "release")]
    pub(crate) level: LevelChoice,
    /// With --level database: lose what was written to the new stores since they took over
    #[arg(long)]
    pub(crate) accept_loss: bool,
    #[command(flatten)]
    pub(crate) onward: OnwardArgs,
    #[command(flatten)]
    pub(crate) elsewhere: ElsewhereArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) elsewhere: ElsewhereArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// File to write the report to, as one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<Utf8PathBuf>,
}

/// What a move uses besides the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Besides the cluster")]
pub(crate) struct ReachArgs {
    /// The Redis of the queues (SIDEKIQ_REDIS_URL, or else REDIS_URL), through which workers are told to end as Sidekiq itself
    /// does it: env:VARIABLE or file:PATH that holds its address, or an address without a password
    #[arg(long, value_name = "ADDRESS", value_parser = without_password)]
    pub(crate) redis: Option<String>,
    /// With --redis: file with the certificates (PEM) of the authority that signed that of Redis
    #[arg(long, value_name = "FILE", requires = "redis")]
    pub(crate) redis_authority: Option<Utf8PathBuf>,
    /// Address of a Prometheus for the plan's rules that ask it; a token for it in MASTOFERRY_PROMETHEUS_TOKEN
    #[arg(long, value_name = "URL", value_parser = without_password)]
    pub(crate) prometheus: Option<String>,
    /// Where a plan that moves media finds them: a folder, env:PREFIX (S3_… and AWS_… after a prefix), or file:PATH. Addresses
    /// of PostgreSQL and Redis come from MASTOFERRY_SOURCE_… and MASTOFERRY_TARGET_…, as for `mastoferry data`
    #[arg(long, value_name = "PLACE", requires = "media_to")]
    pub(crate) media_from: Option<String>,
    /// Where it puts them, told in the same way
    #[arg(long, value_name = "PLACE", requires = "media_from")]
    pub(crate) media_to: Option<String>,
    /// What PgBouncer calls the database that moves; its console's address is taken from MASTOFERRY_PGBOUNCER_URL
    #[arg(long, value_name = "NAME")]
    pub(crate) pgbouncer_database: Option<String>,
    /// PgBouncer's file with the section [databases]: its line is pointed to the new server
    #[arg(long, value_name = "FILE", requires = "pgbouncer_database")]
    pub(crate) pgbouncer_file: Option<Utf8PathBuf>,
    /// Role that shall own all in the new database; the same owners as in the old one by default
    #[arg(long, value_name = "ROLE")]
    pub(crate) owner: Option<String>,
    /// Tell tables without a primary key how rows are found while they are followed (taken back at the end)
    #[arg(long)]
    pub(crate) set_identities: bool,
}

/// Rules of the guard beside the usual ones.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RuleArgs {
    /// Rules for the guard beside the usual ones, which Prometheus judges: those known for ingress-nginx, traefik or
    /// mastodon, or a file of rules (JSON); may be repeated
    #[arg(long, value_name = "EXPORTER|FILE")]
    pub(crate) rules: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Folder of the state of a move, or of a backup
    pub(crate) backup: Utf8PathBuf,
    /// Context of the kubeconfig; the current one by default
    #[arg(long)]
    pub(crate) context: Option<String>,
    /// Namespace to put it back in
    #[arg(long)]
    pub(crate) namespace: String,
    /// File with the age identity that Secrets are encrypted for; backup-identity.txt beside the state by default
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<Utf8PathBuf>,
    /// Begin; without it, only what stands otherwise is told
    #[arg(long)]
    pub(crate) approve: bool,
}

fn without_password(text: &str) -> Result<String, String> {
    let names_it = text.starts_with("env:") || text.starts_with("file:");
    match text.split_once("://") {
        _ if names_it => Ok(text.to_owned()),
        Some((_, rest)) if !rest.contains('@') => Ok(text.to_owned()),
        Some(_) => {
            Err("an address with a password is seen by everybody on the machine: env:VARIABLE or file:PATH"
                .to_owned())
        }
        None => Err("not an address".to_owned()),
    }
}

fn repository(text: &str) -> Result<String, String> {
    let is_address = ["https://", "http://", "oci://"].iter().any(|scheme| {
        text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.contains(['@', ' ']))
    });
    if is_address {
        Ok(text.to_owned())
    } else {
        Err("must begin with https:// or oci://, and hold no password".to_owned())
    }
}

fn speed(text: &str) -> Result<f64, String> {
    bounded(text, 0.1, 1000.0)
}

fn rate(text: &str) -> Result<f64, String> {
    bounded(text, 1.0, 20_000.0)
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse::<SocketAddr>().map_err(|_| format!("{text:?} is not ADDRESS:PORT"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("must be a loopback address: 127.0.0.1:6443, [::1]:6443".to_owned())
    }
}

fn bounded(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (low..=high).contains(&value) { Ok(value) } else { Err(format!("must be between {low} and {high}")) }
}
