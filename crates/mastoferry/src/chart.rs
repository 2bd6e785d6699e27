//! The chart a command was given.

mod cache;
mod embedded;
mod reference;
mod repository;
mod web;

use camino::Utf8Path;
use chart::{Capabilities, Chart, ChartError, Release, Values};
use installation::Object;
use installation::chart::OfficialChart;
use tree::{Files, Node};

use self::reference::Reference;
use self::repository::Repository;
use crate::explain;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A chart to write for: one of the official two, or one of their values, names and labels.
#[derive(Debug, Clone)]
pub(crate) struct GivenChart {
    /// Whose values it takes.
    pub(crate) official: OfficialChart,
    /// Its version, without what stands behind a plus.
    pub(crate) version: String,
    /// Whether the tables are those of this very version.
    pub(crate) known: bool,
    /// The chart itself; none where only its shape is known.
    pub(crate) chart: Option<Chart>,
}

/// What a chart makes of values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rendered {
    /// Its objects, in the order they are made.
    pub(crate) objects: Vec<Object>,
    /// What it runs before and after that, and its tests.
    pub(crate) hooks: Vec<Object>,
}

/// `new` (the chart of our own that takes the official one's values), `old` (known by its shape alone), or what
/// [`load`] takes.
///
/// # Errors
/// If there is no chart, or none whose values are known.
pub(crate) fn choose(text: &str, words: &Words) -> Result<GivenChart, Problem> {
    match text {
        "new" => {
            let chart = embedded::example().map_err(|error| explain::chart(words, &error))?;
            GivenChart::of(chart, text, words)
        }
        "old" => {
            let official = OfficialChart::Chart;
            Ok(GivenChart { official, version: official.version().to_owned(), known: true, chart: None })
        }
        _ => GivenChart::of(load(text, words)?, text, words),
    }
}

/// Loads a chart: a folder, an archive, `REPOSITORY/NAME[@VERSION]` of a repository that Helm knows,
/// `https://REPOSITORY/NAME[@VERSION]`, or the address of an archive.
///
/// # Errors
/// If there is none, it cannot be had, or Helm would refuse it.
pub(crate) fn load(text: &str, words: &Words) -> Result<Chart, Problem> {
    load_version(text, None, words)
}

/// The same with a constraint on the version beside the name; one in the name goes before.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_version(text: &str, wanted: Option<&str>, words: &Words) -> Result<Chart, Problem> {
    match Reference::read(text, |path| Utf8Path::new(path).exists()) {
        Reference::Path(path) => {
            Chart::load(Utf8Path::new(path)).map_err(|error| explain::chart(words, &error))
        }
        Reference::Archive(address) => repository::archive_at(address, words),
        Reference::At { repository, name, version } => {
            Repository::at(repository, words)?.chart(name, version.or(wanted))
        }
        Reference::Named { repository, name, version } => {
            Repository::named(repository, words)?.chart(name, version.or(wanted))
        }
        Reference::Oci(address) => Err(repository::oci(words, address)),
    }
}

/// Loads a chart by its name in the repository at an address.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_from(
    repository: &str,
    name: &str,
    version: Option<&str>,
    words: &Words,
) -> Result<Chart, Problem> {
    Repository::at(repository, words)?.chart(name, version)
}

/// How a `helm` command names the chart that `text` named here, at the version that was found. For a chart that is
/// in this program, a placeholder stands for the one whose values it takes.
pub(crate) fn in_helms_words(text: &str, version: &str) -> String {
    let version = version.split('+').next().unwrap_or_default();
    match (text, Reference::read(text, |path| Utf8Path::new(path).exists())) {
        ("new" | "old", _) => format!("CHART --version {version}"),
        (_, Reference::Path(place) | Reference::Archive(place) | Reference::Oci(place)) => place.to_owned(),
        (_, Reference::At { repository, name, .. }) => {
            format!("{name} --repo {repository} --version {version}")
        }
        (_, Reference::Named { repository, name, .. }) => format!("{repository}/{name} --version {version}"),
    }
}

