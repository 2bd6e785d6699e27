//! What differs between two sides, and what is said of it.

use serde::{Serialize, Serializer};
use tree::Origin;

use crate::{Code, Ledger};

/// A difference between the sides. Values of variables are left out: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What kind of difference it is.
    pub code: Code,
    /// Component, container and field, joined by slashes: what an acceptance names beside the code.
    pub path: String,
    /// The component by its part (`web`, `sidekiq-all-queues`), another object as `Kind/name`, or `routes`, `queues`,
    /// `values`.
    pub component: String,
    /// The container, where one is concerned.
    pub container: String,
    /// What differs.
    pub field: String,
    /// Before, in a form that shows no secret.
    pub before: String,
    /// After.
    pub after: String,
    /// The message id of what explains it, or `accepted`.
    pub explained_by: Option<&'static str>,
    /// Whether something that stood before is gone.
    pub loss: bool,
    /// Where that which differs was written before.
    #[serde(skip)]
    pub origins: Vec<Origin>,
    /// Where it is written in the target's own files, where it lies there.
    #[serde(skip)]
    pub target_origin: Option<Origin>,
}

/// Where a difference is: its component, container and field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) component: &'a str,
    pub(crate) container: &'a str,
}

impl At<'_> {
    /// A difference here.
    pub(crate) fn differs(
        self,
        code: Code,
        field: &str,
        before: impl Into<String>,
        after: impl Into<String>,
    ) -> Difference {
        let parts = [self.component, self.container, field];
        let path: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Difference {
            code,
            path: path.join("/").replace(' ', "/"),
            component: self.component.to_owned(),
            container: self.container.to_owned(),
            field: field.to_owned(),
            before: before.into(),
            after: after.into(),
            explained_by: None,
            loss: code.is_loss(),
            origins: Vec::new(),
            target_origin: None,
        }
    }
}

/// A part of an installation as a whole: `routes`, `queues`.
pub(crate) fn at(component: &str) -> At<'_> {
    At { component, container: "" }
}

impl Difference {
    /// A difference that lies in the target itself rather than between two sides.
    #[must_use]
    pub fn of_target(code: Code, component: &str, field: &str, before: &str, after: &str) -> Self {
        at(component).differs(code, field, before, after)
    }

    /// With where it is written in the target's own files.
    #[must_use]
    pub fn written_at(mut self, origin: Option<Origin>) -> Self {
        self.target_origin = origin;
        self
    }

    /// With what explains it.
    #[must_use]
    pub(crate) fn explained(mut self, by: Option<&'static str>) -> Self {
        self.explained_by = self.explained_by.or(by);
        self
    }

    /// With where it was written.
    #[must_use]
    pub(crate) fn from(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.origins.extend(origins);
        self
    }
}

/// What the audit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing differs but what is explained.
    Equivalent,
    /// Something differs and nothing explains it.
    Differences,
    /// Something would be lost.
    Losses,
}

/// The verdict over a ledger and the differences.
#[must_use]
pub fn verdict(ledger: &Ledger, differences: &[Difference]) -> Verdict {
    if ledger.unaccounted().next().is_some() || ledger.unaccepted().next().is_some() {
        return Verdict::Losses;
    }
    verdict_of(differences)
}

/// The verdict over differences alone.
#[must_use]
pub fn verdict_of(differences: &[Difference]) -> Verdict {
    let mut unexplained =
        differences.iter().filter(|difference| difference.explained_by.is_none()).peekable();
    match (unexplained.peek().is_some(), unexplained.any(|difference| difference.loss)) {
        (false, _) => Verdict::Equivalent,
        (true, false) => Verdict::Differences,
        (true, true) => Verdict::Losses,
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
