//! What stands in a cluster, read back: from the API server inside, by the program as its users run it and by its
//! parts.

mod after;
#[path = "../release/goes_on.rs"]
mod goes_on;
mod helm;
#[path = "../../../movers/tests/machine/mod.rs"]
mod machine;
mod migrate;
mod openapi;
mod program;
mod protobuf;
mod reading_back;
mod refusals;
mod staging;
mod stores;
