//! Errors of the pure rooms in the reader's words. The matches are exhaustive on purpose: a new kind of error does
//! not compile until it has a message and, where one can be given, a remedy.

use chart::{ChartError, ChartErrorKind};
use cluster::{ClusterError, ConnectError};
use compose::{ComposeError, ComposeErrorKind, MissingRole};
use installation::{InstallationError, InstallationErrorKind};
use kustomize::{KustomizeError, KustomizeErrorKind};
use plan::PlanError;
use rehearsal::FaultError;
use source::{SourceError, SourceErrorKind, SourceRef, Unread};
use target::TargetError;
use tree::env_file::{EnvFileError, EnvFileErrorKind};
use tree::{Files, ParseErrorKind};

use crate::load::{LoadError, LoadErrorKind};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Why a source could not be read.
pub(crate) fn source(words: &Words, source: &SourceRef, error: &SourceError) -> Problem {
    source_kind(words, source, &error.kind, &error.files).at(&error.files, error.origin)
}

/// Why a part of a source could not be read, while the rest was.
pub(crate) fn unread(words: &Words, source: &SourceRef, unread: &Unread, files: &Files) -> Problem {
    source_kind(words, source, &unread.kind, files).at(files, unread.origin)
}

fn source_kind(words: &Words, source: &SourceRef, kind: &SourceErrorKind, files: &Files) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match kind {
        SourceErrorKind::NoSuchPath(path) => problem("no-such-path", &[("path", path.as_str())]),
        SourceErrorKind::Unreadable { path, reason } => {
            problem("unreadable", &[("path", path.as_str()), ("reason", reason)])
        }
        SourceErrorKind::NothingToRead(path) => problem("nothing-to-read", &[("path", path.as_str())]),
        SourceErrorKind::Parse(error) => parse(words, &error.kind),
        SourceErrorKind::Kustomize(error) => kustomize(words, error),
        SourceErrorKind::NotAnObject { missing } => problem("not-an-object", &[("missing", missing)]),
        SourceErrorKind::Twice { id, first } => {
            let first = first.map_or_else(|| source.to_string(), |origin| files.place(origin));
            problem("twice", &[("id", id), ("first", &first)])
        }
        SourceErrorKind::TooLarge { path, bytes, limit } => problem(
            "too-large",
            &[("path", path.as_str()), ("bytes", &bytes.to_string()), ("limit", &limit.to_string())],
        ),
        SourceErrorKind::TooManyFiles { path, limit } => {
            problem("too-many-files", &[("path", path.as_str()), ("limit", &limit.to_string())])
        }
        SourceErrorKind::NotText(path) => problem("not-text", &[("path", path.as_str())]),
        SourceErrorKind::GitCrypt(path) => problem("git-crypt", &[("path", path.as_str())]),
        SourceErrorKind::Template(path) => problem("template", &[("path", path.as_str())]),
        SourceErrorKind::NotListed => problem("not-listed", &[]),
        SourceErrorKind::SeveralTrees { path, choices } => {
            problem("several-trees", &[("path", path.as_str()), ("choices", &choices.join(", "))])
        }
        SourceErrorKind::OtherChart { chart } => problem("other-chart", &[("chart", chart)]),
        SourceErrorKind::BadValues { key, wanted } => problem(bad_value(wanted), &[("key", key)]),
        SourceErrorKind::MissingValues { what } => problem("missing-values", &[("what", what)]),
        SourceErrorKind::EncryptedValues { what } => problem("encrypted-values", &[("what", what)]),
        SourceErrorKind::UnknownGenerator { generator } => {
            problem("unknown-generator", &[("generator", generator)])
        }
        SourceErrorKind::ReleaseTooLarge { release } => problem("release-too-large", &[("release", release)]),
        SourceErrorKind::Compose(error) => compose(words, error),
    }
}

