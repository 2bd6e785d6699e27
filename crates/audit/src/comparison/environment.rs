//! What a container gets as environment, variable by variable. Values are compared and never shown.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Environment, Role, Setting, SettingValue, known_setting, required_secrets};
use target::helm::is_harmless;
use tree::Node;

use super::side::Side;
use crate::difference::At;
use crate::{Code, Difference};

/// One side of a container's environment.
pub(crate) struct Got<'a, 's> {
    pub(crate) environment: &'a Environment,
    pub(crate) container: &'a Node,
    pub(crate) side: &'a Side<'s>,
}

/// A Secret or ConfigMap that is taken whole: kind, prefix, name.
type Whole = (String, String, String);

impl Got<'_, '_> {
    fn value(&self, name: &str) -> Option<&Setting> {
        self.environment.settings.get(name)
    }

    /// What is taken whole and cannot be seen.
    fn unseen(&self) -> BTreeSet<Whole> {
        let parts = self.environment.opaque.iter().map(|whole| {
            let mut parts = whole.splitn(3, '/').map(str::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            (next(), next(), next())
        });
        parts.collect()
    }

    /// What is taken whole, whether it can be seen or not.
    fn wholes(&self) -> BTreeSet<Whole> {
        let mut wholes = self.unseen();
        for source in self.container.get("envFrom").into_iter().flat_map(Node::items) {
            let prefix = source.str_at(&["prefix"]).unwrap_or_default();
            for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                if let Some(name) = source.str_at(&[key, "name"]) {
                    wholes.insert((kind.to_owned(), prefix.to_owned(), name.to_owned()));
                }
            }
        }
        wholes
    }
}

/// Compares what a container of a role gets; a container that plays no part in Mastodon has none.
pub(crate) fn compare(
    at: At<'_>,
    role: Option<&Role>,
    old: &Got<'_, '_>,
    new: &Got<'_, '_>,
    found: &mut Vec<Difference>,
) {
    let (old_unseen, new_wholes) = (old.unseen(), new.wholes());
    let gone: Vec<&Whole> = old_unseen.iter().filter(|whole| !new_wholes.contains(*whole)).collect();
    let names: BTreeSet<&String> =
        old.environment.settings.keys().chain(new.environment.settings.keys()).collect();
    for name in names {
        let (from, to) = (old.value(name), new.value(name));
        let is_same = match (from, to) {
            (Some(from), Some(to)) => says_same(from, to),
            _ => false,
        };
        if !is_same {
            found.extend(variable(at, role, name, (old, from), to, !gone.is_empty()));
        }
    }
    for (kind, _, name) in &gone {
        let object = format!("{kind}/{name}");
        let from = old.container.get("envFrom").and_then(|node| node.origin);
        let lost = at.differs(Code::EnvUnseenLost, &format!("envFrom {object}"), object, "");
        found.push(lost.from(from));
    }
    let old_wholes = old.wholes();
    for (kind, _, name) in new.unseen().iter().filter(|whole| !old_wholes.contains(*whole)) {
        let object = format!("{kind}/{name}");
        found.push(at.differs(Code::EnvUnseenAdded, &format!("envFrom {object}"), "", object));
    }
    keys(at, role, old, new, found);
}

/// Whether two settings come to the same: the same text wherever it stands, or else the same reference.
fn says_same(one: &Setting, other: &Setting) -> bool {
    match (text(one), text(other)) {
        (Some(own), Some(text)) => own == text,
        _ => one.value == other.value,
    }
}

/// The text of a setting, to be compared.
fn text(setting: &Setting) -> Option<&str> {
    match &setting.value {
        SettingValue::Text(text) => Some(text),
        SettingValue::Sealed(secret) => Some(secret.reveal()),
        _ => setting.held.as_ref().map(tree::Secret::reveal),
    }
}

/// Where a value comes from.
fn shown(setting: Option<&Setting>) -> String {
    match setting.map(|setting| &setting.value) {
        None => String::new(),
        Some(SettingValue::Secret { secret, key }) => format!("Secret/{secret} {key}"),
        Some(SettingValue::ConfigMap { config_map, key }) => format!("ConfigMap/{config_map} {key}"),
        Some(_) => "(set)".to_owned(),
    }
}

