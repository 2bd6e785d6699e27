//! From releases among the objects to the objects that their charts make.

use camino::Utf8Path;
use tree::Node;

use super::release::{KnownChart, Release};
use super::{app_template, argo, charts, flux, lower, substitute, values};
use crate::{Form, Note, NoteKind, SourceError, SourceErrorKind, Sourced, Unread};

/// The most releases that are followed.
const MAX_RELEASES: usize = 2_000;

/// Finds the releases among what was read (Flux, Argo CD, `helmCharts` of kustomizations) and appends what their
/// charts make of their values. A release whose chart is not known is a note, and a gap where it is Mastodon's.
pub(crate) fn expand(sourced: &mut Sourced) {
    substitute::substitute(sourced);
    let mut releases = flux::releases(sourced);
    releases.extend(argo::releases(sourced));
    releases.extend(charts::releases(sourced));
    for release in releases.into_iter().take(MAX_RELEASES) {
        make(sourced, release);
    }
}

/// A Kustomize tree that is nothing but charts cannot be built, and a folder of values holds no manifests: both say
/// what they are all the same.
///
/// # Errors
/// The error itself, where no chart that is known is found.
pub(crate) fn rescue(error: SourceError, path: &Utf8Path) -> Result<Sourced, SourceError> {
    match error.kind {
        SourceErrorKind::Kustomize(_) => rescue_kustomization(error),
        SourceErrorKind::NotAnObject { .. } | SourceErrorKind::NothingToRead(_) if path.is_dir() => {
            super::bare::below(path).unwrap_or(Err(error))
        }
        _ => Err(error),
    }
}

fn rescue_kustomization(error: SourceError) -> Result<Sourced, SourceError> {
    let SourceError { kind, origin, files } = error;
    let mut tried = Sourced::new(Form::Kustomize, files);
    let releases = charts::releases(&mut tried);
    let is_known = releases.iter().any(|release| {
        let values = flux::merged(release, &mut Vec::new());
        release.chart.known(&values) != KnownChart::Other
    });
    if !is_known {
        return Err(SourceError { kind, origin, files: tried.files });
    }
    // Whoever called this expands again.
    let mut sourced = Sourced::new(Form::Kustomize, tried.files);
    sourced.unread = vec![Unread { kind, origin }];
    Ok(sourced)
}

/// Whether the objects that a release made stand among what was read: then they say more than its values.
fn is_rendered(sourced: &Sourced, release: &Release) -> bool {
    sourced.objects.iter().any(|object| {
        let label = |key: &str| object.node.str_at(&["metadata", "labels", key]);
        label("app.kubernetes.io/managed-by") == Some("Helm")
            && label("app.kubernetes.io/instance") == Some(&release.name)
            && (object.namespace().is_none() || object.namespace() == release.namespace.as_deref())
            && object.template().is_some()
    })
}

/// Appends what one release becomes.
pub(crate) fn make(sourced: &mut Sourced, release: Release) {
    if is_rendered(sourced, &release) {
        return;
    }
    let mut own: Node = flux::merged(&release, &mut sourced.overridden);
    match release.chart.known(&own) {
        KnownChart::Official(chart) => lower::lower(sourced, &release, chart, own),
        KnownChart::AppTemplate => {
            values::seal_encrypted(&mut own);
            match app_template::objects(&release, &own) {
                Some(objects) => {
                    sourced.releases.push(release.read_as(None, own, &objects));
                    sourced.objects.extend(objects);
                }
                None => {
                    let kind = SourceErrorKind::ReleaseTooLarge { release: release.name };
                    sourced.unread.push(Unread { kind, origin: release.origin });
                }
            }
        }
        KnownChart::Other => {
            let chart = release.chart.title();
            if release.chart.speaks_of_mastodon(&release.name, &own) {
                let kind = SourceErrorKind::OtherChart { chart };
                sourced.unread.push(Unread { kind, origin: release.origin });
            } else {
                sourced.notes.push(Note { kind: NoteKind::OtherChart { chart }, origin: release.origin });
            }
        }
    }
}
