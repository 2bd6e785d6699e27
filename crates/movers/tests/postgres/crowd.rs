//! Those who write through a whole move, and what was promised to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::ground::{self, connect};

/// Who was refused asks again after so long, or at the usual pace where that is quicker.
const AGAIN: Duration = Duration::from_millis(10);

/// Where writers go: the first port that takes their write. Like an application whose addresses change at the switch.
#[derive(Clone)]
pub(crate) struct Ports(pub(crate) Vec<u16>);

/// What one writer was told.
#[derive(Default)]
pub(crate) struct Told {
    /// Writes that a server said are done.
    pub(crate) done: Vec<String>,
    /// Writes whose answer never came.
    pub(crate) unknown: Vec<String>,
    /// What went wrong, for those who must see nothing go wrong.
    pub(crate) errors: Vec<String>,
    /// The longest time without a write.
    pub(crate) longest: Duration,
}

/// Writers at their work.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    pub(crate) written: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Told>>,
}

impl Crowd {
    /// So many writers, each with so many milliseconds between its transactions.
    pub(crate) fn start(
        count: usize,
        pause_ms: u64,
        ports: &Ports,
        database: &str,
        user: (&str, &str),
    ) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let tasks = (0..count)
            .map(|writer| {
                let one = One {
                    ports: ports.0.clone(),
                    database: database.to_owned(),
                    user: (user.0.to_owned(), user.1.to_owned()),
                    stop: Arc::clone(&stop),
                    written: Arc::clone(&written),
                    pause: Duration::from_millis(pause_ms),
                };
                tokio::spawn(one.write(writer))
            })
            .collect();
        Self { stop, written, tasks }
    }

    /// Waits until so many more were written: the crowd is on its way.
    pub(crate) async fn more(&self, count: u64) {
        let (began, from) = (Instant::now(), self.written.load(Ordering::Relaxed));
        while self.written.load(Ordering::Relaxed) < from + count {
            assert!(began.elapsed() < ground::PATIENCE, "nobody can write any more");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn end(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for task in self.tasks {
            let told = task.await.unwrap();
            all.done.extend(told.done);
            all.unknown.extend(told.unknown);
            all.errors.extend(told.errors);
            all.longest = all.longest.max(told.longest);
        }
        all
    }
}

struct One {
    ports: Vec<u16>,
    database: String,
    user: (String, String),
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    pause: Duration,
}

impl One {
    async fn write(self, writer: usize) -> Told {
        let mut told = Told::default();
        let mut client: Option<Client> = None;
        let (mut turn, mut last, mut number) = (0, Instant::now(), 0);
        while !self.stop.load(Ordering::Relaxed) {
            let Some(open) = &client else {
                let port = self.ports[turn % self.ports.len()];
                client = match connect(port, &self.database, &self.user.0, &self.user.1).await {
                    Ok(client) => Some(client),
                    Err(error) => {
                        told.errors.push(error.to_string());
                        turn += 1;
                        tokio::time::sleep(self.pause.min(AGAIN)).await;
                        None
                    }
                };
                continue;
            };
            number += 1;
            let token = format!("w{writer}-{number}-{}", std::process::id());
            match open.batch_execute(&transaction(&token, writer, number)).await {
                Ok(()) => {
                    told.done.push(token);
                    told.longest = told.longest.max(last.elapsed());
                    last = Instant::now();
                    self.written.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(self.pause).await;
                }
                Err(error) => {
                    told.errors.push(
                        error.as_db_error().map_or_else(|| error.to_string(), |it| it.message().to_owned()),
                    );
                    // It said no before it was done; anything else may have been done.
                    if error.as_db_error().is_none() {
                        told.unknown.push(token);
                    }
                    client = None;
                    turn += 1;
                    tokio::time::sleep(self.pause.min(AGAIN)).await;
                }
            }
        }
        told
    }
}

/// Five changes in one transaction: what comes, what changes and what goes.
fn transaction(token: &str, writer: usize, number: u64) -> String {
    let account = 1 + writer;
    format!(
        "BEGIN;
        INSERT INTO public.statuses (account_id, uri, text) VALUES ({account}, 'https://crowd.example/{token}', '{token}');
        UPDATE public.accounts SET note = '{token}' WHERE id = {account};
        INSERT INTO public.visits (what, weight) VALUES ('{token}', {number});
        UPDATE public.visits SET weight = weight + 1 WHERE what = '{token}!';
        DELETE FROM public.favourites WHERE id = (SELECT id FROM public.favourites WHERE id % 8 = {writer} % 8 ORDER BY id LIMIT 1);
        COMMIT"
    )
}

/// Every write that was promised is there once, and no other twice.
pub(crate) async fn keeps_promises(told: &Told, client: &Client) {
    let rows = client
        .query(
            "SELECT text, count(*) FROM public.statuses WHERE uri LIKE 'https://crowd.example/%' GROUP BY 1",
            &[],
        )
        .await
        .unwrap();
    let there: std::collections::HashMap<String, i64> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let lost: Vec<&String> = told.done.iter().filter(|token| !there.contains_key(*token)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} were promised and are lost, such as {:?}",
        lost.len(),
        told.done.len(),
        lost.first()
    );
    let twice: Vec<&String> =
        there.iter().filter(|(_, count)| **count != 1).map(|(token, _)| token).collect();
    assert!(twice.is_empty(), "there twice: {twice:?}");
    let known = told.done.len() + told.unknown.len();
    assert!(there.len() <= known, "{} are there, and only {known} were written", there.len());
    let visits = ground::number(client, "SELECT count(*) FROM public.visits WHERE what LIKE 'w%-%-%!'").await;
    assert_eq!(visits, i64::try_from(there.len()).unwrap(), "the table without a key went with it");
}
