//! Which hosts are a side's: the names of its pods.

use std::collections::BTreeSet;

/// The longest name a host may have; the kubelet cuts a pod's name to it.
const LONGEST: usize = 63;

/// The names of hosts, as processes on them see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(BTreeSet<String>);

impl Hosts {
    /// Whether a process on this host is of these.
    #[must_use]
    pub fn has(&self, hostname: &str) -> bool {
        self.0.contains(hostname)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: AsRef<str>> FromIterator<S> for Hosts {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let cut = |name: S| {
            let short: String = name.as_ref().chars().take(LONGEST).collect();
            if short.len() == name.as_ref().len() {
                short
            } else {
                short.trim_end_matches(['-', '.']).to_owned()
            }
        };
        Self(names.into_iter().map(cut).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_too_long_for_a_host_is_cut_as_the_kubelet_cuts_it() {
        let long = format!("{}-x7k2p", "a".repeat(62));
        let hosts: Hosts = [long.as_str(), "worker-1"].into_iter().collect();
        assert!(hosts.has(&"a".repeat(62)) && hosts.has("worker-1") && !hosts.has(&long));
    }
}
