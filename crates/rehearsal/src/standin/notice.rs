//! An nginx that serves the maintenance page, as its configuration says: 503 to everyone, with `Retry-After`.

use std::collections::BTreeMap;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::pages::{Answer, typed};

/// Where the page's files are mounted.
pub(crate) const FOLDER: &str = "/mastoferry";
/// Its configuration, by which it is known.
pub(crate) const CONFIGURATION: &str = "/mastoferry/nginx.conf";

/// What programs ask for: the paths that the configuration names.
const FOR_PROGRAMS: [&str; 6] = ["api", "oauth", "nodeinfo", "actor", "inbox", ".well-known"];
const OF_ACCOUNTS: [&str; 4] = ["inbox", "outbox", "followers", "following"];

/// The page's files by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notice(BTreeMap<String, String>);

impl Notice {
    pub(crate) fn new(files: BTreeMap<String, String>) -> Self {
        Self(files)
    }

    pub(super) fn answer(&self, path: &str, headers: &HeaderMap) -> Answer {
        let text =
            |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let language = if text(ACCEPT_LANGUAGE).trim_start().starts_with("ja") { "ja" } else { "en" };
        let form = if is_for_programs(path, text(ACCEPT)) { "json" } else { "html" };
        let body = self.0.get(&format!("{language}.{form}")).cloned().unwrap_or_default();
        let mut answer = typed("text/html; charset=utf-8", body.into());
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let told = answer.headers_mut();
        if form == "json" {
            told.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(after) = self.retry_after() {
            told.insert(RETRY_AFTER, after);
        }
        answer
    }

    /// What the configuration says of it.
    fn retry_after(&self) -> Option<HeaderValue> {
        let mut words =
            self.0.get("nginx.conf")?.split_whitespace().skip_while(|word| *word != "Retry-After");
        HeaderValue::from_str(words.nth(1)?).ok()
    }
}

fn is_for_programs(path: &str, accept: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    FOR_PROGRAMS.contains(&first) || OF_ACCOUNTS.contains(&last) || accept.contains("json")
}
