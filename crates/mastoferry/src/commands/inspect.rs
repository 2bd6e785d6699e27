//! `mastoferry inspect`: what an installation is made of.

use crate::cli::{DiagramLanguage, InspectArgs, Output};
use crate::inspect::{self, View};
use crate::prepare;
use crate::problem::{self, Exit, Problem};
use crate::words::Words;

/// Runs the command: what goes to standard output, and the exit code, which tells of gaps in what was read.
pub(crate) fn inspect(
    arguments: &InspectArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    if arguments.objects {
        return objects(arguments, words);
    }
    let read = prepare::read(&arguments.source, words)?;
    let unread = prepare::unread(&arguments.source.source, &read.sourced, words);
    let view = View { sourced: &read.sourced, installation: &read.installation, unread: &unread, words };
    let text = match (arguments.diagram, output) {
        (Some(DiagramLanguage::D2), _) => inspect::diagram(&view).d2(),
        (Some(DiagramLanguage::Mermaid), _) => inspect::diagram(&view).mermaid(),
        (None, Output::Json) => format!("{:#}\n", inspect::json(&view)),
        (None, Output::Text) => inspect::text(&inspect::page(&view), words),
        (None, Output::Markdown) => inspect::markdown(&inspect::page(&view), words),
    };
    let exit = exit(&unread);
    if arguments.diagram.is_some() {
        // A diagram has no room for what could not be read.
        unread.into_iter().for_each(problem::tell);
    }
    Ok((text, exit))
}

/// What was read, after the build. It need not be a Mastodon.
fn objects(arguments: &InspectArgs, words: &Words) -> Result<(String, Exit), Problem> {
    let mut sourced = prepare::sourced(&arguments.source.source, words)?;
    let text = inspect::objects(&mut sourced.objects, sourced.normalised.as_ref())
        .map_err(|error| Problem::new(words, Exit::Failed, "write", &[("reason", &error.to_string())]))?;
    let unread = prepare::unread(&arguments.source.source, &sourced, words);
    let exit = exit(&unread);
    unread.into_iter().for_each(problem::tell);
    // The process ends here: giving back the memory of a large tree piece by piece would only take time.
    std::mem::forget(sourced);
    Ok((text, exit))
}

fn exit(unread: &[Problem]) -> Exit {
    if unread.is_empty() { Exit::Done } else { Exit::Unreadable }
}
