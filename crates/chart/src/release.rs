//! What Helm remembers of a release: the record in a Secret by which `helm list`, `helm get` and `helm upgrade` know it.
//!
//! The form is that of Helm's own storage (`pkg/storage/driver/secrets.go` and `util.go`, the same in Helm 3 and 4): a
//! Secret `sh.helm.release.v1.NAME.vREVISION` of type `helm.sh/release.v1`, whose `data.release` is JSON, gzipped, in
//! Base64, and once more in Base64 as every Secret's value is. Nothing here reads a clock: a record has no times until it
//! is put into its Secret.

use std::io::{Read as _, Write as _};

use data_encoding::BASE64;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::chart::Chart;
use crate::manifest::Manifest;
use crate::render::Release;
use crate::values::Values;

/// The type of the Secret.
const TYPE: &str = "helm.sh/release.v1";
/// The most bytes of JSON that are unpacked: charts are below it, and a Secret of a megabyte cannot swell further.
const MAX_JSON_BYTES: u64 = 128 * 1024 * 1024;
/// The most bytes of a Secret's values that Kubernetes keeps (`MaxSecretSize`).
const MAX_SECRET_BYTES: usize = 1024 * 1024;

/// A record could not be made or read. What it holds is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// It cannot be packed.
    #[error("the release's record cannot be packed: {0}")]
    Unpackable(String),
    /// It is larger than a Secret may be.
    #[error("the release's record has {bytes} bytes, more than the {MAX_SECRET_BYTES} that a Secret holds")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A Secret that holds no release.
    #[error("there is no release in the Secret: {0}")]
    NotARelease(&'static str),
}

/// What a record is made of.
#[derive(Debug, Clone, Copy)]
pub struct Installed<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// The values that were given, without the chart's own.
    pub values: &'a Values,
    /// Name, namespace and revision.
    pub release: &'a Release,
    /// Every object that was applied, as one text of YAML documents.
    pub manifest: &'a str,
    /// The chart's manifests as rendered; those that are hooks are kept apart from the objects.
    pub rendered: &'a [Manifest],
    /// The chart's notes.
    pub notes: &'a str,
    /// What `helm history` says of this revision.
    pub description: &'a str,
}

/// The record of a release that is deployed, as Helm's JSON, without times.
#[must_use]
pub fn record(installed: &Installed<'_>) -> Json {
    let Installed { chart, values, release, manifest, rendered, notes, description } = installed;
    let hooks: Vec<Json> = rendered.iter().filter_map(hook).collect();
    let templates: Vec<Json> =
        chart.templates.iter().map(|(name, text)| file(name, text.as_bytes())).collect();
    let files: Vec<Json> = chart.files.iter().map(|(name, bytes)| file(name, bytes)).collect();
    json!({
        "name": release.name,
        "info": {"description": description, "status": "deployed", "notes": notes},
        "chart": {
            "metadata": metadata(chart),
            "lock": null,
            "templates": templates,
            "values": plain_numbers(Json::Object(chart.values.get().cloned().unwrap_or_default())),
            "schema": null,
            "files": files,
        },
        "config": plain_numbers(Json::Object(values.as_map().clone())),
        "manifest": manifest,
        "hooks": hooks,
        "version": release.revision,
        "namespace": release.namespace,
    })
}

/// The name of the Secret of a record; none where the record names no release.
#[must_use]
pub fn secret_name(record: &Json) -> Option<String> {
    let (name, version) = (record["name"].as_str()?, record["version"].as_u64()?);
    Some(format!("sh.helm.release.v1.{name}.v{version}"))
}

/// The Secret that keeps a record, with the time at which the release was deployed, in milliseconds since 1970.
///
/// # Errors
/// If the record names no release, or is larger than a Secret may be.
pub fn to_secret(record: &Json, at_ms: i64) -> Result<Json, ReleaseError> {
    let name = secret_name(record).ok_or(ReleaseError::NotARelease("it has no name or revision"))?;
    let at =
        Timestamp::from_millisecond(at_ms).map_err(|error| ReleaseError::Unpackable(error.to_string()))?;
    let mut record = record.clone();
    if let Some(info) = record.get_mut("info").and_then(Json::as_object_mut) {
        for time in ["first_deployed", "last_deployed"] {
            info.insert(time.to_owned(), at.to_string().into());
        }
    }
    let packed = encode(&record)?;
    let labels = json!({
        "name": record["name"],
        "owner": "helm",
        "status": record["info"]["status"],
        "version": record["version"].to_string(),
        "createdAt": at.as_second().to_string(),
    });
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": TYPE,
        "metadata": {"name": name, "namespace": record["namespace"], "labels": labels},
        "data": {"release": BASE64.encode(packed.as_bytes())},
    }))
}

