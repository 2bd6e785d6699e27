//! Old and new addresses of media, fetched as a browser or another server does.

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty};
use sha2::Digest as _;
use url::Url;

use super::acl::encode;
use super::error::MediaError;
use super::object::Hash;
use super::wire;

/// So many redirections are followed.
const FOLLOWED: usize = 5;

/// What came back for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What was asked for.
    pub url: String,
    /// The last status; nothing where nobody answered.
    pub status: Option<u16>,
    /// Where redirections led, where there were any.
    pub led_to: Option<String>,
    /// Its SHA-256 in hexadecimal digits, where the status is 200.
    pub hash: Option<String>,
    /// Its content type, where one is told.
    pub content_type: Option<String>,
    /// Why nobody answered.
    pub reason: Option<String>,
}

/// Fetches what an address (with or without a slash at its end) has for a key.
///
/// # Errors
/// When the address is none, or this machine's certificates cannot be read.
pub async fn fetch(base: &str, key: &str) -> Result<Seen, MediaError> {
    let wrong = |reason: String| MediaError::Refused { place: base.to_owned(), doing: "be asked", reason };
    let client = wire::client::<Empty<Bytes>>().map_err(|error| wrong(error.to_string()))?;
    let url = format!("{}/{}", base.trim_end_matches('/'), encode(key));
    let mut at = Url::parse(&url).map_err(|error| wrong(error.to_string()))?;
    let mut seen =
        Seen { url: url.clone(), status: None, led_to: None, hash: None, content_type: None, reason: None };
    for _ in 0..=FOLLOWED {
        let uri: Uri = at.as_str().parse().map_err(|_| wrong("it is no address".to_owned()))?;
        let request = Request::get(uri).header("accept", "*/*").body(Empty::new());
        let request = request.map_err(|error| wrong(error.to_string()))?;
        let answer = tokio::time::timeout(std::time::Duration::from_secs(30), client.request(request)).await;
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Ok(Seen { reason: Some(innermost(&error)), ..seen }),
            Err(late) => return Ok(Seen { reason: Some(late.to_string()), ..seen }),
        };
        seen.status = Some(answer.status().as_u16());
        let header =
            |name: &str| answer.headers().get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        if answer.status().is_redirection()
            && let Some(next) = header("location").and_then(|to| at.join(&to).ok())
        {
            seen.led_to = Some(next.to_string());
            at = next;
            continue;
        }
        seen.content_type = header("content-type");
        if answer.status().as_u16() == 200 {
            let mut hasher = sha2::Sha256::new();
            let mut body = answer.into_body();
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => frame.data_ref().into_iter().for_each(|data| hasher.update(data)),
                    Err(error) => return Ok(Seen { reason: Some(innermost(&error)), ..seen }),
                }
            }
            seen.hash = Some(Hash(hasher.finalize().into()).hex());
        }
        break;
    }
    Ok(seen)
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}
