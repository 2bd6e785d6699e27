//! A release of a chart, and which chart that is.

use installation::Object;
use installation::chart::OfficialChart;
use tree::{Node, Origin};

use crate::{ChartRelease, Driver};

/// How a document names a chart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    /// The chart's name in a repository.
    pub(crate) name: Option<String>,
    /// The repository: of charts, of images, or of Git.
    pub(crate) repository: Option<String>,
    /// The folder in a Git repository.
    pub(crate) path: Option<String>,
    /// The version.
    pub(crate) version: Option<String>,
}

/// A release.
#[derive(Debug)]
pub(crate) struct Release {
    /// Its name.
    pub(crate) name: String,
    /// The namespace it goes to.
    pub(crate) namespace: Option<String>,
    /// How its chart is named.
    pub(crate) chart: Reference,
    /// Its values, later ones over earlier ones.
    pub(crate) layers: Vec<Node>,
    /// Whether all of its values could be read.
    pub(crate) is_whole: bool,
    /// Where it is written.
    pub(crate) origin: Option<Origin>,
    /// Who installs it.
    pub(crate) driver: Driver,
    /// Where its objects are changed after the chart made them, if they are.
    pub(crate) changed_after: Option<Origin>,
}

/// What is known of a release's chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KnownChart {
    /// An official one, or one with its keys.
    Official(OfficialChart),
    /// `app-template` of bjw-s, whose values describe containers.
    AppTemplate,
    /// Another.
    Other,
}

impl Release {
    /// A release that was read, to be made once more of other values.
    pub(crate) fn again(read: &ChartRelease) -> Self {
        Self {
            name: read.name.clone(),
            namespace: read.namespace.clone(),
            chart: Reference::default(),
            layers: Vec::new(),
            is_whole: true,
            origin: None,
            driver: read.driver.clone(),
            changed_after: None,
        }
    }

    /// The release as others see it, with all of its own values in one.
    pub(crate) fn read_as(
        &self,
        chart: Option<OfficialChart>,
        values: Node,
        objects: &[Object],
    ) -> ChartRelease {
        ChartRelease {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            chart,
            title: self.chart.title(),
            version: self.chart.version.clone(),
            driver: self.driver.clone(),
            origin: self.origin,
            changed_after: self.changed_after,
            objects: objects.iter().map(Object::id).collect(),
            values,
            foreign: Vec::new(),
        }
    }
}

impl Reference {
    /// The chart as its owner names it, for people.
    pub(crate) fn title(&self) -> String {
        let name = self.name.as_deref().filter(|name| !matches!(*name, "." | "./"));
        let path = self.path.as_deref().filter(|path| !matches!(*path, "" | "." | "./"));
        let mut title = match (name, path, self.repository.as_deref()) {
            (Some(name), _, Some(repository)) => format!("{name} ({repository})"),
            (Some(name), _, None) => name.to_owned(),
            (None, Some(path), Some(repository)) => format!("{repository} {path}"),
            (None, Some(path), None) => path.to_owned(),
            (None, None, Some(repository)) => repository.to_owned(),
            (None, None, None) => "?".to_owned(),
        };
        if let Some(version) = &self.version {
            title.push(' ');
            title.push_str(version);
        }
        title
    }

    /// The official chart that this names outright.
    pub(crate) fn official(&self) -> Option<OfficialChart> {
        let repository = self.repository.as_deref()?.to_ascii_lowercase();
        let repository = repository.trim_end_matches('/').trim_end_matches(".git");
        let is_at = |place: &str| repository.ends_with(place);
        if is_at("github.com/mastodon/chart") || is_at("github.com:mastodon/chart") {
            return Some(OfficialChart::Chart);
        }
        let of_helm_charts = is_at("mastodon.github.io/helm-charts")
            || is_at("github.com/mastodon/helm-charts")
            || is_at("ghcr.io/mastodon/helm-charts")
            || is_at("ghcr.io/mastodon/helm-charts/mastodon");
        let last = |text: &str| text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let name = self.name.as_deref().or(self.path.as_deref()).map(last).unwrap_or_default();
        (of_helm_charts && matches!(name.as_str(), "mastodon" | "" | "."))
            .then_some(OfficialChart::HelmCharts)
    }

    /// What the chart is, by its name or else by the keys of its values.
    pub(crate) fn known(&self, values: &Node) -> KnownChart {
        if let Some(chart) = self.official() {
            return KnownChart::Official(chart);
        }
        let said = [self.name.as_deref(), self.path.as_deref(), self.repository.as_deref()];
        let names_template =
            |text: &&str| text.trim_end_matches('/').rsplit('/').next() == Some("app-template");
        if said.iter().flatten().any(names_template) {
            return KnownChart::AppTemplate;
        }
        match OfficialChart::recognise(values) {
            Some(chart) => KnownChart::Official(chart),
            None if self.name.is_none() && self.repository.is_none() && describes_containers(values) => {
                KnownChart::AppTemplate
            }
            None => KnownChart::Other,
        }
    }

    /// Whether the name or the values speak of Mastodon: then not knowing the chart leaves a gap.
    pub(crate) fn speaks_of_mastodon(&self, release: &str, values: &Node) -> bool {
        let says = |text: &str| text.to_ascii_lowercase().contains("mastodon");
        let name = self.name.as_deref().filter(|name| !matches!(*name, "." | "./"));
        match name.or(self.path.as_deref()) {
            Some(name) if says(name) => true,
            Some(_) if self.name.is_some() => image_of_mastodon(values),
            _ => says(release) || self.repository.as_deref().is_some_and(says) || image_of_mastodon(values),
        }
    }
}

fn image_of_mastodon(values: &Node) -> bool {
    values.leaves().iter().any(|leaf| {
        let text = leaf.node.as_str().unwrap_or_default();
        matches!(leaf.path.last_key(), Some("repository" | "image"))
            && text.rsplit('/').next().is_some_and(|name| name.starts_with("mastodon"))
    })
}

/// Whether bare values are of the kind that `app-template` takes: `controllers` with `containers`.
fn describes_containers(values: &Node) -> bool {
    let controllers = values.get("controllers").and_then(Node::as_mapping);
    controllers.into_iter().flatten().any(|(_, controller)| controller.get("containers").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(name: &str, repository: &str) -> Reference {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Reference { name: some(name), repository: some(repository), ..Reference::default() }
    }

    #[test]
    fn official_charts_are_known_by_where_they_come_from() {
        let official = |name, repository| reference(name, repository).official();
        assert_eq!(official("./", "https://github.com/mastodon/chart.git"), Some(OfficialChart::Chart));
        let new = Some(OfficialChart::HelmCharts);
        assert_eq!(official("mastodon", "https://mastodon.github.io/helm-charts/"), new);
        assert_eq!(official("./charts/mastodon", "https://github.com/mastodon/helm-charts"), new);
        assert_eq!(official("pgbouncer", "https://mastodon.github.io/helm-charts"), None);
        assert_eq!(official("mastodon", "https://charts.example/stable"), None);
    }
}
