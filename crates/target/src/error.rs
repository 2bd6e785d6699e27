//! Why a target could not be written.

use installation::InstallationError;
use tree::Origin;

/// The installation has something that cannot be placed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// The release name asked for collides.
    #[error("the release name {release:?} collides with {object}")]
    NameTaken {
        /// The release name.
        release: String,
        /// The object in the way.
        object: String,
    },
    /// The release name is no DNS label.
    #[error("{0:?} cannot be a release name: lower-case letters, digits and dashes, at most 40 characters")]
    BadName(String),
    /// A selector that would find green's pods whatever they are called.
    #[error("the selector of {object} would match the new pods too")]
    SelectorMatches {
        /// The object with the selector.
        object: String,
        /// Where it is written.
        origin: Option<Origin>,
    },
    /// Two components run in one pod, and the chart gives each a Deployment of its own.
    #[error("{object} runs several components in one pod")]
    SharedPod {
        /// The workload.
        object: String,
        /// Where it is written.
        origin: Option<Origin>,
    },
    /// A value of another form than the chart's templates can walk into.
    #[error("{key} must be {wanted}")]
    BadValue {
        /// The key of the values.
        key: String,
        /// What is wanted: `a mapping`, `a list`.
        wanted: &'static str,
        /// Where the value is written.
        origin: Option<Origin>,
    },
    /// The chart would make more objects than any deployment has.
    #[error("the release {release} becomes too many objects")]
    TooManyObjects {
        /// The release.
        release: String,
    },
    /// An image that starts all parts under a supervisor of its own, and none alone.
    #[error("the image {image} of {object} runs all parts of Mastodon in one container")]
    Bundled {
        /// The service or workload.
        object: String,
        /// Its image.
        image: String,
        /// Where it is written.
        origin: Option<Origin>,
    },
    /// A store is to be elsewhere, and nobody says where.
    #[error("no address is given for {service}")]
    AddressNeeded {
        /// The service.
        service: String,
        /// Where it is named.
        origin: Option<Origin>,
    },
    /// What was made of the source is no Mastodon any more.
    #[error(transparent)]
    NotRecognised(Box<InstallationError>),
    /// One Service leads to several parts in one pod.
    #[error("{service} leads to several parts of {object}")]
    SharedService {
        /// The Service.
        service: String,
        /// The workload behind it.
        object: String,
        /// Where it is written.
        origin: Option<Origin>,
    },
    /// One Service whose ports lead to several workloads, of which a selector of green finds one.
    #[error("{service} leads to {parts}")]
    MixedService {
        /// The Service.
        service: String,
        /// The workloads that answer at its ports.
        parts: String,
        /// Where its selector is written.
        origin: Option<Origin>,
    },
    /// A patch that cannot be made to what the chart renders.
    #[error("the patch of {object} does not fit: {reason}")]
    PatchDoesNotFit {
        /// The object.
        object: String,
        /// Why.
        reason: String,
    },
}
