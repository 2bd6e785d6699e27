//! Which component, workload and container of one side is which of the other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use installation::{Object, Role, command_line};
use tree::Node;

use super::side::{Side, queue_names};

/// Components of both sides, by index.
pub(crate) struct Pairs {
    /// Before and after.
    pub(crate) both: Vec<(usize, usize)>,
    /// Only before.
    pub(crate) lost: Vec<usize>,
    /// Only after.
    pub(crate) added: Vec<usize>,
}

/// Pairs the lasting components: by part and workload name, Sidekiq by its queues; then whatever is left of a part in
/// the order read, workers by the queues that they share.
pub(crate) fn components(before: &Side<'_>, after: &Side<'_>) -> Pairs {
    let lasting = |side: &Side<'_>| -> Vec<usize> {
        side.all.components_where(Role::is_lasting).map(|(index, _)| index).collect()
    };
    let (old, new) = (lasting(before), lasting(after));
    let mut matching = Matching::new(old, new);
    let name =
        |side: &Side<'_>, index: usize| side.all.workload(&side.all.components[index]).name().to_owned();
    let exact = |side: &Side<'_>, index: usize| match &side.all.components[index].role {
        Role::Sidekiq(command) => format!("sidekiq {:?}", command.queues),
        role => role.component(),
    };
    let loose = |side: &Side<'_>, index: usize| match &side.all.components[index].role {
        role @ Role::Sidekiq(_) => format!("sidekiq {:?}", queue_names(role)),
        role => role.component(),
    };
    type Key<'k> = &'k dyn Fn(&Side<'_>, usize) -> String;
    let passes: [Key<'_>; 4] = [
        &|side, index| format!("{} {}", name(side, index), exact(side, index)),
        &exact,
        &loose,
        &|side, index| {
            let is_worker = matches!(side.all.components[index].role, Role::Sidekiq(_));
            format!("{} {is_worker}", name(side, index))
        },
    ];
    for key in passes {
        matching.by_key(|index| key(before, index), |index| key(after, index));
    }
    matching.workers(before, after);
    Pairs { both: matching.both, lost: matching.old, added: matching.new }
}

/// What is paired, and what is left on either side.
pub(crate) struct Matching {
    pub(crate) both: Vec<(usize, usize)>,
    pub(crate) old: Vec<usize>,
    pub(crate) new: Vec<usize>,
}

impl Matching {
    pub(crate) fn new(old: Vec<usize>, new: Vec<usize>) -> Self {
        Self { both: Vec::new(), old, new }
    }

    /// Pairs those with the same key, in the order read. An empty key pairs nothing.
    pub(crate) fn by_key(&mut self, old: impl Fn(usize) -> String, new: impl Fn(usize) -> String) {
        if self.old.is_empty() || self.new.is_empty() {
            return;
        }
        let mut waiting: HashMap<String, std::collections::VecDeque<usize>> = HashMap::new();
        for index in &self.new {
            waiting.entry(new(*index)).or_default().push_back(*index);
        }
        let mut taken = HashSet::new();
        let both = &mut self.both;
        self.old.retain(|index| {
            let key = old(*index);
            let found = waiting.get_mut(&key).filter(|_| !key.is_empty()).and_then(|own| own.pop_front());
            if let Some(found) = found {
                taken.insert(found);
                both.push((*index, found));
            }
            found.is_none()
        });
        self.new.retain(|index| !taken.contains(index));
    }

    /// Pairs each worker that is left with the one that shares most of its queues.
    fn workers(&mut self, before: &Side<'_>, after: &Side<'_>) {
        let mut by_queue: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for index in &self.new {
            for queue in queue_names(&after.all.components[*index].role) {
                by_queue.entry(queue).or_default().push(*index);
            }
        }
        let mut candidates = Vec::new();
        for index in &self.old {
            let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
            for queue in queue_names(&before.all.components[*index].role) {
                // Where many workers serve a queue, the first few of them do.
                for other in by_queue.get(queue).into_iter().flatten().take(16) {
                    *shared.entry(*other).or_default() += 1;
                }
            }
            let shared = shared.into_iter();
            candidates.extend(shared.map(|(other, count)| (Reverse(count), *index, other)));
        }
        candidates.sort_unstable();
        let (mut old, mut new) = (HashSet::new(), HashSet::new());
        for (_, index, other) in candidates {
            if !old.contains(&index) && !new.contains(&other) {
                old.insert(index);
                new.insert(other);
                self.both.push((index, other));
            }
        }
        self.old.retain(|index| !old.contains(index));
        self.new.retain(|index| !new.contains(index));
    }
}

/// The containers of two pods: those of the parts of Mastodon are paired already (`main`), the others by name, by what
/// they run, and by their image.
pub(crate) fn containers(old: &[&Node], new: &[&Node], main: &[(usize, usize)]) -> Matching {
    let is_main = |index: &usize, old: bool| {
        main.iter().any(|(before, after)| if old { before == index } else { after == index })
    };
    let left = |count: usize, old: bool| (0..count).filter(|index| !is_main(index, old)).collect();
    let mut matching = Matching::new(left(old.len(), true), left(new.len(), false));
    let name = |node: &Node| node.str_at(&["name"]).unwrap_or_default().to_owned();
    let keys: [&dyn Fn(&Node) -> String; 3] = [&name, &runs, &image];
    for key in keys {
        matching.by_key(|index| key(old[index]), |index| key(new[index]));
    }
    matching.both.extend_from_slice(main);
    matching.both.sort_unstable();
    matching
}

/// The program that a container runs, without what starts it.
fn runs(node: &Node) -> String {
    let words = command_line(node);
    let plain = words.iter().map(|word| word.rsplit('/').next().unwrap_or_default());
    plain.filter(|word| !matches!(*word, "bundle" | "exec" | "sh" | "-c")).take(1).collect()
}

/// The image without tag and digest.
fn image(node: &Node) -> String {
    let image = node.str_at(&["image"]).unwrap_or_default();
    let untagged = image.split('@').next().unwrap_or_default();
    match untagged.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository.to_owned(),
        _ => untagged.to_owned(),
    }
}

/// What a workload runs, in the words of its containers: by it jobs are found again under other names.
pub(crate) fn work(object: &Object) -> String {
    let lines = object.containers().map(|container| {
        let words = command_line(container);
        let words: Vec<&str> = words.iter().map(String::as_str).skip_while(|word| is_starter(word)).collect();
        if words.is_empty() { image(container) } else { words.join(" ") }
    });
    format!("{} {}", object.kind(), lines.collect::<Vec<_>>().join("; "))
}

fn is_starter(word: &str) -> bool {
    matches!(
        word,
        "bundle" | "exec" | "rake" | "rails" | "bin/rails" | "./bin/rails" | "sh" | "bash" | "-c" | "-lc"
    )
}
