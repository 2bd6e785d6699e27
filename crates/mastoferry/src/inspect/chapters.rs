//! The page about an installation: what it is made of, what is risky in it, what is missing from the picture.

use installation::{Component, Role, Version};
use source::NoteKind;

use super::coverage::coverage;
use super::page::{Body, Cell, Chapter, LIST, Page, Remark, Weight};
use super::view::{View, build_of, concurrency, queues, short_image};
use super::{names, notes, release, surroundings};

/// Everything known, in the reader's words.
pub(crate) fn page(view: &View<'_>) -> Page {
    let chapters = [
        versions(view),
        required_secrets(view),
        components(view),
        queue_coverage(view),
        surroundings::routes(view),
        surroundings::certificates(view),
        surroundings::stores(view),
        surroundings::mail(view),
        surroundings::schedules(view),
        surroundings::scaling(view),
        surroundings::monitors(view),
        surroundings::neighbours(view),
        surroundings::secrets(view),
        surroundings::needs(view),
        Some(risks(view)),
        Chapter::remarks(view.words.word("inspect-notes"), notes(view)),
        Chapter::remarks(view.words.word("inspect-unread"), unread(view)),
    ];
    let domain = &view.installation.domain;
    Page {
        title: if domain.is_empty() { view.words.word("inspect-no-domain") } else { domain.clone() },
        lead: lead(view),
        chapters: chapters.into_iter().flatten().collect(),
    }
}

/// Domain, form and size on one line.
pub(crate) fn headline(view: &View<'_>) -> String {
    let domain = &view.installation.domain;
    let domain = if domain.is_empty() { view.words.word("inspect-no-domain") } else { domain.clone() };
    view.words.pair(&domain, &lead(view))
}

fn lead(view: &View<'_>) -> String {
    let words = view.words;
    let form = words.word(&format!("form-{}", names::form(view.sourced.form)));
    let arguments = [
        ("form", form.into()),
        ("objects", view.installation.objects.len().into()),
        ("files", view.sourced.files.ids().count().into()),
    ];
    let size = words.say("inspect-size", &arguments);
    match &view.installation.namespace {
        Some(namespace) => {
            words.tell("inspect-size-in-namespace", &[("size", &size), ("namespace", namespace)])
        }
        None => size,
    }
}

/// The headings of a table.
pub(super) fn heads<const N: usize>(view: &View<'_>, names: [&str; N]) -> [String; N] {
    names.map(|name| view.words.word(&format!("inspect-head-{name}")))
}

fn versions(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.versions.iter().map(|version| {
        [Cell::Words(release_name(view, version)), Cell::Verbatim(short_image(&version.image))]
    });
    let heads = heads(view, ["release", "image"]);
    Chapter::table(view.words.word("inspect-versions"), heads, rows.collect())
}

fn required_secrets(view: &View<'_>) -> Option<Chapter> {
    let rows = release::required(view).into_iter().map(|required| {
        let given = view.words.word(&format!("given-{}", required.given.name()));
        [Cell::Verbatim(required.setting.to_owned()), Cell::Words(given), Cell::List(required.given.by())]
    });
    let heads = heads(view, ["setting", "given", "by"]);
    Chapter::table(view.words.word("inspect-required"), heads, rows.collect())
}

/// `Mastodon 4.5.2`, as far as the image says.
pub(super) fn release_name(view: &View<'_>, version: &Version) -> String {
    let flavour = view.words.word(&format!("flavour-{}", names::flavour(&version.flavour)));
    match number(version) {
        Some(number) => format!("{flavour} {number}"),
        None => flavour,
    }
}

/// `4.5.2`, as far as the image says.
pub(super) fn number(version: &Version) -> Option<String> {
    let (major, minor, patch) = version.release?;
    let parts = [Some(major), minor, patch];
    Some(parts.iter().map_while(|part| part.map(|part| part.to_string())).collect::<Vec<_>>().join("."))
}

fn components(view: &View<'_>) -> Option<Chapter> {
    let mut components: Vec<&Component> = view.installation.components.iter().collect();
    components.sort_by_key(|component| rank(&component.role));
    let rows = components.into_iter().map(|component| {
        let lasting = component.role.is_lasting();
        let threads = concurrency(&component.role).map(|threads| threads.to_string());
        [
            Cell::Verbatim(component.role.component()),
            Cell::Verbatim(view.name(component.object)),
            Cell::Number(if lasting { pods(view, component) } else { String::new() }),
            Cell::Number(threads.unwrap_or_default()),
            Cell::maybe(view.image(component).map(build_of)),
            match &component.role {
                Role::Sidekiq(command) if !command.named => {
                    Cell::Words(view.words.word("inspect-all-queues"))
                }
                role => Cell::List(queues(role)),
            },
        ]
    });
    let heads = heads(view, ["component", "workload", "pods", "threads", "version", "queues"]);
    Chapter::table(view.words.word("inspect-components"), heads, rows.collect())
}

