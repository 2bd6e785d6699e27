//! The chapters on what an installation stands among: routes, stores, schedules, neighbours, secrets.

use installation::{Certificate, ObjectId, Route, RouteKind, RouteTarget, SecretForm};

use super::chapters::heads;
use super::names;
use super::page::{Cell, Chapter};
use super::view::{View, short_image};

pub(super) fn routes(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.routes.iter().map(|route| {
        let answers = match &route.target {
            RouteTarget::Component(index) => {
                Cell::Verbatim(view.installation.components[*index].role.component())
            }
            RouteTarget::Neighbour(index) => Cell::Verbatim(view.name(*index)),
            RouteTarget::Unknown => Cell::Words(view.words.word("inspect-answers-unknown")),
        };
        let service = match (route.service.as_str(), route.port) {
            ("", _) => view.name(route.object),
            (service, 0) => service.to_owned(),
            (service, port) => format!("{service}:{port}"),
        };
        // An Ingress is what nearly all have.
        let kind = match route.kind {
            RouteKind::Ingress => String::new(),
            kind => view.words.word(&format!("route-{}", names::route(kind))),
        };
        [
            Cell::Verbatim(address(route)),
            answers,
            Cell::Verbatim(service),
            Cell::Words(kind),
            tls(view, route),
        ]
    });
    let heads = heads(view, ["address", "answers", "through", "made-by", "tls"]);
    Chapter::table(view.words.word("inspect-routes"), heads, rows.collect())
}

/// Host and path, or host and port where requests are told apart by that alone; `*` for any host.
pub(super) fn address(route: &Route) -> String {
    let host = if route.host.is_empty() { "*" } else { &route.host };
    format!("{host}{}", beneath_host(route))
}

/// What tells a route from others of its host: the path, or the port.
pub(super) fn beneath_host(route: &Route) -> String {
    if route.kind.knows_hosts() { route.path.clone() } else { format!(":{}", route.port) }
}

fn tls(view: &View<'_>, route: &Route) -> Cell {
    let served = route.tls || certificate_of(&view.installation.certificates, &route.host).is_some();
    if served { Cell::Words(view.words.word("inspect-tls")) } else { Cell::empty() }
}

/// The certificate that covers a host.
pub(super) fn certificate_of<'a>(certificates: &'a [Certificate], host: &str) -> Option<&'a Certificate> {
    let covers = |name: &String| match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == host,
    };
    certificates.iter().find(|certificate| !host.is_empty() && certificate.hosts.iter().any(covers))
}

pub(super) fn certificates(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.certificates.iter().map(|certificate| {
        let issuer = match &certificate.issuer {
            Some(issuer) => Cell::Verbatim(issuer.clone()),
            None => Cell::Words(view.words.word("inspect-issued-by-hand")),
        };
        [Cell::List(certificate.hosts.clone()), issuer, Cell::maybe(certificate.secret.clone())]
    });
    let heads = heads(view, ["hosts", "issuer", "kept-in"]);
    Chapter::table(view.words.word("inspect-certificates"), heads, rows.collect())
}

pub(super) fn stores(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.stores.iter().map(|store| {
        let server = store.served_by.map(|index| view.installation.objects[index].id().to_string());
        let address = match &store.address {
            // A volume is its own address.
            Some(address) if server.as_ref() == Some(address) => Cell::empty(),
            Some(address) => Cell::Verbatim(address.clone()),
            None => Cell::Words(view.words.word("inspect-address-unknown")),
        };
        let served_by = match store.served_by {
            Some(index) => Cell::Verbatim(view.name(index)),
            None => Cell::Words(view.words.word("inspect-served-elsewhere")),
        };
        let name = view.words.word(&format!("store-{}", names::store(store.kind)));
        [Cell::Words(name), address, served_by, Cell::List(store.settings.clone())]
    });
    let heads = heads(view, ["store", "address", "served-by", "settings"]);
    Chapter::table(view.words.word("inspect-stores"), heads, rows.collect())
}

pub(super) fn mail(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.mail.iter().map(|mail| {
        let server = match &mail.server {
            Some(server) => Cell::Verbatim(server.clone()),
            None => Cell::Words(view.words.word("inspect-address-unknown")),
        };
        let purpose = if mail.bulk { "mail-bulk" } else { "mail-all" };
        [Cell::Words(view.words.word(purpose)), server, Cell::maybe(mail.from.clone())]
    });
    let heads = heads(view, ["mail", "server", "sender"]);
    Chapter::table(view.words.word("inspect-mail"), heads, rows.collect())
}

