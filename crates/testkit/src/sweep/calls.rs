//! Every ailment at every call: what an undisturbed voyage asks for, there and back, each call once.

use super::accident::Ailment;
use super::chart::{Chart, Sounding};
use super::life::{Aim, Chance, Leg, Life, Way};
use super::stint::Call;

/// How many times in a row a call goes wrong: once, and as often as patience lasts, or nearly.
const TIMES: [usize; 2] = [1, 6];

/// Every life in which one ailment befalls one call, in an order made of a seed: each call has its turn before any has its
/// next.
#[must_use]
pub fn lives(chart: &Chart, seed: u64) -> Vec<Life> {
    let mut chance = Chance::new(seed, 0);
    let mut ordered: Vec<(usize, u64, Life)> = Vec::new();
    for sounding in chart.soundings() {
        for call in distinct(sounding) {
            let mut own = befallen(sounding, &call);
            own.sort_by_cached_key(|_| chance.below(u64::MAX));
            let turns = own.into_iter().enumerate();
            ordered.extend(turns.map(|(turn, life)| (turn, chance.below(u64::MAX), life)));
        }
    }
    ordered.sort_by_key(|(turn, random, _)| (*turn, *random));
    let numbered = (0..).zip(ordered).map(|(number, (_, _, life))| Life { number, ..life });
    numbered.collect()
}

fn distinct(sounding: &Sounding) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for call in &sounding.calls {
        if !calls.contains(call) {
            calls.push(call.clone());
        }
    }
    calls
}

fn befallen(sounding: &Sounding, call: &Call) -> Vec<Life> {
    let mut lives = Vec::new();
    for ailment in Ailment::ALL.into_iter().filter(|ailment| ailment.befalls(call)) {
        for times in TIMES {
            // One that is never answered outlasts patience by itself; who was robbed stops at once.
            if times > 1 && matches!(ailment, Ailment::Hangs | Ailment::StolenLease) {
                continue;
            }
            let aim = Some(Aim::Call { call: call.clone(), times, ailment });
            // Whoever is on the way back gets back; on the way there, both are open.
            for last in if call.stint.way == Way::On { &[Way::On, Way::Back][..] } else { &[Way::Back] } {
                let mut legs = vec![Leg { way: Way::On, aim: None }];
                legs.extend((call.stint.way == Way::Back).then_some(Leg { way: Way::Back, aim: None }));
                if let Some(leg) = legs.last_mut() {
                    leg.aim.clone_from(&aim);
                }
                lives.push(Life { number: 0, strategy: sounding.strategy, legs, last: *last });
            }
        }
    }
    lives
}
