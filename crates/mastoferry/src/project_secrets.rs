//! What a Compose project adds to `SECRETS.md`: commands that make the Secrets of its own `secrets`, and a warning of env
//! files that kubectl reads otherwise.

use std::fmt::Write as _;

use source::Sourced;
use target::raise::{DecisionKind, ProjectSecret, Raised, SecretFrom};

use crate::words::Words;

/// The sections, or nothing. No value is in them: commands read each from where it is.
pub(crate) fn text(raised: &Raised, sourced: &Sourced, words: &Words) -> String {
    let mut text = String::new();
    if !raised.project_secrets.is_empty() {
        let _ = write!(text, "\n## {}\n\n", words.word("secrets-of-project"));
        let _ = writeln!(text, "{}\n\n```sh", words.word("secrets-of-project-text"));
        for secret in &raised.project_secrets {
            let _ = writeln!(text, "{}", command(secret));
        }
        text.push_str("```\n");
    }
    for own in &raised.database_secrets {
        let _ = write!(text, "\n## {}\n\n", words.tell("secrets-of-database", &[("secret", &own.secret)]));
        let _ = writeln!(text, "{}\n\n```sh", words.word("secrets-of-database-text"));
        let password = raised.secrets.iter().find(|key| key.variable == "DB_PASS");
        let read = match password {
            Some(key) => {
                format!(
                    "kubectl get secret {} -o go-template='{{{{.data.{}}}}}' | base64 -d",
                    key.secret, key.key
                )
            }
            None => "read -rs value && printf %s \"$value\"".to_owned(),
        };
        let (secret, user) = (&own.secret, quoted(&own.username));
        let _ = writeln!(text, "{read} |");
        let _ = writeln!(text, "  kubectl create secret generic {secret} --type=kubernetes.io/basic-auth \\");
        let _ = writeln!(text, "  --from-literal=username={user} --from-file=password=/dev/stdin\n```");
    }
    let of_dialect = |kind| matches!(kind, DecisionKind::EnvFileDialect | DecisionKind::EnvFileRefused);
    let odd: Vec<_> = raised.decisions.iter().filter(|decision| of_dialect(decision.kind)).collect();
    if !odd.is_empty() {
        let _ = write!(text, "\n## {}\n\n", words.word("secrets-dialect"));
        for decision in odd {
            let arguments: Vec<(&str, &str)> =
                decision.arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let place = decision.origin.map(|origin| format!(" ({})", sourced.files.place(origin)));
            let told = words.tell(decision.kind.id(), &arguments);
            let _ = writeln!(text, "- {told}{}", place.unwrap_or_default());
        }
    }
    text
}

/// The command that makes one Secret.
fn command(own: &ProjectSecret) -> String {
    let (secret, key) = (&own.secret, quoted(&own.key));
    let made = |from: &str| format!("kubectl create secret generic {secret} --from-file={key}={from}");
    match &own.from {
        SecretFrom::File(file) => made(&quoted(file)),
        SecretFrom::Variable(variable) => {
            format!("printf %s \"${variable}\" | {}", made("/dev/stdin"))
        }
        SecretFrom::Elsewhere => {
            format!("read -rs value && printf %s \"$value\" | {}", made("/dev/stdin"))
        }
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
