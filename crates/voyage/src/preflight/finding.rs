/// What a finding means for the plan.
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
    /// The check, such as `rights`.
    pub check: &'static str,
    /// What was found, such as `rights-missing`: the same in every language.
    pub id: &'static str,
    /// What it means.
    pub grade: Grade,
    /// What varies, by name. No value of a Secret is ever among it.
    pub details: Vec<(&'static str, String)>,
}

impl Finding {
    /// A finding; its check is what its id begins with.
    #[must_use]
    pub fn new(grade: Grade, id: &'static str) -> Self {
        let check = id.split_once('-').map_or(id, |(check, _)| check);
        Self { check, id, grade, details: Vec::new() }
    }

    /// With something that varies.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }
}

pub(super) fn ok(id: &'static str) -> Finding {
    Finding::new(Grade::Ok, id)
}

pub(super) fn warning(id: &'static str) -> Finding {
    Finding::new(Grade::Warning, id)
}

pub(super) fn refused(id: &'static str) -> Finding {
    Finding::new(Grade::Refused, id)
}

pub(super) fn unchecked(id: &'static str) -> Finding {
    Finding::new(Grade::Unchecked, id)
}

/// What was found; where that is nothing, that all is well.
pub(super) fn or_well(found: Vec<Finding>, well: &'static str) -> Vec<Finding> {
    if found.is_empty() { vec![ok(well)] } else { found }
}
