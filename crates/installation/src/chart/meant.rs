//! The key that an owner probably meant by one that does nothing.

use super::table::{Effect, OfficialChart};

/// Keys of older versions and habits from other charts.
const MOVED: [(&str, &str); 2] =
    [("replicaCount", "mastodon.web.replicas"), ("mastodon.workers", "mastodon.sidekiq.workers")];

impl OfficialChart {
    /// The key that was probably meant: a near miss beside it, or the only key of that name elsewhere.
    #[must_use]
    pub fn meant_by(self, path: &str) -> Option<&'static str> {
        if let Some((_, meant)) = MOVED.iter().find(|(moved, _)| *moved == path) {
            return Some(meant);
        }
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let wanted = plain(name);
        let read =
            || self.keys().iter().filter(|key| !matches!(key.effect, Effect::Inert)).map(|key| key.path);
        let beside = read()
            .filter(|key| key.rsplit_once('.').unwrap_or(("", key)).0 == parent)
            .map(|key| (distance(&plain(last(key)), &wanted), key))
            .filter(|(distance, key)| *distance <= if last(key).len() > 5 { 2 } else { 0 })
            .min();
        if let Some((_, key)) = beside {
            return Some(key);
        }
        if wanted.len() < 6 {
            return read().find(|key| {
                last(key) == name && key.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'))
            });
        }
        let same: Vec<&str> = read().filter(|key| plain(last(key)) == wanted).collect();
        let shared = |key: &str| {
            key.split(['.', '['])
                .zip(path.split(['.', '[']))
                .take_while(|(a, b)| plain(a) == plain(b))
                .count()
        };
        let closest = same.iter().map(|key| shared(key)).max()?;
        let mut closest = same.into_iter().filter(|key| shared(key) == closest);
        let depth = |key: &str| key.matches('.').count();
        let first = closest.next()?;
        match closest.min_by_key(|key| depth(key)) {
            Some(other) if depth(other) < depth(first) => Some(other),
            Some(other) if depth(other) == depth(first) => None,
            _ => Some(first),
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

/// Without case and separators: `local_domain` and `localDomain` are the same word.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many letters must be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_and_other_spellings_are_found() {
        let meant = |path| OfficialChart::HelmCharts.meant_by(path);
        assert_eq!(meant("mastodon.local_domain"), Some("mastodon.localDomain"));
        assert_eq!(meant("mastodon.sidekiq.replicas"), Some("mastodon.sidekiq.workers[].replicas"));
        assert_eq!(meant("autoscaling"), None);
        assert_eq!(meant("priorityClassName"), None);
    }
}
