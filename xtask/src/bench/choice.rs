//! Which benchmarks there are.

use super::{converting, crossings, reading, rehearsing, rendering};
use crate::run::cargo;

/// Within one process, by the crate that holds them.
const BENCHES: [(&str, &str); 3] = [("prober", "probe"), ("convert", "mastoferry"), ("inside", "rehearsal")];

/// Whole processes, from outside.
const WHOLE: [&str; 4] = ["reading", "rendering", "rehearsal", "traffic"];

/// Half an hour on a real control plane: only when it is asked for by name.
const CROSSINGS: &str = "crossings";

/// Movers of data against other tools, for minutes: only when one is asked for by name.
const MOVERS: [&str; 3] = ["postgres", "redis", "media"];

/// Runs one benchmark, or all that need nothing but this machine; `only` chooses among the crossings.
pub(crate) fn run(name: Option<&str>, only: &[String]) -> Result<(), String> {
    if name == Some(CROSSINGS) {
        return crossings::run(only);
    }
    if let Some(mover) = name.filter(|name| MOVERS.contains(name)) {
        return cargo(&["bench", "--locked", "-p", "movers", "--bench", mover]);
    }
    let chosen: Vec<_> = BENCHES.iter().filter(|(bench, _)| name.is_none_or(|name| name == *bench)).collect();
    let wanted = |own: &str| name.is_none_or(|name| name == own);
    if chosen.is_empty() && !WHOLE.iter().any(|own| wanted(own)) {
        let known: Vec<&str> = BENCHES.iter().map(|(bench, _)| *bench).collect();
        return Err(format!(
            "no such benchmark; there are: {}, {CROSSINGS}, {}, {}",
            WHOLE.join(", "),
            MOVERS.join(", "),
            known.join(", ")
        ));
    }
    if wanted("reading") {
        reading::run()?;
    }
    if wanted("rendering") {
        rendering::run()?;
    }
    if wanted("convert") {
        converting::run()?;
    }
    if wanted("rehearsal") {
        rehearsing::rehearsal()?;
    }
    if wanted("traffic") {
        rehearsing::traffic()?;
    }
    chosen
        .into_iter()
        .try_for_each(|(bench, package)| cargo(&["bench", "--locked", "-p", package, "--bench", bench]))
}
