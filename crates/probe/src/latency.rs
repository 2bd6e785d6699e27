//! Histograms of latency, in microseconds.

use std::time::Duration;

use hdrhistogram::{Counter, Histogram};

use crate::report::Quantiles;

/// The longest latency told apart; anything longer counts as this.
const LONGEST_US: u64 = 3_600_000_000;

/// A histogram that grows with the latencies it sees and saturates at an hour.
#[derive(Debug, Clone)]
pub(crate) struct Latencies<C: Counter> {
    histogram: Histogram<C>,
}

impl<C: Counter> Latencies<C> {
    /// For a whole run: within 0.1 %.
    pub(crate) fn fine() -> Self {
        Self::with_digits(3)
    }

    /// For one of thousands of slots: within 7 %, in a few hundred bytes.
    pub(crate) fn coarse() -> Self {
        Self::with_digits(1)
    }

    fn with_digits(digits: u8) -> Self {
        let histogram = Histogram::new(digits).expect("a histogram may have up to five digits");
        Self { histogram }
    }

    pub(crate) fn record(&mut self, latency_us: u64) {
        self.record_many(latency_us, C::one());
    }

    fn record_many(&mut self, latency_us: u64, count: C) {
        let within = latency_us.clamp(1, LONGEST_US);
        self.histogram.record_n(within, count).expect("a growing histogram takes any value within bounds");
    }

    /// In microseconds; 0 when nothing was recorded.
    pub(crate) fn quantile_us(&self, quantile: f64) -> u64 {
        if self.histogram.is_empty() {
            return 0;
        }
        self.histogram.value_at_quantile(quantile).min(self.histogram.max())
    }

    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        milliseconds(self.quantile_us(quantile))
    }

    pub(crate) fn quantiles(&self) -> Quantiles {
        Quantiles {
            count: self.histogram.len(),
            p50_ms: self.quantile_ms(0.50),
            p99_ms: self.quantile_ms(0.99),
            max_ms: self.quantile_ms(1.0),
        }
    }
}

impl Latencies<u64> {
    /// Adds what a smaller histogram holds. Its counters may be narrower, which is why this goes value by
    /// value: a sum over many slots would overflow them.
    pub(crate) fn absorb<C: Counter>(&mut self, other: &Latencies<C>) {
        for step in other.histogram.iter_recorded() {
            self.record_many(step.value_iterated_to(), step.count_at_value().as_u64());
        }
    }
}

/// Microseconds as milliseconds with a fraction.
pub(crate) fn milliseconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_latency_saturates_instead_of_being_lost() {
        let mut latencies = Latencies::<u64>::fine();
        latencies.record(0);
        latencies.record(u64::MAX);
        assert_eq!(latencies.quantiles().count, 2);
        assert_eq!(latencies.quantile_us(0.5), 1);
        let longest = latencies.quantile_us(1.0);
        assert!(longest.abs_diff(LONGEST_US) <= LONGEST_US / 1000, "{longest}");
    }

    #[test]
    fn counters_that_are_full_stay_full() {
        let mut latencies = Latencies::<u16>::coarse();
        for _ in 0..70_000 {
            latencies.record(1_000);
        }
        let mut sum = Latencies::<u64>::coarse();
        sum.absorb(&latencies);
        sum.absorb(&latencies);
        assert_eq!(sum.quantiles().count, 2 * u64::from(u16::MAX));
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Latencies::<u64>::fine().quantile_us(0.99), 0);
    }
}
