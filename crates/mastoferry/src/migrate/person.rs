//! The person at the terminal.

use std::io::{IsTerminal as _, Write as _};

use tokio::sync::mpsc;
use voyage::{Decision, Question};

use crate::progress::Progress;
use crate::words::Words;

/// Whether there is one to be asked.
pub(crate) fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question; only a clear yes is one.
pub(crate) fn ask(question: &str) -> bool {
    // A terminal that is gone has not said yes.
    let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
    matches!(answer().as_str(), "y" | "yes" | "はい")
}

fn answer() -> String {
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
    line.trim().to_lowercase()
}

/// Answers what a voyage asks before steps, until nothing more is asked.
pub(super) async fn sit(mut questions: mpsc::Receiver<Question>, progress: Progress, words: Words) {
    while let Some(Question { step, answer: to }) = questions.recv().await {
        progress.say(&words.tell("migrate-question", &[("step", &step.0)]));
        let answered = tokio::task::spawn_blocking(answer).await.unwrap_or_default();
        let decision = match answered.as_str() {
            "y" | "yes" | "はい" => Decision::GoOn,
            "b" | "back" => Decision::GoBack,
            _ => Decision::Stop,
        };
        // The guard may have decided meanwhile.
        let _ = to.send(decision);
    }
}
