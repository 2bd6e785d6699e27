//! `Chart.yaml`.

use serde_json::{Map as JsonMap, Value as Json};
use tree::{Node, Value as Yaml};

use crate::error::ChartErrorKind;
use crate::print::is_printable;
use crate::version::Version;

/// What `Chart.yaml` says.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// The chart's name; a subchart with an alias is called by that.
    pub name: String,
    /// The chart's version.
    pub version: String,
    /// The version of what it installs.
    pub app_version: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Whether it is a library: its templates are only there to be included.
    pub is_library: bool,
    /// The Kubernetes it wants, if it says so.
    pub kube_version: String,
    /// The charts it rests on.
    pub dependencies: Vec<Dependency>,
    /// All of it, as `.Chart` shows it.
    pub(crate) shown: JsonMap<String, Json>,
}

/// A chart another rests on.
#[derive(Debug, Clone, Default)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The versions that will do.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths of values that switch it, the first found deciding.
    pub condition: String,
    /// Tags that switch it.
    pub tags: Vec<String>,
    /// The name it has here.
    pub alias: String,
    /// What of its values its parent takes over.
    pub(crate) imports: Vec<Import>,
}

/// Values that a parent takes over from a subchart.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) child: String,
    pub(crate) parent: String,
}

type Reading<T> = Result<T, ChartErrorKind>;

fn bad<T>(reason: impl Into<String>) -> Reading<T> {
    Err(ChartErrorKind::BadMetadata(reason.into()))
}

/// A text, or a number or truth value written where a text is wanted.
pub(crate) fn text(node: &Node, field: &str) -> Reading<String> {
    match &node.value {
        Yaml::Null => Ok(String::new()),
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Bool(truth) => Ok(truth.to_string()),
        Yaml::Number(number) => Ok(match number.as_i64() {
            Some(whole) => whole.to_string(),
            // Go formats it as a 32-bit float.
            None => short_float(number.as_f64().unwrap_or_default()),
        }),
        _ => bad(format!("{field} must be a text")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "as Go does it")]
fn short_float(number: f64) -> String {
    crate::number::general((number as f32).to_string().parse().unwrap_or(number))
}

/// Helm's `sanitizeString`: blanks are spaces, what cannot be printed is left out.
fn sanitized(text: &str) -> String {
    text.chars()
        .filter_map(
            |letter| {
                if letter.is_whitespace() { Some(' ') } else { is_printable(letter).then_some(letter) }
            },
        )
        .collect()
}

fn field(node: &Node, name: &str) -> Reading<String> {
    node.get(name).map_or_else(|| Ok(String::new()), |node| Ok(sanitized(&text(node, name)?)))
}

fn texts(node: &Node, name: &str) -> Reading<Vec<String>> {
    match node.get(name).map(|node| &node.value) {
        None | Some(Yaml::Null) => Ok(Vec::new()),
        Some(Yaml::Sequence(items)) => items.iter().map(|item| Ok(sanitized(&text(item, name)?))).collect(),
        Some(_) => bad(format!("{name} must be a list")),
    }
}

fn nodes<'a>(node: &'a Node, name: &str) -> Reading<&'a [Node]> {
    match node.get(name).map(|node| &node.value) {
        None | Some(Yaml::Null) => Ok(&[]),
        Some(Yaml::Sequence(items)) => Ok(items),
        Some(_) => bad(format!("{name} must be a list")),
    }
}

impl Metadata {
    /// Reads `Chart.yaml`, and `requirements.yaml` beside it where there is one.
    pub(crate) fn read(node: &Node, requirements: Option<&Node>) -> Reading<Self> {
        if node.as_mapping().is_none() {
            return bad("not a mapping");
        }
        let api_version = match field(node, "apiVersion")? {
            version if version.is_empty() => "v1".to_owned(),
            version => version,
        };
        let listed = match nodes(node, "dependencies")? {
            [] => requirements.map_or(Ok(&[][..]), |node| nodes(node, "dependencies"))?,
            listed => match requirements.map(|node| nodes(node, "dependencies")).transpose()? {
                Some(required) if !required.is_empty() => required,
                _ => listed,
            },
        };
        let dependencies: Vec<Dependency> = listed.iter().map(Dependency::read).collect::<Reading<_>>()?;
        let kind = field(node, "type")?;
        let mut metadata = Self {
            name: field(node, "name")?,
            version: field(node, "version")?,
            app_version: field(node, "appVersion")?,
            api_version,
            is_library: kind == "library",
            kube_version: field(node, "kubeVersion")?,
            dependencies,
            shown: JsonMap::new(),
        };
        metadata.validate(&kind)?;
        metadata.shown = metadata.shown_of(node, &kind)?;
        Ok(metadata)
    }