fn parse(words: &Words, kind: &ParseErrorKind) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match kind {
        ParseErrorKind::Tab => problem("yaml-tab", &[]),
        ParseErrorKind::Syntax(detail) => problem("yaml-syntax", &[("detail", detail)]),
        ParseErrorKind::Truncated(detail) => problem("yaml-truncated", &[("detail", detail)]),
        ParseErrorKind::DuplicateKey { key, first_line } => {
            problem("yaml-duplicate", &[("key", key), ("line", &first_line.to_string())])
        }
        ParseErrorKind::ComplexKey
        | ParseErrorKind::BadMerge
        | ParseErrorKind::UnknownAlias
        | ParseErrorKind::TooLarge
        | ParseErrorKind::TooDeep => problem("yaml-other", &[("detail", &kind.to_string())]),
    }
}

/// Why the objects are not one Mastodon.
pub(crate) fn installation(words: &Words, error: &InstallationError, files: &Files) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    let described = match &error.kind {
        InstallationErrorKind::NoMastodon { objects } => {
            problem("no-mastodon", &[("objects", &objects.to_string())])
        }
        InstallationErrorKind::MissingComponent { component } => {
            problem("missing-component", &[("component", component)])
        }
        InstallationErrorKind::SeveralMastodons { choices } => {
            let first = choices.first().map(String::as_str).unwrap_or_default();
            problem("several-mastodons", &[("choices", &choices.join(", ")), ("first", first)])
        }
        InstallationErrorKind::NoSuchMastodon { wanted, choices } => {
            problem("no-such-mastodon", &[("wanted", wanted), ("choices", &choices.join(", "))])
        }
    };
    described.at(files, error.origin)
}

fn bad_value(wanted: &str) -> &'static str {
    if wanted == "a list" { "values-list" } else { "values-mapping" }
}

/// Why a target could not be written.
pub(crate) fn target(words: &Words, error: &TargetError, files: &Files) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match error {
        TargetError::NameTaken { release, object } => {
            problem("name-taken", &[("release", release), ("object", object)])
        }
        TargetError::BadName(name) => problem("bad-name", &[("name", name)]),
        TargetError::SelectorMatches { object, origin } => {
            problem("selector-matches", &[("object", object)]).at(files, *origin)
        }
        TargetError::SharedPod { object, origin } => {
            problem("shared-pod", &[("object", object)]).at(files, *origin)
        }
        TargetError::BadValue { key, wanted, origin } => {
            problem(bad_value(wanted), &[("key", key)]).at(files, *origin)
        }
        TargetError::TooManyObjects { release } => problem("release-too-large", &[("release", release)]),
        TargetError::Bundled { object, image, origin } => {
            problem("bundled", &[("object", object), ("image", image)]).at(files, *origin)
        }
        TargetError::AddressNeeded { service, origin } => {
            problem("address-needed", &[("service", service)]).at(files, *origin)
        }
        TargetError::NotRecognised(error) => installation(words, error, files),
        TargetError::SharedService { service, object, origin } => {
            problem("shared-service", &[("service", service), ("object", object)]).at(files, *origin)
        }
        TargetError::MixedService { service, parts, origin } => {
            problem("mixed-service", &[("service", service), ("parts", parts)]).at(files, *origin)
        }
        TargetError::PatchDoesNotFit { object, reason } => {
            problem("patch-does-not-fit", &[("object", object), ("reason", reason)])
        }
    }
}

/// Why there is no plan.
pub(crate) fn plan(words: &Words, error: &PlanError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match error {
        PlanError::NothingToSwitch => problem("nothing-to-switch", &[]),
        PlanError::Stores { strategy, obstacle } => {
            let reason = words.word(&format!("stores-obstacle-{}", obstacle.name()));
            Problem::new(
                words,
                Exit::Refused,
                "stores-strategy",
                &[("strategy", strategy), ("reason", &reason)],
            )
        }
        PlanError::Unlawful(law) => Problem::new(words, Exit::Refused, "unlawful", &[("law", law)]),
        PlanError::Format { found, expected } => {
            problem("plan-format", &[("found", &found.to_string()), ("expected", &expected.to_string())])
        }
    }
}

