//! stub
use crate::words::Words;
use plan::{Step, StepId};
#[derive(Clone)]
pub(crate) struct Progress;
impl Progress {
    pub(crate) fn new(_w: &Words, _s: &[Step]) -> Self {
        Self
    }
    pub(crate) fn step_started(&self, id: &StepId) {
        self.say(&format!("> {id}"));
    }
    pub(crate) fn step_done(&self, id: &StepId) {
        self.say(&format!("  {id} done"));
    }
    pub(crate) fn step_undone(&self, id: &StepId) {
        self.say(&format!("  {id} undone"));
    }
    pub(crate) fn traffic(&self, r: u64, f: u64, rate: f64, p99: f64, s: u64) {
        let _ = (r, f, rate, p99, s);
    }
    pub(crate) fn say(&self, t: &str) {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{t}");
    }
    pub(crate) fn finish(&self) {}
}
