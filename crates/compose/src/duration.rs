//! Durations: `1m30s`, and days and weeks beside Go's units.

/// A duration in nanoseconds, if the text is one.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i64;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let unit = nanoseconds(unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(part(fraction, unit))?;
        rest = next;
    }
    Some(if negative { -total } else { total })
}

/// A decimal fraction of a unit.
fn part(fraction: &str, unit: i64) -> i64 {
    let (mut digits, mut scale) = (0_i64, 1_f64);
    for digit in fraction.bytes() {
        let Some(longer) = digits.checked_mul(10).and_then(|d| d.checked_add(i64::from(digit - b'0'))) else {
            break;
        };
        digits = longer;
        scale *= 10.0;
    }
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as the tool computes")]
    let nanoseconds = (digits as f64 * (unit as f64 / scale)) as i64;
    nanoseconds
}

fn nanoseconds(unit: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000_000;
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        "d" => 24 * 3600 * SECOND,
        "w" => 7 * 24 * 3600 * SECOND,
        _ => return None,
    })
}

/// A duration as Go writes it: `1h30m0s`, `1.5s`, `10ms`.
pub(crate) fn print(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let all = nanoseconds.unsigned_abs();
    for (unit, name) in [(1_u64, "ns"), (1_000, "\u{b5}s"), (1_000_000, "ms")] {
        if all < unit * 1_000 {
            return format!("{sign}{}{name}", decimal(all, unit));
        }
    }
    let seconds = all / 1_000_000_000;
    let rest = decimal(all % 60_000_000_000, 1_000_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}

fn decimal(amount: u64, unit: u64) -> String {
    let width = unit.to_string().len() - 1;
    let fraction = format!("{:0width$}", amount % unit);
    let fraction = if width == 0 { "" } else { fraction.trim_end_matches('0') };
    if fraction.is_empty() { (amount / unit).to_string() } else { format!("{}.{fraction}", amount / unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_as_go_does() {
        let table = [
            ("90s", "1m30s"),
            ("1.5h", "1h30m0s"),
            ("1d", "24h0m0s"),
            ("2w", "336h0m0s"),
            ("1500ms", "1.5s"),
            ("10us", "10\u{b5}s"),
            ("0", "0s"),
            ("-5s", "-5s"),
            ("1h2m3.004s", "1h2m3.004s"),
            ("12ns", "12ns"),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).map(print).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "5", "s", ".s", "1x", "1.2.3s", "99999999999999999999s", "99999999w"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
