//! Names and labels of what is written.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Component, Installation, Labels, Object, Role};

use crate::TargetError;

/// The label by which a Service can select both sides for a while; blue's pods are given it just before.
pub const SERVES: &str = "mastoferry.dev/serves";

/// How the objects of a release are called, by the official charts' rule
/// (`../shared/mastodon/chart-objects.md`, section 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The release.
    pub release: String,
    /// What object names begin with.
    pub full_name: String,
    /// The label `app.kubernetes.io/name`.
    pub name_label: String,
}

impl Naming {
    /// The names of a release: its own where it contains `mastodon`, else `<release>-mastodon`.
    #[must_use]
    pub fn of(release: &str) -> Self {
        let full_name =
            if release.contains("mastodon") { release.to_owned() } else { format!("{release}-mastodon") };
        Self { release: release.to_owned(), full_name, name_label: "mastodon".to_owned() }
    }

    /// Names that collide with nothing in the installation: of the release asked for, or else the first free one
    /// of `mastodon`, the domain's first label with `-mastodon`, and numbered ones.
    ///
    /// # Errors
    /// If the one asked for is taken or no name, or if an old selector would match whatever is chosen.
    pub fn choose(installation: &Installation, wanted: Option<&str>) -> Result<Self, TargetError> {
        let mut naming = match wanted {
            Some(release) if !is_release_name(release) => {
                return Err(TargetError::BadName(release.to_owned()));
            }
            Some(release) => {
                let naming = Self::of(release);
                if let Some(object) = naming.collision(installation) {
                    return Err(TargetError::NameTaken { release: release.to_owned(), object });
                }
                naming
            }
            None => Self::first_free(installation),
        };
        if naming.matched_by(installation).is_some() {
            naming.name_label.clone_from(&naming.release);
        }
        match naming.matched_by(installation) {
            None => Ok(naming),
            Some(index) => {
                let object = &installation.objects[index];
                Err(TargetError::SelectorMatches {
                    object: object.id().to_string(),
                    origin: object.node.origin,
                })
            }
        }
    }

    fn first_free(installation: &Installation) -> Self {
        let label = installation.domain.split('.').next().unwrap_or_default();
        let label: String = label
            .chars()
            .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
            .take(24)
            .collect();
        let label = label.trim_matches('-');
        let first = ["mastodon".to_owned(), format!("{label}-mastodon").trim_matches('-').to_owned()];
        let numbered = (2..).map(|number| format!("mastodon-{number}"));
        first
            .into_iter()
            .chain(numbered)
            .map(|release| Self::of(&release))
            .find(|naming| naming.collision(installation).is_none())
            .unwrap_or_else(|| Self::of("mastodon"))
    }

    /// The first object of the installation whose name could be one of this release's, or that belongs to a release of
    /// Helm of this name, whatever its objects are called.
    fn collision(&self, installation: &Installation) -> Option<String> {
        let prefix = format!("{}-", self.full_name);
        let of_release = |object: &Object| {
            let label = |key: &str| object.node.str_at(&["metadata", "labels", key]);
            label("app.kubernetes.io/managed-by") == Some("Helm")
                && label("app.kubernetes.io/instance") == Some(&self.release)
        };
        installation
            .objects
            .iter()
            .find(|object| {
                object.name() == self.full_name || object.name().starts_with(&prefix) || of_release(object)
            })
            .map(|object| object.id().to_string())
    }

    /// The object whose selector would match pods of this release.
    fn matched_by(&self, installation: &Installation) -> Option<usize> {
        let components: BTreeSet<String> = installation
            .components
            .iter()
            .map(|component| component_label(installation, component))
            .collect();
        installation
            .pod_selectors()
            .into_iter()
            .find(|(_, selector)| {
                components.iter().any(|component| selector.select(&self.pod_labels(component)))
            })
            .map(|(index, _)| index)
    }

    /// `<full name>-<suffix>`, cut to what Kubernetes allows.
    #[must_use]
    pub fn object(&self, suffix: &str) -> String {
        let mut name = format!("{}-{suffix}", self.full_name);
        name.truncate(63);
        name.trim_end_matches('-').to_owned()
    }

    /// The labels by which a component's pods are selected; immutable in Deployments.
    #[must_use]
    pub fn selector(&self, component: &str) -> Labels {
        let mut labels = BTreeMap::from([
            ("app.kubernetes.io/name".to_owned(), self.name_label.clone()),
            ("app.kubernetes.io/instance".to_owned(), self.release.clone()),
            ("app.kubernetes.io/component".to_owned(), component.to_owned()),
        ]);
        if component != "streaming" {
            labels.insert("app.kubernetes.io/part-of".to_owned(), "rails".to_owned());
        }
        Labels(labels)
    }

    /// The labels of an object that belongs to the release.
    #[must_use]
    pub fn object_labels(&self, component: &str) -> Labels {
        let mut labels = self.selector(component);
        labels.0.insert("app.kubernetes.io/managed-by".to_owned(), "mastoferry".to_owned());
        labels
    }

    /// The labels of a component's pods.
    #[must_use]
    pub fn pod_labels(&self, component: &str) -> Labels {
        let mut labels = self.selector(component);
        if matches!(component, "web" | "streaming") {
            labels.0.insert(SERVES.to_owned(), self.object(component));
        }
        labels
    }

    /// What the chart calls the main container of a role.
    #[must_use]
    pub fn container(role: &Role) -> &'static str {
        match role {
            Role::Web => "mastodon-web",
            Role::Streaming => "mastodon-streaming",
            Role::Sidekiq(_) | Role::Migration | Role::Tootctl => "mastodon",
        }
    }
}

/// What a component is called in names and labels: its role, with a number for workers that serve the same queues as an
/// earlier one, since each Deployment selects its pods by it.
pub(crate) fn component_label(installation: &Installation, component: &Component) -> String {
    let label = component.role.component();
    if !matches!(component.role, Role::Sidekiq(_)) {
        return label;
    }
    let mut earlier: Vec<usize> = installation
        .components
        .iter()
        .take_while(|own| !std::ptr::eq(*own, component))
        .filter(|own| own.object != component.object && own.role.component() == label)
        .map(|own| own.object)
        .collect();
    earlier.dedup();
    if earlier.is_empty() { label } else { format!("{label}-{}", earlier.len() + 1) }
}

fn is_release_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= 40
        && name.chars().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_charts_rule() {
        assert_eq!(Naming::of("rel").object("web"), "rel-mastodon-web");
        assert_eq!(Naming::of("my-mastodon-x").object("web"), "my-mastodon-x-web");
        assert_eq!(Naming::of("mastodon").full_name, "mastodon");
    }

    #[test]
    fn release_names_are_dns_labels() {
        assert!(is_release_name("a-1"));
        for bad in ["", "A", "a_b", "-a", "a-", "a.b"] {
            assert!(!is_release_name(bad), "{bad:?}");
        }
    }
}
