//! The faults in force, as the stand-ins ask for them on every request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::{Effect, Fault, Patient};

/// What a request is to suffer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ailment {
    pub(crate) fails: bool,
    pub(crate) late: Option<Duration>,
}

/// Faults, the release they strike, and whether users have arrived there.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    active: AtomicBool,
    asked: AtomicU64,
    struck: RwLock<Struck>,
}

#[derive(Debug, Default)]
struct Struck {
    green: Option<String>,
    faults: Vec<Fault>,
}

impl FaultBook {
    pub(crate) fn inject(&self, fault: Fault) {
        self.struck.write().unwrap_or_else(PoisonError::into_inner).faults.push(fault);
    }

    pub(crate) fn set_green(&self, release: &str) {
        self.struck.write().unwrap_or_else(PoisonError::into_inner).green = Some(release.to_owned());
    }

    pub(crate) fn set_active(&self, active: bool) {
        self.active.store(active, Ordering::Relaxed);
    }

    /// Whether a process of this release never finishes booting.
    pub(crate) fn never_ready(&self, patient: Patient, release: Option<&str>) -> bool {
        self.any(patient, release, |effect| matches!(effect, Effect::NeverReady))
    }

    /// What the next request to a process of this release suffers.
    pub(crate) fn ailment(&self, patient: Patient, release: Option<&str>) -> Ailment {
        if !self.active.load(Ordering::Relaxed) {
            return Ailment::default();
        }
        let mut ailment = Ailment::default();
        let struck = self.struck.read().unwrap_or_else(PoisonError::into_inner);
        if struck.green.is_none() || struck.green.as_deref() != release {
            return ailment;
        }
        for fault in struck.faults.iter().filter(|fault| fault.patient == patient) {
            match fault.effect {
                Effect::Fails { percent } => {
                    // A step that is prime to 100 spreads the failures evenly, and exactly, over each hundred.
                    let turn = self.asked.fetch_add(1, Ordering::Relaxed).wrapping_mul(37) % 100;
                    ailment.fails |= turn < u64::from(percent);
                }
                Effect::Late { by } => ailment.late = Some(by),
                Effect::NeverReady => {}
            }
        }
        ailment
    }

    fn any(&self, patient: Patient, release: Option<&str>, is: impl Fn(Effect) -> bool) -> bool {
        let struck = self.struck.read().unwrap_or_else(PoisonError::into_inner);
        struck.green.is_some()
            && struck.green.as_deref() == release
            && struck.faults.iter().any(|fault| fault.patient == patient && is(fault.effect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_green_suffers_and_only_once_users_are_there() {
        let book = FaultBook::default();
        book.inject(Fault::parse("green.web.500=30%").unwrap());
        book.set_green("crossing");
        let failed =
            |release: Option<&str>| (0..1000).filter(|_| book.ailment(Patient::Web, release).fails).count();
        assert_eq!(failed(Some("crossing")), 0);
        book.set_active(true);
        assert_eq!(failed(Some("crossing")), 300);
        assert_eq!(failed(Some("mastodon")), 0);
        assert_eq!(failed(None), 0);
    }
}
