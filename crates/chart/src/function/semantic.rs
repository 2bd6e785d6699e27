//! Semantic versions.

use std::rc::Rc;

use super::{Answer, Call, Function};
use crate::host::Host;
use crate::value::Value;
use crate::version::{Constraint, Version};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "semver" => semver,
        "semverCompare" => semver_compare,
        _ => return None,
    })
}

fn semver(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    match Version::parse(&call.text(0)?) {
        Some(version) => Ok(Value::Host(Rc::new(Host::SemanticVersion(version)))),
        None => call.fail("invalid semantic version"),
    }
}

fn semver_compare(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (constraint, version) = (call.text(0)?, call.text(1)?);
    let Some(constraint) = Constraint::parse(&constraint) else {
        return call.fail("improper constraint");
    };
    match Version::parse(&version) {
        Some(version) => Ok(Value::Bool(constraint.holds(&version))),
        None => call.fail("invalid semantic version"),
    }
}
