//! In which form a client wants objects: whole, their metadata alone, or a table made of them.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use clock::Clock;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::{columns, rows};
use crate::api::address::Query;
use crate::api::registry::Kind;
use crate::api::status::{ApiError, json_response};

/// The most bytes a list may have before it is made into another form; larger than any list of a rehearsal.
const MOST_BYTES: usize = 512 * 1024 * 1024;

/// The form a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// As they are.
    Whole,
    /// `PartialObjectMetadata`.
    Metadata,
    /// `Table`.
    Table(Included),
}

/// What comes with each row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Included {
    Nothing,
    Metadata,
    Object,
}

impl View {
    /// The first form that a client accepts and this server has. Only JSON is spoken.
    ///
    /// # Errors
    /// `NotAcceptable` when the client takes nothing but forms that this server does not have, such as Protobuf.
    pub(crate) fn asked(headers: &HeaderMap, query: &Query) -> Result<Self, ApiError> {
        let Some(accept) = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) else {
            return Ok(Self::Whole);
        };
        let mut wanted = accept.split(',').map(str::trim).filter(|one| !one.is_empty()).peekable();
        if wanted.peek().is_none() {
            return Ok(Self::Whole);
        }
        match wanted.find_map(Self::of) {
            None => Err(ApiError::NotAcceptable),
            Some(Self::Table(_)) => Ok(Self::Table(match query.get("includeObject") {
                Some("None") => Included::Nothing,
                Some("Object") => Included::Object,
                _ => Included::Metadata,
            })),
            Some(view) => Ok(view),
        }
    }

    /// The form of one media type with its parameters, if this server has it.
    fn of(media: &str) -> Option<Self> {
        let mut parts = media.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        if !["application/json", "application/*", "*/*"].contains(&kind) {
            return None;
        }
        let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
        let parameter = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let of_meta = parameter("g") == Some("meta.k8s.io")
            && parameter("v").is_some_and(|version| ["v1", "v1beta1"].contains(&version));
        match parameter("as") {
            None => Some(Self::Whole),
            Some("Table") if of_meta => Some(Self::Table(Included::Metadata)),
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") if of_meta => Some(Self::Metadata),
            Some(_) => None,
        }
    }

    /// An answer in this form. Refusals stay as they are.
    ///
    /// # Errors
    /// When the answer breaks off.
    pub(crate) async fn dress(
        self,
        kind: Arc<Kind>,
        clock: Clock,
        is_watch: bool,
        answer: Response,
    ) -> Result<Response, ApiError> {
        if self == Self::Whole || !answer.status().is_success() {
            return Ok(answer);
        }
        let (mut head, body) = answer.into_parts();
        let mut dresser = Dresser { view: self, kind, clock, with_columns: true };
        if is_watch {
            return Ok(Response::from_parts(head, watched(dresser, body)));
        }
        let broken = |_| ApiError::Unavailable("the answer broke off".to_owned());
        let whole = to_bytes(body, MOST_BYTES).await.map_err(broken)?;
        let answer = match serde_json::from_slice::<Value>(&whole) {
            Ok(value) => json_response(head.status, &dresser.dress(value)),
            Err(_) => {
                head.headers.remove(header::CONTENT_LENGTH);
                Response::from_parts(head, Body::from(whole))
            }
        };
        Ok(answer)
    }
}

/// Makes one form out of another, object by object.
struct Dresser {
    view: View,
    kind: Arc<Kind>,
    clock: Clock,
    /// A watch tells its columns once.
    with_columns: bool,
}

