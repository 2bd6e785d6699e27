//! From a chart and values to manifests.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread::{Scope, ScopedJoinHandle};

use jiff::Zoned;
use serde_json::{Map as JsonMap, Value as Json};
use tree::Files;

use crate::capabilities::Capabilities;
use crate::chart::Chart;
use crate::dependency;
use crate::error::{ChartError, ChartErrorKind};
use crate::host::Host;
use crate::manifest::{Manifest, in_order, manifests_of};
use crate::schema;
use crate::template::{Fault, FaultKind, Limits, Run, Source, Stack, Template, TemplateSet};
use crate::value::{Entries, Map, MapKind, Value};
use crate::values::{Nulls, Values, coalesce};
use crate::version::is_compatible;

/// The release a chart is rendered for.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Where it is installed.
    pub namespace: String,
    /// How often it was installed or upgraded, this time included.
    pub revision: u32,
    /// Whether it stood before.
    pub is_upgrade: bool,
    /// What `now` says; the system's clock, read when a template asks, where there is none.
    pub now: Option<Zoned>,
    /// Whether values are held against `values.schema.json` (all but `--skip-schema-validation`).
    pub checks_schema: bool,
}

impl Release {
    /// A first installation, now.
    #[must_use]
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        let (name, namespace) = (name.into(), namespace.into());
        Self { name, namespace, revision: 1, is_upgrade: false, now: None, checks_schema: true }
    }
}

/// What a chart came to.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Objects in the order they are made, then hooks.
    pub manifests: Vec<Manifest>,
    /// The chart's `NOTES.txt`, rendered; empty where there is none.
    pub notes: String,
    /// Functions that had to make something up (a random text became a placeholder), with the template that asked.
    pub invented: Vec<(String, String)>,
    /// The files of `crds/`, each with its path, as they stand: `helm template` prints them when asked to.
    pub crds: Vec<(String, String)>,
}

/// What one rendering may use up: far above any real chart.
const LIMITS: Limits = Limits { steps: 5_000_000, bytes: 256 * 1024 * 1024 };
/// What may be used of the caller's own stack: enough for real charts, and there on any thread.
const STACK_HERE: usize = 384 * 1024;
/// The stack of the thread for templates that nest deeper. Only what is used of it becomes memory.
const STACK: usize = 256 * 1024 * 1024;
/// The stack of the thread that reads values and documents: as much as a program begins with.
const STACK_BESIDE: usize = 8 * 1024 * 1024;

/// Renders a chart as `helm template` does. The rendered texts are added to `files`, and the documents' origins
/// name places in them.
///
/// # Errors
/// What Helm would refuse, and what goes beyond this program's bounds, with the template and its line.
pub fn render(
    chart: &Chart,
    values: &Values,
    release: &Release,
    capabilities: &Capabilities,
    files: &mut Files,
) -> Result<Rendered, ChartError> {
    let name = chart.metadata.name.as_str();
    let refuse = |kind: ChartErrorKind| ChartError::of(kind, name);
    if chart.metadata.is_library {
        return Err(refuse(ChartErrorKind::Library));
    }
    if !is_release_name(&release.name) {
        return Err(refuse(ChartErrorKind::BadRelease(release.name.clone())));
    }
    let mut chart = Cow::Borrowed(chart);
    if !chart.dependencies.is_empty() || !chart.metadata.dependencies.is_empty() {
        chart.read_defaults()?;
        dependency::process(chart.to_mut(), values.as_map()).map_err(refuse)?;
    }
    let order = Order { chart: &chart, values, release, capabilities };
    let (done, used) = match order.render(Stack::from_here(STACK_HERE), files.clone()) {
        Err(error) if error.kind == ChartErrorKind::Bound("depth") => on_own_stack(&order, files)?,
        done => done?,
    };
    *files = used;
    Ok(Rendered { crds: chart.crds(name), ..done })
}

/// Helm's rule for names of releases.
fn is_release_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_edge = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        is_edge(part.bytes().next())
            && is_edge(part.bytes().last())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    !name.is_empty() && name.len() <= 53 && name.split('.').all(is_part)
}

