//! What requests carry.

use data_encoding::BASE64;
use probe::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::profile::Body;

/// Between the parts of a form with a file.
const BOUNDARY: &str = "mastoferry-rehearsal";

/// A method, and the headers that belong to its body.
pub(super) fn method(body: &Body) -> (Method, Vec<(String, String)>) {
    let post = |body: String, kind: &str| Method::Post { body: body.into(), content_type: kind.to_owned() };
    match body {
        Body::Form(text) => (post(text.clone(), "application/x-www-form-urlencoded"), Vec::new()),
        Body::Json(text) => (post(text.clone(), "application/json"), Vec::new()),
        Body::Upload(bytes) => {
            (post(upload(*bytes), &format!("multipart/form-data; boundary={BOUNDARY}")), Vec::new())
        }
        Body::Activity { kind, bytes } => {
            let activity = activity(kind, *bytes);
            let signed = signed(&activity);
            (post(activity, "application/activity+json"), signed)
        }
    }
}

fn upload(bytes: usize) -> String {
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"picture.png\"\r\nContent-Type: image/png";
    format!("--{BOUNDARY}\r\n{head}\r\n\r\n{}\r\n--{BOUNDARY}--\r\n", "~".repeat(bytes))
}

/// An activity of about this size.
fn activity(kind: &str, bytes: usize) -> String {
    let of_size = |content: &str| {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": "https://remote.example/users/neighbour/activities/1",
            "type": kind,
            "actor": "https://remote.example/users/neighbour",
            "object": {"type": "Note", "attributedTo": "https://remote.example/users/neighbour", "content": content},
        })
        .to_string()
    };
    let bare = of_size("").len();
    of_size(&"~".repeat(bytes.saturating_sub(bare)))
}

/// The headers of a delivery as Mastodon signs it. Nobody could verify the signature: there is no such key.
fn signed(body: &str) -> Vec<(String, String)> {
    let digest = BASE64.encode(&Sha256::digest(body.as_bytes()));
    let signature = BASE64.encode(&[b'~'; 256]);
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let signature = format!(
        "keyId=\"https://remote.example/users/neighbour#main-key\",algorithm=\"rsa-sha256\",\
         headers=\"(request-target) host date digest content-type\",signature=\"{signature}\""
    );
    let headers = [("digest", format!("SHA-256={digest}")), ("date", now), ("signature", signature)];
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_large_as_was_asked_for_and_deliveries_look_signed() {
        let (method, headers) = method(&Body::Activity { kind: "Create".to_owned(), bytes: 3072 });
        let Method::Post { body, content_type } = method else { panic!("a POST") };
        assert_eq!((body.len(), content_type.as_str()), (3072, "application/activity+json"));
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["digest", "date", "signature"]);
        assert!(upload(300_000).len() > 300_000);
    }
}
