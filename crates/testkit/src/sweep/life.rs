//! What happens in one run.

use std::fmt;

use plan::Strategy;

use super::accident::Ailment;
use super::stint::Call;

/// Every way to make the move.
pub const STRATEGIES: [Strategy; 3] = [Strategy::BlueGreen, Strategy::Rolling, Strategy::Maintenance];

/// Which way somebody asks to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// `migrate`, and `resume` ever after.
    On,
    /// `rollback`.
    Back,
}

/// Where an accident shall lie, in shares of a thousand of what a leg has ahead when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The operator dies at a record of the journal.
    Crash {
        /// Only between the first step that moves queues or users and the last that ends blue's pods.
        risky: bool,
        /// Which step.
        step: u64,
        /// Before or after the record of its beginning, or of its end.
        edge: u64,
    },
    /// So many requests from one on go wrong.
    Requests {
        /// As above.
        risky: bool,
        /// Which request.
        request: u64,
        /// How many.
        times: usize,
        /// What becomes of them.
        ailment: Ailment,
    },
    /// A call that is known.
    Call {
        /// Which.
        call: Call,
        /// How many times in a row.
        times: usize,
        /// What becomes of it.
        ailment: Ailment,
    },
}

impl Aim {
    pub(crate) fn risky(&self) -> bool {
        matches!(self, Self::Crash { risky: true, .. } | Self::Requests { risky: true, .. })
    }
}

/// Somebody goes one way until there is an outcome or the accident ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) way: Way,
    pub(crate) aim: Option<Aim>,
}

/// One run: a strategy, legs with accidents, and the way that is asked for when nothing stands in it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The run's number under its seed.
    pub number: u64,
    pub(crate) strategy: Strategy,
    pub(crate) legs: Vec<Leg>,
    pub(crate) last: Way,
}

impl Life {
    /// The life with this number under a seed: always the same.
    #[must_use]
    pub fn of(seed: u64, number: u64) -> Self {
        let mut chance = Chance::new(seed, number);
        let strategy = STRATEGIES[chance.below(STRATEGIES.len() as u64) as usize];
        let legs = (0..=chance.below(3)).map(|leg| Leg {
            way: if leg > 0 && chance.below(5) < 2 { Way::Back } else { Way::On },
            aim: Some(aim(&mut chance)),
        });
        let legs = legs.collect();
        let last = if chance.below(2) == 0 { Way::On } else { Way::Back };
        Self { number, strategy, legs, last }
    }

    /// How the move is made in it.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// What befalls its call, where it is one of a call.
    #[must_use]
    pub fn ailment(&self) -> Option<Ailment> {
        self.legs.iter().find_map(|leg| match &leg.aim {
            Some(Aim::Call { ailment, .. }) => Some(*ailment),
            _ => None,
        })
    }
}

fn aim(chance: &mut Chance) -> Aim {
    // Most accidents lie where most can go wrong.
    let risky = chance.below(3) < 2;
    if chance.below(2) == 0 {
        return Aim::Crash { risky, step: chance.below(1000), edge: chance.below(4) };
    }
    let request = chance.below(1000);
    let ailment = Ailment::ALL[chance.below(Ailment::ALL.len() as u64) as usize];
    // A request that is never answered is waited for in real time.
    let times = if ailment == Ailment::Hangs { 1 } else { [1, 1, 2, 5, 40][chance.below(5) as usize] };
    Aim::Requests { risky, request, times, ailment }
}

/// Numbers that only look random (splitmix64): a run must come out the same on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut chance = Self(seed ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl fmt::Display for Life {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "run {}: {:?}", self.number, self.strategy)?;
        for leg in &self.legs {
            write!(formatter, ", {leg}")?;
        }
        write!(formatter, ", {} in the end", self.last)
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.aim {
            Some(aim) => write!(formatter, "{} until {aim}", self.way),
            None => write!(formatter, "{}", self.way),
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.risky() { "where users move" } else { "anywhere" };
        match self {
            Self::Crash { step, edge, .. } => write!(formatter, "death at {step}.{edge} {part}"),
            Self::Requests { request, times, ailment, .. } => {
                write!(formatter, "{ailment:?} of {times} at {request} {part}")
            }
            Self::Call { call, times, ailment } => write!(formatter, "{ailment:?} of {times} times {call}"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::On => "on",
            Self::Back => "back",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_made_of_seed_and_number_alone_and_all_accidents_come() {
        assert_eq!(Life::of(7, 3), Life::of(7, 3));
        assert_ne!(Life::of(7, 3), Life::of(8, 3));
        let all: Vec<Life> = (0..500).map(|number| Life::of(1, number)).collect();
        let legs = || all.iter().flat_map(|life| &life.legs);
        for ailment in Ailment::ALL {
            let met = legs()
                .any(|leg| matches!(&leg.aim, Some(Aim::Requests { ailment: own, .. }) if *own == ailment));
            assert!(met, "{ailment:?} never comes");
        }
        assert!(legs().any(|leg| matches!(leg.aim, Some(Aim::Crash { .. }))));
        assert!(legs().any(|leg| leg.way == Way::Back));
    }
}
