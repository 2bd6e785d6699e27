//! What Helm remembers of a release. That Helm itself reads it is tried in `mastoferry/tests/live/helm.rs`.

use camino::Utf8Path;
use chart::release::{Installed, ReleaseError, from_secret, record, secret_name, to_secret};
use chart::{Capabilities, Chart, Release, Values, render};
use data_encoding::BASE64;
use serde_json::{Value, json};
use tree::Files;

const VALUES: &str = "
mastodon:
  localDomain: harbour.example
  web: {replicas: 2}
  secrets: {existingSecret: harbour-keys}
  smtp: {existingSecret: harbour-mail, server: mail.harbour.example}
  s3: {enabled: false}
  pvc: {enabled: true, system: {existingClaim: harbour-media}, assets: {existingClaim: harbour-assets}}
postgresql: {hostname: db.harbour.example, existingSecret: harbour-db}
redis: {hostname: redis.harbour.example, existingSecret: harbour-redis}
httproute: {enabled: false}
";

/// The record of the example chart, whose hooks are on.
fn example() -> Value {
    let chart = Chart::load(Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/chart")));
    let chart = chart.expect("a chart");
    let values = Values::read("values.yaml", VALUES).expect("values");
    let release = Release::new("harbour", "mastodon");
    let rendered = render(&chart, &values, &release, &Capabilities::default(), &mut Files::new());
    let rendered = rendered.expect("rendered");
    record(&Installed {
        chart: &chart,
        values: &values,
        release: &release,
        manifest: "---\nkind: ConfigMap\n",
        rendered: &rendered.manifests,
        notes: &rendered.notes,
        description: "made up",
    })
}

#[test]
fn a_record_comes_back_from_its_secret_as_it_went_in() {
    let record = example();
    assert_eq!(secret_name(&record).as_deref(), Some("sh.helm.release.v1.harbour.v1"));
    let secret = to_secret(&record, 1_795_257_564_837).expect("a Secret");
    let labels = &secret["metadata"]["labels"];
    let expected = json!({"name": "harbour", "owner": "helm", "status": "deployed", "version": "1",
        "createdAt": "1795257564"});
    assert_eq!(*labels, expected);
    assert_eq!(secret["type"], "helm.sh/release.v1");
    assert_eq!(from_secret(&secret), Ok(record));
}

#[test]
fn chart_values_and_hooks_are_written_in_helms_words() {
    let record = example();
    let about = &record["chart"]["metadata"];
    assert_eq!(about["apiVersion"], "v2");
    assert_eq!(about["annotations"]["artifacthub.io/license"], "Apache-2.0", "an author's own names stay");
    assert!(about.get("kubeVersion").is_none(), "what says nothing is left out");
    assert_eq!(record["config"]["mastodon"]["web"]["replicas"].to_string(), "2", "and not 2.0");
    let hook = record["hooks"].as_array().and_then(|hooks| hooks.iter().find(|hook| hook["kind"] == "Job"));
    let hook = hook.expect("a Job that migrates");
    assert!(hook["events"].as_array().is_some_and(|events| !events.is_empty()), "{hook}");
    assert!(hook["path"].as_str().is_some_and(|path| path.starts_with("mastodon/templates/")));
    let templates = record["chart"]["templates"].as_array().expect("templates");
    assert!(templates.iter().any(|file| file["name"] == "templates/web.yaml"));
}

#[test]
fn what_is_no_release_is_refused_without_a_word_of_what_it_holds() {
    let secret = |data: &str| json!({"type": "helm.sh/release.v1", "data": {"release": BASE64.encode(data.as_bytes())}});
    let hush = "{\"name\": hush-hush";
    for (broken, why) in [
        (json!({"type": "Opaque", "data": {"release": ""}}), "type"),
        (json!({"type": "helm.sh/release.v1", "data": {}}), "lacks"),
        (json!({"type": "helm.sh/release.v1", "data": {"release": "hush hush"}}), "Base64"),
        (secret("hush-hush"), "Base64"),
        (secret(&BASE64.encode(hush.as_bytes())), "JSON"),
        (secret(&BASE64.encode(&[0x1f, 0x8b, 0x08, 0, 1, 2, 3])), "unpacked"),
    ] {
        let error = from_secret(&broken).expect_err(why).to_string();
        assert!(error.contains(why) && !error.contains("hush"), "{error}");
    }
    let old = secret(&BASE64.encode(br#"{"name": "harbour"}"#));
    assert_eq!(from_secret(&old), Ok(json!({"name": "harbour"})), "not packed, as Helm once wrote it");
}

#[test]
fn a_record_that_no_secret_can_hold_is_refused_before_it_is_sent() {
    let mut record = example();
    // What does not repeat cannot be packed.
    let noise: String = (0..200_000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_string()).collect();
    record["manifest"] = noise.into();
    assert!(matches!(to_secret(&record, 0), Err(ReleaseError::TooLarge { .. })));
    assert!(matches!(to_secret(&json!({}), 0), Err(ReleaseError::NotARelease(_))));
}
