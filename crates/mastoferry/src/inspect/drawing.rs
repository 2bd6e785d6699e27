//! The installation as a diagram: users, ways in, parts, stores, and what stands beside them.

use std::collections::BTreeMap;

use installation::{Installation, Labels, Role, Route, RouteTarget, Store};
use target::diagram::{Diagram, End, Look};

use super::view::{View, build_of, concurrency, queues};
use super::{chapters, names, surroundings};

/// More paths than these are counted, not written, at an arrow.
const PATHS: usize = 5;
/// So many queues stand on a line.
const QUEUES_ON_A_LINE: usize = 4;

/// Draws it.
pub(crate) fn diagram(view: &View<'_>) -> Diagram {
    let mut drawing = Drawing::new(*view);
    drawing.parts();
    drawing.stores();
    drawing.mail();
    drawing.uses();
    drawing.neighbours();
    drawing.ways_in();
    drawing.other_schedules();
    drawing.watchers();
    drawing.diagram
}

struct Drawing<'a> {
    view: View<'a>,
    diagram: Diagram,
    /// The frame of what the source holds.
    held: usize,
    /// The frame of Mastodon's own parts.
    mastodon: usize,
    /// The frame of stores that the source holds.
    data: usize,
    /// The frame of what stands elsewhere.
    elsewhere: usize,
    /// The shapes of components, in order.
    components: Vec<usize>,
    /// The shapes of objects that are drawn, by index of the object.
    objects: BTreeMap<usize, usize>,
}

impl<'a> Drawing<'a> {
    fn new(view: View<'a>) -> Self {
        let mut diagram = Diagram::default();
        let words = view.words;
        let held = match &view.installation.namespace {
            Some(namespace) => words.tell("diagram-namespace", &[("namespace", namespace)]),
            None => words.word(&format!("form-{}", names::form(view.sourced.form))),
        };
        let held = diagram.group(held, None);
        let release =
            view.installation.versions.first().map(|version| chapters::release_name(&view, version));
        let mastodon = diagram.group(release.unwrap_or_else(|| "Mastodon".to_owned()), Some(held));
        let data = diagram.group(words.word("diagram-data"), Some(held));
        let elsewhere = diagram.group(words.word("diagram-elsewhere"), None);
        Self {
            view,
            diagram,
            held,
            mastodon,
            data,
            elsewhere,
            components: Vec::new(),
            objects: BTreeMap::new(),
        }
    }

    fn parts(&mut self) {
        let components = &self.view.installation.components;
        let mut order: Vec<usize> = (0..components.len()).collect();
        order.sort_by_key(|index| chapters::rank(&components[*index].role));
        self.components = vec![0; components.len()];
        for index in order {
            let look = match &components[index].role {
                Role::Web | Role::Streaming => Look::Part,
                Role::Sidekiq(_) => Look::Worker,
                Role::Migration | Role::Tootctl => Look::Task,
            };
            let lines = self.part_lines(index);
            let shape = self.diagram.shape(look, lines, Some(self.mastodon));
            self.components[index] = shape;
            self.objects.entry(components[index].object).or_insert(shape);
        }
    }

    /// What is written in a component: what it is, its workload and pods, its build, queues, sidecars and schedule.
    fn part_lines(&self, index: usize) -> Vec<String> {
        let (view, words) = (&self.view, self.view.words);
        let component = &view.installation.components[index];
        let mut lines = vec![component.role.component()];
        let workload = view.name(component.object);
        if component.role.is_lasting() {
            lines.push(format!("{workload} ×{}", chapters::pods(view, component)));
            let release = view.installation.versions.first().map(|version| build_of(&version.image));
            lines.extend(view.image(component).map(build_of).filter(|build| Some(build) != release.as_ref()));
        } else {
            lines.push(workload);
        }
        for line in queues(&component.role).chunks(QUEUES_ON_A_LINE) {
            lines.push(line.join(" "));
        }
        if let Some(threads) = concurrency(&component.role) {
            lines.push(words.tell("diagram-threads", &[("threads", &threads.to_string())]));
        }
        let sidecars =
            view.installation.neighbours.iter().filter(|neighbour| neighbour.object == component.object);
        lines.extend(sidecars.filter_map(|sidecar| Some(format!("+ {}", sidecar.container.as_deref()?))));
        let schedules = view.installation.schedules.iter().filter(|it| it.object == component.object);
        lines.extend(schedules.map(|schedule| schedule.schedule.clone()));
        lines
    }

