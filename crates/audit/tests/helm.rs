//! What is written for Helm, tried on a site whose parts differ.

use audit::{Disposition, Verdict, Written, WrittenAs, account_helm, compare_helm, verdict};
use installation::chart::OfficialChart;
use installation::{Installation, Object};
use target::TargetError;
use target::helm::{HelmTarget, Options, SecretToday, write_helm};
use tree::{Files, Node};

const SITE: &str = include_str!("sites/small.yaml");

struct Site {
    documents: Vec<Node>,
    installation: Installation,
    target: HelmTarget,
}

fn installation(text: &str) -> (Vec<Node>, Installation) {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    let documents = tree::parse(&files, file).expect("valid YAML");
    let objects = documents.iter().cloned().map(Object::new).collect();
    (documents, Installation::understand(objects, None).expect("a Mastodon"))
}

fn site(text: &str) -> Site {
    let (documents, installation) = installation(text);
    let options = Options { chart: OfficialChart::HelmCharts, release: None };
    let target = write_helm(&installation, options).expect("written");
    Site { documents, installation, target }
}

impl Site {
    fn ledger(&self) -> audit::Ledger {
        let written: Vec<_> =
            self.documents.iter().map(|node| Written { role: WrittenAs::Object, node }).collect();
        account_helm(&written, &[], &[], &self.installation, &self.target)
    }

    fn disposition(&self, path: &str) -> Disposition {
        let ledger = self.ledger();
        ledger.items.iter().find(|item| item.path == path).map(|item| item.disposition).expect(path)
    }

    fn value(&self, path: &str) -> Option<serde_json::Value> {
        self.target.values.at_keys(&path.split('.').collect::<Vec<_>>()).map(Node::to_json)
    }

    fn patch(&self, id: &str) -> &Node {
        let found =
            self.target.patches.iter().find(|patch| Object::new(patch.node.clone()).id().to_string() == id);
        &found.expect(id).node
    }
}

