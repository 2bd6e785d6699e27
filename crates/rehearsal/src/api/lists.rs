//! Lists: whole or in chunks, each chunk as things stood when the first was given.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use serde_json::{Value, json};

use super::address::{Query, Spot};
use super::events;
use super::object;
use super::selectors::Selectors;
use super::status::{About, ApiError, Cause};
use super::store::{Kept, Key, State, Store};

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a \
    new list without the continue parameter.";
const INCONSISTENT: &str = "The provided continue parameter is too old to display a consistent list result. You can \
    start a new list without the continue parameter, or use the continue token in this response to retrieve the \
    remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were \
    created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
const TOO_OLD: &str = "The resourceVersion for the provided list is too old.";

/// Where a list goes on, and as of which version; none for whatever stands by then.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    version: Option<u64>,
    /// The last key that was given.
    after: Key,
}

impl Token {
    fn read(text: &str) -> Result<Self, ApiError> {
        let bad = |why: &str| ApiError::BadRequest(format!("continue key is not valid{why}"));
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|why| bad(&format!(": {why}")))?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|why| bad(&format!(": {why}")))?;
        if token["v"] != "meta.k8s.io/v1" {
            return Err(bad(": server does not recognize this encoded version"));
        }
        let version = token["rv"].as_i64().unwrap_or_default();
        if version == 0 {
            return Err(bad(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
        }
        let start = token["start"].as_str().unwrap_or_default().trim_end_matches('\0');
        if start.is_empty() {
            return Err(bad(": encoded start key empty (version meta.k8s.io/v1)"));
        }
        let (namespace, name) = start.split_once('/').unwrap_or(("", start));
        Ok(Self { version: u64::try_from(version).ok(), after: Key::new(namespace, name) })
    }

    fn write(&self) -> String {
        let Key { namespace, name } = &self.after;
        let start = if namespace.is_empty() { format!("{name}\0") } else { format!("{namespace}/{name}\0") };
        let version = self.version.and_then(|version| i64::try_from(version).ok()).unwrap_or(-1);
        URL_SAFE_NO_PAD.encode(json!({"v": "meta.k8s.io/v1", "rv": version, "start": start}).to_string())
    }
}

/// What a list is asked for beside its selectors.
#[derive(Debug, Default)]
struct Asked {
    limit: usize,
    token: Option<Token>,
    /// As of exactly this version.
    exactly: Option<u64>,
}

fn options(query: &Query, state: &State) -> Result<Asked, ApiError> {
    let causes = wrong_options(query);
    if !causes.is_empty() {
        return Err(ApiError::Invalid { about: About::other("meta.k8s.io", "ListOptions", ""), causes });
    }
    let limit = usize::try_from(query.number("limit")?.unwrap_or_default()).unwrap_or(usize::MAX);
    let given = query.get("resourceVersion").filter(|given| *given != "0");
    let token = query.get("continue").map(Token::read).transpose()?;
    if token.is_some() && given.is_some() {
        let why = "specifying resource version is not allowed when using continue";
        return Err(ApiError::BadRequest(why.to_owned()));
    }
    let version = query.version("resourceVersion")?.filter(|version| *version != 0);
    if let Some(asked) = version.filter(|version| *version > state.version) {
        return Err(ApiError::Ahead { asked, current: state.version });
    }
    let matching = query.get("resourceVersionMatch");
    // Whoever wants chunks of a version and does not say how gets that version.
    let is_exact = matching == Some("Exact") || (matching.is_none() && limit > 0);
    Ok(Asked { limit, token, exactly: version.filter(|_| is_exact) })
}

fn wrong_options(query: &Query) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Some(matching) = query.get("resourceVersionMatch") {
        let field = "resourceVersionMatch";
        if query.get("resourceVersion").is_none() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            causes.push(Cause::forbidden(field, why));
        }
        if query.get("continue").is_some() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            causes.push(Cause::forbidden(field, why));
        }
        if !["Exact", "NotOlderThan"].contains(&matching) {
            causes.push(Cause::unsupported(field, &matching.into(), &["Exact", "NotOlderThan", ""]));
        }
        if matching == "Exact" && query.get("resourceVersion") == Some("0") {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            causes.push(Cause::forbidden(field, why));
        }
    }
    if query.get("sendInitialEvents").is_some() {
        causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    causes
}

/// Answers a list.
pub(crate) fn list(store: &Store, spot: &Spot, query: &Query) -> Result<Response, ApiError> {
    let selectors = Selectors::parse(&spot.kind, query.get("labelSelector"), query.get("fieldSelector"))?;
    let (asked, objects, version) = {
        let state = store.lock();
        let asked = options(query, &state)?;
        let wanted = asked.token.as_ref().and_then(|token| token.version).or(asked.exactly);
        let objects = match wanted {
            Some(version) => {
                state.stood(&spot.kind, spot.namespace.as_deref(), version).ok_or_else(|| gone(&asked))?
            }
            None => state.kept(&spot.kind, spot.namespace.as_deref()),
        };
        let version = wanted.unwrap_or(state.version);
        (asked, objects, version)
    };
    let after = asked.token.as_ref().map(|token| &token.after);
    let mut rest = objects
        .iter()
        .filter(|kept| after.is_none_or(|after| Key::of(&kept.value) > *after))
        .filter(|kept| selectors.is_empty() || selectors.select(&kept.value))
        .filter(|kept| spot.name.as_deref().is_none_or(|name| object::name(&kept.value) == name));
    let chunk: Vec<&Kept> =
        rest.by_ref().take(if asked.limit == 0 { usize::MAX } else { asked.limit }).collect();
    let remaining = rest.count();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if remaining > 0
        && let Some(last) = chunk.last()
    {
        let next = Token { version: Some(version), after: Key::of(&last.value) };
        metadata["continue"] = next.write().into();
        if selectors.is_empty() {
            metadata["remainingItemCount"] = remaining.into();
        }
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], text(spot, &metadata, &chunk)).into_response())
}

/// The state of that version is forgotten.
fn gone(asked: &Asked) -> ApiError {
    match &asked.token {
        Some(token) => {
            let next = Token { version: None, after: token.after.clone() }.write();
            ApiError::Gone { message: INCONSISTENT.to_owned(), next: Some(next) }
        }
        None if asked.exactly.is_some() => ApiError::Gone { message: TOO_OLD.to_owned(), next: None },
        None => ApiError::Gone { message: EXPIRED.to_owned(), next: None },
    }
}

/// The list as text, made of the texts of its objects.
fn text(spot: &Spot, metadata: &Value, chunk: &[&Kept]) -> Vec<u8> {
    let kind = &spot.kind;
    let version = kind.api_version();
    let head = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},\"items\":[",
        kind.kind
    );
    let texts: Vec<_> = chunk
        .iter()
        .map(|kept| match object::text(&kept.value, &["apiVersion"]) {
            Some(stored) if stored == version => kept.text(),
            _ => super::store::serialised(&events::shown(kind, &Arc::clone(&kept.value))),
        })
        .collect();
    let size = head.len() + 2 + texts.iter().map(|text| text.len() + 1).sum::<usize>();
    let mut text = Vec::with_capacity(size);
    text.extend_from_slice(head.as_bytes());
    for (index, object) in texts.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(object);
    }
    text.extend_from_slice(b"]}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let token = Token { version: Some(7), after: Key::new("default", "a") };
        assert_eq!(Token::read(&token.write()).expect("a token"), token);
        let loose = Token { version: None, after: Key::new("", "node") };
        assert_eq!(Token::read(&loose.write()).expect("a token"), loose);
        assert!(Token::read("nonsense").is_err());
    }
}
