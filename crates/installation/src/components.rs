//! The containers that run Mastodon, and what they get.

use tree::Node;

use crate::environment::add_environment;
use crate::index::Index;
use crate::mounted::mounted_environment;
use crate::role::settings_of;
use crate::{Component, Environment, Object, Role};

/// Every container with a part in Mastodon; one that starts several parts is a component for each.
pub(crate) fn read_components(index: &Index<'_>) -> Vec<Component> {
    let mut components = Vec::new();
    for (number, object) in index.objects.iter().enumerate() {
        for (position, container) in object.containers().enumerate() {
            let roles = Role::all_of(container);
            if roles.is_empty() {
                continue;
            }
            let environment = environment_of(container, object, index);
            for mut role in roles {
                if let Role::Sidekiq(command) = &mut role {
                    let threads = environment.text("SIDEKIQ_CONCURRENCY");
                    command.concurrency = command.concurrency.or_else(|| threads?.trim().parse().ok());
                }
                components.push(Component {
                    role,
                    object: number,
                    container: position,
                    labels: object.pod_labels(),
                    environment: environment.clone(),
                });
            }
        }
    }
    components
}

/// What a container gets: env files under the real environment, and over it what its own command line sets.
pub(crate) fn environment_of(container: &Node, object: &Object, index: &Index<'_>) -> Environment {
    let mut environment = Environment::default();
    mounted_environment(&mut environment, container, object, index);
    add_environment(&mut environment, container, object.namespace(), index);
    let written = ["command", "args"].iter().find_map(|key| container.get(key)).and_then(|node| node.origin);
    for (name, text) in settings_of(container) {
        environment.put(name, text, written);
    }
    environment
}
