//! Children that end with the test.

use std::process::Child;

/// A child that is killed when nobody needs it any more.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _waited = self.0.wait();
    }
}