    fn stores(&mut self) {
        let view = self.view;
        // Stores on one server are one shape.
        let mut servers: Vec<(Option<usize>, Option<&str>, Vec<&Store>)> = Vec::new();
        for store in &view.installation.stores {
            let address = if store.served_by.is_some() { None } else { store.address.as_deref() };
            let known = servers.iter_mut().find(|(served_by, other, _)| {
                (store.served_by.is_some() || address.is_some())
                    && *served_by == store.served_by
                    && *other == address
            });
            match known {
                Some((_, _, stores)) => stores.push(store),
                None => servers.push((store.served_by, address, vec![store])),
            }
        }
        for (served_by, _, stores) in servers {
            let mut lines: Vec<String> = Vec::new();
            for store in &stores {
                lines.push(view.words.word(&format!("store-{}", names::store(store.kind))));
            }
            let mut addresses: Vec<&str> =
                stores.iter().filter_map(|store| store.address.as_deref()).collect();
            addresses.dedup();
            lines.extend(addresses.into_iter().map(ToOwned::to_owned));
            let server = served_by.map(|index| view.name(index));
            lines.extend(server.filter(|server| !lines.contains(server)));
            let group = if served_by.is_some() { self.data } else { self.elsewhere };
            let shape = self.diagram.shape(Look::Store, lines, Some(group));
            if let Some(object) = served_by {
                self.objects.entry(object).or_insert(shape);
            }
        }
    }

    fn mail(&mut self) {
        for mail in &self.view.installation.mail {
            let name = if mail.bulk { "mail-bulk" } else { "mail-all" };
            let mut lines = vec![self.view.words.word(name)];
            lines.extend(mail.server.clone());
            self.diagram.shape(Look::Beside, lines, Some(self.elsewhere));
        }
    }

    /// All parts use all stores: one arrow to each frame says so, where one to each store would say no more.
    fn uses(&mut self) {
        for frame in [self.data, self.elsewhere] {
            if self.diagram.shapes.iter().any(|shape| shape.group == Some(frame)) {
                self.diagram.arrow(End::Group(self.mastodon), End::Group(frame), Vec::new(), false);
            }
        }
    }

    /// What stands beside in pods of its own. A sidecar stands in its pod's lines.
    fn neighbours(&mut self) {
        let view = self.view;
        for neighbour in view.installation.neighbours.iter().filter(|it| it.container.is_none()) {
            if !self.objects.contains_key(&neighbour.object) {
                let part = view.words.word(&format!("part-{}", names::part(neighbour.part)));
                self.object(neighbour.object, Look::Beside, Some(part));
            }
        }
        for neighbour in view.installation.neighbours.iter().filter(|it| it.in_front) {
            let web = view.installation.components_where(|role| *role == Role::Web).next();
            if let (Some(from), Some((web, _)), None) =
                (self.objects.get(&neighbour.object), web, &neighbour.container)
            {
                let web = End::Shape(self.components[web]);
                self.diagram.arrow(End::Shape(*from), web, Vec::new(), false);
            }
        }
    }

    /// The shape of an object, made where it is not drawn yet.
    fn object(&mut self, index: usize, look: Look, part: Option<String>) -> usize {
        if let Some(shape) = self.objects.get(&index) {
            return *shape;
        }
        let mut lines = vec![self.view.name(index)];
        lines.extend(part);
        let shape = self.diagram.shape(look, lines, Some(self.held));
        self.objects.insert(index, shape);
        shape
    }

