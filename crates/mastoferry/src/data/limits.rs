//! What a mover may take, on the command line.

use std::num::{NonZeroU64, NonZeroUsize};

use clap::Args;
use movers::Limits;

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Connections to each side that carry data at once; media are read back over as many again
    #[arg(long, value_name = "N", default_value = "4")]
    connections: NonZeroUsize,
    /// At most so many bytes a second, all connections together, such as 20M; no bound by default
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    bandwidth: Option<NonZeroU64>,
}

impl LimitArgs {
    pub(crate) fn limits(&self) -> Limits {
        Limits { bytes_per_second: self.bandwidth, connections: self.connections }
    }
}

/// A number with K, M or G (of 1024) after it, or none.
fn bytes(text: &str) -> Result<NonZeroU64, String> {
    let wrong = || format!("{text} is no number of bytes such as 500K, 20M or 1G");
    let (number, unit) = match text.char_indices().last().ok_or_else(wrong)? {
        (at, 'K' | 'k') => (&text[..at], 1 << 10),
        (at, 'M' | 'm') => (&text[..at], 1 << 20),
        (at, 'G' | 'g') => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).and_then(NonZeroU64::new).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = |text: &str| bytes(text).map(NonZeroU64::get).ok();
        assert_eq!(read("20M"), Some(20 << 20));
        assert_eq!(read("512"), Some(512));
        for wrong in ["", "M", "0", "-1", "1.5M", "99999999999G", "あ"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
