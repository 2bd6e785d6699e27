//! Which settings, and which texts, must not be shown.

use crate::known_setting;

/// Words that make a name a secret's wherever they stand in it.
const SECRET_WORDS: [&str; 6] = ["PASS", "PWD", "CREDENTIAL", "CREDENTIALS", "SALT", "REQUIREPASS"];
/// Endings that do so even where they are grown together with another word (`PGPASSWORD`).
const SECRET_ENDINGS: [&str; 6] = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY"];
/// Last words that say the value only leads to the secret, or describes it.
const ABOUT_WORDS: [&str; 18] = [
    "FILE", "PATH", "DIR", "NAME", "TTL", "HEADER", "ENDPOINT", "ENABLED", "LENGTH", "EXPIRY", "LIFETIME",
    "TIMEOUT", "POLICY", "METHOD", "TYPE", "FIELD", "PORT", "REF",
];
/// Words that say so wherever they stand: `existingSecret`, `imagePullSecret`, `VAPID_PUBLIC_KEY`, `passwordKey`.
const OPEN_WORDS: [&str; 5] = ["PUBLIC", "EXISTING", "PULL", "SITE", "TOPOLOGY"];

/// Whether the value of a setting of this name must not be shown: what the catalogue says, and for names that it does
/// not have, what the words of the name say (`SMTP_PASS`, `secretKeyBase`, `…_KEY` unless it is public). Names
/// of files that hold secrets are not secret. Empty values are no secrets; that is for the caller to see.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    if let Some(known) = known_setting(name) {
        return known.is_secret;
    }
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let last = words.last().map(String::as_str).unwrap_or_default();
    if has(&OPEN_WORDS) || ABOUT_WORDS.contains(&last) {
        return false;
    }
    // `passwordKey` and `secretKeys` name a key; `secretKey` and `SECRET_KEY` are one.
    let names_a_key = last == "KEY" && words.len() > 1 && has(&["PASSWORD", "TOKEN"]);
    let ends = |word: &String| SECRET_ENDINGS.iter().any(|ending| word.ends_with(ending));
    !names_a_key && (has(&SECRET_WORDS) || words.iter().any(ends) || (last == "KEY" && words.len() > 1))
}

/// The words of `SNAKE_CASE`, `kebab-case`, `dotted.names` and `camelCase`, in capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for letter in name.chars() {
        let apart = !letter.is_ascii_alphanumeric();
        if apart || (previous_lower && letter.is_ascii_uppercase()) {
            words.push(String::new());
        }
        previous_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        if let (false, Some(word)) = (apart, words.last_mut()) {
            word.push(letter.to_ascii_uppercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a text has a secret in it: a URL with a password (`redis://:…@host`), an assignment to a secret name as in an
/// env file or a command line (`DB_PASS=…`, `OTP_SECRET: …`, `--requirepass …`), or a private key. A text of more than
/// 1 MiB, the most that a ConfigMap can hold, is not looked through and not shown either.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    // Most texts are single words: whatever is looked for below has one of these in it.
    if !text.bytes().any(|byte| matches!(byte, b'=' | b':' | b'-') || byte.is_ascii_whitespace()) {
        return text.len() > LARGEST;
    }
    text.len() > LARGEST
        || text.contains("PRIVATE KEY-----")
        || has_url_password(text)
        || has_assignment(text)
        || has_option(text)
}

/// The largest text that is looked through.
const LARGEST: usize = 1 << 20;

/// The longest part of a text that is looked at for one name or one address: texts of any size are read in one pass.
const WINDOW: usize = 256;

/// The beginning of a text, cut at a letter's border.
fn window(text: &str) -> &str {
    &text[..text.floor_char_boundary(WINDOW)]
}

fn has_url_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = window(&text[at + 3..]);
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
        let wide = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        // A password may hold a slash where its owner did not encode it: the narrow reading first, then the wide one.
        let narrow = &wide[..wide.find('/').unwrap_or(wide.len())];
        [narrow, wide].iter().any(|authority| {
            let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
            password.is_some_and(|(_, password)| is_literal(password) && !password.contains("://"))
        })
    })
}

