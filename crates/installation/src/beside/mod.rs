//! What stands beside the components: schedules, scaling, certificates, monitoring, neighbours.

mod certificates;
mod neighbours;
mod part;
mod scaling;
mod schedules;

pub(crate) use certificates::read_certificates;
pub(crate) use neighbours::{read_monitors, read_neighbours};
pub(crate) use part::of_container;
pub(crate) use scaling::read_scaling;
pub(crate) use schedules::read_schedules;
