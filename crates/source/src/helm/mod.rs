//! Helm: releases found among what was read, and the objects that their charts make of their values.
//!
//! No chart is rendered here. What the two official charts make is written down in `installation::chart`; `app-template`
//! describes containers, so that its values say it all; any other chart is named and left to Helm.

mod app_template;
mod argo;
mod bare;
mod charts;
mod envelope;
mod expand;
mod fate;
mod flux;
mod lower;
mod release;
mod substitute;
mod valuefile;
mod values;

pub(crate) use bare::{holds_values, read_values};
pub(crate) use expand::{expand, rescue};