/// The record in a Secret, with its times taken out, so that it can be compared with the one that was meant.
///
/// # Errors
/// If the Secret holds no release.
pub fn from_secret(secret: &Json) -> Result<Json, ReleaseError> {
    if secret["type"] != TYPE {
        return Err(ReleaseError::NotARelease("its type is another"));
    }
    let data =
        secret["data"]["release"].as_str().ok_or(ReleaseError::NotARelease("it lacks the key release"))?;
    let packed =
        BASE64.decode(data.as_bytes()).map_err(|_| ReleaseError::NotARelease("its value is not Base64"))?;
    let mut record = decode(&packed)?;
    if let Some(info) = record.get_mut("info").and_then(Json::as_object_mut) {
        info.retain(|field, _| !matches!(field.as_str(), "first_deployed" | "last_deployed" | "deleted"));
    }
    Ok(record)
}

/// JSON, gzipped, in Base64: what Helm hands to Kubernetes as the Secret's value.
fn encode(record: &Json) -> Result<String, ReleaseError> {
    let failed = |reason: String| ReleaseError::Unpackable(reason);
    let text = serde_json::to_vec(record).map_err(|error| failed(error.to_string()))?;
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    packing.write_all(&text).map_err(|error| failed(error.to_string()))?;
    let packed = packing.finish().map_err(|error| failed(error.to_string()))?;
    let encoded = BASE64.encode(&packed);
    if encoded.len() > MAX_SECRET_BYTES {
        return Err(ReleaseError::TooLarge { bytes: encoded.len() });
    }
    Ok(encoded)
}

/// The reverse. What is not gzipped is read as it is: so old versions of Helm wrote it.
fn decode(value: &[u8]) -> Result<Json, ReleaseError> {
    let packed =
        BASE64.decode(value).map_err(|_| ReleaseError::NotARelease("what it holds is not Base64"))?;
    let mut text = Vec::new();
    if packed.starts_with(&[0x1f, 0x8b, 0x08]) {
        let mut unpacking = GzDecoder::new(packed.as_slice()).take(MAX_JSON_BYTES);
        let read = unpacking.read_to_end(&mut text);
        read.map_err(|_| ReleaseError::NotARelease("what it holds cannot be unpacked"))?;
    } else {
        text = packed;
    }
    serde_json::from_slice(&text).map_err(|_| ReleaseError::NotARelease("what it holds is not JSON"))
}

fn file(name: &str, bytes: &[u8]) -> Json {
    json!({"name": name, "data": BASE64.encode(bytes)})
}

/// A hook as Helm keeps it; it has not run.
fn hook(manifest: &Manifest) -> Option<Json> {
    let hook = manifest.hook.as_ref()?;
    let name = manifest.documents.first().and_then(|node| node.str_at(&["metadata", "name"]));
    let events: Vec<&str> = hook.events.iter().map(|event| event.name()).collect();
    let mut kept = json!({
        "name": name.unwrap_or_default(),
        "kind": manifest.kind,
        "path": manifest.source,
        "manifest": manifest.text,
        "events": events,
        "last_run": {"phase": ""},
    });
    if hook.weight != 0 {
        kept["weight"] = hook.weight.into();
    }
    if !hook.delete_policies.is_empty() {
        kept["delete_policies"] = json!(hook.delete_policies);
    }
    Some(kept)
}

/// `Chart.yaml` in the names of its keys, which [`crate::Metadata`] has in those that templates see.
fn metadata(chart: &Chart) -> Json {
    let mut kept = JsonMap::new();
    for (name, value) in &chart.metadata.shown {
        if !says_nothing(value) {
            kept.insert(key(name), keyed(value));
        }
    }
    // What annotations are called is their author's own.
    if let Some(annotations) = chart.metadata.shown.get("Annotations").filter(|all| !says_nothing(all)) {
        kept.insert("annotations".to_owned(), annotations.clone());
    }
    let dependencies: Vec<Json> =
        chart.metadata.dependencies.iter().map(|wanted| keyed(&wanted.shown())).collect();
    if !dependencies.is_empty() {
        kept.insert("dependencies".to_owned(), dependencies.into());
    }
    kept.into()
}

fn keyed(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(_, value)| !says_nothing(value))
            .map(|(name, value)| (key(name), keyed(value)))
            .collect(),
        Json::Array(items) => items.iter().map(keyed).collect(),
        other => other.clone(),
    }
}

fn says_nothing(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Bool(true) | Json::Number(_) => false,
    }
}

/// A field of Go as JSON and `Chart.yaml` call it.
fn key(field: &str) -> String {
    match field {
        "APIVersion" => return "apiVersion".to_owned(),
        "URL" => return "url".to_owned(),
        "ImportValues" => return "import-values".to_owned(),
        _ => {}
    }
    let mut letters = field.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Whole numbers without a fraction: Helm reads every number of a file as a float, and writes `3000`, not `3000.0`.
fn plain_numbers(value: Json) -> Json {
    match value {
        Json::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => {
                whole(float).map_or(Json::Number(number), Json::from)
            }
            _ => Json::Number(number),
        },
        Json::Array(items) => items.into_iter().map(plain_numbers).collect(),
        Json::Object(members) => {
            members.into_iter().map(|(name, value)| (name, plain_numbers(value))).collect()
        }
        other => other,
    }
}

/// The whole number a float is, where it is one and floats tell it from its neighbours.
fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and far below the bound of i64")]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}