/// Why there is no way to a cluster.
pub(crate) fn connection(words: &Words, error: &ConnectError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match error {
        ConnectError::NoKubeconfig => problem("no-kubeconfig", &[]),
        ConnectError::NoSuchContext { wanted, known } if known.is_empty() => {
            problem("no-contexts", &[("wanted", wanted)])
        }
        ConnectError::NoSuchContext { wanted, known } => {
            problem("no-such-context", &[("wanted", wanted), ("known", &known.join(", "))])
        }
        ConnectError::NoCurrentContext { known } => {
            problem("no-current-context", &[("known", &known.join(", "))])
        }
        ConnectError::Unusable(detail) => problem("kubeconfig-unusable", &[("detail", detail)]),
    }
}

/// Why a namespace could not be listed.
pub(crate) fn listing(words: &Words, context: &str, namespace: &str, error: &ClusterError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match error {
        ClusterError::Missing(_) => {
            problem("no-such-namespace", &[("namespace", namespace), ("context", context)])
        }
        ClusterError::Request { .. } if error.code() == Some(401) => {
            problem("cluster-unknown-user", &[("context", context)])
        }
        ClusterError::Request { .. } | ClusterError::NoAnswer { .. } => {
            problem("cluster-unreachable", &[("context", context), ("detail", &chain(error))])
        }
        ClusterError::Timeout { .. }
        | ClusterError::Replaced { .. }
        | ClusterError::Owned { .. }
        | ClusterError::Held { .. }
        | ClusterError::Malformed { .. } => unlistable(words, &error.to_string()),
    }
}

/// Why a cluster could not even be asked.
pub(crate) fn unlistable(words: &Words, detail: &str) -> Problem {
    Problem::new(words, Exit::Unreadable, "cluster-unlistable", &[("detail", detail)])
}

/// An error and what caused it: connections fail deep down.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.contains(&further) {
            text.push_str(": ");
            text.push_str(&further);
        }
        cause = error.source();
    }
    text
}

fn kustomize(words: &Words, error: &KustomizeError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    let file = error.file.as_str();
    match &error.kind {
        KustomizeErrorKind::Unsupported { field } => problem("kustomize-unsupported", &[("field", field)]),
        KustomizeErrorKind::Remote { url } => problem("kustomize-remote", &[("path", url)]),
        KustomizeErrorKind::MissingFile { path } => problem("kustomize-missing", &[("path", path.as_str())]),
        KustomizeErrorKind::OutsideRoot { path } => problem("kustomize-outside", &[("path", path.as_str())]),
        KustomizeErrorKind::NoKustomization { path } => problem("kustomize-none", &[("path", path.as_str())]),
        KustomizeErrorKind::SeveralKustomizations { path } => {
            problem("kustomize-several", &[("path", path.as_str())])
        }
        KustomizeErrorKind::NotKustomization(_) => problem("kustomize-other-kind", &[("path", file)]),
        KustomizeErrorKind::BadField { field, wanted } => {
            problem("kustomize-field", &[("field", field), ("wanted", wanted)])
        }
        KustomizeErrorKind::Cycle { path } => problem("kustomize-cycle", &[("path", path.as_str())]),
        KustomizeErrorKind::NoMatch { id } => problem("kustomize-no-match", &[("id", id)]),
        KustomizeErrorKind::SeveralMatches { id } => problem("kustomize-several-matches", &[("id", id)]),
        KustomizeErrorKind::Duplicate { id } => problem("twice", &[("id", id), ("first", "…")]),
        KustomizeErrorKind::NotAnObject { missing } => problem("not-an-object", &[("missing", missing)]),
        KustomizeErrorKind::NotText => problem("not-text", &[("path", file)]),
        KustomizeErrorKind::Unreadable(reason) => {
            problem("unreadable", &[("path", file), ("reason", reason)])
        }
        KustomizeErrorKind::Parse(error) => parse(words, &error.kind),
        KustomizeErrorKind::Patch(error) => problem("kustomize-patch", &[("detail", &error.to_string())]),
        KustomizeErrorKind::UnknownField { field, like: None } => {
            problem("kustomize-unknown-field", &[("field", field)])
        }
        KustomizeErrorKind::UnknownField { field, like: Some(like) } => {
            problem("kustomize-misspelt-field", &[("field", field), ("like", like)])
        }
        KustomizeErrorKind::Chart { field } => problem("kustomize-chart", &[("field", field)]),
        KustomizeErrorKind::Plugin { kind } => problem("kustomize-plugin", &[("kind", kind)]),
        KustomizeErrorKind::TwiceKey { name, key } => {
            problem("kustomize-twice-key", &[("name", name), ("key", key)])
        }
        KustomizeErrorKind::TwiceVariable { name } => problem("kustomize-twice-variable", &[("name", name)]),
        KustomizeErrorKind::NoField { field, id } => {
            problem("kustomize-no-field", &[("field", field), ("id", id)])
        }
        KustomizeErrorKind::BadShape { field, id } => {
            problem("kustomize-bad-shape", &[("field", field), ("id", id)])
        }
        KustomizeErrorKind::TooLarge(limit) => problem("kustomize-too-large", &[("limit", limit)]),
    }
}

