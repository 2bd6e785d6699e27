//! What became of the WebSockets.

use std::time::Duration;

use crate::delivery::Deliveries;
use crate::report::{SocketDrop, StreamingReport};

/// Losses told one by one; more are only counted.
const DROPS_TOLD: usize = 10_000;

#[derive(Debug, Clone, Copy, Default)]
struct Client {
    was_open: bool,
    reconnects: u64,
    lost_at_ms: Option<u64>,
}

/// Follows all clients.
#[derive(Debug)]
pub(crate) struct SocketAccount {
    clients: Vec<Client>,
    report: StreamingReport,
    deliveries: Deliveries,
    /// Whether any client that listens for posts was ever connected.
    has_listened: bool,
    /// When maintenance was announced, and until when.
    announced_ms: Vec<(u64, Option<u64>)>,
}

impl SocketAccount {
    /// For so many clients; a post that is heard of later than `within` is late.
    pub(crate) fn new(clients: usize, within: Duration) -> Self {
        Self {
            clients: vec![Client::default(); clients],
            report: StreamingReport::default(),
            deliveries: Deliveries::new(within),
            has_listened: false,
            announced_ms: Vec::new(),
        }
    }

    /// Maintenance is announced, or over. Whoever is without a connection meanwhile was told so.
    pub(crate) fn announced(&mut self, maintenance: bool, at_ms: u64) {
        match self.announced_ms.last_mut() {
            Some((_, until @ None)) if !maintenance => *until = Some(at_ms),
            Some((_, None)) => {}
            _ if maintenance => self.announced_ms.push((at_ms, None)),
            _ => {}
        }
    }

    /// How long a client was without a connection, but for what was announced.
    fn gap(&self, lost_at_ms: u64, at_ms: u64) -> u64 {
        let told = self.announced_ms.iter().map(|(from, until)| {
            let until = until.unwrap_or(at_ms).min(at_ms);
            until.saturating_sub(lost_at_ms.max(*from))
        });
        at_ms.saturating_sub(lost_at_ms).saturating_sub(told.sum())
    }

    /// A post was acknowledged. Nobody can be expected to hear of it before anybody listens.
    pub(crate) fn acknowledged(&mut self, id: &str, at: Duration) {
        if self.has_listened {
            self.deliveries.acknowledged(id, at);
        }
    }

    pub(crate) fn heard(&mut self, id: &str, at: Duration) {
        self.deliveries.heard(id, at);
    }

    pub(crate) fn opened(&mut self, client: usize, at_ms: u64) {
        let lost = self.clients[client].lost_at_ms.take();
        let gap = lost.map(|lost_at_ms| self.gap(lost_at_ms, at_ms));
        let client = &mut self.clients[client];
        if !client.was_open {
            client.was_open = true;
            self.report.connections += 1;
        }
        if let Some(gap) = gap {
            client.reconnects += 1;
            self.report.reconnects += 1;
            self.report.longest_gap_ms = self.report.longest_gap_ms.max(gap);
            let most = &mut self.report.max_reconnects_per_connection;
            *most = client.reconnects.max(*most);
        }
    }

    pub(crate) fn lost(&mut self, client: usize, at_ms: u64) {
        self.clients[client].lost_at_ms = Some(at_ms);
        self.report.losses += 1;
        if self.report.drops.len() < DROPS_TOLD {
            self.report.drops.push(SocketDrop { at_ms });
        }
    }

    pub(crate) fn attempt_failed(&mut self) {
        self.report.failed_attempts += 1;
    }

    /// Somebody is connected who listens for posts.
    pub(crate) fn listens(&mut self) {
        self.has_listened = true;
    }

    pub(crate) fn received(&mut self) {
        self.report.messages += 1;
    }

    /// The account as of `at_ms`: a gap that is still open counts up to then.
    pub(crate) fn report(&self, at_ms: u64) -> StreamingReport {
        let open = self.clients.iter().filter_map(|client| client.lost_at_ms);
        let longest_open = open.map(|lost| self.gap(lost, at_ms)).max().unwrap_or(0);
        let mut report = self.report.clone();
        report.longest_gap_ms = report.longest_gap_ms.max(longest_open);
        report.delivery = self.deliveries.report();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnects_and_gaps_are_told_by_client() {
        let mut account = SocketAccount::new(3, Duration::from_secs(1));
        account.opened(0, 10);
        account.opened(1, 12);
        account.lost(0, 100);
        account.lost(1, 101);
        account.opened(1, 131);
        account.attempt_failed();
        account.opened(0, 180);
        account.lost(0, 500);
        account.opened(0, 510);
        let report = account.report(1_000);
        assert_eq!((report.connections, report.reconnects, report.losses), (2, 3, 3));
        assert_eq!((report.max_reconnects_per_connection, report.longest_gap_ms), (2, 80));
        assert_eq!(report.drops.iter().map(|drop| drop.at_ms).collect::<Vec<_>>(), [100, 101, 500]);
        assert_eq!(report.failed_attempts, 1);
    }

    #[test]
    fn what_was_announced_is_no_gap() {
        let mut account = SocketAccount::new(2, Duration::from_secs(1));
        account.opened(0, 10);
        account.opened(1, 10);
        account.announced(true, 1_000);
        account.lost(0, 1_200);
        account.announced(true, 1_500);
        account.announced(false, 5_000);
        account.opened(0, 5_070);
        assert_eq!(account.report(6_000).longest_gap_ms, 70);
        account.lost(1, 6_000);
        account.announced(true, 6_100);
        assert_eq!(account.report(9_000).longest_gap_ms, 100);
    }

    #[test]
    fn a_client_that_never_came_back_is_a_gap_to_the_end() {
        let mut account = SocketAccount::new(1, Duration::from_secs(1));
        account.opened(0, 10);
        account.lost(0, 100);
        let report = account.report(2_100);
        assert_eq!((report.reconnects, report.longest_gap_ms), (0, 2_000));
    }
}
