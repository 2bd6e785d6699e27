//! What goes with a release: the secrets it needs, and whether they are there.

use installation::{Component, Role, SettingValue, required_secrets};
use source::Form;

use super::view::View;

/// A secret that the release needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Required {
    /// The setting.
    pub(crate) setting: &'static str,
    /// Whether it is given.
    pub(crate) given: Given,
}

/// Whether a setting is given, as far as the source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// By a key of a Secret, or of a ConfigMap elsewhere: `Secret/name`.
    By(String),
    /// It stands in the open.
    InTheOpen,
    /// It stands in the source, encrypted.
    Encrypted,
    /// Perhaps: by something taken whole whose keys the source does not show.
    Unseen(Vec<String>),
    /// It is not.
    No,
}

impl Given {
    /// The state's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::By(_) => "given",
            Self::InTheOpen => "in-the-open",
            Self::Encrypted => "encrypted",
            Self::Unseen(_) => "unseen",
            Self::No => "missing",
        }
    }

    /// What gives it, or may.
    pub(crate) fn by(&self) -> Vec<String> {
        match self {
            Self::By(object) => vec![object.clone()],
            Self::Unseen(objects) => objects.clone(),
            Self::InTheOpen | Self::Encrypted | Self::No => Vec::new(),
        }
    }
}

/// The secrets that web's release needs, as web is given them; Sidekiq's where the source holds no web.
pub(crate) fn required(view: &View<'_>) -> Vec<Required> {
    let components = &view.installation.components;
    let web = components.iter().find(|component| component.role == Role::Web);
    let rails = web.or_else(|| components.iter().find(|it| matches!(it.role, Role::Sidekiq(_))));
    let Some(component) = rails else { return Vec::new() };
    let release = view.installation.version(component).and_then(|version| version.minor());
    let settings = required_secrets(release).into_iter();
    settings.map(|setting| Required { setting, given: given(view, component, setting) }).collect()
}

fn given(view: &View<'_>, component: &Component, setting: &str) -> Given {
    let environment = &component.environment;
    let named = |kind: &str, name: &str| {
        view.name_of(&installation::ObjectId { kind: kind.to_owned(), name: name.to_owned() })
    };
    let found = environment.settings.get(setting);
    let origin = found.and_then(|setting| setting.origins.first().copied());
    let own = view.installation.workload(component).node.origin;
    let env_file = origin.filter(|origin| {
        view.sourced.form == Form::Compose && own.is_some_and(|own| own.file != origin.file)
    });
    match found.map(|setting| &setting.value) {
        Some(SettingValue::Secret { secret, .. }) => Given::By(named("Secret", secret)),
        Some(SettingValue::ConfigMap { config_map, .. }) => Given::By(named("ConfigMap", config_map)),
        Some(SettingValue::Encrypted) => Given::Encrypted,
        Some(SettingValue::Text(text)) if text.is_empty() => Given::No,
        Some(SettingValue::Sealed(secret)) if secret.is_empty() => Given::No,
        Some(SettingValue::Text(_) | SettingValue::Sealed(_) | SettingValue::Kubernetes(_)) => {
            env_file.map_or(Given::InTheOpen, |origin| Given::By(view.file_name(origin)))
        }
        None if environment.opaque.is_empty() => Given::No,
        None => Given::Unseen(environment.opaque.iter().map(|source| source.replace("//", "/")).collect()),
    }
}
