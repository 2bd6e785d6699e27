//! Decimal arithmetic, so that `addf 0.1 0.2` is 0.3 as it is with Sprig.

/// A number as `mantissa × 10^-scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// The places of a quotient.
const DIVISION_PLACES: u32 = 16;

impl Decimal {
    /// The decimal that a float is written as. What is too large for exact digits becomes zero.
    pub(crate) fn of(number: f64) -> Self {
        let text = format!("{number}");
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let mantissa = format!("{whole}{decimals}").parse().unwrap_or(0);
        Self { mantissa, scale: u32::try_from(decimals.len()).unwrap_or(0) }
    }

    pub(crate) fn to_float(self) -> f64 {
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, decimals) = padded.split_at(padded.len() - scale);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        format!("{sign}{whole}.{decimals}0").parse().unwrap_or_default()
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let raise = |number: Self| number.mantissa.checked_mul(10_i128.checked_pow(scale - number.scale)?);
        Some((raise(self)?, raise(other)?, scale))
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { mantissa: a.checked_add(b)?, scale })
    }

    pub(crate) fn sub(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { mantissa: a.checked_sub(b)?, scale })
    }

    pub(crate) fn mul(self, other: Self) -> Option<Self> {
        Some(Self { mantissa: self.mantissa.checked_mul(other.mantissa)?, scale: self.scale + other.scale })
    }

    pub(crate) fn div(self, other: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        let raised = a.checked_mul(10_i128.pow(DIVISION_PLACES))?;
        let quotient = raised.checked_div(b)?;
        let rest = raised.checked_rem(b)?;
        let rounds = rest.unsigned_abs() * 2 >= b.unsigned_abs();
        let away = if (a < 0) == (b < 0) { 1 } else { -1 };
        Some(Self { mantissa: quotient + if rounds { away } else { 0 }, scale: DIVISION_PLACES })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let of = Decimal::of;
        assert_eq!(of(0.1).add(of(0.2)).map(Decimal::to_float), Some(0.3));
        assert_eq!(of(1.1).mul(of(3.0)).map(Decimal::to_float), Some(3.3));
        assert_eq!(of(10.0).div(of(4.0)).map(Decimal::to_float), Some(2.5));
        assert!(of(1.0).div(of(0.0)).is_none());
        assert_eq!(of(-1.5).sub(of(2.25)).map(Decimal::to_float), Some(-3.75));
    }
}
