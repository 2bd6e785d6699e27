//! The command itself.

use crate::chart::{GivenChart, choose};
use crate::cli::{ConvertArgs, Output};
use crate::commands::convert::{WriteFile, as_json, told, write_all, write_standing, yaml};
use crate::commands::{delivery, old_release};
use crate::data::NewStoresArgs;
use crate::prepare::{self, Converted};
use crate::problem::Problem;
use crate::project_secrets;
use crate::secrets::beside;
use crate::words::Words;
use target::helm::HelmTarget;

use super::{defects, guide, secrets as references, supplements, values};

/// Runs the command; its result is what goes to standard output.
pub(crate) fn convert(arguments: &ConvertArgs, output: Output, words: &Words) -> Result<String, Problem> {
    let given = choose(&arguments.target.chart, words)?;
    let converted = prepare::convert_to_helm(
        &arguments.source,
        &arguments.target,
        &given,
        Some(&arguments.raising),
        &NewStoresArgs::default(),
        words,
    )?;
    converted.lost_nothing(words).map_err(|problem| given.beside(problem, words))?;
    let files = delivery::for_helm(&converted, &given, arguments, words)?;
    let met = defects::met(&given, &converted.read.installation);
    let secrets = beside(arguments, &converted.read, &converted.target.secrets, words, || {
        let Some(directory) = &arguments.out else { return Ok(()) };
        write_all(directory, words, |write| {
            write("DEFECTS.md", &defects::text(&met, &given, words))?;
            write_folder(&converted, &given, words, write)?;
            delivery::write(&files, &converted.release, words, write)
        })
    })?;
    let mut text = match output {
        Output::Json => {
            let mut json = as_json(&converted);
            json["defects"] = defects::as_json(&met, &given);
            format!("{json:#}\n")
        }
        Output::Text | Output::Markdown => told(&converted, arguments, output, words),
    };
    if output == Output::Text {
        text.push_str(&defects::line(&met, &given, words));
        text.push('\n');
        text.push_str(&delivery::to_fill_in(&files, words));
        text.push_str(&secrets);
    }
    if output == Output::Text && !given.known {
        let known = given.official.title();
        text.push_str(&words.tell("chart-nearest", &[("version", &given.version), ("known", &known)]));
        text.push('\n');
    }
    Ok(text)
}

fn write_folder(
    converted: &Converted<HelmTarget>,
    given: &GivenChart,
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<(), Problem> {
    let target = &converted.target;
    write("values.yaml", &values::text(converted, given, words)?)?;
    let mut secrets = references::text(&target.secrets, &target.watched, &converted.read, words);
    if let Some(own) = &converted.from_compose {
        secrets.push_str(&project_secrets::text(&own.raised, &converted.read.sourced, words));
    }
    write("SECRETS.md", &secrets)?;
    for (withheld, folder) in [(false, "supplements/objects"), (true, "withheld")] {
        for (file, made) in supplements::objects(target, withheld) {
            write(&format!("{folder}/{file}"), &yaml(&made.object.node, words)?)?;
        }
    }
    for (file, node) in supplements::patches(target) {
        write(&format!("supplements/patches/{file}"), &yaml(node, words)?)?;
    }
    write("supplements/kustomization.yaml", &yaml(&supplements::kustomization(target), words)?)?;
    write("supplements/plugin.yaml", &yaml(&supplements::plugin(target), words)?)?;
    write("supplements/post-render.sh", supplements::POST_RENDER)?;
    let namespace = converted.read.installation.namespace.as_deref().unwrap_or("default");
    write("supplements/README.md", &guide::text(target, namespace, words))?;
    old_release::write(converted, &target.switched, &target.kept, &target.removed, words, write)?;
    write_standing(converted, &target.switched, &target.kept, words, write)
}
