//! One move by several processes, each with a range of keys.

use std::num::NonZeroUsize;

use movers::media::Asked;
use tempfile::TempDir;

use super::ground::{Move, contents, fill, folder};

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_move_make_the_whole() {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    fill(from.path(), 200);
    let whole = Move::new(folder(from.path()), folder(to.path()));
    let boundaries = whole.open().boundaries(NonZeroUsize::new(3).expect("some")).await.expect("listed");
    assert_eq!(boundaries.parts(), 3);
    let mut copied = Vec::new();
    for index in 0..3 {
        let part = Move::new(folder(from.path()), folder(to.path()));
        let range = boundaries.range(index).expect("there");
        let outcome = part.asked(&Asked { range, ..Asked::default() }).await;
        assert_eq!(outcome.copied, outcome.objects);
        copied.push(outcome.copied);
    }
    assert_eq!(copied.iter().sum::<u64>(), 203);
    assert!(copied.iter().all(|it| *it > 40), "{copied:?}");
    assert_eq!(contents(from.path()), contents(to.path()));
    // Who has no state of it reads both sides, and writes nothing.
    let last = whole.pass(true).await;
    assert_eq!((last.copied, last.equal, last.deleted), (0, 203, 0), "{last:?}");
}
