//! Names that are nearly a setting's.

use crate::{SettingOwner, known_setting, known_settings};

/// Beginnings of names that other programs read: databases, search, proxies, linuxserver's images, exporters, backups.
const ELSEWHERE: [&str; 44] = [
    "POSTGRES_",
    "POSTGRESQL_",
    "PG",
    "INIT_POSTGRES_",
    "VIRTUAL_",
    "LETSENCRYPT_",
    "PUID",
    "PGID",
    "UMASK",
    "DOCKER_MODS",
    "ELASTIC_",
    "ELASTICSEARCH_",
    "OPENSEARCH_",
    "xpack.",
    "discovery.",
    "cluster.",
    "bootstrap.",
    "thread_pool.",
    "node.",
    "MINIO_",
    "MC_HOST_",
    "TRAEFIK_",
    "CADDY_",
    "NGINX_",
    "COMPOSE_",
    "DOCKER_",
    "KUBERNETES_",
    "POD_",
    "NODE_IP",
    "NODE_NAME",
    "CLOUDFLARE_",
    "CF_",
    "TUNNEL_",
    "TOR_",
    "LT_",
    "RESTIC_",
    "BACKUP_",
    "B2_",
    "RCLONE_",
    "DATASOURCE",
    "VARNISH_",
    "MANAEL_",
    "IMGPROXY_",
    "BUNDLE_",
];

/// Whether a name is known to be some other program's.
#[must_use]
pub fn belongs_elsewhere(name: &str) -> bool {
    ELSEWHERE.iter().any(|beginning| name.starts_with(beginning))
}

/// The setting of Mastodon's that an unknown name most likely means: the nearest one, where it is one or two letters
/// away and the name is long enough for that to be no chance. `None` for names that are known or another program's.
#[must_use]
pub fn likely_name(name: &str) -> Option<&'static str> {
    if known_setting(name).is_some() || belongs_elsewhere(name) {
        return None;
    }
    if let Some(exact) = ALIASES.iter().find(|(wrong, _)| *wrong == name) {
        return Some(exact.1);
    }
    let allowed = match name.chars().count() {
        0..6 => return None,
        6..9 => 1,
        _ => 2,
    };
    let upper = name.to_ascii_uppercase();
    known_settings()
        .filter(|known| known.owner != SettingOwner::Platform)
        .filter(|known| {
            known.name.len().abs_diff(upper.len()) <= allowed && !differs_in_kind(&upper, known.name)
        })
        .map(|known| (distance(&upper, &known.name.to_ascii_uppercase()), known.name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Names that people write for a setting, too far from it to be found by their letters.
const ALIASES: [(&str, &str); 6] = [
    ("DB_PASSWORD", "DB_PASS"),
    ("REDIS_PASS", "REDIS_PASSWORD"),
    ("SMTP_PASS", "SMTP_PASSWORD"),
    ("SMTP_USER", "SMTP_LOGIN"),
    ("ES_PASSWORD", "ES_PASS"),
    ("DB_USERNAME", "DB_USER"),
];

/// Names that differ in digits, or of which one is the other with a part more, mean different things (`S3_…`).
fn differs_in_kind(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(one) != digits(other)
}

/// Optimal string alignment: insertions, deletions, changes, and neighbours swapped, each counting one.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![vec![0; other.len() + 1]; 3];
    for (column, cell) in rows[1].iter_mut().enumerate() {
        *cell = column;
    }
    for i in 1..=one.len() {
        rows[2][0] = i;
        for j in 1..=other.len() {
            let change = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (rows[1][j] + 1).min(rows[2][j - 1] + 1).min(rows[1][j - 1] + change);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = best;
        }
        rows.rotate_left(1);
    }
    rows[1][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_right_names_are_understood() {
        let table = [
            ("LOCAL_DOMIAN", Some("LOCAL_DOMAIN")),
            ("S3_BUCKETT", Some("S3_BUCKET")),
            ("SMTP_FROM_ADRESS", Some("SMTP_FROM_ADDRESS")),
            ("local_domain", Some("LOCAL_DOMAIN")),
            ("DB_PASSWORD", Some("DB_PASS")),
            ("LOCAL_DOMAIN", None),
            ("POSTGRES_DB", None),
            ("PUID", None),
            ("VIRTUAL_HOST", None),
            ("ANSWER", None),
            ("MAX_TOOT_CHARS", None),
        ];
        for (name, expected) in table {
            assert_eq!(likely_name(name), expected, "{name}");
        }
    }

    #[test]
    fn no_setting_of_the_catalogue_is_taken_for_a_misspelling() {
        assert!(known_settings().all(|known| likely_name(known.name).is_none()));
    }

    #[test]
    fn distances_count_swapped_letters_once() {
        assert_eq!((distance("AB", "BA"), distance("ABC", "ABD"), distance("", "AB")), (1, 1, 2));
    }
}
