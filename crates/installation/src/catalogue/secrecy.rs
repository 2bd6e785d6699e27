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
const OPEN_WORDS: [&str; 4] = ["PUBLIC", "EXISTING", "PULL", "SITE"];

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
/// env file or a command line (`DB_PASS=…`, `OTP_SECRET: …`, `--requirepass …`), or a private key.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || has_url_password(text) || has_assignment(text) || has_option(text)
}

fn has_url_password(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        rest = &rest[at + 3..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>'));
        // A password may hold a slash where its owner did not encode it: look on to the next white space.
        let wide = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(rest.len());
        for authority in [&rest[..end.unwrap_or(rest.len())], &rest[..wide]] {
            let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
            if password.is_some_and(|(_, password)| is_literal(password) && !password.contains("://")) {
                return true;
            }
        }
    }
    false
}

/// `NAME=value` anywhere, `NAME: value` at the start of a line, with a name that is a secret's.
fn has_assignment(text: &str) -> bool {
    let assigned = |name: &str, value: &str| {
        let name = name.trim_matches(|c: char| matches!(c, '"' | '\'' | '-' | ' ' | '`' | '(' | '{' | ','));
        let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        named && is_literal(value.trim_matches(['"', '\'', ' ', '|', '>'])) && is_secret(name)
    };
    text.lines().any(|line| {
        let line = line.trim().trim_start_matches('#').trim();
        let yaml = line.split_once(": ").is_some_and(|(name, value)| assigned(name, value));
        yaml || line.match_indices('=').any(|(at, _)| {
            let name = line[..at].rsplit(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '?')).next();
            let value = line[at + 1..].split_whitespace().next().unwrap_or_default();
            name.is_some_and(|name| assigned(name, value))
        })
    })
}

/// `--password x`, `--requirepass x`, `-a x` of Redis' programs.
fn has_option(text: &str) -> bool {
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let of_redis = word == "-a" && (text.contains("redis-cli") || text.contains("valkey-cli"));
        if (of_redis || is_secret_option(word)) && words.clone().next().is_some_and(is_literal) {
            return true;
        }
    }
    false
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
