//! One move by several machines: ranges of keys, about as much work each.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::object::{Entry, KeyRange};
use super::sorted::Sorted;

/// What an object costs beside its bytes: a few requests, in bytes that would have passed meanwhile.
const PER_OBJECT: u64 = 64 << 10;

/// The last key of each range but the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Boundaries(pub Vec<String>);

impl Boundaries {
    pub(super) fn cut(source: &Sorted<Entry>, parts: NonZeroUsize) -> std::io::Result<Self> {
        let mut work = 0_u128;
        let mut merge = source.read()?;
        while let Some(entry) = merge.next()? {
            work += u128::from(entry.size + PER_OBJECT);
        }
        let parts = parts.get() as u128;
        let (mut done, mut boundaries) = (0_u128, Vec::new());
        let mut merge = source.read()?;
        while let Some(entry) = merge.next()? {
            done += u128::from(entry.size + PER_OBJECT);
            let reached = boundaries.len() as u128 + 1;
            if reached < parts && done * parts >= work * reached && done < work {
                boundaries.push(entry.key);
            }
        }
        Ok(Self(boundaries))
    }

    /// How many ranges there are.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.0.len() + 1
    }

    /// One of the ranges, counted from 0; nothing where there are not so many.
    #[must_use]
    pub fn range(&self, index: usize) -> Option<KeyRange> {
        let after = match index.checked_sub(1) {
            Some(before) => Some(self.0.get(before)?.clone()),
            None => None,
        };
        Some(KeyRange { after, until: self.0.get(index).cloned() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::object::Mark;
    use super::super::sorted::Sorter;
    use super::*;

    #[test]
    fn every_key_is_in_exactly_one_range() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sorter = Sorter::new(folder.path());
        let keys: Vec<String> = (0..1000).map(|it| format!("media/{:04}", it * 7 % 1000)).collect();
        for key in &keys {
            sorter.push(Entry { key: key.clone(), size: 5_000, mark: Mark::default() }).expect("room");
        }
        let sorted = sorter.finish().expect("room");
        for parts in [1, 2, 7, 1000, 5000] {
            let boundaries =
                Boundaries::cut(&sorted, NonZeroUsize::new(parts).expect("some")).expect("readable");
            assert_eq!(boundaries.parts(), parts.min(1000), "{parts}");
            let ranges: Vec<_> = (0..boundaries.parts()).filter_map(|it| boundaries.range(it)).collect();
            assert!(boundaries.range(boundaries.parts()).is_none());
            for key in &keys {
                assert_eq!(ranges.iter().filter(|range| range.holds(key)).count(), 1, "{key} of {parts}");
            }
            let most = ranges.iter().map(|range| keys.iter().filter(|it| range.holds(it)).count()).max();
            assert!(most <= Some(1000_usize.div_ceil(parts.min(1000)) + 1), "{most:?} of {parts}");
        }
    }
}
