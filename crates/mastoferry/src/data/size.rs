//! Bytes as people say them.

use crate::words::Words;

/// Bytes in the unit that suits them.
pub(crate) fn size(bytes: u64, words: &Words) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1023.5 {
            return format!("{} {unit}", words.measure(value));
        }
        value /= 1024.0;
    }
    format!("{} TiB", words.measure(value))
}
