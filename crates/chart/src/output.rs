//! What of a rendering is printed, as the options of `helm template` choose it.

use std::fmt::Write as _;

use crate::error::{ChartError, ChartErrorKind};
use crate::glob::Glob;
use crate::manifest::{HookEvent, split};
use crate::render::Rendered;

/// What is printed of a rendering.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The files of `crds/`, first (`--include-crds`).
    pub crds: bool,
    /// Hooks (all but `--no-hooks`).
    pub hooks: bool,
    /// Tests, which are hooks too (all but `--skip-tests`).
    pub tests: bool,
    /// Only what these templates came to, as paths below the chart with `*` and `?` (`--show-only`); all where there
    /// are none.
    pub only: Vec<String>,
}

impl Default for Selection {
    /// What `helm template` prints without options.
    fn default() -> Self {
        Self { crds: false, hooks: true, tests: true, only: Vec::new() }
    }
}

impl Rendered {
    /// What `helm template` prints.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.whole(&Selection::default())
    }

    /// What `helm template` prints with options that choose.
    ///
    /// # Errors
    /// If a template that is asked for came to nothing, or is not there.
    pub fn to_selected_text(&self, selection: &Selection) -> Result<String, ChartError> {
        let whole = self.whole(selection);
        if selection.only.is_empty() {
            return Ok(whole);
        }
        let documents = split(&whole);
        let mut text = String::new();
        for wanted in &selection.only {
            let missing = || ChartError::of(ChartErrorKind::NoSuchTemplate(wanted.clone()), wanted);
            let pattern = Glob::plain(wanted).ok_or_else(missing)?;
            let mut fitting = documents.iter().filter(|document| {
                let path = source(document).and_then(|source| source.split_once('/'));
                path.is_some_and(|(_, path)| pattern.matches(path))
            });
            let first = fitting.next().ok_or_else(missing)?;
            for document in std::iter::once(first).chain(fitting) {
                let _ = writeln!(text, "---\n{document}");
            }
        }
        Ok(text)
    }

    fn whole(&self, selection: &Selection) -> String {
        let mut objects = String::new();
        let mut hooks = String::new();
        for (source, text) in self.crds.iter().filter(|_| selection.crds) {
            let _ = write!(objects, "---\n# Source: {source}\n{text}\n");
        }
        for manifest in &self.manifests {
            let text = match &manifest.hook {
                None => &mut objects,
                Some(hook)
                    if !selection.hooks || !selection.tests && hook.events.contains(&HookEvent::Test) =>
                {
                    continue;
                }
                Some(_) => &mut hooks,
            };
            let _ = write!(text, "---\n# Source: {}\n{}\n", manifest.source, manifest.text);
        }
        format!("{}\n{hooks}", objects.trim())
    }
}

/// The file a document names in its first comment, with the chart's name in front.
fn source(document: &str) -> Option<&str> {
    let start = document.find("# Source: ")? + "# Source: ".len();
    document[start..].lines().next()
}