    fn ways_in(&mut self) {
        let view = self.view;
        let people = self.diagram.shape(Look::People, vec![view.words.word("diagram-users")], None);
        let mut hosts: Vec<&str> = Vec::new();
        for route in &view.installation.routes {
            if !hosts.contains(&route.host.as_str()) {
                hosts.push(&route.host);
            }
        }
        for host in &hosts {
            let any = || view.words.word("diagram-any-host");
            let mut lines = vec![if host.is_empty() { any() } else { (*host).to_owned() }];
            let certificate = surroundings::certificate_of(&view.installation.certificates, host);
            let kept = certificate.map(|it| it.issuer.as_deref().or(it.secret.as_deref()));
            lines.extend(kept.map(|kept| format!("TLS {}", kept.unwrap_or_default()).trim_end().to_owned()));
            let door = self.diagram.shape(Look::Door, lines, Some(self.held));
            self.diagram.arrow(End::Shape(people), End::Shape(door), Vec::new(), false);
            let routes: Vec<&Route> =
                view.installation.routes.iter().filter(|route| route.host == **host).collect();
            self.ways_through(door, &routes);
        }
        if hosts.is_empty() {
            for (index, component) in view.installation.components.iter().enumerate() {
                if matches!(component.role, Role::Web | Role::Streaming) {
                    let shape = self.components[index];
                    self.diagram.arrow(End::Shape(people), End::Shape(shape), Vec::new(), true);
                }
            }
        }
    }

    /// From a way in to what answers, the paths at the arrow.
    fn ways_through(&mut self, door: usize, routes: &[&Route]) {
        let mut targets: Vec<(usize, Vec<String>)> = Vec::new();
        for route in routes {
            let shape = match &route.target {
                RouteTarget::Component(index) => self.components[*index],
                RouteTarget::Neighbour(index) => self.object(*index, Look::Beside, None),
                RouteTarget::Unknown => self.unknown(&route.service),
            };
            let path = surroundings::beneath_host(route);
            match targets.iter_mut().find(|(known, _)| *known == shape) {
                Some((_, paths)) if paths.contains(&path) => {}
                Some((_, paths)) => paths.push(path),
                None => targets.push((shape, vec![path])),
            }
        }
        for (shape, mut paths) in targets {
            if paths.len() > PATHS {
                let more = paths.split_off(PATHS - 1).len();
                paths.push(self.view.words.tell("diagram-more", &[("count", &more.to_string())]));
            }
            self.diagram.arrow(End::Shape(door), End::Shape(shape), paths, false);
        }
    }

    /// A Service with nothing known behind it.
    fn unknown(&mut self, service: &str) -> usize {
        let lines = vec![service.to_owned(), self.view.words.word("inspect-answers-unknown")];
        let known = self.diagram.shapes.iter().position(|shape| shape.lines == lines);
        known.unwrap_or_else(|| self.diagram.shape(Look::Beside, lines, Some(self.held)))
    }

    /// Schedules of others; Mastodon's own stand among its parts.
    fn other_schedules(&mut self) {
        for schedule in &self.view.installation.schedules {
            if self.view.installation.components.iter().any(|component| component.object == schedule.object) {
                continue;
            }
            let shape = self.object(schedule.object, Look::Task, None);
            let group = if schedule.of_mastodon { self.mastodon } else { self.held };
            let shape = &mut self.diagram.shapes[shape];
            shape.look = Look::Task;
            shape.group = Some(group);
            shape.lines.push(schedule.schedule.clone());
        }
    }

    fn watchers(&mut self) {
        let view = self.view;
        for monitor in view.installation.monitors.iter().filter(|monitor| monitor.container.is_none()) {
            let watcher = self.object(monitor.object, Look::Watcher, None);
            self.diagram.shapes[watcher].look = Look::Watcher;
            for component in watched(view.installation, monitor.object) {
                let shape = self.components[component];
                self.diagram.arrow(End::Shape(watcher), End::Shape(shape), Vec::new(), true);
            }
        }
    }
}

/// The components that a monitor selects: by the labels of their pods, or of the Services in front of them.
fn watched(installation: &Installation, monitor: usize) -> Vec<usize> {
    let object = &installation.objects[monitor];
    let selector = object.node.at_keys(&["spec", "selector", "matchLabels"]).map(Labels::read);
    let Some(selector) = selector else { return Vec::new() };
    let mut components: Vec<usize> = if object.kind() == "ServiceMonitor" {
        let services = installation.services.iter();
        let labels = |index: usize| installation.objects[index].node.at_keys(&["metadata", "labels"]);
        services
            .filter(|service| labels(service.object).is_some_and(|it| selector.select(&Labels::read(it))))
            .map(|service| service.component)
            .collect()
    } else {
        installation
            .components
            .iter()
            .enumerate()
            .filter(|(_, component)| selector.select(&component.labels))
            .map(|(index, _)| index)
            .collect()
    };
    components.sort_unstable();
    components.dedup();
    components
}
