//! What a container runs.

use tree::Node;

use crate::reading::text;
use crate::shell::{SimpleCommand, assignment, read_script};

/// How deep programs that start programs are followed.
const DEEPEST: usize = 6;

/// The words of a container's `command` and `args`. A script under a shell (`sh -c "…"`) is taken apart into its words.
#[must_use]
pub fn command_line(container: &Node) -> Vec<String> {
    let words = words(container);
    match script(&words) {
        Some(script) => read_script(script).into_iter().flat_map(|command| command.words).collect(),
        None => words,
    }
}

/// Every program that a container's command starts, in order: scripts taken apart, and init programs, `env`, `exec`,
/// `bundle exec` and the like taken off, so that the first word is the program that runs in the end.
pub(crate) fn programs(container: &Node) -> Vec<SimpleCommand> {
    let mut programs = Vec::new();
    // `rm …, ;, bundle, …` in the exec form would pass `;` on as a word; its author meant a shell.
    for words in words(container).split(|word| matches!(word.as_str(), ";" | "&&")) {
        follow(SimpleCommand { words: words.to_vec(), settings: Vec::new() }, 0, &mut programs);
    }
    programs
}

fn words(container: &Node) -> Vec<String> {
    ["command", "args"]
        .iter()
        .filter_map(|key| container.get(key))
        .flat_map(Node::items)
        .filter_map(|word| text(word).map(std::borrow::Cow::into_owned))
        .collect()
}

fn follow(mut command: SimpleCommand, depth: usize, programs: &mut Vec<SimpleCommand>) {
    unwrap(&mut command);
    let inner = if depth < DEEPEST { script(&command.words).map(read_script) } else { None };
    match inner {
        Some(inner) => {
            for mut one in inner {
                one.settings.splice(0..0, command.settings.iter().cloned());
                follow(one, depth + 1, programs);
            }
        }
        None if command.words.is_empty() => {}
        None => programs.push(command),
    }
}

/// The script that a shell is given: the word after an option with a `c` in it.
fn script(words: &[String]) -> Option<&str> {
    if !matches!(program(words.first()?), "sh" | "bash" | "dash" | "ash" | "zsh" | "busybox") {
        return None;
    }
    let is_c = |word: &String| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    let position = words.iter().position(is_c)?;
    words.get(position + 1).map(String::as_str)
}

/// The last part of a path: the program itself.
pub(crate) fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Takes off the programs that only start another one.
fn unwrap(command: &mut SimpleCommand) {
    while let Some(first) = command.words.first() {
        let rest = &command.words[1..];
        let taken = match program(first) {
            "tini" | "dumb-init" | "catatonit" | "docker-init" => {
                1 + options(rest, &["-e", "-p", "-r", "--rewrite"])
            }
            "exec" | "nohup" | "with-contenv" | "setsid" | "docker-entrypoint.sh" | "entrypoint.sh" => 1,
            "nice" | "ionice" | "stdbuf" => 1 + options(rest, &["-n", "-c", "--adjustment"]),
            "sudo" => 1 + options(rest, &["-u", "-g", "--user", "--group"]),
            "gosu" | "su-exec" | "s6-setuidgid" => 2,
            "timeout" => 2 + options(rest, &["-k", "-s"]),
            "env" => {
                let taken = options(rest, &["-u", "--unset", "-C", "--chdir"]);
                let assigned = rest.iter().skip(taken).map_while(|word| assignment(word));
                let assigned: Vec<_> = assigned.collect();
                let count = assigned.len();
                command.settings.extend(assigned);
                1 + taken + count
            }
            "bundle" if rest.first().is_some_and(|word| word == "exec") => 2,
            _ => return,
        };
        command.words.drain(..taken.min(command.words.len()));
        while command.words.first().is_some_and(|word| assignment(word).is_some()) {
            command.settings.extend(assignment(&command.words.remove(0)));
        }
    }
}

/// How many words are options, the values of those named among them, up to and with `--`.
fn options(words: &[String], with_value: &[&str]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word == "--" {
            return at + 1;
        }
        if !word.starts_with('-') {
            return at;
        }
        at += if with_value.contains(&word.as_str()) { 2 } else { 1 };
    }
    at.min(words.len())
}
