//! Quantities such as `500m` and `1Gi`, in the one form that Kubernetes writes them.
//!
//! The rules are those of `k8s.io/apimachinery/pkg/api/resource`: the largest suffix with a whole number in
//! front of it, the family of suffixes as written, and never finer than a billionth.

/// What Go says of a text that is none.
pub(crate) const MALFORMED: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// A number of billionths, and the family its suffix was of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity {
    nanos: i128,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Decimal,
    Binary,
    Exponent,
}

const NANO: i128 = 1_000_000_000;
const DECIMAL: &[(&str, i128)] = &[
    ("E", NANO * 1_000_000_000_000_000_000),
    ("P", NANO * 1_000_000_000_000_000),
    ("T", NANO * 1_000_000_000_000),
    ("G", NANO * 1_000_000_000),
    ("M", NANO * 1_000_000),
    ("k", NANO * 1_000),
    ("", NANO),
    ("m", 1_000_000),
    ("u", 1_000),
    ("n", 1),
];
const BINARY: &[(&str, i128)] = &[
    ("Ei", NANO << 60),
    ("Pi", NANO << 50),
    ("Ti", NANO << 40),
    ("Gi", NANO << 30),
    ("Mi", NANO << 20),
    ("Ki", NANO << 10),
];

impl Quantity {
    /// Reads a quantity as it is written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (scale, family) = scale(suffix)?;
        let mut nanos: i128 =
            if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()?.checked_mul(scale)? };
        let mut unit = scale;
        for digit in fraction.bytes() {
            // What is finer than a billionth is rounded up, as the real one does.
            if unit % 10 != 0 && family != Family::Binary {
                nanos += i128::from(digit != b'0');
                break;
            }
            nanos = nanos.checked_add(i128::from(digit - b'0') * unit / 10)?;
            unit /= 10;
        }
        Some(Self { nanos: if negative { -nanos } else { nanos }, family })
    }

    /// In the one form.
    pub(crate) fn write(self) -> String {
        if self.nanos == 0 {
            return "0".to_owned();
        }
        // Binary suffixes are kept for whole numbers of at least one Ki.
        let is_binary =
            self.family == Family::Binary && self.nanos % NANO == 0 && self.nanos.abs() >= NANO << 10;
        if is_binary && let Some((suffix, unit)) = BINARY.iter().find(|(_, unit)| self.nanos % unit == 0) {
            return format!("{}{suffix}", self.nanos / unit);
        }
        let found = if is_binary { None } else { DECIMAL.iter().find(|(_, unit)| self.nanos % unit == 0) };
        let (suffix, unit) = found.copied().unwrap_or(("", NANO));
        let number = self.nanos / unit;
        if self.family != Family::Exponent {
            return format!("{number}{suffix}");
        }
        let exponent = unit.ilog10().cast_signed() - 9;
        if exponent == 0 { number.to_string() } else { format!("{number}e{exponent}") }
    }

    /// Whether it is less than nothing.
    pub(crate) fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// Whether it is nothing.
    pub(crate) fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Its size, for comparing.
    pub(crate) fn nanos(self) -> i128 {
        self.nanos
    }
}

fn scale(suffix: &str) -> Option<(i128, Family)> {
    if let Some((_, unit)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((*unit, Family::Decimal));
    }
    if let Some((_, unit)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((*unit, Family::Binary));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = u32::try_from(exponent + 9).ok()?;
    Some((10i128.checked_pow(power)?, Family::Exponent))
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn quantities_are_written_as_the_real_server_writes_them() {
        for (written, expected) in [
            ("500m", "500m"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1.5", "1500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1500Mi", "1500Mi"),
            ("1000Mi", "1000Mi"),
            ("2048", "2048"),
            ("1000", "1k"),
            ("100Ki", "100Ki"),
            ("0.5Ki", "512"),
            ("1e3", "1e3"),
            ("0", "0"),
            ("0Gi", "0"),
            ("-1", "-1"),
            ("10G", "10G"),
            ("0.1Gi", "107374182400m"),
        ] {
            assert_eq!(Quantity::read(written).map(Quantity::write).as_deref(), Some(expected), "{written}");
        }
        for bad in ["", "x", "1.2.3", "1KiB", "12gi", "."] {
            assert!(Quantity::read(bad).is_none(), "{bad}");
        }
    }
}
