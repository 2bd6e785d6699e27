//! Charts, from a directory or an archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;
use serde_json::{Map as JsonMap, Value as Json};
use tree::{Dialect, Files, Node};

use crate::archive::{File, MAX_CHART_BYTES, MAX_FILE_BYTES, MAX_FILES, unpack};
use crate::defaults::Defaults;
use crate::error::{ChartError, ChartErrorKind};
use crate::ignore::Rules;
use crate::metadata::Metadata;

/// How deep charts may lie in charts.
const MAX_NESTING: usize = 32;

/// A chart and the charts in it.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What `Chart.yaml` says.
    pub metadata: Metadata,
    /// `values.yaml`.
    pub(crate) values: Defaults,
    /// `values.schema.json`.
    pub(crate) schema: Option<Arc<[u8]>>,
    /// Files below `templates/`, by their path from the chart.
    pub(crate) templates: Vec<(String, Arc<str>)>,
    /// All files that are neither templates nor read otherwise.
    pub(crate) files: BTreeMap<String, Arc<[u8]>>,
    /// The charts below `charts/`.
    pub(crate) dependencies: Vec<Chart>,
}

impl Chart {
    /// Loads a chart from a directory or a `.tgz`.
    ///
    /// # Errors
    /// If there is no chart, it cannot be read, or Helm would refuse it.
    pub fn load(path: &Utf8Path) -> Result<Self, ChartError> {
        let unreadable = |error: &std::io::Error| {
            ChartError::of(ChartErrorKind::Unreadable(error.to_string()), path.as_str())
        };
        let about = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
        if !about.is_dir() {
            if about.len() > MAX_CHART_BYTES {
                return Err(ChartError::of(
                    ChartErrorKind::TooLarge { limit: MAX_CHART_BYTES },
                    path.as_str(),
                ));
            }
            let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
            return Self::from_archive(&bytes, path.as_str());
        }
        let mut walk = Walk { root: path, rules: rules_of(path)?, files: Vec::new(), bytes: 0 };
        walk.directory("", 0)?;
        let origin = path.as_str().trim_end_matches('/');
        Self::from_files(walk.files, &format!("{origin}/"), 0)
    }

    /// Loads a chart from the bytes of a `.tgz`. The name is for messages.
    ///
    /// # Errors
    /// If the archive is damaged or refused, or Helm would refuse the chart.
    pub fn from_archive(bytes: &[u8], name: &str) -> Result<Self, ChartError> {
        let files = unpack(bytes).map_err(|kind| ChartError::of(kind, name))?;
        Self::from_files(files, &format!("{name}/"), 0)
    }

    /// A chart of files that are at hand, each by its path below the chart. The name is for messages.
    ///
    /// # Errors
    /// If Helm would refuse the chart.
    pub fn from_memory(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        name: &str,
    ) -> Result<Self, ChartError> {
        let files = files.into_iter().map(|(path, bytes)| File { path, bytes }).collect();
        Self::from_files(files, &format!("{name}/"), 0)
    }

    /// The files of `crds/` of the chart and the charts in it, each with its path as Helm names it.
    pub(crate) fn crds(&self, full_path: &str) -> Vec<(String, String)> {
        let is_manifest = |path: &str| [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end));
        let own = self.files.iter().filter(|(path, _)| path.starts_with("crds/") && is_manifest(path));
        let own = own.map(|(path, bytes)| {
            (format!("{full_path}/{path}"), String::from_utf8_lossy(bytes).into_owned())
        });
        let mut crds: Vec<_> = own.collect();
        for inner in &self.dependencies {
            crds.extend(inner.crds(&format!("{full_path}/charts/{}", inner.metadata.name)));
        }
        crds
    }

    /// The chart's own default values.
    ///
    /// # Errors
    /// If its `values.yaml` is not YAML, or no table.
    pub fn defaults(&self) -> Result<&JsonMap<String, Json>, ChartError> {
        self.values.get()
    }

    /// Reads the default values of the chart and of those in it.
    pub(crate) fn read_defaults(&self) -> Result<(), ChartError> {
        self.values.get()?;
        self.dependencies.iter().try_for_each(Self::read_defaults)
    }

    /// A file of the chart that is no template, by its path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(AsRef::as_ref)
    }

    fn from_files(files: Vec<File>, origin: &str, nesting: usize) -> Result<Self, ChartError> {
        if nesting > MAX_NESTING {
            return Err(ChartError::of(ChartErrorKind::Bound("depth"), origin));
        }
        let find = |name: &str| files.iter().find(|file| file.path == name);
        let Some(about) = find("Chart.yaml") else {
            return Err(ChartError::of(ChartErrorKind::NoChart, origin.trim_end_matches('/')));
        };
        let about = document(about, origin)?;
        let requirements =
            find("requirements.yaml").map(|file| document(file, origin)).transpose()?.flatten();
        let bad = |kind: ChartErrorKind| ChartError::of(kind, format!("{origin}Chart.yaml"));
        let about = about.ok_or_else(|| bad(ChartErrorKind::BadMetadata("it is empty".to_owned())))?;
        let metadata = Metadata::read(&about, requirements.as_ref()).map_err(bad)?;
        let is_old = metadata.api_version == "v1";
        let mut chart = Self {
            metadata,
            values: Defaults::default(),
            schema: None,
            templates: Vec::new(),
            files: BTreeMap::new(),
            dependencies: Vec::new(),
        };
        let mut inner: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in files {
            match file.path.as_str() {
                "Chart.yaml" | "Chart.lock" => {}
                "values.yaml" => {
                    let name = format!("{origin}{}", file.path);
                    chart.values = Defaults::of_file(name, text_of(file.bytes));
                }
                "values.schema.json" => chart.schema = Some(Arc::from(file.bytes)),
                "requirements.yaml" | "requirements.lock" if !is_old => {}
                path if path.starts_with("templates/") => {
                    chart.templates.push((file.path, Arc::from(text_of(file.bytes))));
                }
                path if path.starts_with("charts/") && !path.ends_with(".prov") => {
                    let below = file.path["charts/".len()..].to_owned();
                    let name = below.split('/').next().unwrap_or_default().to_owned();
                    inner.entry(name).or_default().push(File { path: below, bytes: file.bytes });
                }
                _ => {
                    chart.files.insert(file.path, Arc::from(file.bytes));
                }
            }
        }
        for (name, files) in inner {
            chart.dependencies.extend(dependency(&name, files, origin, nesting)?);
        }
        Ok(chart)
    }
}

