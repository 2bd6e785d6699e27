//! Tables that one connection alone would be busy with while the others had nothing left to do.

use crate::postgres::catalog::{Index, Table};

/// Below this a table is copied as a whole: 8 MiB with the usual pages.
const FEWEST_PAGES: i64 = 1024;

/// An index takes so many times as long to build as as many bytes of rows take to be copied, in tenths. Measured: 30 s against
/// 13 s for 1 GB on one connection.
const INDEX_TENTHS: i64 = 23;

/// One that searches within values takes its time by what it reads, not by what it keeps: nine times as long as its table
/// takes to be copied.
const SLOW_TIMES: i64 = 9;

/// How long an index takes to be built, in bytes of rows that could be copied meanwhile.
pub(super) fn length(index: &Index, table_bytes: i64) -> i64 {
    let reading = if index.is_slow { table_bytes.saturating_mul(SLOW_TIMES) } else { 0 };
    index.bytes.saturating_mul(INDEX_TENTHS) / 10 + reading
}

/// Pages of a table, from one on and up to another; where a bound is missing, to the end of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

impl Part {
    /// What a row's place must be, as SQL says it. Every place is in one part and in no other, also those of pages that the
    /// table gets later.
    pub(crate) fn condition(self) -> String {
        let bound = |sign: &str, page: i64| format!("ctid {sign} '({page},0)'::tid");
        let bounds = [self.from.map(|page| bound(">=", page)), self.to.map(|page| bound("<", page))];
        bounds.into_iter().flatten().collect::<Vec<_>>().join(" AND ")
    }
}

/// Into how many parts each table is divided that has to be.
///
/// A divided table cannot be written frozen, and somebody has to visit its rows again. So it is only done where there are
/// more than two connections, its rows are more than a connection's share of all rows, and its rows with its largest index
/// are more than a connection's share of all that is to be done: the others would be done before.
pub(crate) fn divided<'a>(
    tables: &'a [Table],
    indexes: &[Index],
    connections: usize,
) -> Vec<(&'a Table, usize)> {
    let of = |table: &'a Table| {
        indexes.iter().filter(|index| index.table == table.oid).map(|index| length(index, table.bytes))
    };
    let rows: i64 = tables.iter().map(|table| table.bytes).sum();
    let all = rows + tables.iter().flat_map(of).sum::<i64>();
    let count = i64::try_from(connections).unwrap_or(i64::MAX);
    let is_long = |table: &&'a Table| {
        let largest = of(table).max().unwrap_or_default();
        table.bytes > rows / count && table.bytes + largest > all / count
    };
    let can_be = |table: &&Table| table.pages >= FEWEST_PAGES && !table.columns.is_empty();
    match connections {
        0..=2 => Vec::new(),
        _ => tables.iter().filter(can_be).filter(is_long).map(|table| (table, connections)).collect(),
    }
}

/// So many parts of a table, about equally large.
pub(super) fn parts(pages: i64, count: usize) -> Vec<Part> {
    let count = i64::try_from(count).unwrap_or(i64::MAX).clamp(1, pages.max(1));
    let bound = |at: i64| (at > 0 && at < count).then(|| pages / count * at);
    (0..count).map(|at| Part { from: bound(at), to: bound(at + 1) }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::work::tests::{index, table};
    use super::*;

    #[test]
    fn only_what_the_others_would_wait_for_is_divided() {
        let mut tables = vec![table(1, 80 << 20), table(2, 20 << 20), table(3, 20 << 20)];
        for table in &mut tables {
            table.pages = table.bytes >> 13;
        }
        let names = |tables: &[Table], indexes: &[Index], connections: usize| {
            divided(tables, indexes, connections)
                .iter()
                .map(|(table, parts)| (table.oid, *parts))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&tables, &[], 2), []);
        assert_eq!(names(&tables, &[], 4), [(1, 4)]);
        // Its neighbours' indexes keep the others busy.
        assert_eq!(names(&tables, &[index(2, 50 << 20), index(3, 50 << 20)], 3), []);
        // An index takes as long, however its rows came.
        assert_eq!(names(&tables, &[index(2, 80 << 20)], 3), []);
        tables[0].pages = 100;
        assert_eq!(names(&tables, &[], 4), []);
    }

    #[test]
    fn every_place_is_in_one_part() {
        for (pages, count) in [(1024, 3), (7, 4), (2, 8), (0, 4), (1, 1)] {
            let parts = parts(pages, count);
            assert_eq!(parts.first().map(|part| part.from), Some(None));
            assert_eq!(parts.last().map(|part| part.to), Some(None));
            assert!(parts.windows(2).all(|two| two[0].to == two[1].from && two[0].to.is_some()), "{parts:?}");
            assert!(parts.iter().all(|part| part.from.zip(part.to).is_none_or(|(from, to)| from < to)));
        }
        assert_eq!(
            Part { from: Some(3), to: Some(5) }.condition(),
            "ctid >= '(3,0)'::tid AND ctid < '(5,0)'::tid"
        );
    }
}
