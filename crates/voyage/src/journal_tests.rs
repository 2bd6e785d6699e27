use std::path::PathBuf;

use super::*;
use crate::Phase;

/// A directory of its own for each test, gone afterwards.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mastoferry-journal-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _already_gone = std::fs::remove_dir_all(&self.0);
    }
}

fn id(name: &str) -> StepId {
    StepId(name.to_owned())
}

fn started() -> Event {
    Event::Started { plan: "hash".to_owned(), voyage: "v".to_owned(), steps: vec![id("a"), id("b")] }
}

fn write(path: &Path, events: &[Event]) {
    let mut journal = Journal::open(path).unwrap();
    for event in events {
        journal.append(event.clone()).unwrap();
    }
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_off_and_the_voyage_goes_on_there() {
    let place = Place::new("torn");
    let path = place.journal();
    write(&path, &[started(), Event::StepStarted { id: id("a") }]);
    let before = std::fs::read(&path).unwrap();
    write(&path, &[Event::StepDone { id: id("a") }]);
    let whole = std::fs::read(&path).unwrap();
    for end in before.len()..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.records().len(), 2, "cut at byte {end}");
        journal.append(Event::StepDone { id: id("a") }).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().course().next_step(), Some(&id("b")), "cut at byte {end}");
    }
}

#[test]
fn a_torn_beginning_begins_anew() {
    let place = Place::new("header");
    let path = place.journal();
    write(&path, &[]);
    let whole = std::fs::read(&path).unwrap();
    for end in 0..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        write(&path, &[started()]);
        assert_eq!(Journal::open(&path).unwrap().course().phase, Phase::Sailing, "cut at byte {end}");
    }
}

#[test]
fn damage_to_what_was_synced_is_an_error_and_nothing_is_cut() {
    let place = Place::new("corrupt");
    let path = place.journal();
    write(&path, &[started(), Event::StepStarted { id: id("a") }, Event::StepDone { id: id("a") }]);
    let whole = std::fs::read(&path).unwrap();
    // Without its very last byte, the end of the line, the last record is torn and not damaged.
    for at in 0..whole.len() - 1 {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x01;
        std::fs::write(&path, &damaged).unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert!(matches!(error, JournalError::Corrupt { .. }), "byte {at}: {error}");
        assert_eq!(std::fs::read(&path).unwrap(), damaged, "byte {at}");
    }
}

#[test]
fn an_event_that_cannot_follow_is_refused_and_not_written() {
    let place = Place::new("illegal");
    let path = place.journal();
    let reason = String::new;
    let back = || Event::RollbackStarted { level: Level::Release, reason: reason(), down_to: None };
    let finished = |outcome| Event::Finished { outcome };
    // What was recorded, and what cannot come next.
    let table: Vec<(Vec<Event>, Vec<Event>)> = vec![
        (vec![], vec![Event::StepStarted { id: id("a") }, back(), Event::Resumed]),
        (
            vec![started()],
            vec![
                started(),
                Event::StepStarted { id: id("b") },
                Event::StepDone { id: id("a") },
                Event::UndoStarted { id: id("a") },
                finished(Outcome::Completed),
                finished(Outcome::RolledBack { reason: reason() }),
            ],
        ),
        (
            vec![started(), Event::StepStarted { id: id("a") }, Event::StepDone { id: id("a") }],
            vec![Event::StepStarted { id: id("a") }, Event::StepFailed { id: id("a"), reason: reason() }],
        ),
        (
            vec![
                started(),
                Event::StepStarted { id: id("a") },
                Event::StepDone { id: id("a") },
                Event::StepStarted { id: id("b") },
                back(),
            ],
            vec![
                Event::StepDone { id: id("b") },
                Event::UndoStarted { id: id("a") },
                Event::UndoDone { id: id("b") },
                finished(Outcome::RolledBack { reason: reason() }),
                finished(Outcome::Stopped { reason: reason() }),
                back(),
            ],
        ),
        (
            vec![started(), back(), finished(Outcome::RolledBack { reason: reason() })],
            vec![Event::Resumed, back(), Event::StepStarted { id: id("a") }],
        ),
    ];
    for (recorded, refused) in table {
        std::fs::remove_file(&path).ok();
        write(&path, &recorded);
        for event in refused {
            let mut journal = Journal::open(&path).unwrap();
            let error = journal.append(event.clone()).unwrap_err();
            assert!(matches!(error, JournalError::Illegal(_)), "{event:?} after {recorded:?}");
            assert_eq!(journal.records().len(), recorded.len());
        }
    }
}

#[test]
fn a_second_process_and_another_format_are_kept_out() {
    let place = Place::new("shut");
    let path = place.journal();
    let first = Journal::open(&path).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::InUse(_))));
    drop(first);
    let header = r#"{"journal":"mastoferry","format":2}"#;
    std::fs::write(&path, format!("{:08x} {header}\n", crc32c::crc32c(header.as_bytes()))).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::Format { found: 2, .. })));
}

#[test]
fn a_program_that_is_being_started_keeps_nobody_out() {
    let place = Place::new("starting");
    let path = place.journal();
    let stopped = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                    std::process::Command::new("true").status().unwrap();
                }
            });
        }
        let opened: Vec<_> = (0..300).map(|_| Journal::open(&path).map(drop)).collect();
        stopped.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    });
}
