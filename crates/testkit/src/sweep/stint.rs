//! What a voyage is at, and what it asks the API server for meanwhile.

use std::fmt;
use std::path::Path;

use http::{Method, Request};
use plan::StepId;
use serde_json::Value;

use super::life::Way;

/// A step, and whether it is done or taken back; before the first there is none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Stint {
    pub(crate) way: Way,
    pub(crate) step: Option<StepId>,
}

impl Stint {
    pub(crate) fn of(way: Way, step: &StepId) -> Self {
        Self { way, step: Some(step.clone()) }
    }

    /// What is under way, as the last records of a journal say.
    pub(crate) fn under_way(journal: &Path) -> Self {
        let text = std::fs::read_to_string(journal).unwrap_or_default();
        let records = text.lines().rev().filter_map(|line| line.split_once(' '));
        let records = records.filter_map(|(_, json)| serde_json::from_str::<Value>(json).ok());
        let of = |record: Value| {
            let step = || record["id"].as_str().map(|id| StepId(id.to_owned()));
            match record["event"].as_str()? {
                "step-started" => Some(Self { way: Way::On, step: step() }),
                "undo-started" => Some(Self { way: Way::Back, step: step() }),
                "rollback-started" => Some(Self { way: Way::Back, step: None }),
                "resumed" | "started" => Some(Self { way: Way::On, step: None }),
                _ => None,
            }
        };
        records.filter_map(of).next().unwrap_or(Self { way: Way::On, step: None })
    }
}

impl fmt::Display for Stint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Some(step) => write!(formatter, "{step}, {}", self.way),
            None => write!(formatter, "the way {}", self.way),
        }
    }
}

/// A request by what it is for: the same one in every voyage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) stint: Stint,
    pub(crate) method: Method,
    path: String,
    pub(crate) watches: bool,
}

impl Call {
    pub(crate) fn of<T>(request: &Request<T>, stint: Stint) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let watches = query.contains("watch=");
        Self { stint, method: request.method().clone(), path: named(request.uri().path(), query), watches }
    }

    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stint, method, path, watches } = self;
        let verb = if *watches { "WATCH" } else { method.as_str() };
        write!(formatter, "{verb} {path} at {stint}")
    }
}

/// A path without what differs from one voyage to the next: the ends of pods' names, and of queries all but what they
/// select.
fn named(path: &str, query: &str) -> String {
    let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    if let Some(place) = segments.iter().position(|segment| segment == "pods")
        && let Some(pod) = segments.get_mut(place + 1)
    {
        let whole = pod.clone();
        let (name, port) = whole.split_once(':').unwrap_or((&whole, ""));
        let owner = name.rsplitn(3, '-').nth(2).unwrap_or(name);
        *pod = format!("{owner}-*{}{port}", if port.is_empty() { "" } else { ":" });
    }
    let selects = |part: &&str| part.starts_with("labelSelector=") || part.starts_with("fieldSelector=");
    let selected: Vec<&str> = query.split('&').filter(selects).collect();
    let mark = if selected.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", segments.join("/"), selected.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_alike_in_every_voyage() {
        let name = |uri: &str| {
            let request = Request::get(uri).body(()).unwrap();
            Call::of(&request, Stint::of(Way::Back, &StepId("open-overlap".to_owned()))).to_string()
        };
        assert_eq!(
            name("/api/v1/namespaces/n/pods/green-web-5d4f8-x2x9z:3000/proxy/health"),
            "GET /api/v1/namespaces/n/pods/green-web-*:3000/proxy/health at open-overlap, back"
        );
        assert_eq!(
            name("/api/v1/namespaces/n/pods?labelSelector=app%3Dweb&watch=true&resourceVersion=17"),
            "WATCH /api/v1/namespaces/n/pods?labelSelector=app%3Dweb at open-overlap, back"
        );
    }

    #[test]
    fn what_is_under_way_is_what_the_journal_says_last() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let says = |lines: &str| {
            std::fs::write(file.path(), lines).unwrap();
            Stint::under_way(file.path()).to_string()
        };
        assert_eq!(says(""), "the way on");
        let begun = "0 {\"event\":\"started\"}\n0 {\"event\":\"step-started\",\"id\":\"back-up\"}\n";
        assert_eq!(says(begun), "back-up, on");
        assert_eq!(says(&format!("{begun}0 {{\"event\":\"rollback-started\"}}\n")), "the way back");
        assert_eq!(
            says(&format!("{begun}0 {{\"event\":\"undo-started\",\"id\":\"back-up\"}}\n")),
            "back-up, back"
        );
    }
}
