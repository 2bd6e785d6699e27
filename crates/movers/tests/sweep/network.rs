//! The network between a mover and its servers: it counts what passes, stands still at a passage that was asked for, so that
//! an accident happens at that very instant however fast the machine is, and can be cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Where all that passes is counted, on each way to each server, in both directions.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    count: u64,
    /// What has to pass before the count begins to matter; nothing from the beginning.
    mark: Option<Vec<u8>>,
    /// The count at which the mark passed.
    marked: Option<u64>,
    /// So many passages after the mark everything stands still.
    stop_after: Option<u64>,
    stands: bool,
}

impl Passages {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts from nothing; `mark` begins what [`Self::since_mark`] counts.
    pub(crate) fn watch(&self, mark: Option<&[u8]>) {
        *self.state() = State { mark: mark.map(<[u8]>::to_vec), ..State::default() };
        self.moved.notify_all();
    }

    /// As [`Self::watch`], and stands still so many passages after the mark, or after the beginning where there is none.
    pub(crate) fn stop_after(&self, passages: u64, mark: Option<&[u8]>) {
        let mark = mark.map(<[u8]>::to_vec);
        *self.state() = State { mark, stop_after: Some(passages), ..State::default() };
        self.moved.notify_all();
    }

    /// Whether it stands still.
    pub(crate) fn stands(&self) -> bool {
        self.state().stands
    }

    /// Lets everything pass again, and from now on.
    pub(crate) fn go_on(&self) {
        let mut state = self.state();
        (state.stands, state.stop_after) = (false, None);
        self.moved.notify_all();
    }

    /// How much has passed, and the count at which the mark did.
    pub(crate) fn count(&self) -> (u64, Option<u64>) {
        let state = self.state();
        (state.count, state.marked)
    }

    /// Something passes.
    fn pass(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.count += 1;
        if state.marked.is_none()
            && state.mark.as_deref().is_none_or(|mark| bytes.windows(mark.len()).any(|it| it == mark))
        {
            state.marked = Some(state.count);
        }
        if let (Some(marked), Some(after)) = (state.marked, state.stop_after)
            && state.count > marked + after
        {
            state.stands = true;
        }
        while state.stands {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A way to a server.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) port: u16,
    ways: Arc<Mutex<Ways>>,
}

#[derive(Debug, Default)]
struct Ways {
    is_cut: bool,
    is_over: bool,
    open: Vec<TcpStream>,
}

impl Drop for Network {
    fn drop(&mut self) {
        self.cut();
        self.ways().is_over = true;
        // It waits for somebody to come.
        let _nobody_there = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Network {
    /// To a server's port on this machine.
    pub(crate) fn to(server: u16, passages: &Arc<Passages>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let ways: Arc<Mutex<Ways>> = Arc::default();
        let (known, passages) = (Arc::clone(&ways), Arc::clone(passages));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // What is not let through is closed.
                let server = TcpStream::connect(("127.0.0.1", server));
                let clone = |it: &TcpStream| it.try_clone().expect("descriptors");
                let mut ways = known.lock().unwrap_or_else(PoisonError::into_inner);
                match (ways.is_over, ways.is_cut) {
                    (true, _) => return,
                    (false, true) => continue,
                    (false, false) => {}
                }
                let Ok(server) = server else { continue };
                for stream in [&client, &server] {
                    let _already_closed = stream.set_nodelay(true);
                }
                ways.open.extend([clone(&client), clone(&server)]);
                for (from, to) in [(clone(&client), clone(&server)), (server, client)] {
                    let passages = Arc::clone(&passages);
                    std::thread::spawn(move || carry(from, to, &passages));
                }
            }
        });
        Self { port, ways }
    }

    fn ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing passes any more, and what was open is closed.
    pub(crate) fn cut(&self) {
        let mut ways = self.ways();
        ways.is_cut = true;
        for stream in ways.open.drain(..) {
            let _already_closed = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.ways().is_cut = false;
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, passages: &Passages) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        passages.pass(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _already_closed = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}
