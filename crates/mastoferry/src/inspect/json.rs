//! Everything known as JSON, in the names that `docs/inspect-json.md` explains.

use installation::{Component, ScalingKind};
use serde_json::{Value, json};

use super::coverage::coverage;
use super::view::{View, concurrency, queues};
use super::{chapters, names, notes, release};

/// The facts; places are `file:line`, absent facts are null.
pub(crate) fn json(view: &View<'_>) -> Value {
    let installation = view.installation;
    let list = |values: Vec<Value>| Value::Array(values);
    json!({
        "domain": installation.domain,
        "namespace": installation.namespace,
        "form": names::form(view.sourced.form),
        "files": view.sourced.files.ids().map(|id| view.sourced.files.name(id)).collect::<Vec<_>>(),
        "objects": (0..installation.objects.len()).map(|index| view.key(index)).collect::<Vec<_>>(),
        "versions": list(versions(view)),
        "required_secrets": list(required_secrets(view)),
        "components": installation.components.iter().map(|it| component(view, it)).collect::<Vec<_>>(),
        "queues": list(queue_coverage(view)),
        "routes": list(routes(view)),
        "certificates": list(certificates(view)),
        "stores": list(stores(view)),
        "mail": list(mail(view)),
        "schedules": list(schedules(view)),
        "scaling": list(scaling(view)),
        "monitors": list(monitors(view)),
        "neighbours": list(neighbours(view)),
        "secrets": list(secrets(view)),
        "needs": list(needs(view)),
        "findings": list(findings(view)),
        "notes": list(source_notes(view)),
        "unread": list(unread(view)),
    })
}

fn places(view: &View<'_>, origins: &[tree::Origin]) -> Vec<String> {
    origins.iter().filter_map(|origin| view.place(Some(*origin))).collect()
}

fn versions(view: &View<'_>) -> Vec<Value> {
    let versions = view.installation.versions.iter();
    versions
        .map(|version| {
            json!({
                "flavour": names::flavour(&version.flavour),
                "release": chapters::number(version),
                "image": version.image,
                "source": view.place(version.origin),
            })
        })
        .collect()
}

fn required_secrets(view: &View<'_>) -> Vec<Value> {
    let required = release::required(view).into_iter();
    required
        .map(|it| json!({ "setting": it.setting, "given": it.given.name(), "by": it.given.by() }))
        .collect()
}

fn component(view: &View<'_>, component: &Component) -> Value {
    let workload = view.installation.workload(component);
    let scaler = view.installation.scaling.iter().find(|scaling| {
        scaling.workload == Some(component.object)
            && matches!(scaling.kind, ScalingKind::Horizontal | ScalingKind::Keda)
    });
    json!({
        "component": component.role.component(),
        "workload": view.key(component.object),
        "source": view.place(workload.node.origin),
        "image": view.image(component),
        "replicas": workload.replicas(),
        "scaled_by": scaler.map(|scaling| view.key(scaling.object)),
        "queues": queues(&component.role),
        "concurrency": concurrency(&component.role),
        "settings": component.environment.settings.keys().collect::<Vec<_>>(),
        "opaque": component.environment.opaque,
    })
}

fn queue_coverage(view: &View<'_>) -> Vec<Value> {
    let installation = view.installation;
    coverage(installation)
        .into_iter()
        .map(|coverage| {
            let workers: Vec<String> = coverage
                .workers
                .iter()
                .map(|index| view.key(installation.components[*index].object))
                .collect();
            json!({ "queue": coverage.queue, "served_by": workers, "jobs_at_once": coverage.threads })
        })
        .collect()
}

fn routes(view: &View<'_>) -> Vec<Value> {
    let routes = view.installation.routes.iter();
    routes
        .map(|route| {
            json!({
                "kind": names::route(route.kind), "host": route.host, "path": route.path,
                "service": route.service, "port": route.port, "tls": route.tls,
                "answers": view.answers(&route.target), "source": view.place(route.origin),
            })
        })
        .collect()
}

fn certificates(view: &View<'_>) -> Vec<Value> {
    let certificates = view.installation.certificates.iter();
    certificates
        .map(|certificate| {
            json!({
                "hosts": certificate.hosts, "secret": certificate.secret, "issuer": certificate.issuer,
                "source": view.place(certificate.origin),
            })
        })
        .collect()
}

