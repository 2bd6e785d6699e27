//! Amounts of memory: `50M`, `1.5gb`, `64 KiB`; units are powers of 1024.

/// An amount in bytes, if the text is one (docker/go-units, `RAMInBytes`).
pub(crate) fn parse(text: &str) -> Option<i64> {
    let last = text.rfind(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' '))?;
    let number = if text[last..].starts_with(' ') { &text[..last] } else { &text[..=last] };
    let unit = &text[last + 1..];
    if number.contains(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | 'e' | 'E' | '+' | '-')) {
        return None;
    }
    let amount: f64 = number.parse().ok()?;
    if amount < 0.0 {
        return None;
    }
    let unit = unit.to_ascii_lowercase();
    let factor = match unit.as_bytes() {
        [] | [b'b'] => 1.0,
        [prefix] | [prefix, b'b'] | [prefix, b'i', b'b'] => {
            let power = b"kmgtp".iter().position(|known| known == prefix)?;
            1024_f64.powi(i32::try_from(power).ok()? + 1)
        }
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "as the tool computes")]
    let bytes = (amount * factor) as i64;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        let table = [("50M", 52_428_800), ("1.5gb", 1_610_612_736), ("64 KiB", 65_536), ("7", 7), ("8b", 8)];
        for (text, bytes) in table {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "x", "-1m", "1x", "1kbb", "1.2.3"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