type Table = JsonMap<String, Json>;

/// Few templates need more stack than there is; those run again on a thread that has it.
fn on_own_stack(order: &Order<'_>, files: &Files) -> Result<(Rendered, Files), ChartError> {
    std::thread::scope(|scope| {
        let work = || order.render(Stack::from_here(STACK - STACK / 4), files.clone());
        joined(hands(STACK, scope, work)?)?
    })
}

/// Starts a thread.
fn hands<'scope, T: Send + 'scope>(
    stack: usize,
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, ChartError> {
    let thread = std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, work);
    thread.map_err(|error| stopped(&error.to_string()))
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, ChartError> {
    thread.join().map_err(|_| stopped("the renderer stopped"))
}

fn stopped(reason: &str) -> ChartError {
    ChartError::of(ChartErrorKind::TemplateFailed(reason.to_owned()), "")
}

/// What is to be rendered, and for whom.
#[derive(Clone, Copy)]
struct Order<'a> {
    chart: &'a Chart,
    values: &'a Values,
    release: &'a Release,
    capabilities: &'a Capabilities,
}

/// The manifests of a rendered file, by its path.
type Read = (String, Result<Vec<Manifest>, ChartError>);

impl Order<'_> {
    /// Renders with two pairs of hands: while one reads the templates and runs them, the other reads the values, and
    /// then the documents of each template that has run.
    fn render(&self, stack: Stack, mut files: Files) -> Result<(Rendered, Files), ChartError> {
        let (give_values, values) = mpsc::channel();
        let (give_text, texts) = mpsc::channel::<(String, String)>();
        let (rendered, read) = std::thread::scope(|scope| {
            let files = &mut files;
            let other = hands(STACK_BESIDE, scope, move || {
                // Nobody waits for values once a template was refused.
                let _ = give_values.send(self.all_values());
                texts.iter().map(|(path, text)| read(path, &text, files)).collect::<Vec<Read>>()
            })?;
            let templates = Templates::read(self.chart, stack);
            let values = values.recv().map_err(|_| stopped("the renderer stopped"))??;
            let rendered = templates?.run(self, &values, stack, &give_text)?;
            drop(give_text);
            Ok::<_, ChartError>((rendered, joined(other)?))
        })?;
        let manifests = in_order_of_paths(read)?;
        Ok((Rendered { manifests, ..rendered }, files))
    }

    /// The values given over the chart's own, held against its schema.
    fn all_values(&self) -> Result<Table, ChartError> {
        let refuse = |kind: ChartErrorKind| ChartError::of(kind, self.chart.metadata.name.as_str());
        self.chart.read_defaults()?;
        let mut all = self.values.as_map().clone();
        coalesce(self.chart, &mut all, Nulls::Delete).map_err(refuse)?;
        if self.release.checks_schema {
            schema::check(self.chart, &all).map_err(refuse)?;
        }
        let wanted = &self.chart.metadata.kube_version;
        if !wanted.is_empty() && !is_compatible(wanted, &self.capabilities.normal_version()) {
            let (wanted, found) = (wanted.clone(), self.capabilities.full_version());
            return Err(refuse(ChartErrorKind::KubeVersion { wanted, found }));
        }
        Ok(all)
    }
}

fn read(path: String, text: &str, files: &mut Files) -> Read {
    let manifests = manifests_of(&path, text, files);
    (path, manifests)
}

/// All manifests as Helm orders them; the first file that is refused is the one told of.
fn in_order_of_paths(mut read: Vec<Read>) -> Result<Vec<Manifest>, ChartError> {
    read.sort_by(|(a, _), (b, _)| a.cmp(b));
    let all = read.into_iter().map(|(_, manifests)| manifests).collect::<Result<Vec<_>, _>>()?;
    Ok(in_order(all.into_iter().flatten().collect()))
}

