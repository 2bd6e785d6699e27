//! Helm sources, after the patterns in which owners write them.

use camino::{Utf8Path, Utf8PathBuf};
use installation::{Installation, SettingValue};
use source::{NoteKind, Role, SourceErrorKind, SourceKind, SourceRef, Sourced, read};
use tree::Node;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("UTF-8");
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&root)).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    (directory, root)
}

fn read_as(kind: Option<SourceKind>, path: &Utf8Path) -> Result<Sourced, source::SourceError> {
    read(&SourceRef { kind, path: path.to_owned() })
}

fn read_files(files: &[(&str, &str)]) -> Sourced {
    let (_directory, root) = folder(files);
    read_as(Some(SourceKind::Helm), &root).expect("readable")
}

fn named<'a>(sourced: &'a Sourced, kind: &str, name: &str) -> &'a Node {
    let found = sourced.objects.iter().find(|object| object.kind() == kind && object.name() == name);
    &found.unwrap_or_else(|| panic!("no {kind}/{name}")).node
}

fn container<'a>(sourced: &'a Sourced, name: &str) -> &'a Node {
    let workload = sourced.objects.iter().find(|object| object.name() == name && object.template().is_some());
    workload.and_then(|workload| workload.containers().next()).unwrap_or_else(|| panic!("no {name}"))
}

fn line(sourced: &Sourced, node: Option<&Node>) -> String {
    let origin = node.and_then(|node| node.origin).expect("a place");
    let place = sourced.files.place(origin);
    place.rsplit('/').next().unwrap_or_default().to_owned()
}

fn command(container: &Node) -> Vec<String> {
    container.get("command").into_iter().flat_map(Node::items).filter_map(Node::as_text).collect()
}

