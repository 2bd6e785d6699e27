//! Shell scripts, as far as knowing what they start needs.

/// A simple command of a script, with the variables that it is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SimpleCommand {
    /// The command and its arguments, quotes taken off.
    pub(crate) words: Vec<String>,
    /// Variables assigned before it on its line, or exported before it.
    pub(crate) settings: Vec<(String, String)>,
}

/// The simple commands of a script, in order. Quotes are taken off, lines that end in a backslash joined, comments
/// left out; control words (`if`, `then`, `do`, `exec`, …) and brackets separate. Expansions stay as they are
/// written. Here-documents are not known: their lines are read as commands, which recognises nothing in them that
/// does not look like one of Mastodon's programs.
pub(crate) fn read_script(script: &str) -> Vec<SimpleCommand> {
    let mut commands = Vec::new();
    let mut exported: Vec<(String, String)> = Vec::new();
    for words in split(script) {
        let mut settings = exported.clone();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.peek() {
            if let Some(assignment) = assignment(word) {
                settings.push(assignment);
            } else if !is_control_word(word) {
                break;
            }
            words.next();
        }
        let words: Vec<String> = words.collect();
        match words.first().map(String::as_str) {
            None => exported = settings,
            Some("export") => exported.extend(words[1..].iter().filter_map(|word| assignment(word))),
            Some(_) => commands.push(SimpleCommand { words, settings }),
        }
    }
    commands
}

/// `NAME=value`, as a shell takes it.
pub(crate) fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

fn is_control_word(word: &str) -> bool {
    matches!(
        word,
        "if" | "then"
            | "else"
            | "elif"
            | "fi"
            | "while"
            | "until"
            | "do"
            | "done"
            | "exec"
            | "!"
            | "{"
            | "}"
            | "time"
    )
}

/// Words, grouped by command.
fn split(script: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(letters.by_ref().take_while(|letter| *letter != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                    match (letter, letters.peek()) {
                        ('\\', Some('"' | '\\' | '$' | '`')) => word.extend(letters.next()),
                        _ => word.push(letter),
                    }
                }
            }
            '\\' => match letters.next() {
                None | Some('\n') => {}
                Some(letter) => word.get_or_insert_default().push(letter),
            },
            '#' if word.is_none() => while letters.next_if(|letter| *letter != '\n').is_some() {},
            '$' if letters.peek() == Some(&'(') => word.get_or_insert_default().push('$'),
            ';' | '&' | '|' | '\n' | '(' | ')' => {
                // `2>&1` and `&>` redirect; they do not separate.
                if letter == '&' && word.as_ref().is_some_and(|word| word.ends_with('>')) {
                    word.get_or_insert_default().push('&');
                    continue;
                }
                words.extend(word.take());
                if !words.is_empty() {
                    commands.push(std::mem::take(&mut words));
                }
            }
            letter if letter.is_whitespace() => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    if !words.is_empty() {
        commands.push(words);
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<String> {
        read_script(script).into_iter().map(|command| command.words.join("|")).collect()
    }

    #[test]
    fn scripts_are_taken_apart_into_commands() {
        let table: &[(&str, &[&str])] = &[
            (
                "rm -f /mastodon/tmp/pids/server.pid; bundle exec rails s -p 3000 -b '0.0.0.0'",
                &["rm|-f|/mastodon/tmp/pids/server.pid", "bundle|exec|rails|s|-p|3000|-b|0.0.0.0"],
            ),
            ("cd /opt/mastodon && exec bundle exec puma", &["cd|/opt/mastodon", "bundle|exec|puma"]),
            (
                "until nc -z db 5432; do\n  sleep 1 # wait\ndone\nsidekiq",
                &["nc|-z|db|5432", "sleep|1", "sidekiq"],
            ),
            ("echo \"${X}\" > a.rb && sidekiq \\\n  -q default", &["echo|${X}|>|a.rb", "sidekiq|-q|default"]),
            ("puma 2>&1 | tee log", &["puma|2>&1", "tee|log"]),
            ("", &[]),
            ("\"unfinished", &["unfinished"]),
        ];
        for (script, expected) in table {
            assert_eq!(words(script), *expected, "{script}");
        }
    }

    #[test]
    fn variables_before_a_command_are_its_own_and_exports_are_everyones() {
        let commands = read_script("export A=1 B='two words'\nC=3 sidekiq; puma");
        let pairs = |index: usize| {
            let settings = &commands[index].settings;
            settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(pairs(0), ["A=1", "B=two words", "C=3"]);
        assert_eq!(pairs(1), ["A=1", "B=two words"]);
    }
}
