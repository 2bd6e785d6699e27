//! `mastoferry convert`: the installation written anew, every leaf accounted for.

use std::fmt::Write as _;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use target::gitops::DeliveryFile;
use target::kustomize::is_written;
use target::{FileNames, Stage, Switched};

use super::{delivery, kustomize, ledger_page, old_release};
use crate::cli::{ConvertArgs, Output, To};
use crate::data::NewStoresArgs;
use crate::from_compose::FromCompose;
use crate::prepare::{self, Converted, Read};
use crate::problem::{Exit, Problem};
use crate::project_secrets;
use crate::secrets::beside;
use crate::words::Words;

/// Runs the command; its result is what goes to standard output.
pub(crate) fn convert(arguments: &ConvertArgs, output: Output, words: &Words) -> Result<String, Problem> {
    if arguments.target.to == To::Helm {
        return super::helm::convert(arguments, output, words);
    }
    let converted = prepare::convert(
        &arguments.source,
        &arguments.target,
        Some(&arguments.raising),
        &NewStoresArgs::default(),
        words,
    )?;
    converted.lost_nothing(words)?;
    let mut files = Vec::new();
    let keys = converted.from_compose.as_ref().map_or(&[][..], |own| &own.raised.secrets);
    let secrets = beside(arguments, &converted.read, keys, words, || {
        let Some(directory) = &arguments.out else { return Ok(()) };
        files = write_folder(&converted, arguments, directory, words)?;
        Ok(())
    })?;
    let mut text = told(&converted, arguments, output, words);
    if output == Output::Text {
        text.push_str(&delivery::to_fill_in(&files, words));
        text.push_str(&secrets);
    }
    Ok(text)
}

/// Writes the folder; the result is what tools are handed in it.
fn write_folder(
    converted: &Converted,
    arguments: &ConvertArgs,
    directory: &Utf8Path,
    words: &Words,
) -> Result<Vec<DeliveryFile>, Problem> {
    let release = &converted.release;
    let mut files = Vec::new();
    match arguments.target.to {
        To::Kustomize => write_proven(
            directory,
            words,
            |write| {
                let folder = kustomize::write_folder(converted, words, write)?;
                files = delivery::for_kustomize(converted, &folder, arguments);
                delivery::write(&files, release, words, write)?;
                Ok(folder)
            },
            |folder, written| kustomize::prove(converted, folder, written, words),
        ),
        To::Manifests | To::Helm => write_all(directory, words, |write| {
            write_manifests(converted, words, write)?;
            files = delivery::for_manifests(converted, arguments);
            delivery::write(&files, release, words, write)
        }),
    }?;
    Ok(files)
}

/// What goes to standard output.
pub(crate) fn told<T>(
    converted: &Converted<T>,
    arguments: &ConvertArgs,
    output: Output,
    words: &Words,
) -> String {
    match output {
        Output::Json => format!("{:#}\n", as_json(converted)),
        Output::Markdown => ledger_page::markdown(converted, words),
        Output::Text => summary(converted, arguments.out.as_deref(), words),
    }
}

fn summary<T>(converted: &Converted<T>, out: Option<&Utf8Path>, words: &Words) -> String {
    let installation =
        converted.from_compose.as_ref().map_or(&converted.read.installation, |own| &own.before);
    let mut text = crate::inspect::in_short(&converted.read.sourced, installation, words);
    text.push_str(&ledger_lines(converted, words));
    text.push_str(&old_release::notes(&converted.read, words));
    if let Some(own) = &converted.from_compose {
        let _ = writeln!(text, "{}", words.word("decisions-head"));
        for line in own.decisions(&converted.read.sourced, words) {
            let _ = writeln!(text, "  - {line}");
        }
    }
    if let Some(directory) = out {
        text.push_str(&words.tell("convert-written", &[("directory", directory.as_str())]));
        text.push('\n');
    }
    text
}

