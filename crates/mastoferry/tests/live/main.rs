//! What stands in a cluster, read back: from the API server inside, by the program as its users run it and by its
//! parts.

mod helm;
mod openapi;
mod program;
mod protobuf;
mod reading_back;
mod staging;
