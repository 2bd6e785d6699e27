//! Docker Compose projects on their way to Kubernetes: raised, and what became of their leaves told.

use std::collections::HashSet;
use std::fmt::Write as _;

use audit::Difference;
use installation::{Installation, Object};
use serde_json::json;
use source::{Form, Role, SourceErrorKind, Sourced, Unread};
use target::raise::{
    ComposeSource, Effect, GatewayName, RaiseOptions, Raised, Stores, WayIn, account_compose, effects, raise,
    read_otherwise,
};
use target::{Note, Reason, Target};
use tree::{FileId, Files, Node, Origin};

use crate::cli::{RaiseArgs, RoutesChoice, StoresChoice};
use crate::explain;
use crate::prepare::Read;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A project, raised, and what its containers get otherwise as pods.
pub(crate) struct FromCompose {
    /// The installation as it runs on the host.
    pub(crate) before: Installation,
    /// The installation as Kubernetes has it.
    pub(crate) raised: Raised,
    /// What differs.
    pub(crate) effects: Vec<Effect>,
}

/// Whether a gap is an env file that its owner keeps: a Secret is to be made from it, and nothing is lost.
pub(crate) fn is_kept_env_file(gap: &Unread, sourced: &Sourced) -> bool {
    let env_files: HashSet<Origin> = sourced
        .objects
        .iter()
        .flat_map(|object| object.containers().chain(object.init_containers()))
        .flat_map(|container| container.get("envFrom").into_iter().flat_map(Node::items))
        .filter_map(|item| item.at_keys(&["envFileRef", "name"])?.origin)
        .collect();
    matches!(gap.kind, SourceErrorKind::Compose(_))
        && gap.origin.is_some_and(|origin| env_files.contains(&origin))
}

/// Raises a project: what was read becomes what the writers take. Nothing for what is described for Kubernetes.
pub(crate) fn raised(
    read: &mut Read,
    arguments: Option<&RaiseArgs>,
    release: Option<&str>,
    words: &Words,
) -> Result<Option<FromCompose>, Problem> {
    let (Form::Compose, Some(project)) = (read.sourced.form, &read.sourced.normalised) else {
        return Ok(None);
    };
    let Some(arguments) = arguments else {
        return Err(Problem::new(words, Exit::Unreadable, "compose-only-convert", &[]));
    };
    let addresses = arguments.address.iter().cloned().collect();
    let stores = match arguments.stores {
        StoresChoice::Stay => Stores::Stay,
        StoresChoice::InCluster => Stores::InCluster,
        StoresChoice::External => Stores::External,
    };
    let options = RaiseOptions {
        release,
        stores,
        addresses: &addresses,
        claim_size: &arguments.claim_size,
        store_size: arguments.store_size.as_ref().unwrap_or(&arguments.claim_size),
        way_in: way_in(arguments),
    };
    let told = |error| explain::target(words, &error, &read.sourced.files);
    let mut raised = raise(&read.installation, project, &options).map_err(told)?;
    let settings = read.sourced.documents.iter().filter(|document| document.role == Role::Settings);
    let settings: Vec<FileId> = settings.map(|document| document.file).collect();
    raised.decide(read_otherwise(&read.sourced.files, &settings, &read.installation));
    let mut manifests = target::write_manifests(&raised.installation, release).map_err(told)?;
    raised.settle(&mut manifests);
    let objects: Vec<Object> = manifests.green.into_iter().map(|made| made.object).collect();
    let after = Installation::understand(objects, None)
        .map_err(|error| explain::installation(words, &error, &read.sourced.files))?;
    let effects = effects(&read.installation, &after, &raised.notes);
    let before = std::mem::replace(&mut read.installation, raised.installation.clone());
    Ok(Some(FromCompose { before, raised, effects }))
}

fn way_in(arguments: &RaiseArgs) -> WayIn<'_> {
    match arguments.routes {
        RoutesChoice::Ingress => WayIn::Ingress,
        RoutesChoice::Gateway => WayIn::Gateway(arguments.gateway.as_deref().map(gateway_name)),
    }
}

fn gateway_name(text: &str) -> GatewayName<'_> {
    match text.split_once('/') {
        Some((namespace, name)) => GatewayName { namespace: Some(namespace), name },
        None => GatewayName { namespace: None, name: text },
    }
}

impl FromCompose {
    /// What became of the leaves that stand nowhere as they were written.
    pub(crate) fn notes<'a>(
        &self,
        sourced: &Sourced,
        written: impl Iterator<Item = (String, &'a Node)>,
        known: &[Note],
    ) -> Vec<Note> {
        let Some(project) = &sourced.normalised else { return Vec::new() };
        let of = |settings: bool| -> Vec<&Node> {
            let documents = sourced.documents.iter();
            let documents = documents.filter(|document| (document.role == Role::Settings) == settings);
            documents.map(|document| &document.node).collect()
        };
        let (files, settings) = (of(false), of(true));
        let source = ComposeSource {
            files: &files,
            settings: &settings,
            project,
            interpolated: &sourced.interpolated,
            overridden: &sourced.overridden,
        };
        account_compose(&source, &self.raised, written, known)
    }

