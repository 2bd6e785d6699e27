//! Random sites.

use installation::{is_secret, known_settings};
use proptest::prelude::*;

/// A container of one role: its command, and settings of its own.
#[derive(Debug, Clone)]
struct Part {
    name: &'static str,
    command: &'static str,
    image: &'static str,
    own: Vec<(usize, usize)>,
    keys: Vec<usize>,
    replicas: u32,
    whole: bool,
}

const VALUES: [&str; 9] =
    ["true", "false", "5432", "x y", "a.example,b.example", "https://x.example", "", "production", "0"];
const SECRETS: [&str; 8] = [
    "SECRET_KEY_BASE",
    "DB_PASS",
    "REDIS_PASSWORD",
    "SMTP_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "OTP_SECRET",
    "DEEPL_API_KEY",
    "OIDC_CLIENT_SECRET",
];

fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = known_settings()
        .map(|known| known.name)
        .filter(|name| !is_secret(name) && *name != "LOCAL_DOMAIN" && *name != "PORT")
        .collect();
    names.sort_unstable();
    names.push("NOBODY_KNOWS");
    names
}

fn part(name: &'static str, command: &'static str, image: &'static str) -> impl Strategy<Value = Part> {
    let names = names().len();
    let own = prop::collection::btree_map(0..names, 0..VALUES.len(), 0..4);
    let keys = prop::collection::btree_set(0..SECRETS.len(), 0..SECRETS.len());
    (own, keys, 1..4_u32, any::<bool>()).prop_map(move |(own, keys, replicas, whole)| Part {
        name,
        command,
        image,
        own: own.into_iter().collect(),
        keys: keys.into_iter().collect(),
        replicas,
        whole,
    })
}

fn site(shared: &[(usize, usize)], parts: &[Part]) -> String {
    let names = names();
    let setting = |(name, value): &(usize, usize)| (names[*name], VALUES[*value]);
    let mut text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  \
                    LOCAL_DOMAIN: social.example\n"
        .to_owned();
    for (name, value) in shared.iter().map(setting) {
        text.push_str(&format!("  {name}: \"{value}\"\n"));
    }
    for part in parts {
        let Part { name, command, image, replicas, .. } = part;
        text.push_str(&format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec:\n      containers:\n      - name: main\n        image: {image}\n        command: [{command}]\n        \
             envFrom:\n        - configMapRef: {{name: settings}}\n"
        ));
        if part.whole {
            text.push_str("        - secretRef: {name: all}\n");
        }
        text.push_str("        env:\n        - {name: MARK, value: here}\n");
        for (name, value) in part.own.iter().map(setting) {
            text.push_str(&format!("        - {{name: {name}, value: \"{value}\"}}\n"));
        }
        for key in &part.keys {
            let name = SECRETS[*key];
            text.push_str(&format!(
                "        - {{name: {name}, valueFrom: {{secretKeyRef: {{name: keys{}, key: {name}}}}}}}\n",
                key % 2
            ));
        }
    }
    text
}

/// The text of a random site: web, streaming and two workers, with settings shared and of their own.
pub(crate) fn random_site() -> impl Strategy<Value = String> {
    let shared = prop::collection::btree_map(0..names().len(), 0..VALUES.len(), 0..30);
    let worker = "bundle, exec, sidekiq, -c, \"7\", -q, default, -q, push";
    let parts = (
        part("web", "bundle, exec, puma, -C, config/puma.rb", "example/mastodon:v4.5.2"),
        part("stream", "node, ./streaming", "example/streaming:v4.5.2"),
        part("jobs", worker, "example/mastodon:v4.5.2"),
        part("times", "bundle, exec, sidekiq, -q, scheduler", "example/mastodon"),
    );
    (shared, parts).prop_map(|(shared, (web, streaming, first, second))| {
        let shared: Vec<(usize, usize)> = shared.into_iter().collect();
        site(&shared, &[web, streaming, first, second])
    })
}
