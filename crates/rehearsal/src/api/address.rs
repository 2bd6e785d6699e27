//! What a request's path and query mean.

use std::sync::Arc;

use form_urlencoded::parse;
use http::Uri;

use super::registry::{Kind, Registry};
use super::status::ApiError;

/// The place a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `/version`, `/healthz` and their like, and `/api`, `/apis`.
    Root(&'static str),
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`.
    Version(String, String),
    /// A collection, an object or a part of one.
    Objects(Spot),
}

/// A collection, an object or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) kind: Arc<Kind>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) part: Option<String>,
    /// What follows `proxy/`, with a slash in front.
    pub(crate) rest: String,
}

impl Spot {
    /// The namespace, empty for kinds that have none.
    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The name, empty for collections.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

impl Place {
    /// Reads a path.
    pub(crate) fn find(registry: &Registry, path: &str) -> Result<Self, ApiError> {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let (group, version, steps) = match steps.as_slice() {
            ["version"] => return Ok(Self::Root("version")),
            ["healthz" | "readyz" | "livez"] => return Ok(Self::Root("healthz")),
            ["api"] => return Ok(Self::Root("api")),
            ["apis"] => return Ok(Self::Root("apis")),
            ["apis", group] => return Ok(Self::Group((*group).to_owned())),
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Err(ApiError::NoSuchPath),
        };
        // Of a version that nobody serves the real server knows no path, of one that is served no resource.
        let unknown =
            if registry.serves(group, version) { ApiError::NoSuchResource } else { ApiError::NoSuchPath };
        if steps.is_empty() {
            return Ok(Self::Version(group.to_owned(), version.to_owned()));
        }
        let (namespace, steps) = match steps {
            ["namespaces", _, "status" | "finalize"] => (None, steps),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
            _ => (None, steps),
        };
        let [plural, rest @ ..] = steps else { return Err(unknown) };
        let kind = registry.by_plural(group, version, plural).ok_or(unknown)?;
        if namespace.is_some() && !kind.namespaced {
            return Err(ApiError::NoSuchResource);
        }
        let (name, part, after) = match rest {
            [] => (None, None, String::new()),
            [name] => (Some(*name), None, String::new()),
            [name, part] => (Some(*name), Some(*part), "/".to_owned()),
            [name, part @ "proxy", ..] => {
                let start = path.find("/proxy/").map_or(path.len(), |start| start + "/proxy".len());
                (Some(*name), Some(*part), path[start..].to_owned())
            }
            _ => return Err(ApiError::NoSuchResource),
        };
        if name.is_some() && kind.namespaced && namespace.is_none() {
            return Err(ApiError::NoSuchResource);
        }
        Ok(Self::Objects(Spot {
            kind,
            namespace,
            name: name.map(decoded),
            part: part.map(str::to_owned),
            rest: after,
        }))
    }
}

/// Role names may hold colons, which some clients send percent-encoded.
fn decoded(step: &str) -> String {
    step.replace("%3A", ":").replace("%3a", ":")
}

/// The query of a request.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of a request.
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = parse(uri.query().unwrap_or_default().as_bytes());
        Self(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect())
    }

    /// A parameter that is there and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether a switch is on.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }

    /// A parameter that is a version.
    pub(crate) fn version(&self, key: &str) -> Result<Option<u64>, ApiError> {
        let bad = |value: &str| {
            let why = format!("strconv.ParseUint: parsing {value:?}: invalid syntax");
            ApiError::BadRequest(format!("{key}: Invalid value: {value:?}: {why}"))
        };
        self.get(key).map(|value| value.parse().map_err(|_| bad(value))).transpose()
    }

    /// A parameter that is a number.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, ApiError> {
        let bad = |value: &str| {
            ApiError::BadRequest(format!("strconv.ParseInt: parsing {value:?}: invalid syntax"))
        };
        self.get(key).map(|value| value.parse().map_err(|_| bad(value))).transpose()
    }
}
