//! `mastoferry convert --to helm`: values, supplements, references to Secrets, and the ledger.

mod convert;
mod secrets;
pub(crate) mod supplements;
mod values;

pub(crate) use convert::convert;
pub(crate) use secrets::text as secrets_text;
