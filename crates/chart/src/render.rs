//! From a chart and values to manifests.

use std::rc::Rc;

use jiff::Zoned;
use serde_json::{Map as JsonMap, Value as Json};
use tree::Files;

use crate::capabilities::Capabilities;
use crate::chart::Chart;
use crate::dependency;
use crate::error::{ChartError, ChartErrorKind};
use crate::host::Host;
use crate::manifest::{Manifest, manifests};
use crate::schema;
use crate::template::{Fault, FaultKind, Limits, Run, Source, Stack, TemplateSet};
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
    let mut chart = chart.clone();
    dependency::process(&mut chart, values.as_map()).map_err(refuse)?;
    let mut all = values.as_map().clone();
    coalesce(&chart, &mut all, Nulls::Delete).map_err(refuse)?;
    if release.checks_schema {
        schema::check(&chart, &all).map_err(refuse)?;
    }
    let wanted = &chart.metadata.kube_version;
    if !wanted.is_empty() && !is_compatible(wanted, &capabilities.normal_version()) {
        let (wanted, found) = (wanted.clone(), capabilities.full_version());
        return Err(refuse(ChartErrorKind::KubeVersion { wanted, found }));
    }
    let ran = run(&chart, &all, release, capabilities, Stack::from_here(STACK_HERE));
    let (mut rendered, invented) = match ran {
        Err(error) if error.kind == ChartErrorKind::Bound("depth") => {
            on_own_stack(|| run(&chart, &all, release, capabilities, Stack::from_here(STACK - STACK / 4)))?
        }
        ran => ran?,
    };
    let own_notes = format!("{name}/templates/NOTES.txt");
    let notes = rendered.iter().find(|(path, _)| *path == own_notes).map(|(_, text)| text.clone());
    rendered.retain(|(path, _)| !path.ends_with("NOTES.txt"));
    let manifests = manifests(&rendered, files)?;
    Ok(Rendered { manifests, notes: notes.unwrap_or_default(), invented, crds: chart.crds(name) })
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

/// Rendered files by their path, and what was made up for whom.
type Texts = (Vec<(String, String)>, Vec<(String, String)>);

/// Few templates need more stack than there is; those run again on a thread that has it.
fn on_own_stack(work: impl FnOnce() -> Result<Texts, ChartError> + Send) -> Result<Texts, ChartError> {
    let failed = |reason: &str| ChartError::of(ChartErrorKind::TemplateFailed(reason.to_owned()), "");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|_| Err(failed("the renderer stopped"))),
            Err(error) => Err(failed(&error.to_string())),
        }
    })
}

/// A template file, ready to be run.
struct Renderable {
    path: String,
    text: std::sync::Arc<str>,
    root: Map,
    base: String,
}

fn run(
    chart: &Chart,
    values: &JsonMap<String, Json>,
    release: &Release,
    capabilities: &Capabilities,
    stack: Stack,
) -> Result<Texts, ChartError> {
    let shared = Shared { release: release_value(release), capabilities: capabilities_value(capabilities) };
    let root_values = Map::of(json_entries(values)).with_kind(MapKind::Values);
    let mut renderables = Vec::new();
    collect(chart, &chart.metadata.name, true, root_values, &shared, &mut renderables);
    // Deeper files first, so that a parent's template of the same name wins.
    renderables.sort_by(|a, b| {
        let depth = |path: &str| path.matches('/').count();
        depth(&b.path).cmp(&depth(&a.path)).then_with(|| b.path.cmp(&a.path))
    });
    let set = TemplateSet::new(None);
    let mut templates = Vec::new();
    for renderable in &renderables {
        let source =
            Rc::new(Source { name: Rc::from(renderable.path.as_str()), text: Rc::from(&*renderable.text) });
        let template = set.add(Rc::clone(&source.name), &source, stack).map_err(|error| {
            let kind = match error.is_too_deep {
                true => ChartErrorKind::Bound("depth"),
                false => ChartErrorKind::TemplateSyntax(error.detail),
            };
            ChartError::at(kind, &source.name, &source.text, error.at)
        })?;
        templates.push(template);
    }
    let mut run = Run::new(LIMITS, stack, release.now.clone());
    let mut rendered = Vec::new();
    for (renderable, own) in renderables.iter().zip(&templates) {
        let name = renderable.path.rsplit('/').next().unwrap_or_default();
        if name.starts_with('_') {
            continue;
        }
        let about = Map::of(Entries::new()).with_kind(MapKind::Values);
        about.insert("Name", Value::from(renderable.path.as_str()));
        about.insert("BasePath", Value::from(renderable.base.as_str()));
        renderable.root.insert("Template", Value::Map(about));
        let template = set.get(&renderable.path).unwrap_or_else(|| Rc::clone(own));
        let dot = Value::Map(renderable.root.clone());
        let text = run.execute(&template, &set, &dot).map_err(|fault| described(fault, &renderable.path))?;
        rendered.push((renderable.path.clone(), text.replace("<no value>", "")));
    }
    Ok((rendered, run.invented))
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

/// Gathers the templates of a chart and of the charts in it, each with what its `.` is.
fn collect(
    chart: &Chart,
    full_path: &str,
    is_root: bool,
    values: Map,
    shared: &Shared,
    renderables: &mut Vec<Renderable>,
) -> Map {
    let root = Map::of(Entries::new()).with_kind(MapKind::Values);
    let subcharts = Map::of(Entries::new());
    root.insert("Chart", Value::Map(chart_value(chart, is_root)));
    let texts = chart.files.iter().map(|(path, bytes)| (Rc::from(path.as_str()), Rc::from(bytes.as_ref())));
    root.insert("Files", Value::Host(Rc::new(Host::Files(texts.collect()))));
    root.insert("Release", shared.release.clone());
    root.insert("Capabilities", shared.capabilities.clone());
    root.insert("Values", Value::Map(values.clone()));
    root.insert("Subcharts", Value::Map(subcharts.clone()));
    for inner in &chart.dependencies {
        let name = inner.metadata.name.as_str();
        let own = match values.get(name) {
            Some(Value::Map(own)) => own.with_kind(MapKind::Values),
            _ => Map::of(Entries::new()).with_kind(MapKind::Values),
        };
        let path = format!("{full_path}/charts/{name}");
        let below = collect(inner, &path, false, own, shared, renderables);
        subcharts.insert(name, Value::Map(below.with_kind(MapKind::Any)));
    }
    for (path, text) in &chart.templates {
        let is_partial = path.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
        if chart.metadata.is_library && !is_partial {
            continue;
        }
        renderables.push(Renderable {
            path: format!("{full_path}/{path}"),
            text: std::sync::Arc::clone(text),
            root: root.clone(),
            base: format!("{full_path}/templates"),
        });
    }
    root
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
    let (major, minor, _) = capabilities.numbers();
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
