//! The users of a rehearsal as those see them who carry it out.

use std::time::Duration;

use probe::Prober;
use rehearsal::World;

/// The prober as the guard sees it.
pub(crate) struct Watched {
    /// The prober.
    pub(crate) prober: Prober,
    /// The stand-ins, whose faults begin when users arrive.
    pub(crate) world: World,
}

impl voyage::TrafficSource for Watched {
    fn window(&self, wall: Duration) -> voyage::Traffic {
        let stats = self.prober.window(wall);
        voyage::Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn announced(&self, maintenance: bool) {
        self.prober.announce_maintenance(maintenance);
    }

    fn users_moved(&self) {
        self.prober.mark("switch");
        self.world.users_arrived();
    }

    fn step_begins(&self, step: &plan::StepId) {
        self.world.step_begins(&step.0);
    }
}

/// The prober as the guard sees it where nobody but the cluster knows what runs.
pub(crate) struct Seen {
    /// The prober.
    pub(crate) prober: Prober,
}

impl voyage::TrafficSource for Seen {
    fn window(&self, wall: Duration) -> voyage::Traffic {
        let stats = self.prober.window(wall);
        voyage::Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn announced(&self, maintenance: bool) {
        self.prober.announce_maintenance(maintenance);
    }

    fn users_moved(&self) {
        self.prober.mark("switch");
    }
}
