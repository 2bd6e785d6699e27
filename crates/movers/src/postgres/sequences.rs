//! Sequences, which no replication carries.

use super::PostgresError;
use super::catalog::{Sequence, sequences};
use super::session::Session;

/// Sets every sequence of the target to where the source's stands, and so many steps further. How many there were.
///
/// A sequence that no column owns counts as well: `timestamp_id` names its sequence at run time.
pub(crate) async fn carry(source: &Session, target: &Session, margin: u32) -> Result<usize, PostgresError> {
    let all = sequences(source).await?;
    let (names, values): (Vec<&str>, Vec<i64>) =
        all.iter().filter_map(|it| Some((it.name.as_str(), with_margin(it, margin)?))).unzip();
    let set =
        "SELECT setval(name::regclass, value, true) FROM unnest($1::text[], $2::bigint[]) AS x (name, value)";
    target.rows("set its sequences", set, &[&names, &values]).await?;
    Ok(all.len())
}

/// Where a sequence shall stand; nothing where it was never called, and begins at its beginning on the target as well.
fn with_margin(sequence: &Sequence, margin: u32) -> Option<i64> {
    let steps = sequence.increment.saturating_mul(i64::from(margin));
    Some(sequence.last?.saturating_add(steps).clamp(sequence.minimum, sequence.maximum))
}

/// Sequences of the target that stand behind the source's, or are missing.
pub(crate) fn behind(source: &[Sequence], target: &[Sequence]) -> Vec<String> {
    let reaches = |of: &Sequence| {
        let Some(last) = of.last else { return target.iter().any(|it| it.name == of.name) };
        let there = target.iter().find(|it| it.name == of.name).and_then(|it| it.last);
        there.is_some_and(|there| if of.increment < 0 { there <= last } else { there >= last })
    };
    source.iter().filter(|of| !reaches(of)).map(|of| of.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_goes_its_own_way_and_never_over_its_end() {
        let sequence =
            |last, increment| Sequence { name: "s".to_owned(), last, increment, minimum: -100, maximum: 100 };
        assert_eq!(with_margin(&sequence(Some(5), 1), 10), Some(15));
        assert_eq!(with_margin(&sequence(Some(-5), -2), 10), Some(-25));
        assert_eq!(with_margin(&sequence(Some(95), 1), 10), Some(100));
        assert_eq!(with_margin(&sequence(None, 1), 10), None);
        assert!(behind(&[sequence(Some(5), 1)], &[sequence(Some(15), 1)]).is_empty());
        assert_eq!(behind(&[sequence(Some(5), 1)], &[sequence(Some(4), 1)]), ["s"]);
        assert_eq!(behind(&[sequence(Some(5), 1)], &[]), ["s"]);
    }
}
