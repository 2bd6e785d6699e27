//! The cluster inside, put together: API server, controllers, node, front and the world behind them.

mod cluster;
mod outage;
mod secrets;
mod standing;
mod storage;

pub use cluster::{ClusterInside, InsideError, Options};
pub use secrets::absent as absent_secrets;
