//! Amounts of a resource as Kubernetes writes them: `500m`, `2`, `1Gi`.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde_json::Value;

/// An amount in thousandths, which is as fine as quotas are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(u128);

impl Amount {
    pub(crate) const ONE: Self = Self(1_000);

    /// What is left when another is taken away; nothing where the other is more.
    pub(crate) fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub(crate) fn times(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times.into()))
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

/// As one would write it: whole mebibytes where it is that much, thousandths where it is no whole number.
impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEBI: u128 = 1 << 20;
        match (self.0 / 1_000, self.0 % 1_000) {
            (whole, 0) if whole >= MEBI => write!(formatter, "{}Mi", whole / MEBI),
            (whole, 0) => write!(formatter, "{whole}"),
            _ => write!(formatter, "{}m", self.0),
        }
    }
}

/// The amount that a value of an object names; none where it names none.
pub(crate) fn amount(value: &Value) -> Option<Amount> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let scale: u128 = match suffix {
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let parts = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    // What is finer than a thousandth counts as a whole one, as the API server rounds it.
    Some(Amount(digits.checked_mul(scale)?.div_ceil(parts)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read_whatever_their_writing_and_told_as_one_would_write_them() {
        for (written, thousandths, told) in [
            (json!("500m"), 500, "500m"),
            (json!("0.5"), 500, "500m"),
            (json!(2), 2_000, "2"),
            (json!("1Gi"), 1_000 << 30, "1024Mi"),
            (json!("1.5Gi"), 1_500 << 30, "1536Mi"),
            (json!("3"), 3_000, "3"),
        ] {
            let read = amount(&written).unwrap();
            assert_eq!((read, read.to_string().as_str()), (Amount(thousandths), told), "{written}");
        }
        assert_eq!(amount(&json!("much")), None);
        assert_eq!(amount(&Value::Null), None);
    }
}