const NEW: &str = "\
mastodon:
  localDomain: social.example
  s3: {enabled: true, bucket: media, endpoint: https://s3.example, hostname: s3.example, existingSecret: s3}
  secrets: {existingSecret: keys}
  smtp: {existingSecret: mail}
  sidekiq:
    workers:
      - name: main
        concurrency: 10
        replicas: 1
        queues: [\"default,8\", scheduler]
      - name: rest
        concurrency: 5
        replicas: 2
        queues: [push, pull]
        image: {tag: v4.5.1}
postgresql: {hostname: db, existingSecret: db}
redis: {hostname: redis, existingSecret: redis}
";

#[test]
fn values_become_what_the_chart_makes() {
    let sourced = read_files(&[("values.yaml", NEW)]);
    assert_eq!(
        command(container(&sourced, "mastodon-sidekiq-rest")),
        ["bundle", "exec", "sidekiq", "-c", "5", "-q", "push", "-q", "pull"]
    );
    let image = container(&sourced, "mastodon-sidekiq-rest").str_at(&["image"]);
    assert_eq!(image, Some("ghcr.io/mastodon/mastodon:v4.5.1"));
    let environment = named(&sourced, "ConfigMap", "mastodon-env").get("data").expect("data");
    assert_eq!(environment.str_at(&["S3_BUCKET"]), Some("media"));
    assert_eq!(environment.str_at(&["ES_ENABLED"]), Some("false"));
    assert_eq!(environment.get("SINGLE_USER_MODE"), None);
    assert_eq!(line(&sourced, environment.get("LOCAL_DOMAIN")), "values.yaml:2");
    let default = line(&sourced, environment.get("DB_PORT"));
    assert!(default.starts_with("helm-charts 1.0.2 values.yaml (default):"), "{default}");
}

#[test]
fn every_leaf_of_every_object_has_a_place() {
    let template = "controllers:\n  main:\n    containers: {main: {image: {repository: a, tag: b}, env: {A: 1}}}\n\
                    service: {main: {controller: main, ports: {http: {port: 80}}}}\n\
                    ingress: {main: {hosts: [{host: a, paths: [{path: /}]}]}}\npersistence: {data: {size: 1Gi}}\n";
    for values in [NEW, "mastodon: {local_domain: a.example, s3: {enabled: false}}\n", template] {
        let sourced = read_files(&[("values.yaml", values)]);
        assert!(sourced.objects.len() > 3);
        for object in &sourced.objects {
            for leaf in object.node.leaves() {
                assert!(leaf.node.origin.is_some(), "{} {}", object.id(), leaf.path);
            }
        }
        assert!(sourced.documents.iter().any(|document| document.role == Role::Values));
    }
}

#[test]
fn secrets_written_into_values_are_sealed_and_still_given() {
    let values = NEW.replace("{existingSecret: keys}", "{secretKeyBase: made-up-key-base}");
    let sourced = read_files(&[("values.yaml", &values)]);
    let secret = named(&sourced, "Secret", "mastodon-secrets");
    let key = secret.at_keys(&["stringData", "secret-key-base"]).expect("the key");
    assert!(key.as_secret().is_some());
    assert!(!format!("{sourced:?}").replace(&values, "").contains("made-up-key-base\""));
    let installation = Installation::understand(sourced.objects, None).expect("a Mastodon");
    let web = installation.components.iter().find(|component| component.role == installation::Role::Web);
    let setting = web.and_then(|web| web.environment.settings.get("SECRET_KEY_BASE")).expect("set");
    assert!(matches!(&setting.value, SettingValue::Secret { secret, .. } if secret == "mastodon-secrets"));
}

#[test]
fn keys_that_do_nothing_are_told_with_their_lines() {
    let values = format!("replicaCount: 2\nautoscaling: {{enabled: true}}\n{NEW}");
    let sourced = read_files(&[("values.yaml", &values)]);
    let told: Vec<String> = sourced
        .notes
        .iter()
        .filter_map(|note| match &note.kind {
            NoteKind::InertKey { key, chart } => Some(format!("{key} in {chart}, line {}", line_of(note))),
            NoteKind::MisspeltKey { key, meant, .. } => {
                Some(format!("{key} for {meant}, line {}", line_of(note)))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            "replicaCount for mastodon.web.replicas, line 1",
            "autoscaling in mastodon/helm-charts 1.0.2, line 2"
        ]
    );
}

fn line_of(note: &source::Note) -> u32 {
    note.origin.map_or(0, |origin| origin.line)
}

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: social, namespace: flux-system}
spec:
  releaseName: mastodon
  targetNamespace: social
  chart:
    spec:
      chart: ./
      sourceRef: {kind: GitRepository, name: chart}
  valuesFrom:
    - {kind: ConfigMap, name: base}
    - {kind: Secret, name: extra, valuesKey: token, targetPath: mastodon.smtp.login}
    - {kind: ConfigMap, name: absent, optional: true}
  values:
    mastodon: {web_domain: www.social.example}
";
const REPOSITORY: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: chart, namespace: flux-system}
spec: {url: https://github.com/mastodon/chart, ref: {branch: main}}
";
const BASE: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: base-6h2k9t7bf4, namespace: flux-system}
data:
  values.yaml: |
    mastodon:
      local_domain: social.example
      web_domain: other.example
      secrets: {existingSecret: keys}
";
const EXTRA: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: extra, namespace: flux-system}
data: {token: bWFkZS11cC1sb2dpbg==}
";

#[test]
fn a_flux_release_draws_its_values_as_flux_does() {
    let files = [
        ("release.yaml", RELEASE),
        ("repository.yaml", REPOSITORY),
        ("base.yaml", BASE),
        ("extra.yaml", EXTRA),
    ];
    let sourced = read_files(&files);
    assert!(sourced.unread.is_empty(), "{:?}", sourced.unread);
    let environment = named(&sourced, "ConfigMap", "mastodon-env");
    assert_eq!(environment.str_at(&["metadata", "namespace"]), Some("social"));
    let data = environment.get("data").expect("data");
    assert_eq!(data.str_at(&["WEB_DOMAIN"]), Some("www.social.example"));
    assert_eq!(line(&sourced, data.get("LOCAL_DOMAIN")), "base.yaml:7");
    assert_eq!(sourced.overridden.len(), 1);
    let login = named(&sourced, "Secret", "mastodon-smtp").at_keys(&["stringData", "login"]).expect("login");
    assert_eq!(login.as_secret().map(|secret| secret.reveal()), Some("made-up-login"));
}

