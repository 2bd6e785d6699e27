//! Which worker serves which queue.

use installation::{Installation, Role, queues_of};

/// A queue and who serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The queue.
    pub(crate) queue: String,
    /// The workers, as indices of components.
    pub(crate) workers: Vec<usize>,
    /// How many jobs of it can run at once, where every worker says its number of threads.
    pub(crate) threads: Option<u32>,
}

/// Every queue that the workers' release fills, then any other that a worker names.
pub(crate) fn coverage(installation: &Installation) -> Vec<Coverage> {
    let release = installation
        .components_where(|role| matches!(role, Role::Sidekiq(_)))
        .find_map(|(_, component)| installation.version(component)?.minor());
    let mut queues: Vec<String> = queues_of(release).into_iter().map(|queue| queue.name).collect();
    let workers: Vec<(usize, &installation::SidekiqCommand, u32)> = installation
        .components
        .iter()
        .enumerate()
        .filter_map(|(index, component)| match &component.role {
            Role::Sidekiq(command) => Some((index, command, installation.workload(component).replicas())),
            _ => None,
        })
        .collect();
    for queue in workers.iter().flat_map(|(_, command, _)| &command.queues) {
        if !queues.contains(&queue.name) {
            queues.push(queue.name.clone());
        }
    }
    queues
        .into_iter()
        .map(|queue| {
            let serving = || {
                workers.iter().filter(|(_, command, _)| command.queues.iter().any(|own| own.name == queue))
            };
            let workers: Vec<usize> = serving().map(|(index, _, _)| *index).collect();
            let threads =
                serving().map(|(_, command, pods)| Some(command.concurrency?.saturating_mul(*pods))).sum();
            let threads = if workers.is_empty() { None } else { threads };
            Coverage { queue, workers, threads }
        })
        .collect()
}
