//! Secrets as Helm sends them: Helm 4 speaks protobuf to the API server, and the one inside speaks JSON alone.
//!
//! Only what Helm writes is read: the envelope `runtime.Unknown` behind the magic `k8s\0`, and of a `v1.Secret` its name,
//! namespace, labels, annotations, data and type (`k8s.io/api/core/v1/generated.proto`).

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Turns a Secret in protobuf into one in JSON; everything else passes as it is.
pub(crate) async fn as_json(request: Request, next: Next) -> Response {
    let given = request.headers().get("content-type").and_then(|value| value.to_str().ok());
    if given != Some("application/vnd.kubernetes.protobuf") || !request.uri().path().contains("/secrets") {
        return next.run(request).await;
    }
    let (mut head, body) = request.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.expect("a request that is not larger than a Secret");
    let secret = secret(&bytes).to_string();
    head.headers.insert("content-type", "application/json".parse().expect("a header"));
    head.headers.remove("content-length");
    next.run(Request::from_parts(head, Body::from(secret))).await
}

fn secret(bytes: &[u8]) -> Value {
    let unknown = bytes.strip_prefix(b"k8s\0").expect("Kubernetes' own protobuf");
    let raw = fields(unknown).into_iter().find(|(number, _)| *number == 2).expect("an object").1;
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}, "data": {}});
    for (number, value) in fields(raw) {
        match number {
            1 => secret["metadata"] = metadata(value),
            2 => {
                let (key, value) = entry(value);
                secret["data"][text(key)] = STANDARD.encode(value).into();
            }
            3 => secret["type"] = text(value).into(),
            _ => {}
        }
    }
    secret
}

fn metadata(bytes: &[u8]) -> Value {
    let mut metadata = Map::new();
    for (number, value) in fields(bytes) {
        let field = match number {
            1 => "name",
            3 => "namespace",
            11 => "labels",
            12 => "annotations",
            _ => continue,
        };
        if number < 11 {
            metadata.insert(field.to_owned(), text(value).into());
        } else {
            let (key, value) = entry(value);
            metadata.entry(field).or_insert_with(|| json!({}))[text(key)] = text(value).into();
        }
    }
    metadata.into()
}

/// An entry of a map: its key and its value.
fn entry(bytes: &[u8]) -> (&[u8], &[u8]) {
    let parts = fields(bytes);
    let part =
        |wanted: u64| parts.iter().find(|(number, _)| *number == wanted).map_or(&[][..], |part| part.1);
    (part(1), part(2))
}

/// The fields of a message that are texts, bytes or messages; numbers are passed over.
fn fields(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        match tag & 7 {
            0 => _ = varint(&mut bytes),
            1 => bytes = &bytes[8..],
            2 => {
                let length = usize::try_from(varint(&mut bytes)).expect("a length");
                fields.push((tag >> 3, &bytes[..length]));
                bytes = &bytes[length..];
            }
            5 => bytes = &bytes[4..],
            kind => panic!("wire type {kind}"),
        }
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    let mut shift = 0;
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}