fn stores(view: &View<'_>) -> Vec<Value> {
    let stores = view.installation.stores.iter();
    stores
        .map(|store| {
            json!({
                "store": names::store(store.kind), "address": store.address,
                "served_by": store.served_by.map(|index| view.key(index)),
                "settings": store.settings, "sources": places(view, &store.origins),
            })
        })
        .collect()
}

fn mail(view: &View<'_>) -> Vec<Value> {
    let mail = view.installation.mail.iter();
    mail.map(|mail| {
        json!({
            "server": mail.server, "from": mail.from, "bulk": mail.bulk,
            "sources": places(view, &mail.origins),
        })
    })
    .collect()
}

fn schedules(view: &View<'_>) -> Vec<Value> {
    let schedules = view.installation.schedules.iter();
    schedules
        .map(|schedule| {
            json!({
                "schedule": schedule.schedule, "time_zone": schedule.time_zone,
                "workload": view.key(schedule.object), "command": schedule.command,
                "of_mastodon": schedule.of_mastodon, "suspended": schedule.suspended,
                "source": view.place(schedule.origin),
            })
        })
        .collect()
}

fn scaling(view: &View<'_>) -> Vec<Value> {
    let scaling = view.installation.scaling.iter();
    scaling
        .map(|scaling| {
            json!({
                "scaling": names::scaling(scaling.kind), "object": view.key(scaling.object),
                "workload": scaling.workload.map(|index| view.key(index)),
                "min": scaling.min, "max": scaling.max, "source": view.place(scaling.origin),
            })
        })
        .collect()
}

fn monitors(view: &View<'_>) -> Vec<Value> {
    let monitors = view.installation.monitors.iter();
    monitors
        .map(|monitor| {
            json!({
                "object": view.key(monitor.object), "container": monitor.container,
                "source": view.place(monitor.origin),
            })
        })
        .collect()
}

fn neighbours(view: &View<'_>) -> Vec<Value> {
    let neighbours = view.installation.neighbours.iter();
    neighbours
        .map(|neighbour| {
            let origin = view.installation.objects[neighbour.object].node.origin;
            json!({
                "part": names::part(neighbour.part), "object": view.key(neighbour.object),
                "container": neighbour.container, "image": neighbour.image,
                "in_front": neighbour.in_front, "source": view.place(origin),
            })
        })
        .collect()
}

fn secrets(view: &View<'_>) -> Vec<Value> {
    let secrets = view.installation.secrets.iter();
    secrets
        .map(|secret| {
            json!({
                "name": view.secret_name(secret), "held": names::secret_form(secret.form),
                "object": secret.object.map(|index| view.key(index)), "keys": secret.keys,
                "source": view.place(secret.origin),
            })
        })
        .collect()
}

fn needs(view: &View<'_>) -> Vec<Value> {
    let needs = view.installation.needs.iter();
    needs
        .map(|need| json!({ "kind": need.kind, "name": need.name, "keys": need.keys, "whole": need.whole }))
        .collect()
}

fn findings(view: &View<'_>) -> Vec<Value> {
    let findings = view.installation.findings.iter();
    findings
        .map(|finding| {
            let named = finding.arguments.iter();
            let about: serde_json::Map<String, Value> =
                named.map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
            json!({
                "finding": names::finding(finding.kind), "object": view.key_of(&finding.object),
                "about": about,
                "objects": finding.objects.iter().map(|id| view.key_of(id)).collect::<Vec<_>>(),
                "source": view.place(finding.origin),
            })
        })
        .collect()
}

fn source_notes(view: &View<'_>) -> Vec<Value> {
    let notes = view.sourced.notes.iter();
    notes
        .map(|note| {
            let (name, details) = notes::facts(&note.kind);
            json!({ "note": name, "about": details, "source": view.place(note.origin) })
        })
        .collect()
}

fn unread(view: &View<'_>) -> Vec<Value> {
    let gaps = view.unread.iter();
    gaps.map(|gap| {
        json!({
            "problem": gap.name, "message": gap.message, "remedy": gap.remedy, "source": gap.place,
        })
    })
    .collect()
}
