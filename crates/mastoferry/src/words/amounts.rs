//! Amounts as people write them.

use super::Words;

/// Digits in groups of three; a sign and a fraction stay as they are.
pub(super) fn grouped(number: &str) -> String {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A number with as many decimals as its size deserves, none of them trailing zeros.
fn rounded(value: f64) -> String {
    let text = if value.abs() < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

impl Words {
    /// A whole number, grouped.
    #[must_use]
    pub(crate) fn number(&self, value: u64) -> String {
        grouped(&value.to_string())
    }

    /// A measured number: `1.5`, `20`, `1,234`.
    #[must_use]
    pub(crate) fn measure(&self, value: f64) -> String {
        grouped(&rounded(value))
    }

    /// A span of milliseconds in the unit that suits it: `3.4 ms`, `1.2 s`, `2 min 5 s`.
    #[must_use]
    pub(crate) fn span(&self, milliseconds: f64) -> String {
        // Compared after rounding, so that 999.9 ms is 1 s and not 1,000 ms, 59.97 s is 1 min and not 60 s.
        if milliseconds < 999.5 {
            return self.say("amount-milliseconds", &[("value", self.measure(milliseconds).into())]);
        }
        let seconds = milliseconds / 1000.0;
        if seconds < 59.5 {
            return self.say("amount-seconds", &[("value", self.measure(seconds).into())]);
        }
        let seconds = seconds.round() as u64;
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            self.say("amount-hours", &[("hours", hours.into()), ("minutes", minutes.into())])
        } else if rest == 0 {
            self.say("amount-minutes-whole", &[("minutes", minutes.into())])
        } else {
            self.say("amount-minutes", &[("minutes", minutes.into()), ("seconds", rest.into())])
        }
    }

    /// A span of whole milliseconds.
    #[must_use]
    pub(crate) fn span_ms(&self, milliseconds: u64) -> String {
        self.span(milliseconds as f64)
    }

    /// A span that may not have been measured.
    #[must_use]
    pub(crate) fn span_or_unmeasured(&self, milliseconds: Option<f64>) -> String {
        milliseconds.map_or_else(|| self.word("amount-unmeasured"), |value| self.span(value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;

    #[test]
    fn numbers_are_grouped_and_rounded() {
        assert_eq!(grouped("1234567"), "1,234,567");
        assert_eq!(grouped("-1234.5"), "-1,234.5");
        assert_eq!(grouped("999"), "999");
        let words = Words::new(Language::En);
        assert_eq!(words.measure(20.0), "20");
        assert_eq!(words.measure(1.25), "1.2");
        assert_eq!(words.measure(0.04), "0");
    }

    #[test]
    fn a_span_takes_the_unit_that_suits_it() {
        let words = Words::new(Language::En);
        for (milliseconds, text) in [
            (0.0, "0 ms"),
            (3.42, "3.4 ms"),
            (999.0, "999 ms"),
            (999.7, "1 s"),
            (3_210.0, "3.2 s"),
            (59_800.0, "1 min"),
            (125_000.0, "2 min 5 s"),
            (3_720_000.0, "1 h 2 min"),
        ] {
            assert_eq!(words.span(milliseconds), text);
        }
        assert_eq!(Words::new(Language::Ja).span(125_000.0), "2 分 5 秒");
        assert_eq!(words.span_ms(4_200), "4.2 s");
    }
}
