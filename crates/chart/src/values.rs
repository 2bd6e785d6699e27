//! Values, and how those of a user, a chart and the charts in it become one.
//!
//! The order is Helm's: a chart's own below its parent's for it, below the user's; a user's `null` takes a default
//! away. Tables are merged, everything else replaced.

use serde_json::{Map as JsonMap, Value as Json};
use tree::{Files, Node};

use crate::chart::Chart;
use crate::error::{ChartError, ChartErrorKind};
use crate::json;
use crate::strvals::{self, Set};
use crate::yaml;

type Table = JsonMap<String, Json>;

/// What a user gives a chart. Numbers of files are floats, those of `--set` whole, as in Helm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(Table);

impl From<Table> for Values {
    fn from(table: Table) -> Self {
        Self(table)
    }
}

impl Values {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of a file's text; later documents over earlier ones. The name is for messages.
    ///
    /// # Errors
    /// If the text is not YAML, or not a mapping.
    pub fn read(name: &str, text: &str) -> Result<Self, ChartError> {
        let mut files = Files::new();
        let id = files.add(name, text);
        let documents =
            yaml::values_of(&files, id).map_err(|error| ChartError::parse(error, &files, name))?;
        let mut all = Table::new();
        for document in documents {
            match document {
                Json::Object(members) => all = merged(all, members),
                Json::Null => {}
                _ => return Err(ChartError::of(ChartErrorKind::NotATable(name.to_owned()), name)),
            }
        }
        Ok(Self(all))
    }

    /// The values that a document holds, as if they were read from its text. A secret in them is an empty text.
    ///
    /// # Errors
    /// If the document is no mapping.
    pub fn of_node(node: &Node) -> Result<Self, ChartError> {
        match json::of_node(node.clone()) {
            Json::Object(members) => Ok(Self(members)),
            Json::Null => Ok(Self::default()),
            _ => Err(ChartError::of(ChartErrorKind::NotATable("values".to_owned()), "values")),
        }
    }

    /// Lays other values over these, as a later `--values` does.
    #[must_use]
    pub fn under(self, above: Values) -> Self {
        Self(merged(self.0, above.0))
    }

    /// Takes a `--set` (or one of its kin) over these values.
    ///
    /// # Errors
    /// If the argument is none. The error does not repeat it: it may hold a secret.
    pub fn set(&mut self, kind: Set, argument: &str) -> Result<(), ChartError> {
        strvals::apply(&mut self.0, kind, argument)
            .map_err(|reason| ChartError::of(ChartErrorKind::BadSet(reason), kind.option()))
    }

    /// The values as JSON.
    #[must_use]
    pub fn as_map(&self) -> &JsonMap<String, Json> {
        &self.0
    }

    /// The values as JSON.
    #[must_use]
    pub fn into_map(self) -> JsonMap<String, Json> {
        self.0
    }
}

/// One table over another, tables in them merged, all else replaced.
pub(crate) fn merged(mut below: Table, above: Table) -> Table {
    for (key, value) in above {
        let value = match (value, below.get_mut(&key)) {
            (Json::Object(above), Some(Json::Object(known))) => {
                Json::Object(merged(std::mem::take(known), above))
            }
            (value, _) => value,
        };
        below.insert(key, value);
    }
    below
}

/// Whether a null takes a default away, or stays for a later step to do so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// `CoalesceValues`: it takes the default away.
    Delete,
    /// `MergeValues`: it stays.
    Keep,
}

type Coalescing = Result<(), ChartErrorKind>;

/// Fills a user's values with the defaults of a chart and of the charts in it.
///
/// # Errors
/// If something other than a table stands where a subchart's values belong.
pub(crate) fn coalesce(chart: &Chart, values: &mut Table, nulls: Nulls) -> Coalescing {
    coalesce_own(chart, values, nulls);
    for inner in &chart.dependencies {
        let name = inner.metadata.name.as_str();
        let globals = values.get("global").cloned();
        let entry = values.entry(name).or_insert_with(|| Json::Object(Table::new()));
        let Json::Object(table) = entry else { return Err(ChartErrorKind::NotATable(name.to_owned())) };
        coalesce_globals(table, globals);
        coalesce(inner, table, nulls)?;
    }
    Ok(())
}

fn coalesce_own(chart: &Chart, values: &mut Table, nulls: Nulls) {
    // A file that cannot be read was told of before.
    for (key, default) in chart.values.get().into_iter().flatten() {
        match values.get_mut(key) {
            None => {
                values.insert(key.clone(), default.clone());
            }
            Some(Json::Null) if nulls == Nulls::Delete => {
                values.swap_remove(key);
            }
            Some(Json::Object(known)) => {
                if let Json::Object(default) = default {
                    let is_chart = chart.dependencies.iter().any(|inner| inner.metadata.name == *key);
                    let nulls = if is_chart { Nulls::Keep } else { nulls };
                    coalesce_tables(known, default.clone(), nulls);
                }
            }
            Some(_) => {}
        }
    }
}

/// Fills a table with what another has besides.
pub(crate) fn coalesce_tables(known: &mut Table, mut other: Table, nulls: Nulls) {
    let given: Vec<String> =
        other.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.clone()).collect();
    for (key, value) in known.iter() {
        if value.is_null() {
            other.insert(key.clone(), Json::Null);
        }
    }
    for (key, value) in other {
        match known.get_mut(&key) {
            None => {
                known.insert(key, value);
            }
            Some(Json::Null) if nulls == Nulls::Delete && given.contains(&key) => {
                known.swap_remove(&key);
            }
            Some(Json::Object(inner)) => {
                if let Json::Object(value) = value {
                    coalesce_tables(inner, value, nulls);
                }
            }
            Some(_) => {}
        }
    }
}

/// Lays a parent's globals over those of a chart in it.
fn coalesce_globals(table: &mut Table, globals: Option<Json>) {
    let mut own = match table.get("global") {
        None => Table::new(),
        Some(Json::Object(own)) => own.clone(),
        Some(_) => return,
    };
    let globals = match globals {
        None => Table::new(),
        Some(Json::Object(globals)) => globals,
        Some(_) => return,
    };
    for (key, value) in globals {
        match (value, own.get(&key)) {
            (Json::Object(mut above), Some(Json::Object(known))) => {
                coalesce_tables(&mut above, known.clone(), Nulls::Keep);
                own.insert(key, Json::Object(above));
            }
            (Json::Object(_), Some(_)) => {}
            (Json::Object(above), None) => {
                own.insert(key, Json::Object(above));
            }
            (_, Some(Json::Object(_))) => {}
            (value, _) => {
                own.insert(key, value);
            }
        }
    }
    table.insert("global".to_owned(), Json::Object(own));
}

/// The table at a way of keys joined by dots.
pub(crate) fn table_at<'a>(values: &'a Table, path: &str) -> Option<&'a Table> {
    path.split('.').try_fold(values, |table, key| table.get(key)?.as_object())
}

/// The value at a way of keys joined by dots, if it is no table.
pub(crate) fn value_at<'a>(values: &'a Table, path: &str) -> Option<&'a Json> {
    let (way, last) = match path.rsplit_once('.') {
        Some((way, last)) => (table_at(values, way)?, last),
        None => (values, path),
    };
    way.get(last).filter(|value| !value.is_object())
}