#[test]
fn values_that_are_missing_or_encrypted_are_gaps_beside_what_is_read() {
    let head = BASE.split('|').next().expect("a head");
    let encrypted = format!("{head}ENC[AES256_GCM,data:bWFkZQ==,iv:AA==,tag:AA==,type:str]\n");
    let release = RELEASE.replace("name: absent, optional: true", "name: absent");
    let files =
        [("release.yaml", release.as_str()), ("repository.yaml", REPOSITORY), ("base.yaml", &encrypted)];
    let sourced = read_files(&files);
    let gaps: Vec<String> = sourced.unread.iter().map(|unread| unread.kind.to_string()).collect();
    assert_eq!(
        gaps,
        [
            "the values in ConfigMap/base values.yaml are encrypted",
            "the values in Secret/extra are not in the source",
            "the values in ConfigMap/absent are not in the source"
        ]
    );
    assert!(sourced.unread.iter().all(|unread| unread.origin.is_some()));
    assert_eq!(command(container(&sourced, "mastodon-web")).get(2).map(String::as_str), Some("puma"));
}

#[test]
fn flux_puts_in_the_variables_it_knows() {
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n\
                spec: {path: ./apps/social, postBuild: {substitute: {DOMAIN: social.example}}}\n";
    let release = RELEASE.replace("www.social.example", "\"www.${DOMAIN} ${OTHER}\"");
    let sourced = read_files(&[
        ("flux.yaml", flux),
        ("apps/social/release.yaml", &release),
        ("apps/social/base.yaml", BASE),
        ("apps/social/extra.yaml", EXTRA),
        ("apps/social/repository.yaml", REPOSITORY),
    ]);
    let data = named(&sourced, "ConfigMap", "mastodon-env").get("data").expect("data");
    assert_eq!(data.str_at(&["WEB_DOMAIN"]), Some("www.social.example ${OTHER}"));
}

#[test]
fn an_argo_application_has_its_values_in_order() {
    let application = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: mastodon}
