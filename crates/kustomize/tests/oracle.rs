//! What this room builds, against what the real Kustomize builds.

use camino::{Utf8Path, Utf8PathBuf};
use kustomize::{KustomizeErrorKind, build};
use tree::Files;

mod real;

use real::{Answer, corpus, difference, kustomizations};

fn own_trees() -> Vec<Utf8PathBuf> {
    kustomizations(&Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees"))
}

/// How the two answers differ, if they do.
fn judged(directory: &Utf8Path, answer: &Answer) -> Option<String> {
    match (build(directory, &mut Files::new()), answer) {
        (Ok(built), Ok(expected)) => difference(&built, expected),
        (Ok(_), Err(error)) => Some(format!("Kustomize refuses it: {error}")),
        (Err(error), Ok(_)) => {
            let place = error.origin.map_or(0, |origin| origin.line);
            Some(format!("refused at {}:{place}: {error}", error.file))
        }
        (Err(_), Err(_)) => None,
    }
}

#[test]
fn own_trees_are_built_as_kustomize_builds_them() {
    let trees = own_trees();
    assert!(trees.len() > 60, "only {} trees", trees.len());
    let Some(answers) = real::answers(&trees) else { return };
    let mut wrong = Vec::new();
    for (directory, answer) in trees.iter().zip(&answers) {
        let refused = directory.parent().is_some_and(|parent| parent.ends_with("refused"));
        if refused && answer.is_ok() {
            wrong.push(format!("{directory}: Kustomize builds it"));
        }
        wrong.extend(judged(directory, answer).map(|how| format!("{directory}: {how}")));
        if let (false, Err(error)) = (refused, answer) {
            wrong.push(format!("{directory}: Kustomize refuses it: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} trees:\n{}", wrong.len(), trees.len(), wrong.join("\n"));
}

#[test]
fn every_real_tree_is_built_alike_or_refused_alike() {
    let Some(corpus) = corpus() else { return };
    let trees = kustomizations(&corpus);
    let Some(answers) = real::answers(&trees) else { return };
    let mut wrong = Vec::new();
    let mut alike = 0;
    for (directory, answer) in trees.iter().zip(&answers) {
        let asks_for_programs = matches!(
            build(directory, &mut Files::new()),
            Err(error) if matches!(
                error.kind,
                KustomizeErrorKind::Chart { .. }
                    | KustomizeErrorKind::Remote { .. }
                    | KustomizeErrorKind::Plugin { .. }
            )
        );
        if asks_for_programs {
            continue;
        }
        match judged(directory, answer) {
            Some(how) => wrong.push(format!("{directory}: {how}")),
            None => alike += usize::from(answer.is_ok()),
        }
    }
    assert!(wrong.is_empty(), "{} of {} trees:\n{}", wrong.len(), trees.len(), wrong.join("\n"));
    assert!(alike > 40, "only {alike} real trees were compared");
}
