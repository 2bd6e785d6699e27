//! From releases among the objects to the objects that their charts make.

use tree::Node;

use super::release::{KnownChart, Release};
use super::{app_template, argo, charts, flux, lower, substitute, values};
use crate::{Note, NoteKind, SourceErrorKind, Sourced, Unread};

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

/// Appends what one release becomes.
pub(crate) fn make(sourced: &mut Sourced, release: Release) {
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
