//! Loopback addresses for pods.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts through 127.77.0.1 to 127.92.255.254, so that an address is not given again for a long while.
static NEXT: AtomicU32 = AtomicU32::new(0);

const FIRST: u32 = u32::from_be_bytes([127, 77, 0, 0]);
const COUNT: u32 = 16 << 16;

/// Where an address is claimed, so that another rehearsal on this machine passes it over.
const CLAIM_PORT: u16 = 47_777;

/// A loopback address that is one pod's alone while this is held.
#[derive(Debug)]
pub(super) struct Claim {
    address: Ipv4Addr,
    _held: UdpSocket,
}

impl Claim {
    /// The next address that nobody claims; none when the machine has no such addresses at all.
    pub(super) fn next() -> Option<Self> {
        (0..COUNT).find_map(|_| {
            let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
            let address = Ipv4Addr::from(FIRST + step);
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
        let first = Claim::next().unwrap();
        let second = Claim::next().unwrap();
        let given = [first.address(), second.address()];
        drop((first, second));
        let third = Claim::next().unwrap();
        assert!(given[0] != given[1] && !given.contains(&third.address()));
        assert!(third.address().is_loopback());
    }
}
