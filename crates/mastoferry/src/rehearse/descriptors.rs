//! File descriptors. A rehearsal holds every end of every connection itself: the user's, both of the front's, and the
//! pod's. Many systems allow a process 1,024 unless it asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Ends of a connection from a user to a pod.
const ENDS: usize = 4;
/// For listeners, files and the executor's own connections.
const OTHERS: usize = 300;
/// Requests in flight below which no rehearsal says anything.
const LEAST: usize = 50;
/// Requests in flight above which a machine does nothing but wait.
const MOST: usize = 20_000;

/// Asks for as many descriptors as this process may have, and says how many requests may then be in flight beside these
/// WebSockets.
///
/// # Errors
/// When the system allows too few for such a rehearsal.
pub(super) fn in_flight(sockets: usize, words: &Words) -> Result<usize, Problem> {
    let allowed = raised();
    let needed = ENDS * (sockets + LEAST) + OTHERS;
    if allowed < needed {
        let arguments = [("allowed", allowed.to_string()), ("needed", needed.to_string())];
        let arguments = arguments.each_ref().map(|(name, number)| (*name, number.as_str()));
        return Err(Problem::new(words, Exit::Refused, "descriptors", &arguments));
    }
    Ok(((allowed - OTHERS) / ENDS - sockets).min(MOST))
}

fn raised() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wished = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Whoever may not have more does with what there is.
    let current = setrlimit(Resource::Nofile, wished).map_or(limit.current, |()| limit.maximum);
    current.and_then(|current| usize::try_from(current).ok()).unwrap_or(usize::MAX)
}
