//! Values of the official Helm chart, and what it has no place for.
//!
//! [`write_helm`] puts every setting where the chart reads it, and makes patches of what is then still different from
//! what stands today: what the chart makes of values is known ([`HelmTarget::rendered`]), so that it can be subtracted. Leaves keep
//! their origins on the way into values, patches and supplements; a leaf whose value the chart takes by itself stands in
//! the rendering with its origin.

mod desired;
mod difference;
mod green;
mod lines;
mod model;
mod part;
mod rendering;
mod secrets;
mod settings;
mod values;
mod wanted;
mod workloads;
mod write;

pub use model::{Comment, HelmTarget, Options, Patch, SecretKey, SecretToday, Why};
pub use settings::is_harmless;
pub use write::write_helm;

pub(crate) use desired::queue_text;
