//! `mastoferry rehearse --cluster`: told first, and carried out when approved.

use source::SourceRef;

use super::rehearse::Decided;
use crate::cli::{Output, RehearseArgs, TargetArgs};
use crate::load::Profile;
use crate::problem::{Exit, Problem};
use crate::rehearse::{Options, State, carry_out_staged, look, say};
use crate::staging::{self, Asked, StoresAt, adapt};
use crate::words::Words;

/// Tells what a rehearsal in a cluster would make; with `--approve`, does it.
pub(super) fn rehearse(
    arguments: &RehearseArgs,
    source: &SourceRef,
    context: &str,
    mut load: Profile,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let asked = asked(arguments, context);
    // The namespace given is that of the rehearsal, not the one the source stands in.
    let target = TargetArgs { namespace: None, ..arguments.target.clone() };
    let Decided { plan: live, items, advice } = super::rehearse::plan_of(source, arguments, &target, words)?;
    let adapted = adapt(&live, &asked);
    let speed = arguments.speed.unwrap_or(1.0);
    let found = look(&live, &adapted, &asked, speed, words)?;
    if !arguments.staging.approve {
        let told = match output {
            Output::Json => staging::json(&adapted, &asked, &found, words),
            Output::Text | Output::Markdown => staging::text(&adapted, &asked, &found, words),
        };
        return Ok((told, if found.is_empty() { Exit::Done } else { Exit::Refused }));
    }
    if !found.is_empty() {
        let list: Vec<String> =
            staging::findings(&found, &asked, words).into_iter().map(|line| format!("  {line}")).collect();
        let arguments = [("namespace", asked.namespace.as_str()), ("list", &list.join("\n"))];
        return Err(Problem::new(words, Exit::Refused, "staging-refused", &arguments));
    }
    if load.sockets > 0 {
        say(&words.word("staging-no-sockets"));
        load.sockets = 0;
    }
    let state = State::create(&arguments.state, words)?;
    let front = crate::front::of_plan(&live, arguments.users.front).name().to_owned();
    let backup_recipient = arguments.backup_recipient.clone();
    let options = Options {
        speed,
        load,
        faults: Vec::new(),
        staging: Some(asked.clone()),
        front,
        migration: None,
        backup_recipient,
    };
    state.write("options.json", &options, words)?;
    state.write("items.json", &items, words)?;
    state.write("advice.json", &advice, words)?;
    state.write("plan.json", &adapted.plan, words)?;
    say(&words.tell("rehearse-state", &[("directory", state.directory.as_str())]));
    let summary =
        carry_out_staged(&state, &live.namespace, &adapted, &asked, &options, &arguments.reach, words)?;
    super::rehearse::told(&state, &summary, arguments.report.as_deref(), output, words)
}

fn asked(arguments: &RehearseArgs, context: &str) -> Asked {
    let given = &arguments.staging;
    Asked {
        context: context.to_owned(),
        namespace: arguments.target.namespace.clone().unwrap_or_default(),
        host: given.host.clone(),
        settings: given.setting.clone(),
        shared: given.share.clone(),
        stores: if given.stores_in_namespace { StoresAt::InNamespace } else { StoresAt::Elsewhere },
        open_egress: given.open_egress,
        keep: given.keep,
    }
}
