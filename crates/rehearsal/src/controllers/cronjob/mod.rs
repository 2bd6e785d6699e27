//! CronJob: Jobs by the clock, as `pkg/controller/cronjob` starts them.

mod schedule;
mod sync;

pub(super) use sync::DUTY;