fn variable(
    at: At<'_>,
    role: Option<&Role>,
    name: &str,
    (old, from): (&Got<'_, '_>, Option<&Setting>),
    to: Option<&Setting>,
    unseen_gone: bool,
) -> Option<Difference> {
    let is_read = role.is_none_or(|role| reads(role, name));
    let explained = match (from, to) {
        (Some(_), _) if !is_read => Some("audit-not-read"),
        (None, Some(_)) if !is_read => return None,
        (None, Some(to)) => added(old, name, to, unseen_gone),
        (Some(from), None) => lost(name, from),
        (Some(_), Some(_)) => None,
        (None, None) => return None,
    };
    let is_text = to.is_some_and(|to| matches!(to.value, SettingValue::Text(_)));
    let code = match (from, to) {
        (Some(_), None) => Code::EnvLost,
        (Some(_), Some(_)) => Code::EnvChanged,
        _ if unseen_gone && is_text && explained.is_none() && may_be_unseen(name) => Code::EnvPerhapsChanged,
        _ => Code::EnvAdded,
    };
    let after = match (from.is_some(), shown(to)) {
        (true, after) if after == "(set)" => "(set otherwise)".to_owned(),
        (_, after) => after,
    };
    let mut difference = at.differs(code, &format!("env {name}"), shown(from), after).explained(explained);
    if let Some(from) = from {
        difference = difference.from(from.origins.iter().copied());
    }
    Some(difference)
}

/// What explains that a variable is gone.
fn lost(name: &str, from: &Setting) -> Option<&'static str> {
    let known = known_setting(name)?;
    match text(from) {
        Some("") if known.default.is_empty() => Some("audit-default"),
        Some(own) if !known.default.is_empty() && own == known.default => Some("audit-default"),
        _ => None,
    }
}

/// What explains that a variable is new.
fn added(old: &Got<'_, '_>, name: &str, to: &Setting, unseen_gone: bool) -> Option<&'static str> {
    match &to.value {
        // What is set to the default may override what nobody can see.
        SettingValue::Text(_) if unseen_gone && may_be_unseen(name) => None,
        SettingValue::Text(text) if is_harmless(name, text) => Some("reason-chart-adds"),
        // It follows the number of threads where it is not set.
        SettingValue::Text(text)
            if name == "MIN_THREADS" && text == "5" && old.value("MAX_THREADS").is_none() =>
        {
            Some("reason-chart-adds")
        }
        SettingValue::Secret { secret, key } => {
            let is_whole = |(kind, prefix, own): &Whole| {
                kind == "Secret" && own == secret && format!("{prefix}{key}") == name
            };
            old.unseen().iter().any(is_whole).then_some("reason-named-of-whole")
        }
        _ => None,
    }
}

/// Whether people keep a variable in a Secret: what Mastodon reads, rather than the platform under it.
fn may_be_unseen(name: &str) -> bool {
    known_setting(name).is_some_and(|known| known.owner != installation::SettingOwner::Platform)
        && !matches!(name, "RAILS_ENV" | "NODE_ENV" | "PORT" | "RAILS_LOG_LEVEL" | "LOG_LEVEL")
        && !matches!(name, "MALLOC_ARENA_MAX" | "STREAMING_CLUSTER_NUM")
        && !name.contains("PROMETHEUS")
}

/// Whether a role acts by a variable.
fn reads(role: &Role, name: &str) -> bool {
    known_setting(name).is_none_or(|known| match role {
        Role::Web => known.by_web,
        Role::Streaming => known.by_streaming,
        _ => known.by_sidekiq,
    })
}

/// Keys of Secrets that are demanded: whether they are there.
fn keys(at: At<'_>, role: Option<&Role>, old: &Got<'_, '_>, new: &Got<'_, '_>, found: &mut Vec<Difference>) {
    let demanded = |got: &Got<'_, '_>| -> BTreeMap<String, (String, String)> {
        let variables = got.container.get("env").into_iter().flat_map(Node::items);
        let demanded = variables.filter_map(|variable| {
            let reference = variable.at_keys(&["valueFrom", "secretKeyRef"])?;
            let optional = reference.get("optional").and_then(Node::as_text).as_deref() == Some("true");
            let text = |key| Some(reference.str_at(&[key])?.to_owned());
            (!optional).then_some(())?;
            Some((variable.str_at(&["name"])?.to_owned(), (text("name")?, text("key")?)))
        });
        demanded.collect()
    };
    let before = demanded(old);
    let has_role = role.is_some();
    // Without these no release starts: whoever runs Mastodon has them.
    let needed = required_secrets(Some((4, 3)));
    for (variable, (secret, key)) in demanded(new) {
        if before.get(&variable) == Some(&(secret.clone(), key.clone())) {
            continue;
        }
        let field = format!("env {variable}");
        let shown = format!("Secret/{secret} {key}");
        let origins = old.value(&variable).map(|setting| setting.origins.clone()).unwrap_or_default();
        let known = [new.side, old.side].into_iter().find_map(|side| side.keys_of(&secret));
        match known {
            Some(known) if known.keys.contains(&key) => {}
            Some(known) if known.is_all => {
                found.push(at.differs(Code::SecretKeyMissing, &field, "", shown).from(origins));
            }
            _ if has_role && needed.contains(&variable.as_str()) => {}
            _ => found.push(at.differs(Code::SecretKeyUnsure, &field, "", shown).from(origins)),
        }
    }
}
