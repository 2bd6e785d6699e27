//! What tests need of the machine they run on: programs, ports, children that end with them, and small disks.

pub(crate) mod child;
pub(crate) mod disk;
pub(crate) mod port;
pub(crate) mod program;
