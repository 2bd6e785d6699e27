//! Which of its charts a chart uses under given values, and what it takes over from them.

use serde_json::{Map as JsonMap, Value as Json};

use crate::chart::Chart;
use crate::defaults::Defaults;
use crate::error::ChartErrorKind;
use crate::metadata::Dependency;
use crate::values::{Nulls, coalesce, coalesce_tables, table_at, value_at};
use crate::version::is_compatible;

type Table = JsonMap<String, Json>;

/// Leaves out the charts that are switched off, gives the others their names, and takes values over.
///
/// # Errors
/// If a chart is missing, or values that must be tables are not.
pub(crate) fn process(chart: &mut Chart, values: &Table) -> Result<(), ChartErrorKind> {
    check(chart)?;
    enable(chart, values, "")?;
    import(chart)
}

/// Every chart that is named must be there, switched on or off.
fn check(chart: &Chart) -> Result<(), ChartErrorKind> {
    let is_there =
        |wanted: &&Dependency| !chart.dependencies.iter().any(|inner| inner.metadata.name == wanted.name);
    let missing: Vec<&str> =
        chart.metadata.dependencies.iter().filter(is_there).map(|wanted| wanted.name.as_str()).collect();
    if missing.is_empty() { Ok(()) } else { Err(ChartErrorKind::MissingDependencies(missing.join(", "))) }
}

fn fits(wanted: &Dependency, inner: &Chart) -> bool {
    wanted.name == inner.metadata.name && is_compatible(&wanted.version, &inner.metadata.version)
}

fn enable(chart: &mut Chart, values: &Table, path: &str) -> Result<(), ChartErrorKind> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let named = &chart.metadata.dependencies;
    let found = chart.dependencies.iter();
    let mut inner: Vec<Chart> =
        found.filter(|inner| !named.iter().any(|wanted| fits(wanted, inner))).cloned().collect();
    for wanted in named {
        if let Some(found) = chart.dependencies.iter().find(|inner| fits(wanted, inner)) {
            let mut found = found.clone();
            wanted.name_here().clone_into(&mut found.metadata.name);
            found.metadata.shown.insert("Name".to_owned(), wanted.name_here().into());
            inner.push(found);
        }
    }
    for wanted in &mut chart.metadata.dependencies {
        if !wanted.alias.is_empty() {
            wanted.name.clone_from(&wanted.alias);
        }
    }
    chart.dependencies = inner;
    let mut all = values.clone();
    coalesce(chart, &mut all, Nulls::Delete)?;
    let is_on = |wanted: &Dependency| condition(wanted, &all, path).unwrap_or_else(|| tags(wanted, &all));
    let (on, off): (Vec<Dependency>, Vec<Dependency>) =
        std::mem::take(&mut chart.metadata.dependencies).into_iter().partition(is_on);
    chart.dependencies.retain(|inner| !off.iter().any(|wanted| wanted.name == inner.metadata.name));
    chart.metadata.dependencies = on;
    for inner in &mut chart.dependencies {
        let path = format!("{path}{}.", inner.metadata.name);
        enable(inner, &all, &path)?;
    }
    Ok(())
}

/// What the first of its conditions that is a truth value says.
fn condition(wanted: &Dependency, values: &Table, path: &str) -> Option<bool> {
    let conditions = wanted.condition.trim().split(',').filter(|condition| !condition.is_empty());
    conditions.filter_map(|condition| value_at(values, &format!("{path}{condition}"))?.as_bool()).next()
}

/// Tags switch off only if none of them switches on.
fn tags(wanted: &Dependency, values: &Table) -> bool {
    let Some(tags) = table_at(values, "tags") else { return true };
    let said: Vec<bool> = wanted.tags.iter().filter_map(|tag| tags.get(tag)?.as_bool()).collect();
    said.is_empty() || said.contains(&true)
}

/// Takes over what `import-values` names, from the innermost chart outwards.
fn import(chart: &mut Chart) -> Result<(), ChartErrorKind> {
    for inner in &mut chart.dependencies {
        import(inner)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let mut all = Table::new();
    coalesce(chart, &mut all, Nulls::Keep)?;
    let mut imported = Table::new();
    for wanted in &chart.metadata.dependencies {
        for import in &wanted.imports {
            if let Some(found) = table_at(&all, &format!("{}.{}", wanted.name, import.child)) {
                coalesce_tables(&mut imported, nested(&import.parent, found.clone()), Nulls::Keep);
            }
        }
    }
    coalesce_tables(&mut all, imported, Nulls::Keep);
    chart.values = Defaults::of(all);
    Ok(())
}

/// A table below a way of keys.
fn nested(path: &str, table: Table) -> Table {
    if path == "." {
        return table;
    }
    path.split('.').rev().fold(table, |inner, key| {
        let mut outer = Table::new();
        outer.insert(key.to_owned(), Json::Object(inner));
        outer
    })
}
