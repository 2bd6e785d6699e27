//! How much memory the target may take for a step. More is not always faster: what is sorted within the processor's cache and
//! merged afterwards is done sooner than what is sorted all over the memory.

use crate::postgres::PostgresError;
use crate::postgres::catalog::Index;
use crate::postgres::session::Session;

/// Sorting in runs of 8 to 16 MiB was quickest. Measured on 3 million rows of posts, beside another such sort, seconds for an index on
/// two columns, and on an address: 5.5 and 4.8 with 8 MiB, 5.9 and 5.0 with 16, 6.5 and 5.4 with 64, 7.7 and 6.7 with 256.
const RUN: u64 = 16 << 20;

/// What PostgreSQL reads at once of each run that it merges (`MERGE_BUFFER_SIZE` in its `tuplesort.c`).
const READ_AT_ONCE: u64 = 256 << 10;

/// The most that one connection may take, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory(u64);

impl Memory {
    /// One connection's share of what is allowed for all. Where nobody has said how much that is, the server's owner has: by
    /// `shared_buffers`.
    pub(super) async fn of(
        target: &Session,
        all: Option<u64>,
        connections: usize,
    ) -> Result<Self, PostgresError> {
        let all = match all {
            Some(all) => all,
            None => {
                let bytes = "SELECT pg_size_bytes(current_setting('shared_buffers'))";
                target.row("read its settings", bytes, &[]).await?.get::<_, i64>(0).unsigned_abs()
            }
        };
        // The server takes no more than 2 GiB.
        Ok(Self((all / connections as u64).clamp(64 << 20, 2_000_000 << 10)))
    }

    /// Views are filled by queries, which may take theirs several times over.
    pub(super) fn for_queries(self) -> String {
        let bytes = (self.0 / 4).clamp(16 << 20, 500_000 << 10);
        format!("SET work_mem = '{}kB'", bytes >> 10)
    }

    pub(super) fn for_index(self, index: &Index) -> String {
        maintenance(if index.is_sorted { sorting(index.bytes.unsigned_abs()).min(self.0) } else { self.0 })
    }

    /// Foreign keys are validated by queries that take as much as maintenance may (`RI_Initial_Check` in PostgreSQL's `ri_triggers.c`).
    pub(super) fn for_foreign_keys() -> String {
        maintenance(RUN)
    }
}

fn maintenance(bytes: u64) -> String {
    format!("SET maintenance_work_mem = '{}kB'", bytes >> 10)
}

/// As little as sorts so much in short runs that are merged in one go. What is sorted takes about twice the index's size.
fn sorting(index_bytes: u64) -> u64 {
    index_bytes.saturating_mul(2).saturating_mul(READ_AT_ONCE).isqrt().max(RUN)
}

#[cfg(test)]
mod tests {
    use super::super::work::tests::index;
    use super::*;

    #[test]
    fn what_is_sorted_is_merged_in_one_go() {
        for gibibytes in [1_u64, 10, 100, 1000] {
            let bytes = gibibytes << 30;
            let runs = (2 * bytes).div_ceil(sorting(bytes));
            assert!(runs * READ_AT_ONCE <= sorting(bytes) + (1 << 20), "{gibibytes} GiB: {runs} runs");
        }
    }

    #[test]
    fn no_step_takes_more_than_it_may() {
        let (small, large) = (Memory(64 << 20), Memory(1 << 30));
        let mut of = index(1, 1 << 20);
        assert_eq!(large.for_index(&of), "SET maintenance_work_mem = '16384kB'");
        of.bytes = 100 << 30;
        assert_eq!(small.for_index(&of), "SET maintenance_work_mem = '65536kB'");
        // One that keeps what it has found until it writes it is quicker the more it can keep.
        of.is_sorted = false;
        assert_eq!(large.for_index(&of), "SET maintenance_work_mem = '1048576kB'");
    }
}
