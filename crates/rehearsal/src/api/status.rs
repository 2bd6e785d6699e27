//! What the server says when it refuses: `Status` objects.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::registry::Kind;

/// The object (or would-be object) that a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    group: String,
    plural: String,
    kind: String,
    name: String,
}

impl About {
    /// An object of a kind, by name.
    pub(crate) fn new(kind: &Kind, name: &str) -> Box<Self> {
        Box::new(Self {
            group: kind.group.clone(),
            plural: kind.plural.clone(),
            kind: kind.kind.clone(),
            name: name.to_owned(),
        })
    }

    fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }
}

/// One reason among those a `Status` lists in its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A word for programs, such as `FieldValueRequired`.
    pub reason: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The path of the field.
    pub field: String,
}

impl Cause {
    /// A field that must be given.
    pub(crate) fn required(field: impl Into<String>) -> Self {
        Self { reason: "FieldValueRequired", message: "Required value".to_owned(), field: field.into() }
    }

    /// A field with a value that cannot be.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {why}"),
            field: field.into(),
        }
    }

    /// A field that may not change any more.
    pub(crate) fn immutable(field: impl Into<String>) -> Self {
        Self {
            reason: "FieldValueInvalid",
            message: "Invalid value: field is immutable".to_owned(),
            field: field.into(),
        }
    }
}

/// Why the server refused a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// There is no such object.
    #[error("{} \"{}\" not found", .0.resource(), .0.name)]
    NotFound(Box<About>),
    /// There is no such path.
    #[error("the server could not find the requested resource")]
    NoSuchResource,
    /// The name is taken.
    #[error("{} \"{}\" already exists", .0.resource(), .0.name)]
    AlreadyExists(Box<About>),
    /// Somebody else was faster, or a precondition does not hold.
    #[error("Operation cannot be fulfilled on {} \"{}\": {why}", .about.resource(), .about.name)]
    Conflict {
        /// The object.
        about: Box<About>,
        /// What stands against it.
        why: String,
    },
    /// Other managers own fields that were applied with another value.
    #[error("{}", apply_conflict(.0))]
    ApplyConflict(Vec<Cause>),
    /// The object breaks a rule of its kind.
    #[error("{}", invalid(.about, .causes))]
    Invalid {
        /// The object.
        about: Box<About>,
        /// The rules it breaks.
        causes: Vec<Cause>,
    },
    /// A patch that cannot be carried out on this object.
    #[error("the server rejected our request due to an error in our request: {0}")]
    Unprocessable(String),
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// The request is understood and not allowed.
    #[error("{} \"{}\" is forbidden: {why}", .about.resource(), .about.name)]
    Forbidden {
        /// The object.
        about: Box<About>,
        /// What forbids it.
        why: String,
    },
    /// The verb does not exist there.
    #[error("the server does not allow this method on the requested resource")]
    MethodNotAllowed,
    /// The body's type is not understood there.
    #[error("the body of the request was in an unknown format - accepted media types include: {0}")]
    UnsupportedMediaType(&'static str),
    /// The body is larger than any object may be.
    #[error("the request is too large")]
    TooLarge,
    /// The history no longer reaches back that far.
    #[error("too old resource version: {asked} ({oldest})")]
    Expired {
        /// The version that was asked for.
        asked: u64,
        /// The oldest one that is still known.
        oldest: u64,
    },
    /// A pod cannot be reached, or the disk refused the change.
    #[error("{0}")]
    Unavailable(String),
    /// The client takes no form that the server has.
    #[error("only the following media types are accepted: application/json, application/json;stream=watch")]
    NotAcceptable,
}

fn invalid(about: &About, causes: &[Cause]) -> String {
    let said: Vec<_> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    let said = if said.len() == 1 { said.concat() } else { format!("[{}]", said.join(", ")) };
    let kind =
        if about.group.is_empty() { about.kind.clone() } else { format!("{}.{}", about.kind, about.group) };
    format!("{kind} \"{}\" is invalid: {said}", about.name)
}

fn apply_conflict(causes: &[Cause]) -> String {
    let noun = if causes.len() == 1 { "conflict" } else { "conflicts" };
    let said: Vec<_> = causes.iter().map(|cause| format!("{}: {}", cause.message, cause.field)).collect();
    format!("Apply failed with {} {noun}: {}", causes.len(), said.join(", "))
}

impl ApiError {
    /// There is no object of that name.
    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::NotFound(About::new(kind, name))
    }

    /// The object was changed since it was read.
    pub(crate) fn outdated(kind: &Kind, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::Conflict { about: About::new(kind, name), why: why.to_owned() }
    }

    /// The HTTP status code.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::NotFound(_) | Self::NoSuchResource => 404,
            Self::AlreadyExists(_) | Self::Conflict { .. } | Self::ApplyConflict(_) => 409,
            Self::Invalid { .. } | Self::Unprocessable(_) => 422,
            Self::BadRequest(_) => 400,
            Self::Forbidden { .. } => 403,
            Self::MethodNotAllowed => 405,
            Self::UnsupportedMediaType(_) => 415,
            Self::TooLarge => 413,
            Self::Expired { .. } => 410,
            Self::Unavailable(_) => 503,
            Self::NotAcceptable => 406,
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound(_) | Self::NoSuchResource => "NotFound",
            Self::AlreadyExists(_) => "AlreadyExists",
            Self::Conflict { .. } | Self::ApplyConflict(_) => "Conflict",
            Self::Invalid { .. } | Self::Unprocessable(_) => "Invalid",
            Self::BadRequest(_) => "BadRequest",
            Self::Forbidden { .. } => "Forbidden",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::UnsupportedMediaType(_) => "UnsupportedMediaType",
            Self::TooLarge => "RequestEntityTooLarge",
            Self::Expired { .. } => "Expired",
            Self::Unavailable(_) => "ServiceUnavailable",
            Self::NotAcceptable => "NotAcceptable",
        }
    }

    /// The `Status` object.
    #[must_use]
    pub fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.to_string(),
            "reason": self.reason(),
            "code": self.code(),
        });
        if let Some(details) = self.details() {
            status["details"] = details;
        }
        status
    }

    fn details(&self) -> Option<Value> {
        let listed = |causes: &[Cause]| -> Vec<Value> {
            causes
                .iter()
                .map(|one| json!({"reason": one.reason, "message": one.message, "field": one.field}))
                .collect()
        };
        match self {
            Self::NotFound(about) | Self::AlreadyExists(about) => Some(detail(about, &about.plural)),
            Self::Conflict { about, .. } | Self::Forbidden { about, .. } => {
                Some(detail(about, &about.plural))
            }
            Self::Invalid { about, causes } => {
                let mut details = detail(about, &about.kind);
                details["causes"] = listed(causes).into();
                Some(details)
            }
            Self::ApplyConflict(causes) => Some(json!({ "causes": listed(causes) })),
            _ => None,
        }
    }
}

fn detail(about: &About, kind: &str) -> Value {
    let mut details = json!({"name": about.name, "kind": kind});
    if !about.group.is_empty() {
        details["group"] = about.group.as_str().into();
    }
    details
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json_response(code, &self.to_status())
    }
}

/// An answer in JSON.
pub(crate) fn json_response(code: StatusCode, body: &Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    (code, [(header::CONTENT_TYPE, json)], body.to_string()).into_response()
}
