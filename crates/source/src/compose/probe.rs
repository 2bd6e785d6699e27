//! A healthcheck as a probe: what others wait for is readiness.

use tree::{Node, Value};

use super::workload::text;

/// The probe that asks what a healthcheck asks; none where it is switched off.
pub(super) fn readiness(health: &Node) -> Option<Node> {
    let test = health.get("test")?;
    let mut words = test.items();
    let shell = words.next()?;
    let command: Vec<Node> = match shell.as_str()? {
        "CMD" => words.cloned().collect(),
        "CMD-SHELL" => {
            let around = ["/bin/sh", "-c"].map(|word| text(word, shell.origin));
            around.into_iter().chain(words.cloned()).collect()
        }
        _ => return None,
    };
    if health.get("disable").is_some() {
        return None;
    }
    let mut probe = Node::mapping().at(health.origin);
    *probe.ensure(&["exec", "command"]) = Node::from(Value::Sequence(command)).at(test.origin);
    let periods = [
        ("interval", "periodSeconds"),
        ("timeout", "timeoutSeconds"),
        ("start_period", "initialDelaySeconds"),
    ];
    for (theirs, ours) in periods {
        if let Some(node) = health.get(theirs)
            && let Some(seconds) = seconds(node)
        {
            probe.set(ours, Node::from(seconds).at(node.origin));
        }
    }
    if let Some(retries) = health.get("retries") {
        probe.set("failureThreshold", retries.clone());
    }
    Some(probe)
}

/// Whole seconds of a duration as the project's final form has it (`1h2m3.5s`), rounded up.
pub(super) fn seconds(duration: &Node) -> Option<i64> {
    let mut rest = duration.as_str()?;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let factor = match &after[..unit_end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            _ => 1e-6,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = &after[unit_end..];
    }
    #[expect(clippy::cast_possible_truncation, reason = "a duration in seconds fits")]
    let whole = total.ceil() as i64;
    Some(whole)
}
