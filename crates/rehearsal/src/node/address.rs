//! Addresses for pods, all of them this machine's own.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts through a range, so that an address is not given again for a long while.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Where an address is claimed, so that another rehearsal on this machine passes it over.
const CLAIM_PORT: u16 = 47_777;

/// The range that a node takes its pods' addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    first: u32,
    count: u32,
}

impl Addresses {
    /// 127.77.0.1 to 127.92.255.254, which every machine has.
    #[must_use]
    pub const fn loopback() -> Self {
        Self { first: u32::from_be_bytes([127, 77, 0, 0]), count: 16 << 16 }
    }

    /// The 254 addresses of a network such as 10.244.0.0/24. Each must be this machine's own, by a route of the kind
    /// `local` to the network: a real API server refuses loopback addresses in EndpointSlices.
    #[must_use]
    pub const fn network(base: Ipv4Addr) -> Self {
        Self { first: base.to_bits() & 0xffff_ff00, count: 1 << 8 }
    }
}

/// An address that is one pod's alone while this is held.
#[derive(Debug)]
pub(super) struct Claim {
    address: Ipv4Addr,
    _held: UdpSocket,
}

impl Claim {
    /// The next address that nobody claims; none when the machine has no such addresses at all, or no more.
    pub(super) fn next(range: Addresses) -> Option<Self> {
        (0..range.count).find_map(|_| {
            let step = NEXT.fetch_add(1, Ordering::Relaxed) % range.count;
            let address = Ipv4Addr::from(range.first + step);
            // The first and last of each block look like networks and broadcasts to careless software.
            if matches!(address.octets()[3], 0 | 255) {
                return None;
            }
            let held = UdpSocket::bind((address, CLAIM_PORT)).ok()?;
            Some(Self { address, _held: held })
        })
    }

    pub(super) fn address(&self) -> Ipv4Addr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_and_are_not_given_again_at_once() {
        let next = || Claim::next(Addresses::loopback()).unwrap();
        let (first, second) = (next(), next());
        let given = [first.address(), second.address()];
        drop((first, second));
        let third = next();
        assert!(given[0] != given[1] && !given.contains(&third.address()));
        assert!(third.address().is_loopback());
    }

    #[test]
    fn a_network_gives_its_own_addresses_each_once() {
        let network = Addresses::network(Ipv4Addr::new(127, 93, 7, 0));
        let all: Vec<Claim> = std::iter::from_fn(|| Claim::next(network)).collect();
        let mut last: Vec<u8> = all.iter().map(|claim| claim.address().octets()[3]).collect();
        last.sort_unstable();
        assert!(last.iter().copied().eq(1..=254), "{last:?}");
        assert!(all.iter().all(|claim| claim.address().octets()[..3] == [127, 93, 7]));
    }
}