impl GivenChart {
    fn of(chart: Chart, place: &str, words: &Words) -> Result<Self, Problem> {
        // What stands behind a plus says who built it, and is no part of the version (semver.org, 10).
        let version = chart.metadata.version.split('+').next().unwrap_or_default().to_owned();
        let name = chart.metadata.name.as_str();
        let refused = |why: &str| {
            let reason = words.tell(why, &[("name", name), ("version", &version)]);
            let arguments = [("path", place), ("reason", reason.as_str())];
            Problem::new(words, Exit::Unreadable, "chart", &arguments)
        };
        let by_version = match (name, version.split('.').next().unwrap_or_default()) {
            ("mastodon", "1") => Some(OfficialChart::HelmCharts),
            ("mastodon", "4" | "5" | "6") => Some(OfficialChart::Chart),
            _ => None,
        };
        let official = match (by_version, by_values(&chart)) {
            // Of versions that say nothing, as those before 1.0.0, the values tell whose they are.
            (None, Some(official)) => official,
            (Some(official), found) if found == Some(official) => official,
            // Others call their charts mastodon, too.
            (Some(_), _) => return Err(refused("chart-namesake")),
            (None, None) => return Err(refused("chart-unknown")),
        };
        let known = version == official.version();
        Ok(Self { official, version, known, chart: Some(chart) })
    }

    /// Tells beside a problem that the tables are those of another version, where they are: that may be why.
    pub(crate) fn beside(&self, problem: Problem, words: &Words) -> Problem {
        if self.known {
            return problem;
        }
        let known = self.official.title();
        let arguments = [("version", self.version.as_str()), ("known", known.as_str())];
        let nearest = Problem::new(words, problem.exit, "chart-nearest", &arguments);
        problem.beside(vec![nearest])
    }

    /// What the chart makes of values as a first installation, or none where the chart itself is not at hand. The
    /// rendered texts are added to `files`, so that the objects' origins name places in them.
    ///
    /// # Errors
    /// If the chart refuses the values, with the template's line.
    pub(crate) fn render(
        &self,
        values: &Node,
        release: &str,
        namespace: &str,
        files: &mut Files,
        words: &Words,
    ) -> Result<Option<Rendered>, Problem> {
        let rendered = self.try_render(values, release, namespace, files);
        rendered.map_err(|error| explain::chart(words, &error))
    }

    /// The same with the chart's own error, for who goes on without.
    ///
    /// # Errors
    /// If the chart refuses the values.
    pub(crate) fn try_render(
        &self,
        values: &Node,
        release: &str,
        namespace: &str,
        files: &mut Files,
    ) -> Result<Option<Rendered>, ChartError> {
        let Some(chart) = &self.chart else { return Ok(None) };
        let values = Values::of_node(values)?;
        let release = Release::new(release, namespace);
        let made = chart::render(chart, &values, &release, &Capabilities::default(), files)?;
        let mut rendered = Rendered::default();
        for manifest in made.manifests {
            let list = if manifest.hook.is_some() { &mut rendered.hooks } else { &mut rendered.objects };
            list.extend(manifest.documents.into_iter().map(Object::new));
        }
        Ok(Some(rendered))
    }
}

/// The official chart whose values a chart called `mastodon` takes, if it is one's.
fn by_values(chart: &Chart) -> Option<OfficialChart> {
    let defaults = chart.defaults().ok().filter(|_| chart.metadata.name == "mastodon")?;
    OfficialChart::recognise(&Node::from(serde_json::Value::Object(defaults.clone())))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use chart::Chart;
    use installation::chart::OfficialChart;

    use super::{by_values, in_helms_words};

    #[test]
    fn a_chart_of_another_version_is_known_by_its_values() {
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
        let example = folder.join("../../examples/chart");
        let example = Chart::load(&example).expect("the example chart");
        assert_eq!(by_values(&example), Some(OfficialChart::HelmCharts));
        let other = Chart::load(&folder.join("tests/charts/lighthouse")).expect("a chart");
        assert_eq!(by_values(&other), None);
        let mut called = other;
        called.metadata.name = "mastodon".to_owned();
        assert_eq!(by_values(&called), None, "a chart of that name that takes other values");
    }

    #[test]
    fn a_chart_is_named_as_helm_takes_it() {
        for (text, expected) in [
            ("new", "CHART --version 1.0.2"),
            ("./charts/mastodon", "./charts/mastodon"),
            ("mastodon-1.0.2.tgz", "mastodon-1.0.2.tgz"),
            ("masto/mastodon@^1", "masto/mastodon --version 1.0.2"),
            ("https://charts.example/mastodon", "mastodon --repo https://charts.example --version 1.0.2"),
        ] {
            assert_eq!(in_helms_words(text, "1.0.2+example"), expected, "{text}");
        }
    }
}