pub(super) fn schedules(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.schedules.iter().map(|schedule| {
        let time = match &schedule.time_zone {
            Some(zone) => format!("{} {zone}", schedule.schedule),
            None => schedule.schedule.clone(),
        };
        let suspended = if schedule.suspended { view.words.word("inspect-suspended") } else { String::new() };
        [
            Cell::Verbatim(time),
            Cell::Verbatim(view.name(schedule.object)),
            Cell::Words(suspended),
            Cell::Verbatim(schedule.command.clone()),
        ]
    });
    let heads = heads(view, ["schedule", "workload", "state", "command"]);
    Chapter::table(view.words.word("inspect-schedules"), heads, rows.collect())
}

pub(super) fn scaling(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.scaling.iter().map(|scaling| {
        [
            Cell::Words(view.words.word(&format!("scaling-{}", names::scaling(scaling.kind)))),
            Cell::Verbatim(view.name(scaling.object)),
            Cell::maybe(scaling.workload.map(|index| view.name(index))),
            Cell::Number(scaling.min.clone().unwrap_or_default()),
            Cell::Number(scaling.max.clone().unwrap_or_default()),
        ]
    });
    let heads = heads(view, ["scaling", "object", "of-workload", "least", "most"]);
    Chapter::table(view.words.word("inspect-scaling"), heads, rows.collect())
}

pub(super) fn monitors(view: &View<'_>) -> Option<Chapter> {
    let rows =
        view.installation.monitors.iter().map(|monitor| {
            [Cell::Verbatim(view.name(monitor.object)), Cell::maybe(monitor.container.clone())]
        });
    let heads = heads(view, ["object", "sidecar"]);
    Chapter::table(view.words.word("inspect-monitors"), heads, rows.collect())
}

pub(super) fn neighbours(view: &View<'_>) -> Option<Chapter> {
    let mut neighbours: Vec<_> = view.installation.neighbours.iter().collect();
    neighbours.sort_by_key(|neighbour| neighbour.part);
    let rows = neighbours.into_iter().map(|neighbour| {
        [
            Cell::Words(view.words.word(&format!("part-{}", names::part(neighbour.part)))),
            Cell::Verbatim(view.name(neighbour.object)),
            Cell::maybe(neighbour.container.clone()),
            Cell::maybe(neighbour.image.as_deref().map(short_image)),
        ]
    });
    let heads = heads(view, ["part", "object", "sidecar", "image"]);
    Chapter::table(view.words.word("inspect-neighbours"), heads, rows.collect())
}

pub(super) fn secrets(view: &View<'_>) -> Option<Chapter> {
    // What the source only refers to has its own chapter, with what is needed of it.
    let held = view.installation.secrets.iter().filter(|secret| secret.form != SecretForm::Elsewhere);
    let rows = held.map(|secret| {
        [
            Cell::Verbatim(view.secret_name(secret)),
            Cell::Words(view.words.word(&format!("secret-form-{}", names::secret_form(secret.form)))),
            Cell::List(secret.keys.clone()),
        ]
    });
    let heads = heads(view, ["secret", "held", "keys"]);
    Chapter::table(view.words.word("inspect-secrets"), heads, rows.collect())
}

pub(super) fn needs(view: &View<'_>) -> Option<Chapter> {
    let rows = view.installation.needs.iter().map(|need| {
        let keys = if need.whole {
            Cell::Words(view.words.word("inspect-need-whole"))
        } else {
            Cell::List(need.keys.clone())
        };
        let id = ObjectId { kind: need.kind.clone(), name: need.name.clone() };
        let made_by = match need.provided_by {
            Some(index) => Cell::Verbatim(view.name(index)),
            None if need.optional => Cell::Words(view.words.word("inspect-need-optional")),
            None => Cell::empty(),
        };
        [Cell::Verbatim(view.name_of(&id)), made_by, keys]
    });
    let heads = heads(view, ["object", "made-by", "keys"]);
    Chapter::table(view.words.word("inspect-needs"), heads, rows.collect())
}
