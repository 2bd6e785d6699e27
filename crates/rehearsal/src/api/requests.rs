//! A request's body, headers and options, taken apart and checked as the real server does.

use std::cell::RefCell;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};

use super::address::{Query, Spot};
use super::object;
use super::patch::PatchKind;
use super::reading::{self, Parsed, Said, Strictness};
use super::registry::Kind;
use super::status::{About, ApiError, Cause};
use super::verbs::{Deletion, Propagation, Write};

/// A request, taken apart.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) query: Query,
    pub(crate) raw_query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is told beside the answer.
#[derive(Debug, Default)]
pub(crate) struct Warnings(RefCell<Vec<String>>);

impl Warnings {
    /// Notes some.
    pub(crate) fn note(&self, texts: Vec<String>) {
        self.0.borrow_mut().extend(texts);
    }

    /// Puts them into the answer's headers.
    pub(crate) fn dress(self, mut response: Response) -> Response {
        for text in reading::once(self.0.into_inner()) {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
                response.headers_mut().append(header::WARNING, value);
            }
        }
        response
    }
}

fn refused(options: &str, causes: Vec<Cause>) -> ApiError {
    ApiError::Invalid { about: About::other("meta.k8s.io", options, ""), causes }
}

impl Asked {
    /// A whole object, in JSON or YAML.
    pub(crate) fn object(&self, spot: &Spot, warnings: &Warnings) -> Result<Value, ApiError> {
        let options = if self.method == Method::POST { "CreateOptions" } else { "UpdateOptions" };
        let strictness = self.strictness(options)?;
        let given = self.content_type();
        let kind = &spot.kind.kind;
        let read = match given {
            "" | "application/json" => reading::json(&self.body),
            "application/yaml" => reading::yaml(&self.body),
            _ => return Err(ApiError::UnsupportedMediaType(OBJECT_TYPES)),
        };
        let parsed = read.map_err(|why| {
            let (body, why) =
                (summary(&self.body), format!("couldn't get version/kind; json parse error: {why}"));
            ApiError::BadRequest(format!(
                "the object provided is unrecognized (must be of type {kind}): {why} ({body})"
            ))
        })?;
        check_types(&spot.kind, &parsed.value)?;
        let (object, mut wrongs) = reading::as_kind(&spot.kind, parsed.value)?;
        wrongs.splice(0..0, parsed.duplicates);
        self.judge(wrongs, strictness, warnings, |wrongs| {
            let version = &spot.kind.version;
            let wrongs = wrongs.join(", ");
            ApiError::BadRequest(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: strict decoding error: {wrongs}"
            ))
        })?;
        Ok(object)
    }

    /// Tells of fields that are unknown or come twice, or refuses them.
    pub(crate) fn judge(
        &self,
        wrongs: Vec<String>,
        strictness: Strictness,
        warnings: &Warnings,
        refusal: impl FnOnce(Vec<String>) -> ApiError,
    ) -> Result<(), ApiError> {
        match strictness {
            Strictness::Strict if !wrongs.is_empty() => Err(refusal(reading::once(wrongs))),
            Strictness::Warn => {
                warnings.note(wrongs);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What `fieldValidation` asks for.
    pub(crate) fn strictness(&self, options: &str) -> Result<Strictness, ApiError> {
        reading::strictness(self.query.get("fieldValidation")).map_err(|word| {
            let all = ["Ignore", "Warn", "Strict"];
            refused(options, vec![Cause::unsupported("fieldValidation", &word.into(), &all)])
        })
    }

    /// A patch's body.
    pub(crate) fn patch(&self, kind: PatchKind) -> Result<Parsed, ApiError> {
        if kind == PatchKind::Apply {
            return reading::yaml(&self.body)
                .map_err(|why| ApiError::BadRequest(format!("error decoding YAML: {why}")));
        }
        reading::json(&self.body).map_err(|why| {
            let ahead = if kind == PatchKind::Strategic { "" } else { "error decoding patch: " };
            ApiError::BadRequest(format!("{ahead}{why}"))
        })
    }

    /// A body that is no object of a kind: options, a scale, an eviction.
    pub(crate) fn plain(&self) -> Result<Value, ApiError> {
        let read = reading::json(&self.body);
        read.map(|parsed| parsed.value).map_err(|why| {
            ApiError::BadRequest(format!("couldn't get version/kind; json parse error: {why}"))
        })
    }

    /// The body's type, without parameters.
    pub(crate) fn content_type(&self) -> &str {
        let given = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        given.unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    fn manager(&self) -> String {
        let agent = || {
            let agent = self.headers.get(header::USER_AGENT)?.to_str().ok()?;
            agent.split('/').next().filter(|agent| !agent.is_empty())
        };
        let name = self.query.get("fieldManager").or_else(agent).unwrap_or("unknown");
        name.chars().take(128).collect()
    }

    /// How a write is to be taken.
    pub(crate) fn write(&self, options: &str) -> Result<Write, ApiError> {
        let mut causes = Vec::new();
        let manager = self.query.get("fieldManager").unwrap_or_default();
        if manager.len() > 128 {
            causes.push(Cause::too_long("fieldManager", 128));
        }
        let dry_run = self.is_dry_run(None, options)?;
        if causes.is_empty() {
            return Ok(Write { dry_run, manager: Some(self.manager()), fields_settled: false });
        }
        Err(refused(options, causes))
    }

    fn is_dry_run(&self, given: Option<&Value>, options: &str) -> Result<bool, ApiError> {
        let in_body = given.map(|given| object::items(given, &["dryRun"])).unwrap_or_default();
        match self.query.get("dryRun").or_else(|| in_body.first().and_then(Value::as_str)) {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => {
                let cause = Cause::unsupported("dryRun", &json!([other]), &["All"]);
                Err(refused(options, vec![cause]))
            }
        }
    }

    /// How something is to be deleted.
    pub(crate) fn deletion(&self) -> Result<Deletion, ApiError> {
        let options = if self.body.is_empty() { json!({}) } else { self.plain()? };
        let (policy, number) = ("propagationPolicy", "gracePeriodSeconds");
        let word = self.query.get(policy).or_else(|| object::text(&options, &[policy]));
        let orphans = self.query.get("orphanDependents").map(|word| word == "true");
        let orphans =
            orphans.or_else(|| object::at(&options, &["orphanDependents"]).and_then(Value::as_bool));
        let propagation = match (word, orphans) {
            (Some(_), Some(_)) => {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                let value = Value::String(word.unwrap_or_default().to_owned());
                return Err(refused("DeleteOptions", vec![Cause::invalid(policy, &value, why)]));
            }
            (None, Some(true)) | (Some("Orphan"), _) => Propagation::Orphan,
            (None, _) | (Some("Background"), _) => Propagation::Background,
            (Some("Foreground"), _) => Propagation::Foreground,
            (Some(other), _) => {
                let all = ["Foreground", "Background", "Orphan", "nil"];
                return Err(refused("DeleteOptions", vec![Cause::unsupported(policy, &other.into(), &all)]));
            }
        };
        let grace = self.query.number(number)?.and_then(|seconds| i64::try_from(seconds).ok());
        let text = |path: &[&str]| object::text(&options, path).map(str::to_owned);
        Ok(Deletion {
            grace: grace.or_else(|| object::int(&options, &[number])),
            propagation,
            uid: text(&["preconditions", "uid"]),
            version: text(&["preconditions", "resourceVersion"]),
            dry_run: self.is_dry_run(Some(&options), "DeleteOptions")?,
        })
    }

    /// How a pod is to be evicted.
    pub(crate) fn eviction(&self, pod: &str) -> Result<Deletion, ApiError> {
        let eviction = self.plain()?;
        let given = object::name(&eviction);
        if !given.is_empty() && given != pod {
            return Err(ApiError::BadRequest(
                "name in URL does not match name in Eviction object".to_owned(),
            ));
        }
        let options = eviction.get("deleteOptions");
        let text = |path: &[&str]| options.and_then(|options| object::text(options, path)).map(str::to_owned);
        Ok(Deletion {
            grace: options.and_then(|options| object::int(options, &["gracePeriodSeconds"])),
            uid: text(&["preconditions", "uid"]),
            version: text(&["preconditions", "resourceVersion"]),
            dry_run: self.is_dry_run(options, "DeleteOptions")?,
            ..Deletion::default()
        })
    }
}

/// The types in which whole objects may come.
const OBJECT_TYPES: &str =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor";

/// What the real server shows of a body it cannot read.
fn summary(body: &[u8]) -> String {
    match body {
        [] => "<empty>".to_owned(),
        [b'{', ..] => {
            let text = String::from_utf8_lossy(body);
            if body.len() > 30 {
                format!("{} ...", text.chars().take(30).collect::<String>())
            } else {
                text.into_owned()
            }
        }
        body => {
            let shown: String = body.iter().take(30).map(|byte| format!("{byte:02x}")).collect();
            if body.len() > 30 { format!("{shown} ...") } else { shown }
        }
    }
}

/// Whether an object says that it is of the kind that is asked for.
pub(crate) fn check_types(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let Said { api_version, kind: said } = Said::by(object);
    let expected = kind.api_version();
    if !said.is_empty() && said != kind.kind {
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let group = if group.is_empty() { String::new() } else { format!("{group}/") };
        return Err(ApiError::BadRequest(format!(
            "{said} in version {version:?} cannot be handled as a {}: converting ({group}{version}.{said}) to \
             ({}.{}): unknown conversion",
            kind.kind, kind.version, kind.kind,
        )));
    }
    if !api_version.is_empty() && api_version != expected {
        return Err(ApiError::BadRequest(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    Ok(())
}
