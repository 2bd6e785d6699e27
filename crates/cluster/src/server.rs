//! What the API server says of itself.

use std::time::SystemTime;

use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;

use crate::patience::insist;
use crate::{Cluster, ClusterError};

/// The API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its version, such as `v1.34.1`.
    pub version: String,
    /// Major and minor of it, where they can be read.
    pub minor: Option<(u32, u32)>,
    /// How many seconds its clock is ahead of this machine's; negative where it is behind. It is told to the second.
    pub ahead_s: Option<i64>,
}

impl Cluster {
    /// Asks the API server for its version and its time.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn server(&self) -> Result<Server, ClusterError> {
        let (date, body) = insist(self.clock(), "ask for the version", || async {
            let request = Request::get("/version").body(kube::client::Body::empty());
            let answer = self.client().send(request.map_err(kube::Error::HttpError)?).await?;
            let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
            let date = date.map(str::to_owned);
            Ok((date, answer.into_body().collect().await?.to_bytes()))
        })
        .await?;
        let version: Value = serde_json::from_slice(&body).unwrap_or_default();
        let number = |key: &str| {
            let text = version[key].as_str()?;
            text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().ok()
        };
        Ok(Server {
            version: version["gitVersion"].as_str().unwrap_or_default().to_owned(),
            minor: number("major").zip(number("minor")),
            ahead_s: date.and_then(|date| ahead(&date, SystemTime::now())),
        })
    }
}

/// Seconds by which a `Date` header is ahead of a time.
fn ahead(date: &str, now: SystemTime) -> Option<i64> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let ours = jiff::Timestamp::try_from(now).ok()?;
    Some(theirs.as_second() - ours.as_second())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_difference_of_two_clocks_has_its_sign() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(ahead("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(0));
        assert_eq!(ahead("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(30));
        assert_eq!(ahead("Sun, 06 Nov 1994 08:49:00 GMT", now), Some(-37));
        assert_eq!(ahead("yesterday", now), None);
    }
}
