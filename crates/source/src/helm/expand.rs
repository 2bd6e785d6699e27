//! From releases among the objects to the objects that their charts make.

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

/// A Kustomize tree that is nothing but charts cannot be built, and yet their values say what it is.
///
/// # Errors
/// The error itself, where there are no charts that are known.
pub(crate) fn rescue(error: SourceError) -> Result<Sourced, SourceError> {
    let SourceError { kind, origin, files } = error;
    if !matches!(kind, SourceErrorKind::Kustomize(_)) {
        return Err(SourceError { kind, origin, files });
    }
    let mut sourced = Sourced::new(Form::Kustomize, files);
    for release in charts::releases(&mut sourced) {
        make(&mut sourced, release);
    }
    if sourced.objects.is_empty() {
        return Err(SourceError { kind, origin, files: sourced.files });
    }
    // Whoever called this expands again.
    sourced = Sourced { objects: Vec::new(), notes: Vec::new(), overridden: Vec::new(), ..sourced };
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
            values::seal(&mut own, None);
            match app_template::objects(&release, &own) {
                Some(objects) => sourced.objects.extend(objects),
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