/// The ledger in numbers, in words.
pub(crate) fn ledger_lines<T>(converted: &Converted<T>, words: &Words) -> String {
    let tally = converted.tally();
    let number = |name: &str| tally.get(name).copied().unwrap_or_default().to_string();
    let numbers: Vec<String> = audit::Disposition::ALL
        .iter()
        .map(|disposition| disposition.name())
        .filter(|name| tally.get(*name).copied().unwrap_or_default() > 0 || *name == "unaccounted")
        .map(|name| format!("{} {}", words.tell(&format!("disposition-{name}"), &[]), number(name)))
        .collect();
    let release = &converted.release;
    let mut text = words.tell("convert-ledger", &[("leaves", &number("leaves")), ("release", release)]);
    let _ = write!(text, "\n  {}\n", numbers.join(" · "));
    let explained =
        converted.differences.iter().filter(|difference| difference.explained_by.is_some()).count()
            + converted.from_compose.as_ref().map_or(0, FromCompose::explained);
    if explained > 0 {
        let _ = writeln!(text, "{}", words.tell("convert-explained", &[("count", &explained.to_string())]));
    }
    text
}

/// The result in the names of design section 5.
pub(crate) fn as_json<T>(converted: &Converted<T>) -> serde_json::Value {
    let files = &converted.read.sourced.files;
    let mut json = json!({
        "release": converted.release,
        "ledger": converted.tally(),
        "items": converted.ledger.items.iter().map(|item| json!({
            "source": item.origin.map(|origin| files.place(origin)),
            "path": item.path,
            "disposition": item.disposition,
            "target": item.target,
            "reason": item.reason,
            "overridden_at": item.overridden_at.map(|origin| files.place(origin)),
        })).collect::<Vec<_>>(),
        "differences": converted.differences,
        "verdict": converted.verdict,
        "old_releases": old_release::as_json(&converted.read),
    });
    if let (Some(own), Some(members)) = (&converted.from_compose, json.as_object_mut()) {
        members.extend(own.as_json(files));
    }
    json
}

/// What `write_all` is given to write one file of the folder: its path in it, and its text.
pub(crate) type WriteFile<'a> = dyn FnMut(&str, &str) -> Result<(), Problem> + 'a;

