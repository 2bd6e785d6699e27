//! The house rules.

mod arrows;
mod catalogue;
mod shape;

use crate::run::{cargo_command, output};

/// Checks every rule and lists all that is broken.
pub(crate) fn all() -> Result<(), String> {
    let mut broken = arrows::check()?;
    broken.extend(shape::check()?);
    broken.extend(catalogue::check()?);
    broken.extend(one_tls_provider());
    if broken.is_empty() {
        println!("house rules: all kept");
        return Ok(());
    }
    Err(format!("house rules broken:\n  {}", broken.join("\n  ")))
}

/// Only one TLS provider, and not the one that needs a C tool chain.
fn one_tls_provider() -> Option<String> {
    let tree = output(cargo_command(&["tree", "--workspace", "--locked", "-i", "aws-lc-sys"]));
    tree.is_ok_and(|text| !text.trim().is_empty()).then(|| "aws-lc-sys is in the dependency tree".to_owned())
}
