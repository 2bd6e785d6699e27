//! Quantities of Kubernetes: `500m`, `0.5` and `5e-1` are the same, and an API server keeps one way of writing it.

/// The members of these are quantities, whatever their keys.
const HOLDERS: [&str; 4] = ["requests", "limits", "capacity", "hard"];
/// These are quantities wherever they stand.
const NAMES: [&str; 3] = ["sizeLimit", "divisor", "averageValue"];

/// Whether the field `name` of `holder` is a quantity. What a container's environment holds never is.
pub(crate) fn is_quantity(holder: &str, name: &str) -> bool {
    HOLDERS.contains(&holder) || NAMES.contains(&name) || (holder, name) == ("target", "value")
}

/// Whether two texts are the same quantity; texts that are none must be equal.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one == other || nanos(one).is_some_and(|one| Some(one) == nanos(other))
}

/// A quantity in thousand millionths, the smallest that the API server keeps; none where it is no quantity, or finer,
/// or beyond all measure.
pub(crate) fn nanos(text: &str) -> Option<i128> {
    let end =
        text.find(|letter: char| !letter.is_ascii_digit() && !"+-.".contains(letter)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = 9 + exponent(suffix)? - i32::try_from(fraction.len()).ok()?;
    let scaled = match u32::try_from(shift) {
        Ok(up) => digits.checked_mul(10_i128.checked_pow(up)?)?,
        Err(_) => {
            let down = 10_i128.checked_pow(shift.unsigned_abs())?;
            (digits % down == 0).then_some(digits / down)?
        }
    };
    scaled.checked_mul(1 << binary(suffix))
}

/// What a suffix of the decimal kind multiplies by, as a power of ten.
fn exponent(suffix: &str) -> Option<i32> {
    Some(match suffix {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        _ if suffix.is_empty() || binary(suffix) > 0 => 0,
        _ => suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power: &i32| power.abs() < 100)?,
    })
}

/// What a suffix of the binary kind multiplies by, as a power of two.
fn binary(suffix: &str) -> u32 {
    ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
        .iter()
        .zip(1..)
        .find(|(name, _)| **name == suffix)
        .map_or(0, |(_, n)| 10 * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("0.5", "500m"),
            ("5e-1", "500m"),
            ("1", "1000m"),
            (".25", "250m"),
            ("1024Mi", "1Gi"),
            ("0.5Gi", "512Mi"),
            ("1000k", "1M"),
            ("1E3", "1k"),
            ("+2", "2"),
        ] {
            assert!(is_same(one, other), "{one} and {other}");
        }
        for (one, other) in
            [("1000000001", "1000000000"), ("1G", "1Gi"), ("1", "1Zi"), ("", "0"), ("1x", "1")]
        {
            assert!(!is_same(one, other), "{one} and {other}");
        }
        assert!(is_same(
            "9999999999999999999999999999999999999999",
            "9999999999999999999999999999999999999999"
        ));
    }

    #[test]
    fn an_environment_holds_texts() {
        assert!(is_quantity("limits", "nvidia.com/gpu") && is_quantity("target", "value"));
        assert!(!is_quantity("env", "value") && !is_quantity("matchLabels", "cpu"));
    }
}
