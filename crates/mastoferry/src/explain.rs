//! Errors of the pure rooms in the reader's words. The matches are exhaustive on purpose: a new kind of error does
//! not compile until it has a message and, where one can be given, a remedy.

use installation::{InstallationError, InstallationErrorKind};
use kustomize::{KustomizeError, KustomizeErrorKind};
use plan::PlanError;
use source::{SourceError, SourceErrorKind, SourceRef, Unread};
use target::TargetError;
use tree::{Files, ParseErrorKind};

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
        | ParseErrorKind::TooLarge => problem("yaml-other", &[("detail", &kind.to_string())]),
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
    }
}

/// Why there is no plan.
pub(crate) fn plan(words: &Words, error: &PlanError) -> Problem {
    let problem = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    match error {
        PlanError::NothingToSwitch => problem("nothing-to-switch", &[]),
        PlanError::Unlawful(law) => Problem::new(words, Exit::Refused, "unlawful", &[("law", law)]),
        PlanError::Format { found, expected } => {
            problem("plan-format", &[("found", &found.to_string()), ("expected", &expected.to_string())])
        }
    }
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
    }
}
