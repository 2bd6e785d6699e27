//! `SECRETS.md`: which Secrets and keys the containers need, and how to make those that are missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use target::helm::{SecretKey, SecretToday};

use crate::prepare::Read;
use crate::words::Words;

/// The text of the file. No value of a secret is in it: the commands read them from where they are.
pub(crate) fn text(keys: &[SecretKey], watched: &[String], read: &Read, words: &Words) -> String {
    let files = &read.sourced.files;
    let mut text =
        format!("# {}\n\n{}\n", words.tell("secrets-title", &[]), words.tell("secrets-intro", &[]));
    let heads =
        ["variable", "secret", "key", "today"].map(|head| words.tell(&format!("secrets-{head}"), &[]));
    let _ = write!(text, "\n| {} |\n|---|---|---|---|\n", heads.join(" | "));
    for key in keys {
        let today = match &key.today {
            SecretToday::There => words.tell("secrets-there", &[]),
            SecretToday::Perhaps => words.tell("secrets-perhaps", &[]),
            SecretToday::InTheOpen(origin) => {
                let place = origin.map(|origin| files.place(origin)).unwrap_or_default();
                words.tell("secrets-in-the-open", &[("place", &place)])
            }
        };
        let _ = writeln!(text, "| {} | {} | {} | {today} |", key.variable, key.secret, key.key);
    }
    check(keys, words, &mut text);
    make(keys, words, &mut text);
    if !watched.is_empty() {
        let _ = write!(text, "\n## {}\n\n", words.tell("secrets-watch", &[]));
        let _ = writeln!(text, "{}\n", words.tell("secrets-watch-text", &[]));
        for name in watched {
            let _ = writeln!(text, "- {name}");
        }
    }
    text
}

fn by_secret(keys: &[SecretKey], accept: impl Fn(&SecretToday) -> bool) -> BTreeMap<&str, Vec<&SecretKey>> {
    let mut secrets: BTreeMap<&str, Vec<&SecretKey>> = BTreeMap::new();
    for key in keys.iter().filter(|key| accept(&key.today)) {
        secrets.entry(&key.secret).or_default().push(key);
    }
    secrets
}

/// Commands that list the keys of Secrets, without their values.
fn check(keys: &[SecretKey], words: &Words, text: &mut String) {
    let secrets = by_secret(keys, |today| !matches!(today, SecretToday::InTheOpen(_)));
    if secrets.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {}\n\n```sh\n", words.tell("secrets-check", &[]));
    for secret in secrets.keys() {
        let _ = writeln!(
            text,
            "kubectl get secret {secret} -o go-template='{{{{range $key, $value := .data}}}}{{{{$key}}}}{{{{\"\\n\"}}}}{{{{end}}}}'"
        );
    }
    text.push_str("```\n");
}

/// Commands that make a Secret of what stands in the open. Values pass through files that only their owner can read.
fn make(keys: &[SecretKey], words: &Words, text: &mut String) {
    for (secret, keys) in by_secret(keys, |today| matches!(today, SecretToday::InTheOpen(_))) {
        let _ = write!(text, "\n## {}\n\n", words.tell("secrets-make", &[("secret", secret)]));
        let _ = writeln!(text, "{}\n\n```sh", words.tell("secrets-make-text", &[]));
        let _ = writeln!(text, "umask 077 && mkdir -p {secret}");
        for key in &keys {
            let _ = writeln!(
                text,
                "read -rs value && printf %s \"$value\" > {secret}/{}  # {}",
                key.key, key.variable
            );
        }
        let _ = writeln!(text, "kubectl create secret generic {secret} --from-file={secret}");
        let _ = writeln!(text, "rm -r {secret}\n```");
    }
}
