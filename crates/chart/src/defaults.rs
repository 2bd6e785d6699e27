//! `values.yaml`: a chart's own values.

use std::sync::{Arc, OnceLock};

use serde_json::{Map as JsonMap, Value as Json};
use tree::Files;

use crate::error::{ChartError, ChartErrorKind};
use crate::values::{Values, merged};
use crate::yaml;

type Table = JsonMap<String, Json>;

/// A chart's own values. They are read when they are first asked for, so that a rendering can read its templates
/// meanwhile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults {
    /// The file's name, for messages, and its text.
    file: Option<(String, Arc<str>)>,
    read: OnceLock<Result<Table, ChartError>>,
}

impl Defaults {
    /// The values of a file.
    pub(crate) fn of_file(name: String, text: String) -> Self {
        Self { file: Some((name, Arc::from(text))), read: OnceLock::new() }
    }

    /// Values that are at hand.
    pub(crate) fn of(values: Table) -> Self {
        Self { file: None, read: OnceLock::from(Ok(values)) }
    }

    /// The values; none where the chart has no file of them.
    ///
    /// # Errors
    /// If the file is not YAML, or no table.
    pub(crate) fn get(&self) -> Result<&Table, ChartError> {
        let read = self.read.get_or_init(|| match &self.file {
            Some((name, text)) => read(name, text),
            None => Ok(Table::new()),
        });
        read.as_ref().map_err(ChartError::clone)
    }
}

fn read(name: &str, text: &Arc<str>) -> Result<Table, ChartError> {
    let mut files = Files::new();
    let id = files.add(name, Arc::clone(text));
    let documents = yaml::values_of(&files, id).map_err(|error| ChartError::parse(error, &files, name))?;
    let mut all = Table::new();
    for document in documents {
        match document {
            Json::Object(members) => all = merged(all, members),
            Json::Null => {}
            _ => return Err(ChartError::of(ChartErrorKind::NotATable(name.to_owned()), name)),
        }
    }
    Ok(Values::from(all).into_map())
}