/// Writes the folder. It is made beside its place and moved there whole, so that nothing half-written is left.
pub(crate) fn write_all(
    directory: &Utf8Path,
    words: &Words,
    fill: impl FnOnce(&mut WriteFile<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    write_proven(directory, words, fill, |(), _| Ok(()))
}

/// As [`write_all`]; what was written is looked at where it lies before it is moved.
pub(crate) fn write_proven<T>(
    directory: &Utf8Path,
    words: &Words,
    fill: impl FnOnce(&mut WriteFile<'_>) -> Result<T, Problem>,
    prove: impl FnOnce(&T, &Utf8Path) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let failed = |path: &Utf8Path, error: &std::io::Error| {
        Problem::new(
            words,
            Exit::Failed,
            "write-file",
            &[("path", path.as_str()), ("reason", &error.to_string())],
        )
    };
    vacant(directory, words)?;
    // A folder that is there may be `.` or a link: what is made beside it belongs beside the folder itself.
    let place = directory.canonicalize_utf8().unwrap_or_else(|_| directory.to_owned());
    let beside = format!("{}.partial-{}", place.as_str().trim_end_matches('/'), std::process::id());
    let beside = Utf8PathBuf::from(beside);
    let mut write = |path: &str, text: &str| {
        let file = beside.join(path);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
        made.and_then(|()| let_run(&file)).map_err(|error| failed(&directory.join(path), &error))
    };
    let moved = fill(&mut write)
        .and_then(|filled| prove(&filled, &beside))
        .and_then(|()| fs::rename(&beside, &place).map_err(|error| failed(directory, &error)));
    if moved.is_err() && beside.exists() {
        fs::remove_dir_all(&beside).map_err(|error| failed(&beside, &error))?;
    }
    moved
}

/// Refuses a folder that holds anything, and what is no folder.
pub(crate) fn vacant(directory: &Utf8Path, words: &Words) -> Result<(), Problem> {
    if directory.is_file() {
        return Err(Problem::new(words, Exit::Unreadable, "out-is-file", &[("path", directory.as_str())]));
    }
    let occupied =
        directory.exists() && fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_some());
    if occupied {
        return Err(Problem::new(words, Exit::Unreadable, "out-not-empty", &[("path", directory.as_str())]));
    }
    Ok(())
}

/// Scripts are there to be run.
#[cfg(unix)]
fn let_run(path: &Utf8Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if path.extension() == Some("sh") {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
    } else {
        Ok(())
    }
}

#[cfg(not(unix))]
fn let_run(_: &Utf8Path) -> std::io::Result<()> {
    Ok(())
}

/// A document as YAML text.
pub(crate) fn yaml(node: &tree::Node, words: &Words) -> Result<String, Problem> {
    tree::to_yaml(node)
        .map_err(|error| Problem::new(words, Exit::Failed, "write", &[("reason", &error.to_string())]))
}

/// A document with words in comments at its head.
pub(crate) fn headed(said: &str, text: &str) -> String {
    let mut whole = String::new();
    for line in said.lines() {
        let _ = writeln!(whole, "{}", format!("# {line}").trim_end());
    }
    whole.push_str(text);
    whole
}

fn write_manifests(converted: &Converted, words: &Words, write: &mut WriteFile<'_>) -> Result<(), Problem> {
    for (stage, folder) in
        [(Stage::Dark, "green"), (Stage::Adopted, "adopted"), (Stage::Withheld, "withheld")]
    {
        let mut names = FileNames::default();
        for made in converted.target.green.iter().filter(|made| made.stage == stage) {
            write(&format!("{folder}/{}", names.of(&made.object)), &yaml(&made.object.node, words)?)?;
        }
    }
    if let Some(own) = &converted.from_compose {
        write("SECRETS.md", &of_project(own, &converted.read, words))?;
    }
    let target = &converted.target;
    old_release::write(converted, &target.switched, &target.kept, &target.removed, words, write)?;
    write_standing(converted, &target.switched, &target.kept, words, write)
}

/// `SECRETS.md` of a Compose project.
pub(crate) fn of_project(own: &FromCompose, read: &Read, words: &Words) -> String {
    let text = super::helm::secrets_text(&own.raised.secrets, &[], read, words);
    text + &project_secrets::text(&own.raised, &read.sourced, words)
}

/// What stays, what is switched, and the ledger: the same for every target.
pub(crate) fn write_standing<T>(
    converted: &Converted<T>,
    switched: &[Switched],
    kept: &[usize],
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<(), Problem> {
    let mut names = FileNames::default();
    for Switched { object, .. } in switched {
        write(&format!("switched/{}", names.of(object)), &yaml(&object.node, words)?)?;
    }
    let mut names = FileNames::default();
    let kept = kept.iter().map(|index| &converted.read.installation.objects[*index]);
    // A Secret stays in the cluster and in the hands of whoever keeps it; no copy is made, nor of what has one in it.
    for object in kept.filter(|object| is_written(object)) {
        write(&format!("kept/{}", names.of(object)), &yaml(&object.node, words)?)?;
    }
    write_ledger(converted, words, write)
}

/// The ledger, for people and for programs.
pub(crate) fn write_ledger<T>(
    converted: &Converted<T>,
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<(), Problem> {
    if let Some(own) = &converted.from_compose {
        write("DECISIONS.md", &own.text(&converted.read.sourced, words))?;
    }
    write("LEDGER.md", &ledger_page::markdown(converted, words))?;
    write("LEDGER.json", &format!("{:#}\n", as_json(converted)))
}
