//! `mastoferry convert`: the installation written anew, every leaf accounted for.

use std::fmt::Write as _;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use target::{Stage, Switched};

use crate::cli::{ConvertArgs, Output, To};
use crate::from_compose::FromCompose;
use crate::prepare::{self, Converted};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs the command; its result is what goes to standard output.
pub(crate) fn convert(arguments: &ConvertArgs, output: Output, words: &Words) -> Result<String, Problem> {
    if arguments.target.to == To::Helm {
        return super::helm::convert(arguments, output, words);
    }
    let converted = prepare::convert(&arguments.source, &arguments.target, Some(&arguments.raising), words)?;
    converted.lost_nothing(words)?;
    if let Some(directory) = &arguments.out {
        write_all(directory, words, |write| write_manifests(&converted, words, write))?;
    }
    Ok(told(&converted, arguments, output, words))
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
        Output::Markdown => ledger_markdown(converted, words),
        Output::Text => summary(converted, arguments.out.as_deref(), words),
    }
}

fn summary<T>(converted: &Converted<T>, out: Option<&Utf8Path>, words: &Words) -> String {
    let mut text = crate::inspect::in_short(&converted.read, words);
    text.push_str(&ledger_lines(converted, words));
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
fn as_json<T>(converted: &Converted<T>) -> serde_json::Value {
    let files = &converted.read.sourced.files;
    json!({
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
    })
}

fn ledger_markdown<T>(converted: &Converted<T>, words: &Words) -> String {
    let files = &converted.read.sourced.files;
    let mut text = format!("# {}\n\n", words.tell("ledger-title", &[]));
    text.push_str(&ledger_lines(converted, words));
    let heads = ["source", "path", "disposition", "target", "reason"]
        .map(|head| words.tell(&format!("ledger-head-{head}"), &[]));
    let _ = write!(text, "\n| {} |\n|---|---|---|---|---|\n", heads.join(" | "));
    for item in &converted.ledger.items {
        let mut reason = words.tell(item.reason, &[]);
        if let Some(later) = item.overridden_at {
            let _ = write!(reason, " ({})", files.place(later));
        }
        let cell = |value: &str| value.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            item.origin.map(|origin| files.place(origin)).unwrap_or_default(),
            cell(&item.path),
            words.tell(&format!("disposition-{}", item.disposition.name()), &[]),
            cell(item.target.as_deref().unwrap_or_default()),
            cell(&reason),
        );
    }
    text
}

/// What `write_all` is given to write one file of the folder: its path in it, and its text.
pub(crate) type WriteFile<'a> = dyn FnMut(&str, &str) -> Result<(), Problem> + 'a;

/// Writes the folder. It is made beside its place and moved there whole, so that nothing half-written is left.
pub(crate) fn write_all(
    directory: &Utf8Path,
    words: &Words,
    fill: impl FnOnce(&mut WriteFile<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let failed = |path: &Utf8Path, error: &std::io::Error| {
        Problem::new(
            words,
            Exit::Failed,
            "write-file",
            &[("path", path.as_str()), ("reason", &error.to_string())],
        )
    };
    let occupied =
        directory.exists() && fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_some());
    if occupied {
        return Err(Problem::new(words, Exit::Unreadable, "out-not-empty", &[("path", directory.as_str())]));
    }
    let beside = Utf8PathBuf::from(format!("{}.partial", directory.as_str().trim_end_matches('/')));
    let mut write = |path: &str, text: &str| {
        let path = beside.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        made.and_then(|()| let_run(&path)).map_err(|error| failed(&path, &error))
    };
    let moved = fill(&mut write).and_then(|()| {
        if directory.exists() {
            fs::remove_dir(directory).map_err(|error| failed(directory, &error))?;
        }
        fs::rename(&beside, directory).map_err(|error| failed(directory, &error))
    });
    if moved.is_err() && beside.exists() {
        fs::remove_dir_all(&beside).map_err(|error| failed(&beside, &error))?;
    }
    moved
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

/// The name of the file that an object is written to.
pub(crate) fn file_of(object: &installation::Object) -> String {
    format!("{}-{}.yaml", object.kind().to_lowercase(), object.name())
}

fn write_manifests(converted: &Converted, words: &Words, write: &mut WriteFile<'_>) -> Result<(), Problem> {
    for made in &converted.target.green {
        let folder = match made.stage {
            Stage::Dark => "green",
            Stage::Adopted => "adopted",
            Stage::Withheld => "withheld",
        };
        write(&format!("{folder}/{}", file_of(&made.object)), &yaml(&made.object.node, words)?)?;
    }
    if let Some(own) = &converted.from_compose {
        write("SECRETS.md", &super::helm::secrets_text(&own.raised.secrets, &[], &converted.read, words))?;
    }
    write_standing(converted, &converted.target.switched, &converted.target.kept, words, write)
}

/// What stays, what is switched, and the ledger: the same for every target.
pub(crate) fn write_standing<T>(
    converted: &Converted<T>,
    switched: &[Switched],
    kept: &[usize],
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<(), Problem> {
    for switched in switched {
        let object = &switched.object;
        write(&format!("switched/service-{}.yaml", object.name()), &yaml(&object.node, words)?)?;
    }
    for index in kept {
        let object = &converted.read.installation.objects[*index];
        // A Secret stays in the cluster and in the hands of whoever keeps it; no copy is made, nor of what has one in it.
        let sealed = object.node.leaves().iter().any(|leaf| leaf.node.as_secret().is_some());
        if object.kind() != "Secret" && !sealed {
            write(&format!("kept/{}", file_of(object)), &yaml(&object.node, words)?)?;
        }
    }
    if let Some(own) = &converted.from_compose {
        write("DECISIONS.md", &own.text(&converted.read.sourced, words))?;
    }
    write("LEDGER.md", &ledger_markdown(converted, words))?;
    write("LEDGER.json", &format!("{:#}\n", as_json(converted)))
}