#[test]
fn every_leaf_is_accounted_for_and_every_difference_explained() {
    let site = site(SITE);
    let ledger = site.ledger();
    let lost: Vec<_> = ledger.unaccounted().map(|item| (&item.path, item.reason)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let differences = compare_helm(&site.installation, &site.target, &site.target.rendered);
    let unexplained: Vec<_> = differences.iter().filter(|one| one.explained_by.is_none()).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    assert_eq!(verdict(&ledger, &differences), Verdict::Equivalent);
}

#[test]
fn each_leaf_stands_where_a_reader_of_the_chart_would_put_it() {
    let site = site(SITE);
    let table = [
        ("ConfigMap/settings data.LOCAL_DOMAIN", Disposition::Carried),
        ("ConfigMap/settings data.DB_PORT", Disposition::Defaulted),
        ("ConfigMap/settings data.ES_HOST", Disposition::Translated),
        ("ConfigMap/settings data.NOBODY_KNOWS", Disposition::Carried),
        ("Deployment/web spec.template.spec.terminationGracePeriodSeconds", Disposition::Supplemented),
        ("Deployment/web spec.template.spec.containers[0].command[0]", Disposition::Defaulted),
        ("Deployment/worker spec.replicas", Disposition::Replaced),
        ("Deployment/worker spec.template.spec.containers[0].env[2].value", Disposition::Translated),
        ("HorizontalPodAutoscaler/web spec.maxReplicas", Disposition::Supplemented),
    ];
    for (path, expected) in table {
        assert_eq!(site.disposition(path), expected, "{path}");
    }
}

#[test]
fn values_are_what_the_chart_makes_the_settings_of() {
    let site = site(SITE);
    let table = [
        ("mastodon.localDomain", "\"social.example\""),
        ("mastodon.singleUserMode", "true"),
        ("mastodon.alternateDomains", r#"["a.example","b.example"]"#),
        ("mastodon.web.maxThreads", "\"10\""),
        ("mastodon.web.minThreads", "\"\""),
        ("elasticsearch.hostname", "\"search\""),
        ("mastodon.extraEnvVars.NOBODY_KNOWS", "\"1\""),
        ("mastodon.extraEnvVars.S3_MULTIPART_THRESHOLD", "\"52428800\""),
        ("mastodon.web.extraEnvVars.DB_POOL", "\"10\""),
        ("mastodon.secrets.existingSecret", "\"keys\""),
        ("mastodon.secrets.existingSecretKeys.secretKeyBase", "\"base\""),
        ("postgresql.existingSecretKeys.password", "\"pw\""),
        ("mastodon.pvc.system.existingClaim", "\"media\""),
        ("mastodon.hooks.dbPrepare.enabled", "false"),
        ("httproute.enabled", "false"),
        ("image.tag", "\"v4.5.2\""),
        ("mastodon.web.image.tag", "\"v4.5.2@sha256:abc\""),
    ];
    for (path, expected) in table {
        assert_eq!(site.value(path).map(|value| value.to_string()).as_deref(), Some(expected), "{path}");
    }
    for absent in ["postgresql.port", "mastodon.web.replicas", "mastodon.extraEnvVars.MAX_THREADS"] {
        assert_eq!(site.value(absent), None, "{absent}");
    }
}

#[test]
fn a_secret_in_the_open_is_referred_to_and_written_nowhere() {
    let site = site(SITE);
    let open: Vec<_> = site
        .target
        .secrets
        .iter()
        .filter(|key| matches!(key.today, SecretToday::InTheOpen(_)))
        .map(|key| (key.variable.as_str(), key.secret.as_str()))
        .collect();
    assert_eq!(open, [("SMTP_PASSWORD", "mastodon-settings")]);
    let written = site.target.patches.iter().map(|patch| patch.node.to_json().to_string());
    let all: String = written.chain([site.target.values.to_json().to_string()]).collect();
    assert!(!all.contains("made-up"), "{all}");
}

#[test]
fn the_defects_of_the_chart_are_repaired() {
    let site = site(SITE);
    // Two schedulers would run; the chart refuses to render that.
    let workers = site.value("mastodon.sidekiq.workers").expect("workers");
    assert_eq!(workers[0]["replicas"], 1);
    // The claim over the assets of the image is taken away again, and the autoscaler's number left to it.
    let web = site.patch("Deployment/mastodon-web").to_json();
    let mounts = &web["spec"]["template"]["spec"]["containers"][0]["volumeMounts"];
    assert_eq!(mounts[0]["$patch"], "delete");
    assert_eq!(mounts[0]["mountPath"], "/opt/mastodon/public/assets");
    assert!(web["spec"].as_object().is_some_and(|spec| spec["replicas"].is_null()));
    // What a Service finds by name is found by number: blue and green call it differently.
    assert_eq!(site.target.switched[0].object.node.to_json()["spec"]["ports"][0]["targetPort"], 3000);
}

#[test]
fn a_setting_that_the_values_forgot_is_unaccounted() {
    let mut site = site(SITE);
    let mastodon = site.target.values.get_mut("mastodon").expect("mastodon");
    mastodon.as_mapping_mut().expect("a mapping").shift_remove("localDomain");
    let config_map = &mut site.target.rendered[0].node;
    config_map.get_mut("data").and_then(Node::as_mapping_mut).expect("data").shift_remove("LOCAL_DOMAIN");
    let paths: Vec<String> = site.ledger().unaccounted().map(|item| item.path.clone()).collect();
    assert_eq!(paths, ["ConfigMap/settings data.LOCAL_DOMAIN"]);
    let differences = compare_helm(&site.installation, &site.target, &site.target.rendered);
    assert!(differences.iter().any(|one| one.field == "env LOCAL_DOMAIN" && one.explained_by.is_none()));
}

#[test]
fn what_the_chart_cannot_do_is_refused() {
    let both = SITE.replace(
        "        volumeMounts: [{name: media, mountPath: /mastodon/public/system}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: worker}",
        "      - {name: stream, image: \"example/streaming:v4.5.2\", command: [node, ./streaming]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: worker}",
    );
    let (_, shared) = installation(&both);
    let options = Options { chart: OfficialChart::HelmCharts, release: None };
    let error = write_helm(&shared, options).expect_err("one pod");
    assert!(matches!(error, TargetError::SharedPod { object, .. } if object == "Deployment/web"));
}