spec:
  destination: {namespace: social}
  sources:
    - repoURL: https://mastodon.github.io/helm-charts/
      chart: mastodon
      targetRevision: 1.0.2
      helm:
        valueFiles: [$own/social/values.yaml]
        values: |
          mastodon:
            locale: fr
            webDomain: b.example
        valuesObject: {mastodon: {webDomain: c.example}}
        parameters: [{name: mastodon.web.replicas, value: \"3\"}]
    - {repoURL: https://git.example/own, ref: own}
    - {repoURL: https://git.example/own, path: social/extra}
";
    let sourced = read_files(&[("apps/app.yaml", application), ("social/values.yaml", NEW)]);
    let data = named(&sourced, "ConfigMap", "mastodon-env").get("data").expect("data");
    assert_eq!(data.str_at(&["WEB_DOMAIN"]), Some("c.example"));
    assert_eq!(line(&sourced, data.get("DEFAULT_LOCALE")), "app.yaml:14");
    let web = named(&sourced, "Deployment", "mastodon-web");
    assert_eq!(web.at_keys(&["spec", "replicas"]).and_then(Node::as_i64), Some(3));
    let elsewhere = |note: &source::Note| matches!(note.kind, NoteKind::ElsewhereSource { .. });
    assert_eq!(sourced.notes.iter().filter(|note| elsewhere(note)).count(), 1);
}

#[test]
fn broken_values_in_an_application_are_named_with_their_line() {
    let application = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: mastodon}
spec:
  source:
    repoURL: https://github.com/mastodon/chart
    helm:
      values: |
        mastodon:
          locale: [fr
";
    let sourced = read_files(&[("app.yaml", application)]);
    let unread = sourced.unread.first().expect("a gap");
    assert!(matches!(unread.kind, SourceErrorKind::Parse(_)));
    assert!(matches!(unread.origin.map(|origin| origin.line), Some(10 | 11)), "{unread:?}");
}

#[test]
fn an_application_set_becomes_one_release_for_each_element() {
    let set = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all}
spec:
  generators:
    - list: {elements: [{name: a}, {name: b}]}
  template:
    metadata: {name: \"{{name}}\"}
    spec:
      destination: {namespace: \"{{ .name }}\"}
      source:
        repoURL: https://github.com/mastodon/chart
        path: .
        helm: {valuesObject: {mastodon: {local_domain: \"{{name}}.example\"}}}
";
    let sourced = read_files(&[("set.yaml", set)]);
    for name in ["a", "b"] {
        let data = named(&sourced, "ConfigMap", &format!("{name}-mastodon-env")).get("data").expect("data");
        assert_eq!(data.str_at(&["LOCAL_DOMAIN"]), Some(format!("{name}.example").as_str()));
    }
    let elsewhere = set.replace("list: {elements: [{name: a}, {name: b}]}", "git: {repoURL: x}");
    let sourced = read_files(&[("set.yaml", &elsewhere)]);
    assert!(
        matches!(&sourced.unread[0].kind, SourceErrorKind::UnknownGenerator { generator } if generator == "git")
    );
}

#[test]
fn an_umbrella_chart_gives_its_dependency_what_stands_under_its_alias() {
    let chart = "apiVersion: v2\nname: mine\nversion: 0.1.0\ndependencies:\n  - name: mastodon\n    alias: social\n    \
                 version: 1.0.2\n    repository: https://mastodon.github.io/helm-charts/\n";
    let values: String = NEW.lines().map(|line| format!("  {line}\n")).collect();
    let sourced = read_files(&[("Chart.yaml", chart), ("values.yaml", &format!("social:\n{values}"))]);
    let data = named(&sourced, "ConfigMap", "mastodon-env").get("data").expect("data");
    assert_eq!(line(&sourced, data.get("LOCAL_DOMAIN")), "values.yaml:3");
}

#[test]
fn an_owners_chart_is_refused_by_name() {
    let chart = "apiVersion: v2\nname: my-mastodon\nversion: 0.1.0\n";
    let (_directory, root) = folder(&[("Chart.yaml", chart), ("values.yaml", "domain: a.example\n")]);
    let error = read_as(None, &root).expect_err("unknown templates");
    assert!(matches!(&error.kind, SourceErrorKind::OtherChart { chart } if chart == "my-mastodon 0.1.0"));
    assert_eq!(error.origin.map(|origin| origin.line), Some(2));
}

#[test]
fn a_chart_that_is_not_mastodons_is_a_note() {
    let release = RELEASE.replace("chart: ./", "chart: redis").replace("GitRepository", "HelmRepository");
    let release = &release[..release.find("  valuesFrom").expect("there")];
    let release = release.replace("mastodon", "cache");
    let sourced = read_files(&[("release.yaml", &release)]);
    assert!(sourced.unread.is_empty());
    let is_other = |note: &source::Note| matches!(&note.kind, NoteKind::OtherChart { chart } if chart.starts_with("redis"));
    assert!(sourced.notes.iter().any(is_other), "{:?}", sourced.notes);
}

const TEMPLATE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: social, namespace: social}
spec:
  chart: {spec: {chart: app-template, version: 3.6.1, sourceRef: {kind: HelmRepository, name: bjw-s}}}
  values:
    controllers:
      web:
        containers:
          app:
            image: {repository: ghcr.io/mastodon/mastodon, tag: v4.4.1}
            command: [bundle, exec, puma]
            env: {LOCAL_DOMAIN: social.example, PORT: 3000, S3_PERMISSION: , KEY: {secretKeyRef: {name: s, key: k}}}
            envFrom: [{secretRef: {name: keys}}]
      clean:
        type: cronjob
        cronjob: {schedule: 0 3 * * *}
        containers:
          app: {image: {repository: ghcr.io/mastodon/mastodon, tag: v4.4.1}, command: [bin/tootctl, media, remove]}
    service: {app: {controller: web, ports: {http: {port: 3000}}}}
    ingress:
      app: {hosts: [{host: \"{{ .Release.Name }}.example\", paths: [{path: /, service: {identifier: app, port: http}}]}]}
    persistence: {media: {existingClaim: media, globalMounts: [{path: /mastodon/public/system}]}}
";

#[test]
fn app_template_describes_containers() {
    let sourced = read_files(&[("release.yaml", TEMPLATE)]);
    let web = container(&sourced, "social-web");
    assert_eq!(web.str_at(&["image"]), Some("ghcr.io/mastodon/mastodon:v4.4.1"));
    assert_eq!(web.get("volumeMounts").map(|mounts| mounts.items().count()), Some(1));
    let variables = web.get("env").expect("env").to_json().to_string();
    assert!(variables.contains(r#"{"name":"PORT","value":"3000"}"#), "{variables}");
    assert!(variables.contains(r#"{"name":"S3_PERMISSION","value":""}"#), "{variables}");
    // Names as `common` 3.7.3 makes them: with several controllers, each has its own behind the release's.
    let job = named(&sourced, "CronJob", "social-clean");
    assert_eq!(job.str_at(&["spec", "schedule"]), Some("0 3 * * *"));
    let ingress = named(&sourced, "Ingress", "social").get("spec").expect("spec").to_json().to_string();
    assert!(ingress.contains(r#""host":"social.example""#), "{ingress}");
    assert!(ingress.contains(r#""service":{"name":"social","port":{"number":3000}}"#), "{ingress}");
}

#[test]
fn app_template_of_version_1_has_its_container_at_the_top() {
    let values = "\
image: {repository: ghcr.io/mastodon/mastodon, tag: v4.0.2}
command: [bundle, exec, sidekiq]
env: {LOCAL_DOMAIN: social.example}
controller: {replicas: 2}
persistence: {media: {enabled: true, existingClaim: media, mountPath: /media}}
";
    let release = TEMPLATE.split("    controllers:").next().expect("a head").replace("3.6.1", "1.5.1");
    let values: String = values.lines().map(|line| format!("    {line}\n")).collect();
    let sourced = read_files(&[("release.yaml", &format!("{release}{values}"))]);
    let worker = container(&sourced, "social");
    assert_eq!(command(worker), ["bundle", "exec", "sidekiq"]);
    assert!(worker.get("volumeMounts").expect("mounts").to_json().to_string().contains("/media"));
    let deployment = named(&sourced, "Deployment", "social");
    assert_eq!(deployment.at_keys(&["spec", "replicas"]).and_then(Node::as_i64), Some(2));
}

#[test]
fn kustomizations_ask_for_charts_with_several_files() {
    let kustomization = "\
namespace: social
helmCharts:
  - name: mastodon
    repo: https://mastodon.github.io/helm-charts
    version: 1.0.2
    releaseName: mastodon
    valuesFile: values.yaml
    valuesInline: {mastodon: {locale: de}}
    additionalValuesFiles: [more.yaml, absent.yaml]
";
    let (_directory, root) = folder(&[
        ("kustomization.yaml", kustomization),
        ("values.yaml", NEW),
        ("more.yaml", "mastodon: {webDomain: w.example}\n"),
    ]);
    let sourced = read_as(None, &root).expect("read beside the chart that is not there");
    let data = named(&sourced, "ConfigMap", "mastodon-env").get("data").expect("data");
    assert_eq!(data.str_at(&["DEFAULT_LOCALE"]), Some("de"));
    assert_eq!(data.str_at(&["WEB_DOMAIN"]), Some("w.example"));
    let missing = |unread: &source::Unread| matches!(&unread.kind, SourceErrorKind::MissingValues { what } if what == "absent.yaml");
    assert!(sourced.unread.iter().any(missing), "{:?}", sourced.unread);
}

#[test]
fn values_that_are_no_values_are_refused_with_their_place() {
    for (text, expected, at) in [
        ("- a\n", "must be a mapping", 1),
        ("mastodon: {localDomain: a, webDomain: b}\npostgresql: text\n", "postgresql must be a mapping", 2),
        ("mastodon:\n  localDomain: a\n  webDomain: b\n  localDomain: c\n", "already set on line 2", 4),
        ("mastodon:\n  localDomain: a\n  webDomain: b\n  sidekiq: {workers: 3}\n", "must be a list", 4),
    ] {
        let (_directory, root) = folder(&[("values.yaml", text)]);
        let error = read_as(Some(SourceKind::Helm), &root.join("values.yaml")).expect_err(text);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.origin.map(|origin| origin.line), Some(at), "{text}");
    }
}

#[test]
fn a_hostile_number_of_workers_is_refused() {
    let workers: String = (0..4_000).map(|n| format!("    - {{name: w{n}, queues: [pull]}}\n")).collect();
    let values = format!("mastodon:\n  localDomain: a\n  webDomain: b\n  sidekiq:\n    workers:\n{workers}");
    let (_directory, root) = folder(&[("values.yaml", &values)]);
    let error = read_as(Some(SourceKind::Helm), &root).expect_err("too many");
    assert!(matches!(error.kind, SourceErrorKind::ReleaseTooLarge { .. }));
}
