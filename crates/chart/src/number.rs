//! Numbers as Go writes them.

/// The shortest digits that read back as this number, and the place of its decimal point: `1234.5` is
/// `("12345", 4)`. Finite numbers only.
fn shortest(number: f64) -> (String, i32) {
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    (mantissa.replace('.', ""), exponent + 1)
}

fn special(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some("NaN")
    } else if number.is_infinite() {
        Some(if number > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

fn sign(number: f64) -> &'static str {
    if number.is_sign_negative() { "-" } else { "" }
}

fn scientific(number: f64, digits: &str, point: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    let exponent = point - 1;
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{}{first}{dot}{rest}e{exponent_sign}{:02}", sign(number), exponent.abs())
}

/// `strconv.FormatFloat(number, 'g', -1, 64)`, which `%v` and YAML use: with an exponent below 1e-4 and from a
/// million on. This is why a chart prints `1e+06`.
pub(crate) fn general(number: f64) -> String {
    if let Some(word) = special(number) {
        return word.to_owned();
    }
    if number == 0.0 {
        return format!("{}0", sign(number));
    }
    let (digits, point) = shortest(number);
    if (-4..6).contains(&(point - 1)) { fixed(number) } else { scientific(number, &digits, point) }
}

/// Without an exponent: `%f` with the shortest digits.
fn fixed(number: f64) -> String {
    format!("{number}")
}

/// As `encoding/json` writes a `float64`.
pub(crate) fn json(number: f64) -> Option<String> {
    if special(number).is_some() {
        return None;
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let (digits, point) = shortest(number);
        let text = scientific(number, &digits, point);
        // Go cleans up e-09 to e-9.
        return Some(match text.split_once("e-0") {
            Some((mantissa, exponent)) => format!("{mantissa}e-{exponent}"),
            None => text,
        });
    }
    Some(fixed(number))
}

/// `%e` and `%g` with a precision (digits after the point, or in all).
pub(crate) fn with_precision(number: f64, verb: char, precision: usize) -> String {
    if let Some(word) = special(number) {
        return word.to_owned();
    }
    match verb {
        'e' | 'E' => {
            let text = format!("{number:.precision$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or_default();
            let exponent_sign = if exponent < 0 { '-' } else { '+' };
            let text = format!("{mantissa}e{exponent_sign}{:02}", exponent.abs());
            if verb == 'E' { text.to_uppercase() } else { text }
        }
        'g' | 'G' => {
            let precision = precision.max(1);
            let text = format!("{number:.*e}", precision - 1);
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or_default();
            let digits = mantissa.trim_start_matches('-').replace('.', "");
            let trimmed = digits.trim_end_matches('0');
            let trimmed = if trimmed.is_empty() { "0" } else { trimmed };
            let limit = i32::try_from(precision).unwrap_or(i32::MAX);
            if exponent < -4 || exponent >= limit {
                let text = scientific(number, trimmed, exponent + 1);
                if verb == 'G' { text.to_uppercase() } else { text }
            } else {
                let decimals = usize::try_from(limit - 1 - exponent).unwrap_or_default();
                let text = format!("{number:.decimals$}");
                if text.contains('.') {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text
                }
            }
        }
        _ => format!("{number:.precision$}"),
    }
}

/// `strconv.ParseInt(text, 0, 64)`: decimal, or with the prefix of another base; a leading zero means octal.
pub(crate) fn parse_any_base(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, rest) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let rest = rest.replace('_', "");
    if rest.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(&rest, radix).ok()?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let table = [
            (3000.0, "3000"),
            (123_456.0, "123456"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (1e21, "1e+21"),
        ];
        for (number, expected) in table {
            assert_eq!(general(number), expected);
        }
        assert_eq!(json(1_000_000.0).as_deref(), Some("1000000"));
        assert_eq!(json(1e21).as_deref(), Some("1e+21"));
        assert_eq!(json(1e-7).as_deref(), Some("1e-7"));
    }
}
