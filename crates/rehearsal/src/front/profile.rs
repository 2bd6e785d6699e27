//! Which front it is that users come through.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::manner::Manner;

/// A kind of front, reproduced with its delays, gaps and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Profile {
    /// The Kubernetes project's ingress-nginx.
    #[default]
    IngressNginx,
    /// Traefik Proxy.
    Traefik,
    /// The HAProxy Kubernetes Ingress Controller.
    HaProxy,
    /// A Gateway API controller with Envoy behind it.
    Gateway,
    /// Google's load balancer, made of an Ingress by GKE.
    Gce,
    /// Amazon's Application Load Balancer, made of an Ingress by the AWS Load Balancer Controller.
    Alb,
    /// An nginx outside the cluster, before Services of type `NodePort` or `LoadBalancer`.
    OutsideNginx,
}

/// A name that no profile has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` is no front; there are: {}", Profile::names())]
pub struct UnknownProfile {
    /// The name.
    pub name: String,
}

impl Profile {
    /// Every profile there is.
    pub const ALL: [Self; 7] = [
        Self::IngressNginx,
        Self::Traefik,
        Self::HaProxy,
        Self::Gateway,
        Self::Gce,
        Self::Alb,
        Self::OutsideNginx,
    ];

    /// The name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "traefik",
            Self::HaProxy => "haproxy",
            Self::Gateway => "gateway",
            Self::Gce => "gce",
            Self::Alb => "alb",
            Self::OutsideNginx => "outside-nginx",
        }
    }

    /// How long both sides must stand behind a Service until this front surely sends users to the new one: zero
    /// where a new configuration takes the place of the old one in an instant, and the old pods serve until then.
    /// Load balancers that check the health of each endpoint first drop the old ones at once.
    #[must_use]
    pub fn overlap(self) -> Duration {
        let manner = Manner::of(self);
        match manner.health {
            // The check, the controller's own delay, and as much again: clouds have slow days.
            Some(health) => (manner.pace + manner.lag + health.at_most) * 2,
            None => Duration::ZERO,
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == name);
        found.ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_name_and_no_other() {
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse(), Ok(profile));
        }
        let unknown = "nginx".parse::<Profile>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "`nginx` is no front; there are: ingress-nginx, traefik, haproxy, gateway, gce, alb, outside-nginx"
        );
    }

    #[test]
    fn only_fronts_that_check_health_themselves_need_an_overlap() {
        let needy = Profile::ALL.into_iter().filter(|profile| profile.overlap() > Duration::ZERO);
        assert_eq!(needy.collect::<Vec<_>>(), [Profile::Gce, Profile::Alb]);
        assert!(Profile::ALL.iter().all(|profile| profile.overlap() < Duration::from_secs(90)));
    }
}
