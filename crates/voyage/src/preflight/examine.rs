//! All checks, in the order in which they are told.

use plan::Plan;

use super::{
    Facts, Finding, capacity, freeze, front, images, operator, ownership, probes, rights, schedulers,
    secrets, selectors, standing, stores, versions, volumes,
};

/// Everything that is to be said before a plan begins, check by check.
#[must_use]
pub fn examine(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let checks: [fn(&Plan, &Facts) -> Vec<Finding>; 16] = [
        operator::judge,
        rights::judge,
        versions::judge,
        freeze::judge,
        standing::judge,
        selectors::judge,
        schedulers::judge,
        secrets::judge,
        capacity::judge,
        images::judge,
        volumes::judge,
        probes::judge,
        front::judge,
        ownership::judge,
        ownership::scaling,
        stores::judge,
    ];
    checks.iter().flat_map(|check| check(plan, facts)).collect()
}
