//! `mastoferry convert`: the installation written anew, every leaf accounted for.

use std::fmt::Write as _;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use target::Stage;

use crate::cli::{ConvertArgs, Output};
use crate::prepare::{self, Converted};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs the command; its result is what goes to standard output.
pub(crate) fn convert(arguments: &ConvertArgs, output: Output, words: &Words) -> Result<String, Problem> {
    let converted = prepare::convert(&arguments.source, &arguments.target, words)?;
    converted.lost_nothing(words)?;
    if let Some(directory) = &arguments.out {
        write_all(directory, &converted, words)?;
    }
    Ok(match output {
        Output::Json => format!("{:#}\n", as_json(&converted)),
        Output::Markdown => ledger_markdown(&converted, words),
        Output::Text => summary(&converted, arguments.out.as_deref(), words),
    })
}

fn summary(converted: &Converted, out: Option<&Utf8Path>, words: &Words) -> String {
    let mut text = crate::inspect::in_short(&converted.read, words);
    text.push_str(&ledger_lines(converted, words));
    if let Some(directory) = out {
        text.push_str(&words.tell("convert-written", &[("directory", directory.as_str())]));
        text.push('\n');
    }
    text
}

/// The ledger in numbers, in words.
pub(crate) fn ledger_lines(converted: &Converted, words: &Words) -> String {
    let tally = converted.tally();
    let number = |name: &str| tally.get(name).copied().unwrap_or_default().to_string();
    let numbers: Vec<String> = audit::Disposition::ALL
        .iter()
        .map(|disposition| disposition.name())
        .filter(|name| tally.get(*name).copied().unwrap_or_default() > 0 || *name == "unaccounted")
        .map(|name| format!("{} {}", words.tell(&format!("disposition-{name}"), &[]), number(name)))
        .collect();
    let release = &converted.target.naming.release;
    let mut text = words.tell("convert-ledger", &[("leaves", &number("leaves")), ("release", release)]);
    let _ = write!(text, "\n  {}\n", numbers.join(" · "));
    let explained =
        converted.differences.iter().filter(|difference| difference.explained_by.is_some()).count();
    if explained > 0 {
        let _ = writeln!(text, "{}", words.tell("convert-explained", &[("count", &explained.to_string())]));
    }
    text
}

/// The result in the names of design section 5.
fn as_json(converted: &Converted) -> serde_json::Value {
    let files = &converted.read.sourced.files;
    json!({
        "release": converted.target.naming.release,
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

fn ledger_markdown(converted: &Converted, words: &Words) -> String {
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

/// Writes the folder. It is made beside its place and moved there whole, so that nothing half-written is left.
fn write_all(directory: &Utf8Path, converted: &Converted, words: &Words) -> Result<(), Problem> {
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
    let written = write_into(&beside, converted, words);
    let moved = match written {
        Ok(()) => {
            if directory.exists() {
                fs::remove_dir(directory).map_err(|error| failed(directory, &error))?;
            }
            fs::rename(&beside, directory).map_err(|error| failed(directory, &error))
        }
        Err((path, error)) => Err(failed(&path, &error)),
    };
    if moved.is_err() && beside.exists() {
        fs::remove_dir_all(&beside).map_err(|error| failed(&beside, &error))?;
    }
    moved
}

fn write_into(
    directory: &Utf8Path,
    converted: &Converted,
    words: &Words,
) -> Result<(), (Utf8PathBuf, std::io::Error)> {
    let write = |path: Utf8PathBuf, text: String| {
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        made.map_err(|error| (path, error))
    };
    let yaml = |node: &tree::Node| {
        tree::to_yaml(node).map_err(|error| (directory.to_owned(), std::io::Error::other(error)))
    };
    for made in &converted.target.green {
        let folder = match made.stage {
            Stage::Dark => "green",
            Stage::Adopted => "adopted",
            Stage::Withheld => "withheld",
        };
        let object = &made.object;
        let name = format!("{}-{}.yaml", object.kind().to_lowercase(), object.name());
        write(directory.join(folder).join(name), yaml(&object.node)?)?;
    }
    for switched in &converted.target.switched {
        let name = format!("service-{}.yaml", switched.object.name());
        write(directory.join("switched").join(name), yaml(&switched.object.node)?)?;
    }
    for index in &converted.target.kept {
        let object = &converted.read.installation.objects[*index];
        // A Secret stays in the cluster and in the hands of whoever keeps it; no copy is made.
        if object.kind() != "Secret" {
            let name = format!("{}-{}.yaml", object.kind().to_lowercase(), object.name());
            write(directory.join("kept").join(name), yaml(&object.node)?)?;
        }
    }
    write(directory.join("LEDGER.md"), ledger_markdown(converted, words))?;
    write(directory.join("LEDGER.json"), format!("{:#}\n", as_json(converted)))
}