    /// Explains what was never there and is made anew: the Ingress and its routes.
    pub(crate) fn explain(differences: &mut [Difference]) {
        for difference in differences {
            let is_object = matches!(&*difference.component, "routes" | "objects")
                || (difference.component.contains('/') && difference.container.is_empty());
            if is_object && difference.before.is_empty() && difference.explained_by.is_none() {
                difference.explained_by = Some("reason-made-anew");
            }
        }
    }

    /// Refuses what would act otherwise and nobody can say why.
    pub(crate) fn nothing_unexplained(&self, words: &Words) -> Result<(), Problem> {
        let unexplained: Vec<String> = self
            .effects
            .iter()
            .filter(|effect| effect.reason.is_none())
            .map(|effect| {
                format!("  {} {}: {} → {}", effect.component, effect.field, effect.before, effect.after)
            })
            .collect();
        if unexplained.is_empty() {
            return Ok(());
        }
        let (count, list) = (unexplained.len().to_string(), unexplained.join("\n"));
        Err(Problem::new(words, Exit::WouldLose, "differences", &[("count", &count), ("list", &list)]))
    }

    /// How many differences are explained.
    pub(crate) fn explained(&self) -> usize {
        self.effects.iter().filter(|effect| effect.reason.is_some()).count()
    }

    /// One line for each decision that is left to a person.
    pub(crate) fn decisions(&self, sourced: &Sourced, words: &Words) -> Vec<String> {
        let decisions = self.raised.decisions.iter().map(|decision| {
            let arguments: Vec<(&str, &str)> =
                decision.arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let mut line = words.tell(decision.kind.id(), &arguments);
            if let Some(origin) = decision.origin {
                let _ = write!(line, " ({})", sourced.files.place(origin));
            }
            line
        });
        decisions.collect()
    }

    /// The same for programs: `decisions` and `effects`.
    pub(crate) fn as_json(&self, files: &Files) -> Vec<(String, serde_json::Value)> {
        let decisions = self.raised.decisions.iter().map(|decision| {
            let arguments: serde_json::Map<String, serde_json::Value> = decision
                .arguments
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
                .collect();
            let source = decision.origin.map(|origin| files.place(origin));
            json!({ "decision": decision.kind.id(), "arguments": arguments, "source": source })
        });
        let effects = self.effects.iter().map(|effect| {
            json!({
                "component": effect.component,
                "field": effect.field,
                "before": effect.before,
                "after": effect.after,
                "explained_by": effect.reason.map(Reason::id),
            })
        });
        vec![
            ("decisions".to_owned(), decisions.collect::<Vec<_>>().into()),
            ("effects".to_owned(), effects.collect::<Vec<_>>().into()),
        ]
    }

    /// `DECISIONS.md`: what only a person can decide or do, and what containers get otherwise.
    pub(crate) fn text(&self, sourced: &Sourced, words: &Words) -> String {
        let mut text =
            format!("# {}\n\n{}\n\n", words.word("decisions-title"), words.word("decisions-intro"));
        for line in self.decisions(sourced, words) {
            let _ = writeln!(text, "- {line}");
        }
        let _ = write!(text, "\n## {}\n\n{}\n\n", words.word("effects-title"), words.word("effects-intro"));
        let heads = ["component", "field", "before", "after", "reason"]
            .map(|head| words.tell(&format!("effects-{head}"), &[]));
        let _ = writeln!(text, "| {} |\n|---|---|---|---|---|", heads.join(" | "));
        for effect in &self.effects {
            let cell = |value: &str| value.replace('|', "\\|").replace('\n', " ");
            let reason = effect.reason.map(|reason| words.tell(reason.id(), &[])).unwrap_or_default();
            let cells = [&effect.component, &effect.field, &effect.before, &effect.after, &reason];
            let _ = writeln!(text, "| {} |", cells.map(|value| cell(value)).join(" | "));
        }
        text
    }
}

/// Everything in manifests, by name.
pub(crate) fn labelled(target: &Target) -> impl Iterator<Item = (String, &Node)> {
    target.green.iter().map(|made| (made.object.id().to_string(), &made.object.node))
}

/// Everything that is written for Helm, and what the chart takes by itself, by name.
pub(crate) fn labelled_helm(target: &target::helm::HelmTarget) -> impl Iterator<Item = (String, &Node)> {
    let values = std::iter::once(("values.yaml".to_owned(), &target.values));
    let patches =
        target.patches.iter().map(|patch| (Object::new(patch.node.clone()).id().to_string(), &patch.node));
    let made = target.supplements.iter().map(|made| (made.object.id().to_string(), &made.object.node));
    let rendered = target.rendered.iter().map(|object| (object.id().to_string(), &object.node));
    values.chain(patches).chain(made).chain(rendered)
}
