//! When requests are due. Nothing here waits or reads a clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::target::Arrival;

/// A request that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// Which target.
    pub(crate) target: usize,
    /// When, from the start.
    pub(crate) at: Duration,
}

/// A target's own instants.
#[derive(Debug)]
enum Lane {
    Even { phase: f64, period: f64, given: f64 },
    Poisson { period: f64, at: f64, dice: Dice },
}

impl Lane {
    fn next(&self) -> Duration {
        let seconds = match self {
            // Computed from the count each time, so that no error adds up.
            Self::Even { phase, period, given } => phase + given * period,
            Self::Poisson { at, .. } => *at,
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    fn advance(&mut self) {
        match self {
            Self::Even { given, .. } => *given += 1.0,
            Self::Poisson { period, at, dice } => *at += dice.wait() * *period,
        }
    }
}

/// Numbers that look thrown and can be thrown again: SplitMix64.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// How long one waits for what happens once in a while, at random: exponentially distributed, 1 on average.
    fn wait(&mut self) -> f64 {
        // From the upper 32 bits, which a float holds exactly; never 0, so that the logarithm is finite.
        let upper = u32::try_from(self.throw() >> 32).unwrap_or(u32::MAX);
        let uniform = (f64::from(upper) + 0.5) / 4_294_967_296.0;
        -uniform.ln()
    }
}

/// The merged schedule of all targets.
#[derive(Debug)]
pub(crate) struct Schedule {
    lanes: Vec<Lane>,
    next: BinaryHeap<Reverse<(Duration, usize)>>,
}

impl Schedule {
    /// For targets of these rates, in requests per second. Targets that come evenly are spread over their
    /// periods, so that they do not all fire at once.
    pub(crate) fn new(arrival: Arrival, rates: impl IntoIterator<Item = f64>) -> Self {
        // The fractional parts of the golden ratio's multiples lie as evenly as such a sequence can.
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let mut share = 0.0_f64;
        let mut lanes = Vec::new();
        for (place, rate) in (0_u64..).zip(rates) {
            let period = 1.0 / rate;
            lanes.push(match arrival {
                Arrival::Even => Lane::Even { phase: share * period, period, given: 0.0 },
                Arrival::Poisson { seed } => {
                    let mut dice = Dice(seed ^ place.wrapping_mul(0xD134_2543_DE82_EF95));
                    let at = dice.wait() * period;
                    Lane::Poisson { period, at, dice }
                }
            });
            share = (share + GOLDEN).fract();
        }
        let next = lanes.iter().enumerate().map(|(target, lane)| Reverse((lane.next(), target))).collect();
        Self { lanes, next }
    }

    /// When the next request is due.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.next.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next request that is due by `now`; call until there is none, so that a late caller sends
    /// all that it missed.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Due> {
        if self.next_at()? > now {
            return None;
        }
        let Reverse((at, target)) = self.next.pop()?;
        let lane = &mut self.lanes[target];
        lane.advance();
        self.next.push(Reverse((lane.next(), target)));
        Some(Due { target, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(schedule: &mut Schedule, now: Duration) -> Vec<Due> {
        std::iter::from_fn(|| schedule.take(now)).collect()
    }

    #[test]
    fn each_target_keeps_its_own_rate() {
        let mut schedule = Schedule::new(Arrival::Even, [3.0, 50.0, 7.0]);
        let due = all(&mut schedule, Duration::from_millis(9_999));
        let count = |target| due.iter().filter(|due| due.target == target).count();
        assert_eq!((count(0), count(1), count(2)), (30, 500, 70));
        assert!(due.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn a_late_caller_is_given_all_it_missed_at_the_instants_they_were_due() {
        let mut punctual = Schedule::new(Arrival::Even, [100.0, 30.0]);
        let mut late = Schedule::new(Arrival::Even, [100.0, 30.0]);
        let step_by_step: Vec<Due> =
            (0..=2_000).flat_map(|ms| all(&mut punctual, Duration::from_millis(ms))).collect();
        assert_eq!(all(&mut late, Duration::from_secs(2)), step_by_step);
    }

    #[test]
    fn nothing_drifts_in_a_day() {
        let mut schedule = Schedule::new(Arrival::Even, [3.0]);
        let last = all(&mut schedule, Duration::from_secs(86_400)).pop().map(|due| due.at);
        assert_eq!(last, Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn equal_targets_do_not_fire_together() {
        let mut schedule = Schedule::new(Arrival::Even, [10.0; 8]);
        let mut due = all(&mut schedule, Duration::from_millis(99));
        assert_eq!(due.len(), 8);
        due.dedup_by_key(|due| due.at.as_millis() / 4);
        assert_eq!(due.len(), 8);
    }

    #[test]
    fn no_targets_are_never_due() {
        let mut schedule = Schedule::new(Arrival::Even, []);
        assert_eq!(schedule.next_at(), None);
        assert_eq!(schedule.take(Duration::MAX), None);
    }

    #[test]
    fn people_come_at_random_at_the_rate_that_was_asked_for_and_alike_for_the_same_seed() {
        let come =
            |seed| all(&mut Schedule::new(Arrival::Poisson { seed }, [40.0, 60.0]), Duration::from_secs(100));
        let due = come(7);
        assert!((9_600..10_400).contains(&due.len()), "{}", due.len());
        assert!(due.windows(2).all(|pair| pair[0].at <= pair[1].at));
        // The gaps of a Poisson process are exponential: 1 - 1/e of them are shorter than their mean.
        let gaps: Vec<f64> = due.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).collect();
        let short = gaps.iter().filter(|gap| **gap < 0.01).count();
        assert!((0.60..0.67).contains(&(short as f64 / gaps.len() as f64)), "{short}");
        assert_eq!(come(7), due);
        assert_ne!(come(8), due);
    }
}
