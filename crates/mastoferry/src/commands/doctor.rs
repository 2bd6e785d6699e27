//! `mastoferry doctor`: whether a plan could begin, and what is in its way.

use super::migrate::{asked, load};
use super::rehearse::read_plan;
use crate::cli::{DoctorArgs, Output};
use crate::data::findings;
use crate::doctor;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Looks, changes nothing, and tells.
pub(crate) fn doctor(
    arguments: &DoctorArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let plan = read_plan(&arguments.place.plan, words)?;
    let found = doctor::examine(&plan, &asked(&arguments.place), &load(&arguments.place, words)?, words)?;
    Ok((doctor::told(&found, output, words), findings::exit(&found)))
}