fn compose(words: &Words, error: &ComposeError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match &error.kind {
        ComposeErrorKind::NoFile(path) => problem("compose-no-file", &[("path", path.as_str())]),
        ComposeErrorKind::Unreadable { path, reason } => {
            problem("unreadable", &[("path", path.as_str()), ("reason", reason)])
        }
        ComposeErrorKind::NotText(path) => problem("not-text", &[("path", path.as_str())]),
        ComposeErrorKind::Parse(error) => parse(words, &error.kind),
        ComposeErrorKind::OddKey => problem("compose-odd-key", &[]),
        ComposeErrorKind::Empty => problem("compose-empty", &[]),
        ComposeErrorKind::Expression { attribute } => {
            problem("compose-expression", &[("attribute", attribute)])
        }
        ComposeErrorKind::Required { attribute, name } => {
            problem("compose-required", &[("attribute", attribute), ("name", name)])
        }
        ComposeErrorKind::Unknown { attribute } => problem("compose-unknown", &[("attribute", attribute)]),
        ComposeErrorKind::Wrong { attribute, wanted } => {
            problem("compose-wrong", &[("attribute", attribute), ("wanted", wanted)])
        }
        ComposeErrorKind::Missing { attribute } => problem("compose-missing", &[("attribute", attribute)]),
        ComposeErrorKind::CannotMerge { attribute } => {
            problem("compose-cannot-merge", &[("attribute", attribute)])
        }
        ComposeErrorKind::ExtendsCycle { service } => {
            problem("compose-extends-cycle", &[("service", service)])
        }
        ComposeErrorKind::IncludeCycle(path) => problem("compose-include-cycle", &[("path", path.as_str())]),
        ComposeErrorKind::DependencyCycle { service } => {
            problem("compose-dependency-cycle", &[("service", service)])
        }
        ComposeErrorKind::NoSuchBase { service } => problem("compose-no-such-base", &[("service", service)]),
        ComposeErrorKind::MissingFile { path, role } => {
            let id = match role {
                MissingRole::EnvFile => "compose-missing-env-file",
                MissingRole::Include | MissingRole::Extends => "compose-missing-file",
            };
            problem(id, &[("path", path.as_str())])
        }
        ComposeErrorKind::EnvFile(error) => env_file(words, error),
        ComposeErrorKind::EnvFileFormat(format) => problem("compose-env-file-format", &[("format", format)]),
        ComposeErrorKind::Conflict { resource } => problem("compose-conflict", &[("resource", resource)]),
        ComposeErrorKind::Undefined { service, attribute, name } => {
            problem("compose-undefined", &[("service", service), ("attribute", attribute), ("name", name)])
        }
        ComposeErrorKind::NoImage { service } => problem("compose-no-image", &[("service", service)]),
        ComposeErrorKind::Exclusive { attribute, other } => {
            problem("compose-exclusive", &[("attribute", attribute), ("other", other)])
        }
        ComposeErrorKind::Twice { attribute } => problem("compose-twice", &[("attribute", attribute)]),
        ComposeErrorKind::ProjectName => problem("compose-project-name", &[]),
        ComposeErrorKind::Remote(url) => problem("compose-remote", &[("url", url)]),
        ComposeErrorKind::TooLarge => problem("compose-too-large", &[]),
    }
}

