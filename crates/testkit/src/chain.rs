//! What was seen of one thing, one after another, without what a watcher may miss.

/// What is seen of a thing at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Words; every one that differs from the one before counts, but for those that only pass.
    Words(String),
    /// Numbers, each with what it counts; on the way from one turning point to the next none counts.
    Counts(Vec<(String, i64)>),
}

impl Seen {
    pub(crate) fn count(number: i64) -> Self {
        Self::Counts(vec![(String::new(), number)])
    }

    /// Nothing to speak of: how everything is before it is something.
    fn is_nothing(&self) -> bool {
        match self {
            Self::Words(words) => words.is_empty(),
            Self::Counts(counts) => counts.iter().all(|(_, count)| *count == 0),
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Words(words) if words.is_empty() => formatter.write_str("nothing"),
            Self::Words(words) => formatter.write_str(words),
            Self::Counts(counts) => {
                let told: Vec<String> = counts
                    .iter()
                    .filter(|(what, count)| what.is_empty() || *count != 0)
                    .map(
                        |(what, count)| {
                            if what.is_empty() { count.to_string() } else { format!("{count} {what}") }
                        },
                    )
                    .collect();
                formatter.write_str(if told.is_empty() { "nobody" } else { "" })?;
                formatter.write_str(&told.join(" + "))
            }
        }
    }
}

/// States that a watcher may miss, because whoever reports them may skip them: a pod's on its way, and what a
/// Deployment says of its progress, which depends on whether it or its ReplicaSet is faster.
const PASSING: [&str; 3] = ["running", "unready", "True ReplicaSetUpdated"];

/// A sequence of what was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain(Vec<Seen>);

impl Chain {
    pub(crate) fn beginning(first: Option<Seen>) -> Self {
        Self(first.into_iter().collect())
    }

    pub(crate) fn push(&mut self, next: Seen) {
        if self.0.last() == Some(&next) {
            return;
        }
        if let Some(Seen::Words(last)) = self.0.last()
            && PASSING.contains(&last.as_str())
            && self.0.len() > 1
        {
            self.0.pop();
            return self.push(next);
        }
        if let [.., Seen::Counts(before), Seen::Counts(last)] = &self.0[..]
            && let Seen::Counts(next) = &next
            && is_on_the_way(before, last, next)
        {
            self.0.pop();
        }
        if self.0.last() != Some(&next) {
            self.0.push(next);
        }
    }

    pub(crate) fn last(&self) -> Option<&Seen> {
        self.0.last()
    }

    /// Without turns that only repeat those before: whether a controller that adds up what others report sees each of
    /// several pods come and go one after another depends on how fast they are.
    pub(crate) fn without_repeats(&self) -> Self {
        let mut kept: Vec<Seen> = Vec::new();
        for seen in &self.0 {
            kept.push(seen.clone());
            if let [.., a, b, c, d] = &kept[..]
                && a == c
                && b == d
            {
                kept.truncate(kept.len() - 2);
            }
        }
        Self(kept)
    }

    /// Without the first state where it is this one and another follows.
    pub(crate) fn without_first(&self, passing: &str) -> Self {
        let states = self.0.iter().skip_while(|seen| seen.is_nothing());
        let mut states: Vec<Seen> = states.cloned().collect();
        if states.len() > 1 && states[0] == Seen::Words(passing.to_owned()) {
            states.remove(0);
        }
        Self(states)
    }

    /// `2 → 3`; none when nothing changed, or nothing was ever there.
    pub(crate) fn told(&self, is_new: bool) -> Option<String> {
        let all = match &self.0[..] {
            [] => return None,
            [_] if !is_new => return None,
            [first, rest @ ..] if is_new && first.is_nothing() && !rest.is_empty() => match first {
                Seen::Words(_) => rest,
                Seen::Counts(_) => &self.0[..],
            },
            [only] if only.is_nothing() => return None,
            all => all,
        };
        Some(all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → "))
    }
}

/// Whether every number in the middle lies between those before and after it. That there is nobody is always told.
fn is_on_the_way(before: &[(String, i64)], middle: &[(String, i64)], after: &[(String, i64)]) -> bool {
    let of = |counts: &[(String, i64)], what: &str| {
        counts.iter().find(|(one, _)| one == what).map_or(0, |(_, count)| *count)
    };
    let mut whats: Vec<&String> = before.iter().chain(middle).chain(after).map(|(what, _)| what).collect();
    whats.sort();
    whats.dedup();
    let is_nobody = middle.iter().all(|(_, count)| *count == 0);
    let was_somebody = [before, after].iter().all(|counts| counts.iter().any(|(_, count)| *count != 0));
    if is_nobody && was_somebody {
        return false;
    }
    whats.into_iter().all(|what| {
        let (a, b, c) = (of(before, what), of(middle, what), of(after, what));
        a <= b && b <= c || a >= b && b >= c
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(numbers: &[i64]) -> Option<String> {
        let mut chain = Chain::default();
        numbers.iter().for_each(|number| chain.push(Seen::count(*number)));
        chain.told(true)
    }

    #[test]
    fn of_numbers_only_turning_points_are_told() {
        assert_eq!(counted(&[0, 1, 2]).as_deref(), Some("0 → 2"));
        assert_eq!(counted(&[2, 3, 3, 2, 3, 2]).as_deref(), Some("2 → 3 → 2 → 3 → 2"));
        assert_eq!(counted(&[0]), None);
        let mut chain = Chain::default();
        [2, 3, 2, 3, 2].iter().for_each(|number| chain.push(Seen::count(*number)));
        let mut available = Chain::default();
        ["", "yes", "no", "yes"].iter().for_each(|words| available.push(Seen::Words((*words).to_owned())));
        assert_eq!(available.without_first("yes").told(true).as_deref(), Some("no → yes"));
        assert_eq!(chain.without_repeats().told(true).as_deref(), Some("2 → 3 → 2"));
    }

    #[test]
    fn a_switch_of_sides_is_told_without_what_lies_between_and_never_without_a_gap() {
        let both = |blue: i64, green: i64| {
            Seen::Counts(vec![("blue".to_owned(), blue), ("green".to_owned(), green)])
        };
        let mut chain = Chain::beginning(Some(both(2, 0)));
        for step in [both(2, 1), both(2, 2), both(1, 2), both(0, 2)] {
            chain.push(step);
        }
        assert_eq!(chain.told(false).as_deref(), Some("2 blue → 2 green"));
        let mut gap = Chain::beginning(Some(both(2, 0)));
        [both(0, 0), both(0, 2)].into_iter().for_each(|step| gap.push(step));
        assert_eq!(gap.told(false).as_deref(), Some("2 blue → nobody → 2 green"), "a gap is never left out");
    }

    #[test]
    fn states_that_may_be_skipped_are_told_only_where_they_last() {
        let mut chain = Chain::default();
        for words in ["created", "bound", "running", "ready", "unready", "ending", "gone"] {
            chain.push(Seen::Words(words.to_owned()));
        }
        assert_eq!(chain.told(true).as_deref(), Some("created → bound → ready → ending → gone"));
        let mut lasting = Chain::beginning(Some(Seen::Words("ready".to_owned())));
        lasting.push(Seen::Words("unready".to_owned()));
        assert_eq!(lasting.told(false).as_deref(), Some("ready → unready"));
    }
}