/// A template file, ready to be run.
struct Renderable {
    /// The chart it belongs to, as Helm names it: `mastodon/charts/redis`.
    chart: String,
    path: String,
    template: Rc<Template>,
}

/// The templates of a chart and of the charts in it.
struct Templates {
    set: Rc<TemplateSet>,
    renderables: Vec<Renderable>,
}

impl Templates {
    fn read(chart: &Chart, stack: Stack) -> Result<Self, ChartError> {
        let mut found = Vec::new();
        gather(chart, &chart.metadata.name, &mut found);
        // Deeper files first, so that a parent's template of the same name wins.
        found.sort_by(|(_, a, _), (_, b, _)| {
            let depth = |path: &str| path.matches('/').count();
            depth(b).cmp(&depth(a)).then_with(|| b.cmp(a))
        });
        let set = TemplateSet::new(None);
        let mut renderables = Vec::with_capacity(found.len());
        for (chart, path, text) in found {
            let source = Rc::new(Source { name: Rc::from(path.as_str()), text });
            let template = set.add(Rc::clone(&source.name), &source, stack).map_err(|error| {
                let kind = match error.is_too_deep {
                    true => ChartErrorKind::Bound("depth"),
                    false => ChartErrorKind::TemplateSyntax(error.detail),
                };
                ChartError::at(kind, &source.name, &source.text, error.at)
            })?;
            renderables.push(Renderable { chart, path, template });
        }
        Ok(Self { set, renderables })
    }

    /// Runs all templates and gives away the text of each. What it returns lacks the manifests.
    fn run(
        &self,
        order: &Order<'_>,
        values: &Table,
        stack: Stack,
        give: &mpsc::Sender<(String, String)>,
    ) -> Result<Rendered, ChartError> {
        let Order { chart, release, capabilities, .. } = order;
        let shared =
            Shared { release: release_value(release), capabilities: capabilities_value(capabilities) };
        let own_values = Map::of(json_entries(values)).with_kind(MapKind::Values);
        let mut roots = HashMap::new();
        root(chart, &chart.metadata.name, true, own_values, &shared, &mut roots);
        let own_notes = format!("{}/templates/NOTES.txt", chart.metadata.name);
        let mut run = Run::new(LIMITS, stack, release.now.clone());
        let mut notes = String::new();
        for Renderable { chart, path, template } in &self.renderables {
            let Some(root) = roots.get(chart) else { continue };
            let name = path.rsplit('/').next().unwrap_or_default();
            if name.starts_with('_') {
                continue;
            }
            let about = Map::of(Entries::new()).with_kind(MapKind::Values);
            about.insert("Name", Value::from(path.as_str()));
            about.insert("BasePath", Value::from(format!("{chart}/templates").as_str()));
            root.insert("Template", Value::Map(about));
            let template = self.set.get(path).unwrap_or_else(|| Rc::clone(template));
            let text = run.execute(&template, &self.set, &Value::Map(root.clone()));
            let text = text.map_err(|fault| described(fault, path))?.replace("<no value>", "");
            if *path == own_notes {
                notes = text;
            } else if !path.ends_with("NOTES.txt") {
                // Whoever reads them tells what became of it.
                let _ = give.send((path.clone(), text));
            }
        }
        Ok(Rendered { manifests: Vec::new(), notes, invented: run.invented, crds: Vec::new() })
    }
}

/// The templates of a chart and of the charts in it: the chart, the path and the text of each.
fn gather(chart: &Chart, full_path: &str, found: &mut Vec<(String, String, Arc<str>)>) {
    for inner in &chart.dependencies {
        gather(inner, &format!("{full_path}/charts/{}", inner.metadata.name), found);
    }
    for (path, text) in &chart.templates {
        let is_partial = path.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
        if !chart.metadata.is_library || is_partial {
            found.push((full_path.to_owned(), format!("{full_path}/{path}"), Arc::clone(text)));
        }
    }
}

