//! Events as the real recorder writes them: counted when they repeat, combined when they are many.

mod correlator;

pub(crate) use correlator::{Correlator, Happening, Outcome};