fn env_file(words: &Words, error: &EnvFileError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match &error.kind {
        EnvFileErrorKind::Name => problem("env-file-name", &[]),
        EnvFileErrorKind::Unterminated { name } => problem("env-file-unterminated", &[("name", name)]),
        EnvFileErrorKind::Expression { name } => problem("env-file-expression", &[("name", name)]),
        EnvFileErrorKind::Required { name, required } => {
            problem("env-file-required", &[("name", name), ("required", required)])
        }
        EnvFileErrorKind::ExportUnset => problem("env-file-export", &[]),
        EnvFileErrorKind::Command { name } => problem("env-file-command", &[("name", name)]),
        EnvFileErrorKind::Twice { name } => problem("env-file-twice", &[("name", name)]),
        EnvFileErrorKind::LongLine | EnvFileErrorKind::TooLarge => problem("env-file-too-large", &[]),
    }
}

/// Why a chart could not be loaded or rendered.
pub(crate) fn chart(words: &Words, error: &ChartError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    let path = error.file.as_ref();
    let described = match &error.kind {
        ChartErrorKind::Unreadable(reason) => problem("unreadable", &[("path", path), ("reason", reason)]),
        ChartErrorKind::NoChart => problem("chart-none", &[("path", path)]),
        ChartErrorKind::BadMetadata(detail) => {
            problem("chart-metadata", &[("path", path), ("detail", detail)])
        }
        ChartErrorKind::BadArchive(detail) => problem("chart-archive", &[("path", path), ("detail", detail)]),
        ChartErrorKind::TooLarge { limit } => {
            problem("chart-too-large", &[("path", path), ("limit", &limit.to_string())])
        }
        ChartErrorKind::BadIgnore(pattern) => {
            problem("chart-ignore", &[("path", path), ("pattern", pattern)])
        }
        ChartErrorKind::Parse(kind) => {
            return parse(words, kind).in_line(&error.files, error.origin);
        }
        ChartErrorKind::NotATable(name) => problem("chart-not-a-table", &[("name", name)]),
        ChartErrorKind::BadSet(detail) => problem("chart-set", &[("option", path), ("detail", detail)]),
        ChartErrorKind::BadIndex(detail) => problem("chart-index", &[("path", path), ("detail", detail)]),
        ChartErrorKind::DigestMismatch { expected, found } => {
            problem("chart-digest", &[("path", path), ("expected", expected), ("found", found)])
        }
        ChartErrorKind::MissingDependencies(names) => problem("chart-dependencies", &[("names", names)]),
        ChartErrorKind::Library => problem("chart-library", &[("chart", path)]),
        ChartErrorKind::BadRelease(name) => problem("chart-release", &[("name", name)]),
        ChartErrorKind::KubeVersion { wanted, found } => {
            problem("chart-kubernetes", &[("wanted", wanted), ("found", found)])
        }
        ChartErrorKind::TemplateSyntax(detail) => problem("chart-syntax", &[("detail", detail)]),
        ChartErrorKind::TemplateFailed(detail) => problem("chart-failed", &[("detail", detail)]),
        // Only a key from the root is one that `--set` takes; under `with` it is a part of one.
        ChartErrorKind::Required { message, key } => {
            let root = |key: &'_ String| key.trim_start_matches('$').starts_with(".Values.");
            match key.as_ref().filter(|key| root(key)) {
                Some(key) => {
                    let name = key.trim_start_matches(['$', '.']).trim_start_matches("Values.");
                    problem("chart-required", &[("key", key), ("name", name), ("message", message)])
                }
                None => problem("chart-required-something", &[("message", message)]),
            }
        }
        ChartErrorKind::Refused(message) => problem("chart-refuses", &[("message", message)]),
        ChartErrorKind::Random(function) => problem("chart-random", &[("function", function)]),
        ChartErrorKind::Bound(bound) => problem("chart-bound", &[("bound", bound)]),
        ChartErrorKind::NotAManifest(detail) => {
            return problem("chart-not-a-manifest", &[("detail", detail)])
                .in_line(&error.files, error.origin);
        }
        ChartErrorKind::Schema(places) => {
            problem("chart-schema", &[("chart", path), ("list", &format!("  {}", places.join("\n  ")))])
        }
        ChartErrorKind::BadSchema(detail) => {
            problem("chart-bad-schema", &[("chart", path), ("detail", detail)])
        }
        ChartErrorKind::NoSuchTemplate(template) => problem("chart-no-template", &[("template", template)]),
        ChartErrorKind::BadKubeVersion(version) => problem("chart-kube-version", &[("version", version)]),
    };
    described.at(&error.files, error.origin)
}