fn described(fault: Fault, path: &str) -> ChartError {
    let kind = match fault.kind {
        FaultKind::Message(message) => ChartErrorKind::TemplateFailed(message),
        FaultKind::Required { message, key } => ChartErrorKind::Required { message, key },
        FaultKind::Fail(message) => ChartErrorKind::Refused(message),
        FaultKind::Refused(function) => ChartErrorKind::Random(function),
        FaultKind::Bound(bound) => ChartErrorKind::Bound(bound),
    };
    match fault.place {
        Some((source, at)) => ChartError::at(kind, &source.name, &source.text, at),
        None => ChartError::of(kind, path),
    }
}

/// What is the same for all charts of a rendering.
struct Shared {
    release: Value,
    capabilities: Value,
}

fn json_entries(json: &JsonMap<String, Json>) -> Entries {
    json.iter().map(|(key, value)| (Rc::from(key.as_str()), Value::of_json(value))).collect()
}

/// What `.` is in the templates of a chart and of the charts in it, by the chart.
fn root(
    chart: &Chart,
    full_path: &str,
    is_root: bool,
    values: Map,
    shared: &Shared,
    roots: &mut HashMap<String, Map>,
) -> Map {
    let own = Map::of(Entries::new()).with_kind(MapKind::Values);
    let subcharts = Map::of(Entries::new());
    own.insert("Chart", Value::Map(chart_value(chart, is_root)));
    let texts = chart.files.iter().map(|(path, bytes)| (Rc::from(path.as_str()), Rc::from(bytes.as_ref())));
    own.insert("Files", Value::Host(Rc::new(Host::Files(texts.collect()))));
    own.insert("Release", shared.release.clone());
    own.insert("Capabilities", shared.capabilities.clone());
    own.insert("Values", Value::Map(values.clone()));
    own.insert("Subcharts", Value::Map(subcharts.clone()));
    for inner in &chart.dependencies {
        let name = inner.metadata.name.as_str();
        let inner_values = match values.get(name) {
            Some(Value::Map(known)) => known.with_kind(MapKind::Values),
            _ => Map::of(Entries::new()).with_kind(MapKind::Values),
        };
        let path = format!("{full_path}/charts/{name}");
        let below = root(inner, &path, false, inner_values, shared, roots);
        subcharts.insert(name, Value::Map(below.with_kind(MapKind::Any)));
    }
    roots.insert(full_path.to_owned(), own.clone());
    own
}

fn chart_value(chart: &Chart, is_root: bool) -> Map {
    let map = Map::of(json_entries(&chart.metadata.shown));
    if let Some(Value::Map(annotations)) = map.get("Annotations") {
        let kind = if annotations.len() > 0 { MapKind::Texts } else { MapKind::NoTexts };
        map.insert("Annotations", Value::Map(annotations.with_kind(kind)));
    }
    let dependencies = chart.metadata.dependencies.iter().map(|wanted| Value::of_json(&wanted.shown()));
    map.insert("Dependencies", Value::from(dependencies.collect::<Vec<_>>()));
    map.insert("IsRoot", Value::Bool(is_root));
    map
}

fn release_value(release: &Release) -> Value {
    let map = Map::of(Entries::new());
    map.insert("Name", Value::from(release.name.as_str()));
    map.insert("Namespace", Value::from(release.namespace.as_str()));
    map.insert("IsUpgrade", Value::Bool(release.is_upgrade));
    map.insert("IsInstall", Value::Bool(!release.is_upgrade));
    map.insert("Revision", Value::Int(i64::from(release.revision)));
    map.insert("Service", Value::from("Helm"));
    Value::Map(map)
}

fn capabilities_value(capabilities: &Capabilities) -> Value {
    let host = |host: Host| Value::Host(Rc::new(host));
    let (major, minor) = capabilities.numbers();
    let kube = Host::KubeVersion {
        version: capabilities.full_version(),
        normal: capabilities.normal_version(),
        major,
        minor,
    };
    host(Host::Capabilities {
        kube: host(kube),
        apis: host(Host::ApiVersions(capabilities.api_versions.clone())),
        helm: host(Host::HelmVersion(capabilities.helm_version.clone())),
    })
}