    fn validate(&self, kind: &str) -> Reading<()> {
        if self.name.is_empty() {
            return bad("name is required");
        }
        if self.name.contains('/') || matches!(self.name.as_str(), "." | "..") {
            return bad(format!("the name {:?} is not allowed", self.name));
        }
        if self.version.is_empty() {
            return bad("version is required");
        }
        if Version::parse(&self.version).is_none() {
            return bad(format!("the version {:?} is not valid", self.version));
        }
        if !matches!(kind, "" | "application" | "library") {
            return bad("type must be application or library");
        }
        let mut names: Vec<&str> = Vec::new();
        for dependency in &self.dependencies {
            let name = dependency.name_here();
            if names.contains(&name) {
                return bad(format!("more than one dependency with the name or alias {name:?}"));
            }
            names.push(name);
        }
        Ok(())
    }

    fn shown_of(&self, node: &Node, kind: &str) -> Reading<JsonMap<String, Json>> {
        let mut shown = JsonMap::new();
        let mut say = |name: &str, value: Json| shown.insert(name.to_owned(), value);
        say("Name", self.name.clone().into());
        say("Home", field(node, "home")?.into());
        say("Sources", texts(node, "sources")?.into());
        say("Version", self.version.clone().into());
        say("Description", field(node, "description")?.into());
        say("Keywords", texts(node, "keywords")?.into());
        let mut maintainers = Vec::new();
        for maintainer in nodes(node, "maintainers")? {
            maintainers.push(serde_json::json!({
                "Name": field(maintainer, "name")?,
                "Email": field(maintainer, "email")?,
                "URL": field(maintainer, "url")?,
            }));
        }
        say("Maintainers", maintainers.into());
        say("Icon", field(node, "icon")?.into());
        say("APIVersion", self.api_version.clone().into());
        say("Condition", field(node, "condition")?.into());
        say("Tags", field(node, "tags")?.into());
        say("AppVersion", self.app_version.clone().into());
        let is_deprecated = node.get("deprecated").is_some_and(|node| node.value == Yaml::Bool(true));
        say("Deprecated", is_deprecated.into());
        let mut annotations = JsonMap::new();
        for (name, value) in node.get("annotations").and_then(Node::as_mapping).into_iter().flatten() {
            annotations.insert(name.clone(), text(value, "annotations")?.into());
        }
        say("Annotations", annotations.into());
        say("KubeVersion", self.kube_version.clone().into());
        say("Type", kind.into());
        Ok(shown)
    }
}

impl Dependency {
    fn read(node: &Node) -> Reading<Self> {
        if node.as_mapping().is_none() {
            return bad("dependencies must not contain empty entries");
        }
        let mut imports = Vec::new();
        for import in nodes(node, "import-values")? {
            match &import.value {
                Yaml::String(child) => {
                    imports.push(Import { child: format!("exports.{child}"), parent: ".".to_owned() });
                }
                Yaml::Mapping(_) => {
                    imports.push(Import { child: field(import, "child")?, parent: field(import, "parent")? });
                }
                _ => {}
            }
        }
        let dependency = Self {
            name: field(node, "name")?,
            version: field(node, "version")?,
            repository: field(node, "repository")?,
            condition: field(node, "condition")?,
            tags: texts(node, "tags")?,
            alias: field(node, "alias")?,
            imports,
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !dependency.alias.chars().all(is_plain) {
            return bad(format!("dependency {:?} has disallowed characters in the alias", dependency.name));
        }
        Ok(dependency)
    }

    /// The name it goes by in its parent.
    #[must_use]
    pub fn name_here(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    /// As `.Chart.Dependencies` shows it.
    pub(crate) fn shown(&self) -> Json {
        serde_json::json!({
            "Name": self.name_here(),
            "Version": self.version,
            "Repository": self.repository,
            "Condition": self.condition,
            "Tags": self.tags,
            "Enabled": true,
            "ImportValues": self.imports.iter().map(|import| {
                serde_json::json!({"child": import.child, "parent": import.parent})
            }).collect::<Vec<_>>(),
            "Alias": self.alias,
        })
    }
}
