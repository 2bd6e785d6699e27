//! What an installation is written to, and how what was written comes to stand.

use camino::Utf8Path;
use chart::{Capabilities, Chart, Release, Values};
use installation::chart::{Cast, OfficialChart, Shape, with_defaults};
use serde_json::Value;
use tree::{Files, Node};

use crate::ran::Ran;

/// A target of `convert`.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// The arguments that ask for it.
    pub(crate) arguments: &'static [&'static str],
    stands: Stands,
}

/// How the objects of the new side come about.
enum Stands {
    /// They are written.
    Written,
    /// Kustomize builds the overlay.
    Overlay,
    /// The chart is rendered with the values, under the supplements.
    Chart(Box<Chart>),
    /// The same with the chart's shape, where the chart itself is not at hand. The writer works by that shape too: this proves
    /// what is written for it, and not that the chart is like it.
    Shape(OfficialChart),
}

impl Way {
    /// Every target.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/chart");
        let example = Chart::load(&folder).expect("the example chart");
        let way = |name, arguments, stands| Self { name, arguments, stands };
        vec![
            way("manifests", &["--to", "manifests"], Stands::Written),
            way("kustomize", &["--to", "kustomize"], Stands::Overlay),
            way("helm, new chart", &["--to", "helm", "--chart", "new"], Stands::Chart(Box::new(example))),
            way("helm, old chart", &["--to", "helm", "--chart", "old"], Stands::Shape(OfficialChart::Chart)),
        ]
    }

    /// Whether a chart adds what is its own.
    pub(crate) fn is_by_chart(&self) -> bool {
        matches!(self.stands, Stands::Chart(_) | Stands::Shape(_))
    }

    /// The objects that are to stand, with what only a person runs; and what keeps its place, where that is asked for.
    ///
    /// # Errors
    /// If what was written does not come to stand.
    pub(crate) fn objects(&self, ran: &Ran, with_kept: bool) -> Result<Vec<Value>, String> {
        let mut objects = Vec::new();
        let folders: &[&str] = match self.stands {
            Stands::Overlay => &["withheld"],
            _ => &["green", "adopted", "withheld", "switched", "kept"],
        };
        for folder in folders.iter().filter(|folder| with_kept || **folder != "kept") {
            objects.extend(ran.objects(folder));
        }
        objects.extend(match &self.stands {
            Stands::Written => Vec::new(),
            Stands::Overlay => overlay(ran, with_kept)?,
            Stands::Chart(chart) => supplemented(ran, &rendered(ran, chart)?)?,
            Stands::Shape(chart) => supplemented(ran, &cast(ran, *chart)?)?,
        });
        Ok(objects)
    }
}

fn release(ran: &Ran) -> &str {
    ran.json["release"].as_str().unwrap_or_default()
}

fn overlay(ran: &Ran, with_kept: bool) -> Result<Vec<Value>, String> {
    let folder = format!("overlays/{}", release(ran));
    let built = kustomize::build(&ran.out().join(&folder), &mut Files::new());
    let built = built.map_err(|error| format!("the overlay does not build: {error}"))?;
    let kept = if with_kept { Vec::new() } else { ran.objects(&format!("{folder}/kept")) };
    let objects = built.objects.iter().map(Node::to_json);
    Ok(objects.filter(|object| !kept.contains(object)).collect())
}

fn values(ran: &Ran) -> Result<String, String> {
    std::fs::read_to_string(ran.out().join("values.yaml")).map_err(|error| error.to_string())
}

fn rendered(ran: &Ran, chart: &Chart) -> Result<String, String> {
    let values = Values::read("values.yaml", &values(ran)?).map_err(|error| error.to_string())?;
    let release = Release::new(release(ran), "default");
    let rendered = chart::render(chart, &values, &release, &Capabilities::default(), &mut Files::new());
    rendered.map(|made| made.to_text()).map_err(|error| format!("the chart refuses the values: {error}"))
}

fn cast(ran: &Ran, chart: OfficialChart) -> Result<String, String> {
    let mut files = Files::new();
    let file = files.add("values.yaml", values(ran)?);
    let given = tree::parse(&files, file).map_err(|error| error.to_string())?;
    let given = given.into_iter().next().unwrap_or_else(Node::mapping);
    let whole = with_defaults(&given, &chart.default_values())
        .map_err(|bad| format!("the chart cannot walk into {}", bad.key))?;
    let cast = Cast::new(Shape::bare(chart), release(ran), &whole, None);
    let missing = cast.missing();
    if !missing.is_empty() {
        return Err(format!("the chart demands {missing:?}"));
    }
    let objects = cast.objects().ok_or("too many objects")?;
    Ok(objects.iter().map(|object| format!("---\n{:#}\n", object.to_json())).collect())
}

/// What Helm rendered, under the supplements.
fn supplemented(ran: &Ran, rendered: &str) -> Result<Vec<Value>, String> {
    let supplements = ran.out().join("supplements");
    std::fs::write(supplements.join("rendered.yaml"), rendered).map_err(|error| error.to_string())?;
    let built = kustomize::build(&supplements, &mut Files::new());
    let built = built.map_err(|error| format!("the supplements do not build: {error}"))?;
    Ok(built.objects.iter().map(Node::to_json).collect())
}
