//! When what the cluster says becomes what users meet: the delays and gaps of a front, as a machine that is told the
//! time and waits for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::manner::{Draw, Manner, Reload};
use super::route::{Group, Routes};

/// The ready addresses of each group.
pub(super) type Members = BTreeMap<Group, BTreeSet<SocketAddr>>;

/// What the cluster says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    pub(super) routes: Routes,
    pub(super) members: Members,
}

/// What users meet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Laid {
    pub(super) routes: Routes,
    /// The endpoints that are asked.
    pub(super) members: Members,
    /// Endpoints that are asked no more, and whose WebSockets live on.
    pub(super) draining: BTreeSet<SocketAddr>,
    /// How often worker processes were replaced.
    pub(super) reloads: u64,
}

/// An endpoint on its way in or out.
#[derive(Debug, Clone, Copy)]
struct Presence {
    /// Asked from then on.
    from: Duration,
    /// Asked no more from then on.
    until: Option<Duration>,
}

/// The machine. All times are cluster time since it was started.
#[derive(Debug)]
pub(super) struct Shaping {
    manner: Manner,
    draws: Draws,
    /// What the cluster said last, and when it is taken.
    heard: Option<(Duration, Wanted)>,
    taken: Option<Duration>,
    /// What was taken last.
    current: Wanted,
    /// Routes on their way.
    coming: Option<(Duration, Routes)>,
    routes: Routes,
    groups: BTreeMap<Group, BTreeMap<SocketAddr, Presence>>,
    /// Groups that are being made, and when they will have been.
    made: BTreeMap<Group, Duration>,
    /// A reload for endpoints alone.
    reload_at: Option<Duration>,
    reloads: u64,
}

impl Shaping {
    pub(super) fn new(manner: Manner, seed: u64) -> Self {
        Self {
            manner,
            draws: Draws(seed),
            heard: None,
            taken: None,
            current: Wanted::default(),
            coming: None,
            routes: Routes::default(),
            groups: BTreeMap::new(),
            made: BTreeMap::new(),
            reload_at: None,
            reloads: 0,
        }
    }

    /// Hears what the cluster says now.
    pub(super) fn hear(&mut self, now: Duration, wanted: Wanted) {
        let earliest = self.taken.map_or(now, |taken| taken + self.manner.pace);
        let gathered = self.heard.as_ref().map_or(now + self.manner.gather, |(at, _)| *at);
        self.heard = Some((gathered.max(earliest), wanted));
    }

    /// Puts everything heard into effect at once, as what stands when the first user comes has always stood.
    pub(super) fn skip(&mut self, now: Duration) {
        if let Some((_, wanted)) = self.heard.take() {
            self.current = wanted;
        }
        self.coming = None;
        self.reload_at = None;
        self.made.clear();
        self.routes = self.current.routes.clone();
        self.groups.clear();
        for (group, addresses) in &self.current.members {
            let present = addresses.iter().map(|address| (*address, Presence { from: now, until: None }));
            self.groups.insert(group.clone(), present.collect());
        }
    }

    /// When something happens next.
    pub(super) fn next(&self, now: Duration) -> Option<Duration> {
        let drain = self.manner.drain;
        let presences = self.groups.values().flat_map(BTreeMap::values).flat_map(|it| {
            let drained = it.until.and_then(|until| Some(until + drain?));
            [Some(it.from), it.until, drained].into_iter().flatten()
        });
        let heard = self.heard.iter().map(|(at, _)| *at);
        let coming = self.coming.iter().map(|(at, _)| *at);
        let later = presences.chain(self.made.values().copied()).chain(self.reload_at).filter(|at| *at > now);
        later.chain(heard).chain(coming).min()
    }