/// Why a profile of load cannot be used.
pub(crate) fn load(words: &Words, error: &LoadError, files: &Files) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    let told = match &error.kind {
        LoadErrorKind::Unread { name, detail } => {
            problem("load-unread", &[("name", name), ("detail", detail)])
        }
        LoadErrorKind::Syntax(kind) => parse(words, kind),
        LoadErrorKind::Documents => problem("load-documents", &[]),
        LoadErrorKind::Mapping { what } => problem("load-mapping", &[("what", what)]),
        LoadErrorKind::List { what } => problem("load-list", &[("what", what)]),
        LoadErrorKind::Unknown { key, known } => problem("load-unknown", &[("key", key), ("known", known)]),
        LoadErrorKind::Missing { key } => problem("load-missing", &[("key", key)]),
        LoadErrorKind::Both { first, second } => {
            problem("load-both", &[("first", first), ("second", second)])
        }
        LoadErrorKind::Number { key, low, high } => {
            let (low, high) = (low.to_string(), high.to_string());
            problem("load-number", &[("key", key), ("low", &low), ("high", &high)])
        }
        LoadErrorKind::Choice { key, choices } => {
            problem("load-choice", &[("key", key), ("choices", choices)])
        }
        LoadErrorKind::Size { key } => problem("load-size", &[("key", key)]),
        LoadErrorKind::Path { key } => problem("load-path", &[("key", key)]),
        LoadErrorKind::NoSuch { name } => problem("load-no-such", &[("name", name)]),
    };
    told.at(files, error.origin)
}

/// Why a fault could not be read.
pub(crate) fn fault(words: &Words, error: &FaultError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match error {
        FaultError::Unknown { id, nearest: Some(nearest) } => {
            problem("fault-unknown", &[("fault", id), ("nearest", nearest)])
        }
        FaultError::Unknown { id, nearest: None } => problem("fault-unlike", &[("fault", id)]),
        FaultError::Value { given, example } => {
            problem("fault-value", &[("fault", given), ("example", example)])
        }
        FaultError::Window { given } => problem("fault-window", &[("time", given)]),
    }
}