/// `NAME=value` anywhere, `NAME: value` at the start of a line, with a name that is a secret's.
fn has_assignment(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let assigned = |before: &str, value: &str| {
        let before = before.trim_end_matches(['"', '\'']);
        let from = before.len()
            - before.bytes().rev().take(WINDOW).take_while(|byte| is_part(char::from(*byte))).count();
        let name = before[from..].trim_matches('-');
        let value = value.trim_start_matches(['"', '\'']);
        let is_empty = value.starts_with(|c: char| c.is_whitespace() || matches!(c, '|' | '>' | '&'));
        !name.is_empty() && !is_empty && is_literal(window(value)) && is_secret(name)
    };
    let equals = text.match_indices('=').any(|(at, _)| assigned(&text[..at], &text[at + 1..]));
    equals
        || text.lines().any(|line| line.split_once(": ").is_some_and(|(name, value)| assigned(name, value)))
}

/// `--password x`, `--requirepass x`, `-a x` of Redis' programs.
fn has_option(text: &str) -> bool {
    let of_redis = text.contains("redis-cli") || text.contains("valkey-cli");
    let mut after_option = false;
    text.split_whitespace().any(|word| {
        let found = after_option && is_literal(word);
        after_option = (of_redis && word == "-a") || is_secret_option(word);
        found
    })
}

/// Whether this word of a command line is an option whose value, the next word, is secret.
#[must_use]
pub fn is_secret_option(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| !name.contains('=') && is_secret(name))
        || matches!(word, "requirepass" | "masterauth")
}

/// Whether a value stands there itself, rather than a reference (`$(X)`, `${X}`, `$X`, `{{ … }}`) or nothing.
fn is_literal(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    !value.is_empty() && !value.starts_with('$') && !value.starts_with("{{") && !value.starts_with('<')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_secret() {
        let secret = [
            "DB_PASS",
            "SMTP_LOGIN",
            "OTP_SECRET",
            "VAPID_PRIVATE_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "DATABASE_URL",
            "POSTGRES_PASSWORD",
            "MY_TOKEN",
            "secretKeyBase",
            "secret_key_base",
            "access_secret",
            "keyDerivationSalt",
            "primaryKey",
            "requirepass",
        ];
        for name in secret {
            assert!(is_secret(name), "{name} is secret");
        }
        let open = [
            "VAPID_PUBLIC_KEY",
            "DB_USER",
            "CAS_UID_KEY",
            "POSTGRES_PASSWORD_FILE",
            "OIDC_TOKEN_ENDPOINT",
            "S3_KEY_PREFIX",
            "existingSecret",
            "imagePullSecrets",
            "secretName",
            "key",
            "LOCAL_DOMAIN",
            "PASSENGER_APP",
            "COMPASS",
            "userPasswordKey",
            "HCAPTCHA_SITE_KEY",
        ];
        for name in open {
            assert!(!is_secret(name), "{name} is not secret");
        }
    }

    #[test]
    fn texts_with_secrets_in_them_are_known() {
        let secret = [
            "redis://:made-up@redis:6379/0",
            "postgres://mastodon:made/up@db/mastodon",
            "LOCAL_DOMAIN=a.example\nDB_PASS=made-up\n",
            "export OTP_SECRET='made-up'",
            "redis-server --requirepass made-up",
            "redis-cli -a made-up ping",
            "PGPASSWORD=made-up pg_dump mastodon",
            "stringData:\n  DB_PASS: made-up",
            "-----BEGIN RSA PRIVATE KEY-----",
        ];
        for text in secret {
            assert!(holds_secret(text), "{text}");
        }
        let open = [
            "redis://redis:6379/0",
            "https://a.example/@user:x",
            "LOCAL_DOMAIN=a.example\nDB_PASS=\n",
            "redis://:$(REDIS_PASSWORD)@redis:6379",
            "redis-server --requirepass $REDIS_PASSWORD",
            "bundle exec sidekiq -c 5",
            "a: b",
        ];
        for text in open {
            assert!(!holds_secret(text), "{text}");
        }
    }
}
