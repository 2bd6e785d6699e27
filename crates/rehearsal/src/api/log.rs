//! Logs of pods: `GET …/pods/NAME/log`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::header;
use serde_json::Value;
use tokio::sync::watch;

use super::address::{Query, Spot};
use super::entrance::Entrance;
use super::object;
use super::status::ApiError;
use crate::standin::{Line, Log};

/// What is asked of a log.
#[derive(Debug, Default)]
struct Wish {
    follow: bool,
    timestamps: bool,
    tail: Option<usize>,
    since: Option<SystemTime>,
    limit: Option<usize>,
}

impl Wish {
    fn of(query: &Query, now: SystemTime) -> Result<Self, ApiError> {
        let number = |key: &str| query.number(key);
        let size = |key: &str| Ok(number(key)?.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)));
        let since = match (number("sinceSeconds")?, query.get("sinceTime")) {
            (Some(seconds), _) => now.checked_sub(Duration::from_secs(seconds)),
            (None, Some(time)) => Some(
                object::time(time)
                    .ok_or_else(|| ApiError::BadRequest(format!("invalid value for sinceTime: {time:?}")))?,
            ),
            (None, None) => None,
        };
        Ok(Self {
            follow: query.is_set("follow"),
            timestamps: query.is_set("timestamps"),
            tail: size("tailLines")?,
            since,
            limit: size("limitBytes")?,
        })
    }

    /// Lines as they are sent.
    fn told<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> String {
        let mut told = String::new();
        for line in lines.filter(|line| self.since.is_none_or(|since| line.at >= since)) {
            if self.timestamps {
                let at = jiff::Timestamp::try_from(line.at).unwrap_or_default();
                told.push_str(&at.strftime("%Y-%m-%dT%H:%M:%S%.9fZ ").to_string());
            }
            told.push_str(&line.text);
            told.push('\n');
        }
        told
    }
}

/// Answers with a log, and with what is added to it where that is followed.
///
/// # Errors
/// When there is no such pod or container, or it has not written anything yet.
pub(crate) fn read(entrance: &Entrance, spot: &Spot, query: &Query) -> Result<Response, ApiError> {
    let pod = entrance.store.get(&spot.kind, spot.namespace(), spot.name())?;
    let container = container(&pod, query.get("container"))?;
    let wish = Wish::of(query, entrance.store.clock().now())?;
    let Some(log) = found(entrance, &pod, &container, query.is_set("previous"))? else {
        return Ok(text(Body::empty()));
    };
    // Heard of from here on, so that nothing falls between what is read now and what comes.
    let changes = log.changes();
    let (lines, next, over) = log.from(0);
    let skipped = wish.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    let mut first = wish.told(lines.iter().skip(skipped));
    if let Some(limit) = wish.limit
        && first.len() > limit
    {
        let end = (0..=limit).rev().find(|end| first.is_char_boundary(*end)).unwrap_or_default();
        first.truncate(end);
        return Ok(text(Body::from(first)));
    }
    if !wish.follow || over {
        return Ok(text(Body::from(first)));
    }
    let following = Following { log, changes, next, wish, first: Some(first), over: false };
    let stream = stream::unfold(following, |mut following| async move {
        let told = following.next().await?;
        Some((Ok::<_, Infallible>(told), following))
    });
    Ok(text(Body::from_stream(stream)))
}

fn text(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], body).into_response()
}

/// The name of the container meant: the only one, where none is named.
pub(super) fn container(pod: &Value, named: Option<&str>) -> Result<String, ApiError> {
    let names = |field: &str| -> Vec<&str> {
        object::items(pod, &["spec", field])
            .iter()
            .filter_map(|container| object::text(container, &["name"]))
            .collect()
    };
    let (main, init) = (names("containers"), names("initContainers"));
    let pod = object::name(pod);
    match named {
        Some(named) if main.contains(&named) || init.contains(&named) => Ok(named.to_owned()),
        Some(named) => Err(ApiError::BadRequest(format!("container {named} is not valid for pod {pod}"))),
        None => match main.as_slice() {
            [only] => Ok((*only).to_owned()),
            _ => {
                let main = main.join(" ");
                let mut choice = format!("choose one of: [{main}]");
                if !init.is_empty() {
                    choice = format!("{choice} or one of the init containers: [{}]", init.join(" "));
                }
                Err(ApiError::BadRequest(format!(
                    "a container name must be specified for pod {pod}, {choice}"
                )))
            }
        },
    }
}

/// The log meant; none where a process of an earlier run of this program has taken it along.
fn found(
    entrance: &Entrance,
    pod: &Value,
    container: &str,
    previous: bool,
) -> Result<Option<Arc<Log>>, ApiError> {
    let name = object::name(pod);
    let refuse = |why: String| Err(ApiError::BadRequest(why));
    if object::text(pod, &["spec", "nodeName"]).is_none_or(str::is_empty) {
        return refuse(format!("pod {name} does not have a host assigned"));
    }
    let pages = entrance.logbook.of(object::uid(pod), container);
    if previous {
        return match pages.and_then(|pages| pages.previous) {
            Some(log) => Ok(Some(log)),
            None => {
                refuse(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"))
            }
        };
    }
    match pages {
        Some(pages) => Ok(Some(pages.current)),
        None => match waits(pod, container) {
            Some(reason) => {
                refuse(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"))
            }
            None => Ok(None),
        },
    }
}

/// Why a container does not run yet.
pub(super) fn waits<'a>(pod: &'a Value, container: &str) -> Option<&'a str> {
    ["containerStatuses", "initContainerStatuses"]
        .iter()
        .flat_map(|field| object::items(pod, &["status", field]))
        .find(|status| object::text(status, &["name"]) == Some(container))
        .and_then(|status| object::text(status, &["state", "waiting", "reason"]))
}

/// A log that is followed.
struct Following {
    log: Arc<Log>,
    changes: watch::Receiver<u64>,
    next: u64,
    wish: Wish,
    first: Option<String>,
    over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Some(first.into());
        }
        while !self.over {
            let (lines, next, over) = self.log.from(self.next);
            (self.next, self.over) = (next, over);
            if !lines.is_empty() {
                return Some(self.wish.told(lines.iter()).into());
            }
            if !over {
                self.changes.changed().await.ok()?;
            }
        }
        None
    }
}