    /// Everything due by now happens; what users meet from now on.
    pub(super) fn at(&mut self, now: Duration) -> Laid {
        if let Some((_, wanted)) = self.heard.take_if(|(at, _)| *at <= now) {
            self.take(now, wanted);
        }
        if let Some((_, routes)) = self.coming.take_if(|(at, _)| *at <= now) {
            self.routes = routes;
            self.reloads += u64::from(self.manner.reload != Reload::Never);
            self.forget();
        }
        if self.reload_at.take_if(|at| *at <= now).is_some() {
            self.reloads += 1;
        }
        let gone = self.manner.drain.unwrap_or_default();
        for presences in self.groups.values_mut() {
            presences.retain(|_, it| it.until.is_none_or(|until| until + gone > now));
        }
        self.laid(now)
    }

    fn take(&mut self, now: Duration, wanted: Wanted) {
        if wanted == self.current {
            return;
        }
        if self.manner.refuses_nobody && self.would_lose(&wanted) {
            return;
        }
        self.taken = Some(now);
        let effective = now + self.manner.lag;
        if wanted.routes != self.current.routes {
            self.coming = Some((effective, wanted.routes.clone()));
        } else if self.manner.reload == Reload::Always {
            self.reload_at = Some(effective);
        }
        for (group, addresses) in &wanted.members {
            if !self.groups.contains_key(group) {
                self.make(effective, group);
            }
            self.change(effective, group, addresses);
        }
        self.current = wanted;
    }

    /// Whether a group that somebody stands behind would have nobody.
    fn would_lose(&self, wanted: &Wanted) -> bool {
        let empty = |group: &Group| wanted.members.get(group).is_none_or(BTreeSet::is_empty);
        wanted.routes.groups().any(|group| {
            empty(group) && self.groups.get(group).is_some_and(|presences| !presences.is_empty())
        })
    }

    fn make(&mut self, effective: Duration, group: &Group) {
        self.groups.insert(group.clone(), BTreeMap::new());
        if let Some(making) = self.manner.making {
            let made = effective + self.draws.draw(making);
            self.made.insert(group.clone(), made);
        }
    }

    fn change(&mut self, effective: Duration, group: &Group, addresses: &BTreeSet<SocketAddr>) {
        // Health is checked while the group is made.
        let health = self.manner.health.filter(|_| !self.made.contains_key(group));
        let Some(presences) = self.groups.get_mut(group) else { return };
        for (address, presence) in presences.iter_mut() {
            if !addresses.contains(address) {
                presence.until.get_or_insert(effective);
            }
        }
        for address in addresses {
            let known = presences.get(address).copied();
            if known.is_some_and(|known| known.until.is_none()) {
                continue;
            }
            // Who was taken out and not yet dropped has been healthy all the while.
            let still = known.is_some_and(|known| known.until.is_some_and(|until| until >= effective));
            let from = match (still, health) {
                (true, _) => effective.min(known.map_or(effective, |known| known.from)),
                (false, Some(health)) => effective + self.draws.draw(health),
                (false, None) => effective,
            };
            presences.insert(*address, Presence { from, until: None });
        }
    }

    /// Lets go of groups that no route leads to any more.
    fn forget(&mut self) {
        let used: BTreeSet<&Group> = self.routes.groups().chain(self.current.routes.groups()).collect();
        self.groups.retain(|group, _| used.contains(group));
        self.made.retain(|group, _| used.contains(group));
    }

    fn laid(&mut self, now: Duration) -> Laid {
        self.made.retain(|_, made| *made > now);
        let mut laid = Laid { routes: self.routes.clone(), reloads: self.reloads, ..Laid::default() };
        for (group, presences) in &self.groups {
            let mut asked = BTreeSet::new();
            for (address, presence) in presences {
                if presence.until.is_some_and(|until| until <= now) {
                    laid.draining.insert(*address);
                } else if presence.from <= now && !self.made.contains_key(group) {
                    asked.insert(*address);
                }
            }
            laid.members.insert(group.clone(), asked);
        }
        laid
    }
}

/// Draws that are the same for the same seed: SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug)]
struct Draws(u64);

impl Draws {
    fn draw(&mut self, of: Draw) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let share = u32::try_from(mixed >> 32).unwrap_or(u32::MAX);
        of.at_least + (of.at_most.saturating_sub(of.at_least)).mul_f64(f64::from(share) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
#[path = "shaping_tests.rs"]
mod tests;
