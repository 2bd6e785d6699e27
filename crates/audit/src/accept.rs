//! Differences that a person accepts by name.

use std::fmt;
use std::str::FromStr;

use crate::{Code, Difference, Disposition, Ledger};

/// What explains a difference that was accepted.
pub(crate) const ACCEPTED: &str = "accepted";

/// `CODE:PATH`: one difference, or one leaf of the ledger that is replaced or dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The code of a difference, or `replaced` or `dropped`.
    pub code: String,
    /// The path of the difference, or of the leaf.
    pub path: String,
}

impl FromStr for Acceptance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (code, path) = text
            .split_once(':')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(|| format!("{text:?} is not CODE:PATH, as in env-lost:web/rails/env/DB_POOL"))?;
        let is_known = Code::ALL.iter().any(|known| known.name() == code) || ledger_code(code).is_some();
        if !is_known {
            return Err(format!("{code:?} is no code of a difference"));
        }
        Ok(Self { code: code.to_owned(), path: path.to_owned() })
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.code, self.path)
    }
}

fn ledger_code(code: &str) -> Option<Disposition> {
    [Disposition::Replaced, Disposition::Dropped].into_iter().find(|own| own.name() == code)
}

/// Accepts what is named, and hands back the acceptances that match nothing: they may be meant for something that has
/// another name now.
pub fn accept<'a>(
    acceptances: &'a [Acceptance],
    differences: &mut [Difference],
    ledger: Option<&mut Ledger>,
) -> Vec<&'a Acceptance> {
    let mut matched = vec![false; acceptances.len()];
    let mut by_name: std::collections::HashMap<(&str, &str), Vec<usize>> = std::collections::HashMap::new();
    for (index, own) in acceptances.iter().enumerate() {
        by_name.entry((&own.code, &own.path)).or_default().push(index);
    }
    let mut name = |code: &str, path: &str| {
        let found = by_name.get(&(code, path));
        for index in found.into_iter().flatten() {
            matched[*index] = true;
        }
        found.is_some()
    };
    for difference in differences {
        // What is explained anyway may be named all the same: it needs no acceptance, and is no mistake.
        if name(difference.code.name(), &difference.path) && difference.explained_by.is_none() {
            difference.explained_by = Some(ACCEPTED);
        }
    }
    for item in ledger.into_iter().flat_map(|ledger| &mut ledger.items) {
        if ledger_code(item.disposition.name()).is_some() && name(item.disposition.name(), &item.path) {
            item.accepted = true;
        }
    }
    acceptances.iter().zip(matched).filter(|(_, matched)| !matched).map(|(own, _)| own).collect()
}
