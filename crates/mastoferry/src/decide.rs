//! From a source to a plan, whatever is to stand tomorrow.

use plan::{Circumstances, Plan};

use crate::cli::{MannerArgs, SourceArgs, TargetArgs, To};
use crate::explain;
use crate::helm_release;
use crate::page;
use crate::prepare::{Converted, convert, convert_to_helm};
use crate::problem::Problem;
use crate::words::Words;

/// Writes a source anew as it is asked for, and decides every step of the move there.
pub(crate) fn decide(
    source: &SourceArgs,
    target: &TargetArgs,
    front: Option<rehearsal::Profile>,
    manner: &MannerArgs,
    name: &str,
    words: &Words,
) -> Result<(Converted<()>, Plan), Problem> {
    let (converted, plan) = match target.to {
        // A Kustomize tree builds the same objects.
        To::Manifests | To::Kustomize => {
            let converted = convert(source, target, None, &manner.stores, words)?;
            converted.lost_nothing(words)?;
            let mut circumstances = converted.circumstances(name, target.namespace.as_deref(), front);
            as_asked(&mut circumstances, manner, words)?;
            let plan = plan::decide(converted.read.blue(), &converted.target, circumstances)
                .map_err(|error| explain::plan(words, &error))?;
            (converted.without_target(), plan)
        }
        To::Helm => {
            let given = crate::chart::choose(&target.chart, words)?;
            let converted = convert_to_helm(source, target, &given, None, &manner.stores, words)?;
            converted.lost_nothing(words).map_err(|problem| given.beside(problem, words))?;
            let mut circumstances = converted.circumstances(name, target.namespace.as_deref(), front);
            as_asked(&mut circumstances, manner, words)?;
            let plan = helm_release::plan(&converted, &given, &target.chart, circumstances, words)?;
            (converted.without_target(), plan)
        }
    };
    plan::check(&plan).map_err(|error| explain::plan(words, &error))?;
    Ok((converted, plan))
}

/// The strategy asked for, and its page.
fn as_asked(circumstances: &mut Circumstances, manner: &MannerArgs, words: &Words) -> Result<(), Problem> {
    circumstances.strategy = manner.strategy.asked();
    circumstances.page = page::options(manner, words)?;
    circumstances.stores = manner.stores.stores(words)?;
    Ok(())
}
