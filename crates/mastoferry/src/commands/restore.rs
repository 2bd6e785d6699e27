//! `mastoferry restore`: what a backup kept, put back.

use camino::{Utf8Path, Utf8PathBuf};
use clock::Clock;
use cluster::{Cluster, ObjectRef};
use serde_json::json;
use voyage::{Backup, BackupError, Identity, Standing};

use crate::cli::{Output, RestoreArgs};
use crate::explain;
use crate::problem::{Exit, Problem};
use crate::reach::IDENTITY;
use crate::words::Words;

/// Tells what stands otherwise than it was kept; with `--approve`, puts it back.
pub(crate) fn restore(
    arguments: &RestoreArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let identity = identity(arguments, words)?;
    let backup = Backup::read(arguments.backup.as_std_path(), identity.as_ref());
    let backup = backup.map_err(|error| told(&error, words))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error.to_string(), words))?;
    runtime.block_on(async {
        let connection = cluster::connect(arguments.context.as_deref()).await;
        let connection = connection.map_err(|error| explain::connection(words, &error))?;
        let cluster = Cluster::new(connection.client, &arguments.namespace, Clock::real());
        let standing = backup.compare(&cluster).await.map_err(|error| told(&error, words))?;
        let restored = if arguments.approve {
            backup.put_back(&cluster).await.map_err(|error| told(&error, words))?
        } else {
            Vec::new()
        };
        Ok((shown(&backup, &standing, arguments.approve.then_some(&restored[..]), output, words), Exit::Done))
    })
}

/// The identity that was named, or else the one beside the folders of states, where there is one.
fn identity(arguments: &RestoreArgs, words: &Words) -> Result<Option<Identity>, Problem> {
    let read = |path: &Utf8Path| Identity::read(path.as_std_path()).map_err(|error| told(&error, words));
    if let Some(path) = &arguments.identity {
        return read(path).map(Some);
    }
    let above = arguments.backup.ancestors().skip(1).take(2).map(|folder| match folder.as_str() {
        "" => Utf8PathBuf::from(IDENTITY),
        _ => folder.join(IDENTITY),
    });
    above.into_iter().find(|path| path.is_file()).map(|path| read(&path)).transpose()
}

fn told(error: &BackupError, words: &Words) -> Problem {
    let detail = error.to_string();
    let problem = |exit, name: &str| Problem::new(words, exit, name, &[("detail", detail.as_str())]);
    match error {
        BackupError::Damaged(_) => problem(Exit::Refused, "backup-damaged"),
        BackupError::NewSideRuns(_) => problem(Exit::Refused, "backup-new-side"),
        BackupError::Locked(_)
        | BackupError::OtherIdentity(_)
        | BackupError::Key(_)
        | BackupError::Exposed(_) => problem(Exit::Unreadable, "backup-key"),
        BackupError::None(_) | BackupError::Format { .. } | BackupError::File { .. } => {
            problem(Exit::Unreadable, "backup-unreadable")
        }
        BackupError::Cluster(_) => failed(&detail, words),
    }
}

fn failed(detail: &str, words: &Words) -> Problem {
    Problem::new(words, Exit::Failed, "restore-failed", &[("detail", detail)])
}

fn shown(
    backup: &Backup,
    standing: &[(ObjectRef, Standing)],
    restored: Option<&[ObjectRef]>,
    output: Output,
    words: &Words,
) -> String {
    if output == Output::Json {
        let objects = standing.iter().map(|(place, standing)| {
            let (name, paths) = match standing {
                Standing::Same => ("same", &[][..]),
                Standing::Missing => ("missing", &[][..]),
                Standing::Differs(paths) => ("differs", paths.as_slice()),
            };
            json!({"object": place.to_string(), "standing": name, "paths": paths})
        });
        let restored = restored.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        let told = json!({
            "objects": objects.collect::<Vec<_>>(), "unkept": backup.manifest().unkept, "tasks": backup.tasks(), "restored": restored,
        });
        return format!("{told}\n");
    }
    let mut lines = Vec::new();
    for (place, standing) in standing {
        let object = place.to_string();
        match standing {
            Standing::Same => {}
            Standing::Missing => lines.push(words.tell("restore-missing", &[("object", &object)])),
            Standing::Differs(paths) => {
                lines.push(
                    words.tell("restore-differs", &[("object", &object), ("paths", &paths.join(", "))]),
                );
            }
        }
    }
    for task in backup.tasks() {
        lines.push(words.tell("restore-task", &[("object", &task)]));
    }
    for unkept in &backup.manifest().unkept {
        lines.push(words.tell("restore-unkept", &[("object", &unkept.object), ("reason", &unkept.reason)]));
    }
    let count = standing.iter().filter(|(_, standing)| *standing != Standing::Same).count().to_string();
    let all = standing.len().to_string();
    lines.push(match restored {
        Some(restored) => {
            words.tell("restore-done", &[("count", &restored.len().to_string()), ("all", &all)])
        }
        None if count == "0" => words.tell("restore-same", &[("all", &all)]),
        None => words.tell("restore-would", &[("count", &count), ("all", &all)]),
    });
    lines.join("\n") + "\n"
}
