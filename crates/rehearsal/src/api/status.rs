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

    /// A group and a word that stands for a kind there, with no resource behind it.
    pub(crate) fn other(group: &str, kind: &str, name: &str) -> Box<Self> {
        Box::new(Self {
            group: group.to_owned(),
            plural: kind.to_owned(),
            kind: kind.to_owned(),
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

    /// A field that must be given, and why.
    pub(crate) fn missing(field: impl Into<String>, why: &str) -> Self {
        Self { message: format!("Required value: {why}"), ..Self::required(field) }
    }

    /// A field with a value that cannot be.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {value}: {why}");
        Self { reason: "FieldValueInvalid", message, field: field.into() }
    }

    /// A field that may not change any more.
    pub(crate) fn immutable(field: impl Into<String>, value: &Value) -> Self {
        Self::invalid(field, value, "field is immutable")
    }

    /// A field with a value that is not one of those there are.
    pub(crate) fn unsupported(field: impl Into<String>, value: &Value, all: &[&str]) -> Self {
        let all: Vec<String> = all.iter().map(|one| format!("{one:?}")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", all.join(", "));
        Self { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    /// A value that another field has already.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        let message = format!("Duplicate value: {value}");
        Self { reason: "FieldValueDuplicate", message, field: field.into() }
    }

    /// A field that may not be given here.
    pub(crate) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self { reason: "FieldValueForbidden", message: format!("Forbidden: {why}"), field: field.into() }
    }

    /// A name that leads to nothing.
    pub(crate) fn not_found(field: impl Into<String>, value: &Value) -> Self {
        let message = format!("Not found: {value}");
        Self { reason: "FieldValueNotFound", message, field: field.into() }
    }

    /// A text with too many letters.
    pub(crate) fn too_long(field: impl Into<String>, most: usize) -> Self {
        let message = format!("Too long: may not be more than {most} bytes");
        Self { reason: "FieldValueTooLong", message, field: field.into() }
    }

    /// A list with too many elements.
    pub(crate) fn too_many(field: impl Into<String>, count: usize, most: u64) -> Self {
        let message = format!("Too many: {count}: must have at most {most} items");
        Self { reason: "FieldValueTooMany", message, field: field.into() }
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
    #[error("the server rejected our request due to an error in our request")]
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
    /// The verb does not exist for objects of this kind.
    #[error("{verb} is not supported on resources of kind \"{}\"", .about.resource())]
    NotSupported {
        /// The kind.
        about: Box<About>,
        /// The verb.
        verb: &'static str,
    },
    /// The body is larger than any object may be.
    #[error("Request entity too large: limit is 3145728")]
    TooLarge,
    /// The history no longer reaches back that far.
    #[error("too old resource version: {asked} ({oldest})")]
    Expired {
        /// The version that was asked for.
        asked: u64,
        /// The oldest one that is still known.
        oldest: u64,
    },
    /// A list cannot be continued, or not be given as it was then.
    #[error("{message}")]
    Gone {
        /// What to do about it.
        message: String,
        /// A token with which the list goes on, inconsistently.
        next: Option<String>,
    },
    /// The version lies ahead of everything that has happened.
    #[error("Timeout: Too large resource version: {asked}, current: {current}")]
    Ahead {
        /// The version that was asked for.
        asked: u64,
        /// The newest one.
        current: u64,
    },
    /// A disruption budget stands against an eviction.
    #[error("Cannot evict pod as it would violate the pod's disruption budget.")]
    Budget {
        /// What the budget says.
        why: String,
        /// After how many seconds it may be worth another try; 0 when nobody knows.
        retry_after: u32,
    },
    /// Something that the real server calls an error of its own.
    #[error("{0}")]
    Internal(String),
    /// There is nothing at this path, not even an API.
    #[error("404 page not found")]
    NoSuchPath,
    /// A pod cannot be reached, or the disk refused the change.
    #[error("{0}")]
    Unavailable(String),
}

fn invalid(about: &About, causes: &[Cause]) -> String {
    // The real server tells the same thing once, however often it is found.
    let mut said: Vec<String> = Vec::new();
    for cause in causes {
        let text = if cause.field.is_empty() {
            cause.message.clone()
        } else {
            format!("{}: {}", cause.field, cause.message)
        };
        if !said.contains(&text) {
            said.push(text);
        }
    }
    let said = if said.len() == 1 { said.concat() } else { format!("[{}]", said.join(", ")) };
    let kind =
        if about.group.is_empty() { about.kind.clone() } else { format!("{}.{}", about.kind, about.group) };
    format!("{kind} \"{}\" is invalid: {said}", about.name)
}

fn apply_conflict(causes: &[Cause]) -> String {
    if let [only] = causes {
        return format!("Apply failed with 1 conflict: {}: {}", only.message, only.field);
    }
    let mut managers: Vec<&str> = causes.iter().map(|cause| cause.message.as_str()).collect();
    managers.sort_unstable();
    managers.dedup();
    let said: Vec<String> = managers
        .into_iter()
        .map(|manager| {
            let fields = causes.iter().filter(|cause| cause.message == manager);
            let fields: Vec<String> = fields.map(|cause| format!("- {}", cause.field)).collect();
            format!("{}:\n{}", manager.replacen("conflict", "conflicts", 1), fields.join("\n"))
        })
        .collect();
    format!("Apply failed with {} conflicts: {}", causes.len(), said.join("\n"))
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
            Self::NotFound(_) | Self::NoSuchResource | Self::NoSuchPath => 404,
            Self::AlreadyExists(_) | Self::Conflict { .. } | Self::ApplyConflict(_) => 409,
            Self::Invalid { .. } | Self::Unprocessable(_) => 422,
            Self::BadRequest(_) => 400,
            Self::Forbidden { .. } => 403,
            Self::MethodNotAllowed | Self::NotSupported { .. } => 405,
            Self::UnsupportedMediaType(_) => 415,
            Self::TooLarge => 413,
            Self::Budget { .. } => 429,
            Self::Internal(_) => 500,
            Self::Ahead { .. } => 504,
            Self::Expired { .. } | Self::Gone { .. } => 410,
            Self::Unavailable(_) => 503,
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound(_) | Self::NoSuchResource | Self::NoSuchPath => "NotFound",
            Self::AlreadyExists(_) => "AlreadyExists",
            Self::Conflict { .. } | Self::ApplyConflict(_) => "Conflict",
            Self::Invalid { .. } | Self::Unprocessable(_) => "Invalid",
            Self::BadRequest(_) => "BadRequest",
            Self::Forbidden { .. } => "Forbidden",
            Self::MethodNotAllowed | Self::NotSupported { .. } => "MethodNotAllowed",
            Self::UnsupportedMediaType(_) => "UnsupportedMediaType",
            Self::TooLarge => "RequestEntityTooLarge",
            Self::Expired { .. } | Self::Gone { .. } => "Expired",
            Self::Ahead { .. } => "Timeout",
            Self::Budget { .. } => "TooManyRequests",
            // The real server has no word for it.
            Self::Internal(_) => "",
            Self::Unavailable(_) => "ServiceUnavailable",
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
            "code": self.code(),
        });
        if !self.reason().is_empty() {
            status["reason"] = self.reason().into();
        }
        if let Self::Gone { next: Some(next), .. } = self {
            status["metadata"]["continue"] = next.as_str().into();
        }
        if let Some(details) = self.details() {
            status["details"] = details;
        }
        status
    }

    fn details(&self) -> Option<Value> {
        let caused = |reason: &str, message: &str, after: u32| {
            let mut details = json!({"causes": [{"reason": reason, "message": message}]});
            if after > 0 {
                details["retryAfterSeconds"] = after.into();
            }
            Some(details)
        };
        match self {
            Self::NotFound(about) | Self::AlreadyExists(about) | Self::Conflict { about, .. } => {
                Some(detail(about, &about.plural))
            }
            Self::NotSupported { about, .. } => Some(detail(about, &about.plural)),
            Self::Forbidden { about, why } => {
                let mut details = detail(about, &about.plural);
                if why.ends_with("because it is being terminated") {
                    let namespace = why.split_ascii_whitespace().nth(7).unwrap_or_default();
                    let message = format!("namespace {namespace} is being terminated");
                    details["causes"] = json!([{"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}]);
                }
                Some(details)
            }
            Self::Invalid { about, causes } => {
                let mut details = detail(about, &about.kind);
                details["causes"] = listed(causes);
                Some(details)
            }
            Self::ApplyConflict(causes) => Some(json!({ "causes": listed(causes) })),
            Self::Budget { why, retry_after } => caused("DisruptionBudget", why, *retry_after),
            Self::Ahead { .. } => caused("ResourceVersionTooLarge", "Too large resource version", 1),
            Self::NoSuchResource | Self::MethodNotAllowed | Self::Unprocessable(_) => Some(json!({})),
            _ => None,
        }
    }
}

fn listed(causes: &[Cause]) -> Value {
    let entries = causes.iter().map(|one| {
        let mut entry = json!({"reason": one.reason, "message": one.message});
        if !one.field.is_empty() {
            entry["field"] = one.field.as_str().into();
        }
        entry
    });
    entries.collect()
}

fn detail(about: &About, kind: &str) -> Value {
    let mut details = json!({});
    for (key, value) in [("name", about.name.as_str()), ("group", &about.group), ("kind", kind)] {
        if !value.is_empty() {
            details[key] = value.into();
        }
    }
    details
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if self == Self::NoSuchPath {
            return (code, "404 page not found\n").into_response();
        }
        let mut response = json_response(code, &self.to_status());
        if let Self::Budget { retry_after, .. } = self
            && retry_after > 0
        {
            response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
        }
        response
    }
}

/// An answer in JSON.
pub(crate) fn json_response(code: StatusCode, body: &Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    (code, [(header::CONTENT_TYPE, json)], body.to_string()).into_response()
}
