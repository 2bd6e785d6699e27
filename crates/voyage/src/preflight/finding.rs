//! Findings, said shortly.

pub use movers::{Finding, Grade};

pub(super) fn ok(id: &'static str) -> Finding {
    Finding::new(Grade::Ok, id)
}

pub(super) fn warning(id: &'static str) -> Finding {
    Finding::new(Grade::Warning, id)
}

pub(super) fn refused(id: &'static str) -> Finding {
    Finding::new(Grade::Refused, id)
}

pub(super) fn unchecked(id: &'static str) -> Finding {
    Finding::new(Grade::Unchecked, id)
}

/// What was found; where that is nothing, that all is well.
pub(super) fn or_well(found: Vec<Finding>, well: &'static str) -> Vec<Finding> {
    if found.is_empty() { vec![ok(well)] } else { found }
}
