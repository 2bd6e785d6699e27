//! What the chart makes of the values: its shape, cast.

use installation::Object;
use installation::chart::{BadValue, Cast, Shape};
use tree::Node;

use super::values::Values;
use crate::{Naming, TargetError};

/// Every object that the chart makes, hooks included. A leaf that a value filled in has the origin of that value; what
/// the chart adds of its own has none.
///
/// # Errors
/// If the chart could not walk into a value, or made more objects than any deployment has.
pub(crate) fn render(
    values: &Values,
    naming: &Naming,
    namespace: Option<&str>,
) -> Result<Vec<Object>, TargetError> {
    let bad_value =
        |bad: BadValue| TargetError::BadValue { key: bad.key, wanted: bad.wanted, origin: bad.origin };
    let whole = values.whole().map_err(bad_value)?;
    let nodes = Cast::new(Shape::bare(values.chart), &naming.release, &whole, None).objects();
    let nodes = nodes.ok_or_else(|| TargetError::TooManyObjects { release: naming.release.clone() })?;
    let placed = |mut node: Node| {
        if let Some(namespace) = namespace {
            node.ensure(&["metadata"]).set("namespace", namespace);
        }
        Object::new(node)
    };
    Ok(nodes.into_iter().map(placed).collect())
}
