//! What was found before anything is touched, by a mover or by the preflight of a whole plan.

/// What a finding means for what is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing is in the way.
    Ok,
    /// Worth knowing; it may begin.
    Warning,
    /// It could not be looked at.
    Unchecked,
    /// It must not begin.
    Refused,
}

impl Grade {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unchecked => "unchecked",
            Self::Refused => "refused",
        }
    }
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found, such as `versions-older`: the same in every language.
    pub id: &'static str,
    /// What it means.
    pub grade: Grade,
    /// What varies, by name. No password and no value of a Secret is ever among it.
    pub details: Vec<(&'static str, String)>,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(grade: Grade, id: &'static str) -> Self {
        Self { id, grade, details: Vec::new() }
    }

    /// The check that found it, which is what its id begins with.
    #[must_use]
    pub fn check(&self) -> &'static str {
        self.id.split_once('-').map_or(self.id, |(check, _)| check)
    }

    /// With something that varies.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }
}
