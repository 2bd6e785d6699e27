//! Notes of a source, in words and in JSON.

use serde_json::{Value, json};
use source::{NoteKind, Passed};

use super::page::LIST;
use crate::words::Words;

/// A note's name and what it is about, for programs.
pub(crate) fn facts(kind: &NoteKind) -> (&'static str, Value) {
    match kind {
        NoteKind::InertKey { key, chart } => ("inert-key", json!({ "key": key, "chart": chart })),
        NoteKind::OtherChart { chart } => ("other-chart", json!({ "chart": chart })),
        NoteKind::NotListed { kind, reason } => ("not-listed", json!({ "kind": kind, "reason": reason })),
        NoteKind::OldApi { api_version, kind, today, gone_since } => (
            "old-api",
            json!({ "api_version": api_version, "kind": kind, "today": today, "gone_since": gone_since }),
        ),
        NoteKind::RenderedChart { release, charts, objects, hooks } => (
            "rendered-chart",
            json!({ "release": release, "charts": charts, "objects": objects, "hooks": hooks }),
        ),
        NoteKind::HelmRelease { release, revision } => {
            ("helm-release", json!({ "release": release, "revision": revision }))
        }
        NoteKind::PassedOver { file, what } => {
            ("passed-over", json!({ "file": file, "what": passed(*what) }))
        }
        NoteKind::Placeholder { text } => ("placeholder", json!({ "text": text })),
        NoteKind::SetApart { kind, count } => ("set-apart", json!({ "kind": kind, "count": count })),
        NoteKind::AlsoHere { path, form } => ("also-here", json!({ "path": path, "form": form })),
        NoteKind::MisspeltKey { key, meant, chart } => {
            ("misspelt-key", json!({ "key": key, "meant": meant, "chart": chart }))
        }
        NoteKind::ReadAs { named, chart } => ("read-as", json!({ "named": named, "chart": chart })),
        NoteKind::ChartRefuses { key, chart } => ("chart-refuses", json!({ "key": key, "chart": chart })),
        NoteKind::PostRendered { release } => ("post-rendered", json!({ "release": release })),
        NoteKind::ElsewhereSource { application, path } => {
            ("elsewhere-source", json!({ "application": application, "path": path }))
        }
        NoteKind::UnsetVariable { name } => ("unset-variable", json!({ "name": name })),
        NoteKind::ReadDifferently { names } => ("read-differently", json!({ "names": names })),
        NoteKind::BuiltImage { service, image } => {
            ("built-image", json!({ "service": service, "image": image }))
        }
        NoteKind::SwitchedOff { service } => ("switched-off", json!({ "service": service })),
        NoteKind::OpenSecret { key } => ("open-secret", json!({ "key": key })),
    }
}

/// A note for people.
pub(crate) fn words(kind: &NoteKind, words: &Words) -> String {
    let tell = |id: &str, arguments: &[(&str, &str)]| words.tell(&format!("note-{id}"), arguments);
    match kind {
        NoteKind::InertKey { chart, .. } => tell("inert-key", &[("chart", chart)]),
        NoteKind::OtherChart { chart } => tell("other-chart", &[("chart", chart)]),
        NoteKind::NotListed { kind, reason } => tell("not-listed", &[("kind", kind), ("reason", reason)]),
        NoteKind::OldApi { api_version, kind, today, gone_since } => {
            let old = [("old", api_version.as_str()), ("kind", kind), ("since", gone_since)];
            match today {
                Some(today) => tell("old-api", &[&old[..], &[("today", today)]].concat()),
                None => tell("old-api-gone", &old),
            }
        }
        NoteKind::RenderedChart { release, charts, objects, hooks } => words.say(
            "note-rendered-chart",
            &[
                ("release", release.as_deref().unwrap_or("?").into()),
                ("charts", charts.join(LIST).into()),
                ("objects", (*objects).into()),
                ("hooks", (*hooks).into()),
            ],
        ),
        NoteKind::HelmRelease { release, revision } => {
            tell("helm-release", &[("release", release), ("revision", &revision.to_string())])
        }
        NoteKind::PassedOver { what, .. } => {
            tell("passed-over", &[("what", &words.word(&format!("passed-{}", passed(*what))))])
        }
        NoteKind::Placeholder { text } => tell("placeholder", &[("text", text)]),
        NoteKind::SetApart { kind, count } => {
            words.say("note-set-apart", &[("kind", kind.as_str().into()), ("count", (*count).into())])
        }
        NoteKind::AlsoHere { path, form } => tell("also-here", &[("path", path), ("form", form)]),
        NoteKind::MisspeltKey { key, meant, chart } => {
            tell("misspelt-key", &[("key", key), ("meant", meant), ("chart", chart)])
        }
        NoteKind::ReadAs { named, chart } => tell("read-as", &[("named", named), ("chart", chart)]),
        NoteKind::ChartRefuses { key, chart } => tell("chart-refuses", &[("key", key), ("chart", chart)]),
        NoteKind::PostRendered { release } => tell("post-rendered", &[("release", release)]),
        NoteKind::ElsewhereSource { application, path } => {
            tell("elsewhere-source", &[("application", application), ("path", path)])
        }
        NoteKind::UnsetVariable { name } => tell("unset-variable", &[("name", name)]),
        NoteKind::ReadDifferently { names } => tell("read-differently", &[("names", &names.join(LIST))]),
        NoteKind::BuiltImage { service, image } => {
            tell("built-image", &[("service", service), ("image", image)])
        }
        NoteKind::SwitchedOff { service } => tell("switched-off", &[("service", service)]),
        NoteKind::OpenSecret { .. } => tell("open-secret", &[]),
    }
}

/// The place that stands at a note, and what there where the note's words leave it out: notes that say the same of
/// many things are told once, with all of them.
pub(crate) fn place(kind: &NoteKind, place: Option<String>) -> Option<String> {
    match kind {
        NoteKind::PassedOver { file, .. } => Some(file.clone()),
        NoteKind::InertKey { key, .. } | NoteKind::OpenSecret { key } => match place {
            Some(place) => Some(format!("{key} {place}")),
            None => Some(key.clone()),
        },
        _ => place,
    }
}

/// What was passed over, by name.
fn passed(what: Passed) -> &'static str {
    match what {
        Passed::Compose => "compose",
        Passed::Kustomization => "kustomization",
        Passed::Chart => "chart",
        Passed::Values => "values",
        Passed::ChartTemplate => "chart-template",
        Passed::GitCrypt => "git-crypt",
        Passed::RunByHand => "run-by-hand",
        Passed::Tool => "tool",
        Passed::Unknown => "unknown",
    }
}