/// What answers comes first, then what works, then what runs and ends.
pub(super) fn rank(role: &Role) -> u8 {
    match role {
        Role::Web => 0,
        Role::Streaming => 1,
        Role::Sidekiq(_) => 2,
        _ => 3,
    }
}

/// How many pods a component has, or the bounds of the autoscaler that decides it.
pub(super) fn pods(view: &View<'_>, component: &Component) -> String {
    let scaler = view.installation.scaling.iter().find(|scaling| {
        scaling.workload == Some(component.object)
            && matches!(scaling.kind, installation::ScalingKind::Horizontal | installation::ScalingKind::Keda)
    });
    match scaler.and_then(|scaler| Some((scaler.min.as_deref().unwrap_or("1"), scaler.max.as_deref()?))) {
        Some((least, most)) => format!("{least}–{most}"),
        None => view.installation.workload(component).replicas().to_string(),
    }
}

fn queue_coverage(view: &View<'_>) -> Option<Chapter> {
    let installation = view.installation;
    // That nothing runs Sidekiq is a finding of its own.
    installation.components_where(|role| matches!(role, Role::Sidekiq(_))).next()?;
    let rows = coverage(installation).into_iter().map(|coverage| {
        let workers: Vec<String> = coverage
            .workers
            .iter()
            .map(|index| {
                let component = &installation.components[*index];
                format!("{} ×{}", component.role.component(), pods(view, component))
            })
            .collect();
        let served_by = if workers.is_empty() {
            Cell::Words(view.words.word("inspect-served-by-nobody"))
        } else {
            Cell::List(workers)
        };
        let threads = coverage.threads.map(|threads| threads.to_string()).unwrap_or_default();
        [Cell::Verbatim(coverage.queue), Cell::Number(threads), served_by]
    });
    let heads = heads(view, ["queue", "jobs-at-once", "served-by"]);
    Chapter::table(view.words.word("inspect-queues"), heads, rows.collect())
}

fn risks(view: &View<'_>) -> Chapter {
    let title = view.words.word("inspect-findings");
    Chapter::remarks(title.clone(), findings(view))
        .unwrap_or_else(|| Chapter { title, body: Body::Sentence(view.words.word("inspect-no-findings")) })
}

/// The findings as remarks.
pub(super) fn findings(view: &View<'_>) -> Vec<Remark> {
    let findings = view.installation.findings.iter();
    findings
        .map(|finding| {
            let id = format!("finding-{}", names::finding(finding.kind));
            let object = view.name_of(&finding.object);
            let objects: Vec<String> = finding.objects.iter().map(|id| view.name_of(id)).collect();
            let objects = objects.join(LIST);
            let mut arguments = vec![("object", object.as_str()), ("objects", objects.as_str())];
            arguments.extend(finding.arguments.iter().map(|(name, text)| (*name, text.as_str())));
            Remark {
                weight: Weight::Risk,
                text: view.words.tell(&id, &arguments),
                remedy: None,
                places: view.place(finding.origin).into_iter().collect(),
            }
        })
        .chain(open_secrets(view))
        .collect()
}

/// Secrets in files of values, in one remark: they are a risk whatever is made of them.
fn open_secrets(view: &View<'_>) -> Option<Remark> {
    let notes = view.sourced.notes.iter().filter(|note| is_risk(&note.kind));
    let places: Vec<String> =
        notes.filter_map(|note| notes::place(&note.kind, view.place(note.origin))).collect();
    let text = view.words.tell("note-open-secret", &[]);
    (!places.is_empty()).then_some(Remark { weight: Weight::Risk, text, remedy: None, places })
}

fn is_risk(kind: &NoteKind) -> bool {
    matches!(kind, NoteKind::OpenSecret { .. })
}

fn notes(view: &View<'_>) -> Vec<Remark> {
    let notes = view.sourced.notes.iter().filter(|note| !is_risk(&note.kind));
    notes
        .map(|note| Remark {
            weight: Weight::Note,
            text: notes::words(&note.kind, view.words),
            remedy: None,
            places: notes::place(&note.kind, view.place(note.origin)).into_iter().collect(),
        })
        .collect()
}

fn unread(view: &View<'_>) -> Vec<Remark> {
    let gaps = view.unread.iter();
    gaps.map(|gap| Remark {
        weight: Weight::Gap,
        text: gap.message.clone(),
        remedy: gap.remedy.as_deref().map(ToOwned::to_owned),
        places: gap.place.iter().cloned().collect(),
    })
    .collect()
}