impl Dresser {
    fn dress(&mut self, value: Value) -> Value {
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        if kind == "Status" || (kind != self.kind.kind && kind.strip_suffix("List") != Some(&self.kind.kind))
        {
            return value;
        }
        let is_list = kind != self.kind.kind;
        match self.view {
            View::Whole => value,
            View::Metadata if is_list => {
                let items: Vec<Value> = items(&value).iter().map(metadata).collect();
                json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                    "metadata": value["metadata"], "items": items})
            }
            View::Metadata => metadata(&value),
            View::Table(included) if is_list => {
                let rows = items(&value).iter().map(|object| self.row(object, included)).collect();
                self.table(value["metadata"].clone(), rows)
            }
            View::Table(included) => {
                let row = self.row(&value, included);
                self.table(json!({"resourceVersion": value["metadata"]["resourceVersion"]}), vec![row])
            }
        }
    }

    /// A watch's line.
    fn dress_event(&mut self, line: &[u8]) -> Vec<u8> {
        let Ok(mut event) = serde_json::from_slice::<Value>(line) else { return line.to_vec() };
        let object = event["object"].take();
        event["object"] = if event["type"] == "BOOKMARK" && matches!(self.view, View::Table(_)) {
            self.table(object["metadata"].clone(), Vec::new())
        } else {
            self.dress(object)
        };
        let mut line = event.to_string().into_bytes();
        line.push(b'\n');
        line
    }

    fn table(&mut self, metadata: Value, rows: Vec<Value>) -> Value {
        let mut table = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
        table["columnDefinitions"] =
            if self.with_columns { columns::definitions(columns::names(&self.kind)) } else { json!([]) };
        table["rows"] = rows.into();
        self.with_columns = false;
        table
    }

    fn row(&self, object: &Value, included: Included) -> Value {
        let mut row = json!({"cells": rows::cells(&self.kind, object, self.clock.now())});
        if let Some(conditions) = rows::conditions(&self.kind, object) {
            row["conditions"] = conditions;
        }
        row["object"] = match included {
            Included::Nothing => Value::Null,
            Included::Metadata => metadata(object),
            // Items of a list do not say what they are; in a row each stands alone.
            Included::Object => {
                let mut object = object.clone();
                object["kind"] = self.kind.kind.as_str().into();
                object["apiVersion"] = self.kind.api_version().into();
                object
            }
        };
        row
    }
}

fn items(list: &Value) -> &[Value] {
    list.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn metadata(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

/// A watch in another form, line by line however the chunks are cut.
fn watched(mut dresser: Dresser, body: Body) -> Body {
    let mut rest = BytesMut::new();
    let lines = body.into_data_stream().map_ok(move |chunk: Bytes| {
        rest.extend_from_slice(&chunk);
        let mut told = Vec::new();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            told.extend(dresser.dress_event(&rest.split_to(end + 1)));
        }
        Bytes::from(told)
    });
    // A chunk that ends no line makes none here; an empty chunk would end the body.
    Body::from_stream(lines.filter(|chunk| {
        let is_something = chunk.as_ref().map_or(true, |chunk| !chunk.is_empty());
        std::future::ready(is_something)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str) -> Option<View> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        View::asked(&headers, &Query::default()).ok()
    }

    #[test]
    fn the_first_form_that_is_there_is_taken() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        assert_eq!(asked(table), Some(View::Table(Included::Metadata)));
        assert_eq!(asked("application/vnd.kubernetes.protobuf,application/json"), Some(View::Whole));
        assert_eq!(asked("application/vnd.kubernetes.protobuf"), None);
        assert_eq!(asked("application/json;as=Table;v=v9;g=meta.k8s.io"), None);
        assert_eq!(asked("*/*"), Some(View::Whole));
        let metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        assert_eq!(asked(metadata), Some(View::Metadata));
    }

    #[test]
    fn an_object_in_a_row_says_what_it_is_though_its_list_did_not() {
        let kind = crate::api::registry::Registry::built_in().by_kind("v1", "ConfigMap").unwrap();
        let view = View::Table(Included::Object);
        let mut dresser = Dresser { view, kind, clock: Clock::real(), with_columns: true };
        let list = json!({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {},
                          "items": [{"metadata": {"name": "settings"}, "data": {}}]});
        let table = dresser.dress(list);
        let object = &table["rows"][0]["object"];
        assert_eq!((object["kind"].as_str(), object["apiVersion"].as_str()), (Some("ConfigMap"), Some("v1")));
    }
}
