//! What is looked at, and how its things are called.

use installation::{Component, HeldSecret, Installation, ObjectId, Role, RouteTarget, SecretForm};
use source::{Form, Sourced};
use tree::{Node, Origin};

use crate::problem::Problem;
use crate::words::Words;

/// A source and the Mastodon in it, looked at in a language.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// What was read.
    pub(crate) sourced: &'a Sourced,
    /// What it is.
    pub(crate) installation: &'a Installation,
    /// What could not be read.
    pub(crate) unread: &'a [Problem],
    /// The language.
    pub(crate) words: &'a Words,
}

impl View<'_> {
    /// The name of what holds secrets: of the Secret, or of the env file.
    pub(crate) fn secret_name(&self, secret: &HeldSecret) -> String {
        match secret.origin.filter(|_| secret.form == SecretForm::EnvFile) {
            Some(origin) => self.file_name(origin),
            None => secret.name.clone(),
        }
    }

    /// The name of the file that a place is in, folders left out.
    pub(crate) fn file_name(&self, origin: Origin) -> String {
        let path = self.sourced.files.name(origin.file);
        path.rsplit('/').next().unwrap_or(path).to_owned()
    }

    /// An object as its owner calls it: `Deployment/web`, or `service web` where Compose is what was read.
    pub(crate) fn name(&self, index: usize) -> String {
        self.name_of(&self.installation.objects[index].id())
    }

    /// The same for an object's kind and name.
    pub(crate) fn name_of(&self, id: &ObjectId) -> String {
        match self.compose_kind(id) {
            Some(kind) => self.words.tell(&format!("compose-{kind}"), &[("name", &id.name)]),
            None => id.to_string(),
        }
    }

    /// The name that programs know an object by: `Deployment/web`, or `service/web`.
    pub(crate) fn key(&self, index: usize) -> String {
        self.key_of(&self.installation.objects[index].id())
    }

    /// The same for an object's kind and name.
    pub(crate) fn key_of(&self, id: &ObjectId) -> String {
        match self.compose_kind(id) {
            Some(kind) => format!("{kind}/{}", id.name),
            None => id.to_string(),
        }
    }

    /// What Compose calls an object of this kind, where Compose is what was read and knows such a thing.
    fn compose_kind(&self, id: &ObjectId) -> Option<&'static str> {
        if self.sourced.form != Form::Compose {
            return None;
        }
        Some(match id.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" | "Job" | "Service" => "service",
            "PersistentVolumeClaim" | "PersistentVolume" => "volume",
            "Secret" => "secret",
            "ConfigMap" => "config",
            _ => return None,
        })
    }

    /// `file:line`.
    pub(crate) fn place(&self, origin: Option<Origin>) -> Option<String> {
        origin.map(|origin| self.sourced.files.place(origin))
    }

    /// The image of a component's container.
    pub(crate) fn image(&self, component: &Component) -> Option<&str> {
        let container = self.installation.workload(component).containers().nth(component.container);
        container.and_then(|container| container.get("image")).and_then(Node::as_str)
    }

    /// What answers a route, by the name programs know.
    pub(crate) fn answers(&self, target: &RouteTarget) -> String {
        match target {
            RouteTarget::Component(index) => self.installation.components[*index].role.component(),
            RouteTarget::Neighbour(index) => self.key(*index),
            RouteTarget::Unknown => "?".to_owned(),
        }
    }
}

/// The queues a role serves.
pub(crate) fn queues(role: &Role) -> Vec<String> {
    match role {
        Role::Sidekiq(command) => command.queues.iter().map(|queue| queue.name.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The number of threads a role's command line says.
pub(crate) fn concurrency(role: &Role) -> Option<u32> {
    match role {
        Role::Sidekiq(command) => command.concurrency,
        _ => None,
    }
}

/// What an image's name says of its build: the tag, or the head of the digest.
pub(crate) fn build_of(image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        let head: String = digest.chars().take(DIGEST_HEAD).collect();
        let tag = tag_of(image.split('@').next().unwrap_or_default());
        return tag.map_or(head.clone(), ToOwned::to_owned);
    }
    tag_of(image).unwrap_or("latest").to_owned()
}

/// An image for people: a digest cut to its head, which tells builds apart as well as the whole.
pub(crate) fn short_image(image: &str) -> String {
    match image.split_once('@') {
        Some((name, digest)) if digest.len() > DIGEST_HEAD => {
            format!("{name}@{}…", digest.chars().take(DIGEST_HEAD).collect::<String>())
        }
        _ => image.to_owned(),
    }
}

/// `sha256:` and twelve digits.
const DIGEST_HEAD: usize = 19;

fn tag_of(image: &str) -> Option<&str> {
    image.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_the_tag_or_the_head_of_the_digest() {
        assert_eq!(build_of("registry.example:5000/mastodon:v4.5.0"), "v4.5.0");
        assert_eq!(build_of("registry.example:5000/mastodon"), "latest");
        assert_eq!(build_of("mastodon:v4.5.0@sha256:0123456789abcdef"), "v4.5.0");
        assert_eq!(build_of("mastodon@sha256:0123456789abcdef"), "sha256:0123456789ab");
        assert_eq!(short_image("mastodon@sha256:0123456789abcdef"), "mastodon@sha256:0123456789ab…");
    }
}