/// A chart below `charts/`: a directory, or an archive. Names with a dot or underscore in front are passed over.
fn dependency(
    name: &str,
    files: Vec<File>,
    origin: &str,
    nesting: usize,
) -> Result<Option<Chart>, ChartError> {
    if name.starts_with(['_', '.']) {
        return Ok(None);
    }
    let place = format!("{origin}charts/{name}/");
    if name.ends_with(".tgz") {
        let Some(file) = files.into_iter().find(|file| file.path == name) else {
            let reason = format!("{name} is a directory, not an archive");
            return Err(ChartError::of(ChartErrorKind::BadArchive(reason), place));
        };
        let inner = unpack(&file.bytes).map_err(|kind| ChartError::of(kind, place.trim_end_matches('/')))?;
        return Chart::from_files(inner, &place, nesting + 1).map(Some);
    }
    let below = files
        .into_iter()
        .filter_map(|file| {
            let path = file.path.split_once('/')?.1.to_owned();
            Some(File { path, bytes: file.bytes })
        })
        .collect();
    Chart::from_files(below, &place, nesting + 1).map(Some)
}

fn registered(file: &File, origin: &str) -> (Files, tree::FileId, String) {
    let mut files = Files::new();
    let name = format!("{origin}{}", file.path);
    let id = files.add(name.as_str(), text_of(file.bytes.clone()));
    (files, id, name)
}

/// Bytes as text, with replacements where they are none.
fn text_of(bytes: Vec<u8>) -> String {
    // Much faster than the lossy way for what is text, as nearly all is.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn document(file: &File, origin: &str) -> Result<Option<Node>, ChartError> {
    let (files, id, name) = registered(file, origin);
    let documents = tree::parse_as(&files, id, Dialect::Helm);
    let documents = documents.map_err(|error| ChartError::parse(error, &files, &name))?;
    Ok(documents.into_iter().next())
}

fn rules_of(path: &Utf8Path) -> Result<Rules, ChartError> {
    let file = path.join(".helmignore");
    let text = match std::fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    };
    Rules::read(&text).map_err(|kind| ChartError::of(kind, file))
}

struct Walk<'a> {
    root: &'a Utf8Path,
    rules: Rules,
    files: Vec<File>,
    bytes: u64,
}

impl Walk<'_> {
    fn error(&self, path: &str, kind: ChartErrorKind) -> ChartError {
        ChartError::of(kind, self.root.join(path))
    }

    fn directory(&mut self, below: &str, depth: usize) -> Result<(), ChartError> {
        if depth > 2 * MAX_NESTING {
            return Err(self.error(below, ChartErrorKind::Bound("depth")));
        }
        let unreadable = |error: std::io::Error| ChartErrorKind::Unreadable(error.to_string());
        let listing = self.root.join(below).read_dir_utf8();
        let listing = listing.map_err(|error| self.error(below, unreadable(error)))?;
        let mut names = Vec::new();
        for entry in listing {
            let entry = entry.map_err(|error| self.error(below, unreadable(error)))?;
            names.push(entry.file_name().to_owned());
        }
        names.sort();
        for name in names {
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            // Links are followed, as Helm does; one that leads in circles ends at the bound of depth.
            let about = std::fs::metadata(self.root.join(&path));
            let about = about.map_err(|error| self.error(&path, unreadable(error)))?;
            if self.rules.ignores(&path, about.is_dir()) {
                continue;
            }
            if about.is_dir() {
                self.directory(&path, depth + 1)?;
                continue;
            }
            if !about.is_file() {
                let reason = "neither a file nor a directory".to_owned();
                return Err(self.error(&path, ChartErrorKind::Unreadable(reason)));
            }
            self.file(path, about.len())?;
        }
        Ok(())
    }

    fn file(&mut self, path: String, length: u64) -> Result<(), ChartError> {
        self.bytes += length;
        if length > MAX_FILE_BYTES || self.bytes > MAX_CHART_BYTES || self.files.len() >= MAX_FILES {
            let limit = if length > MAX_FILE_BYTES { MAX_FILE_BYTES } else { MAX_CHART_BYTES };
            return Err(self.error(&path, ChartErrorKind::TooLarge { limit }));
        }
        let bytes = std::fs::read(self.root.join(&path));
        let mut bytes =
            bytes.map_err(|error| self.error(&path, ChartErrorKind::Unreadable(error.to_string())))?;
        if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            bytes.drain(..3);
        }
        self.files.push(File { path, bytes });
        Ok(())
    }
}
