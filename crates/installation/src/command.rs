//! What a container runs.

use tree::Node;

/// The words of a container's `command` and `args`. A command under a shell (`sh -c "…"`) is taken apart at
/// white space, which is as far as recognising a program needs.
#[must_use]
pub fn command_line(container: &Node) -> Vec<String> {
    let words: Vec<String> = ["command", "args"]
        .iter()
        .filter_map(|key| container.get(key))
        .flat_map(Node::items)
        .filter_map(Node::as_text)
        .collect();
    match words.iter().position(|word| word == "-c" || word == "-lc") {
        Some(position) if words.first().is_some_and(|shell| is_shell(shell)) => words[position + 1..]
            .iter()
            .flat_map(|script| script.split_whitespace())
            .map(|word| word.trim_matches(['"', '\'', ';']).to_owned())
            .collect(),
        _ => words,
    }
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "dash" | "ash"))
}
