//! What the model tells, from fixtures after the pattern of what people run.

use installation::{
    FindingKind, Installation, NeighbourPart, Object, Role, RouteKind, RouteTarget, SecretForm, SettingValue,
    StoreKind,
};
use tree::Files;

fn objects(text: &str) -> Vec<Object> {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    tree::parse(&files, file).expect("valid YAML").into_iter().map(Object::new).collect()
}

fn understand(text: &str) -> Installation {
    Installation::understand(objects(text), None).expect("a Mastodon")
}

/// A workload of one container; `more` goes into the container, `pod` into the pod.
fn workload(name: &str, image: &str, command: &str, more: &str, pod: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - {{name: {name}, image: \"{image}\"{command}{more}}}\n{pod}"
    )
}

fn command(words: &str) -> String {
    format!(", command: [{words}]")
}

const IMAGE: &str = "ghcr.io/mastodon/mastodon:v4.5.2";

fn roles(image: &str, words: &str) -> Vec<String> {
    let container = objects(&workload("x", image, words, "", "")).remove(0);
    let container = container.containers().next().cloned().expect("a container");
    Role::all_of(&container).iter().map(Role::component).collect()
}

#[test]
fn programs_are_found_behind_everything_that_starts_them() {
    let table: &[(&str, &[&str])] = &[
        ("/usr/bin/tini, --, bundle, exec, puma", &["web"]),
        ("dumb-init, bundle, exec, sidekiq, -c, \"5\"", &["sidekiq-all-queues"]),
        (
            "/usr/bin/env, bash, -c, \"bundle exec rails assets:precompile && bundle exec rails s -p 3000\"",
            &["web"],
        ),
        (
            "/bin/ash, -c, \"echo \\\"${X}\\\" > config/initializers/x.rb && bundle exec sidekiq -q pull\"",
            &["sidekiq-pull"],
        ),
        ("bash, -ec, \"cd /opt/mastodon && exec node ./streaming/index.js\"", &["streaming"]),
        ("bash, -c, \"bundle exec rails db:migrate; RAILS_ENV=production bin/rails server\"", &["web"]),
        ("rm, -f, tmp/pids/server.pid, ;, bundle, exec, rails, s", &["web"]),
        ("yarn, start", &["streaming"]),
        ("npm, run, start", &["streaming"]),
        ("foreman, start", &["web", "streaming", "sidekiq-all-queues"]),
        ("bash, -c, \"bundle exec sidekiq & bundle exec puma\"", &["sidekiq-all-queues", "web"]),
        ("bundle, exec, rails, \"db:migrate\"", &["migration"]),
        ("./bin/tootctl, search, deploy", &["tootctl"]),
        ("bash, -c, \"pgrep -f sidekiq\"", &[]),
        ("nginx", &[]),
    ];
    for (words, expected) in table {
        assert_eq!(roles("tootsuite/mastodon:v4.5.2", &command(words)), *expected, "{words}");
    }
    let by_image: &[(&str, &[&str])] = &[
        ("ghcr.io/mastodon/mastodon-streaming:v4.5.2", &["streaming"]),
        ("lscr.io/linuxserver/mastodon:4.5.2", &["web", "streaming", "sidekiq-all-queues"]),
        ("postgres:17", &[]),
    ];
    for (image, expected) in by_image {
        assert_eq!(roles(image, ""), *expected, "{image}");
    }
    let queue = ", env: [{name: SIDEKIQ_ONLY, value: \"true\"}, {name: SIDEKIQ_QUEUE, value: pull}]";
    assert_eq!(roles("lscr.io/linuxserver/mastodon:4.5.2", queue), ["sidekiq-pull"]);
}

#[test]
fn a_bare_pod_of_all_parts_is_taken_apart_by_its_ports() {
    let installation = understand(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: mastodon, labels: {app: mastodon}}\nspec:\n  containers:\n  - {name: web, image: \"tootsuite/mastodon:v4.2.10\", command: [bundle, exec, puma], ports: [{containerPort: 3000, name: http}]}\n  - {name: worker, image: \"tootsuite/mastodon:v4.2.10\", command: [bundle, exec, sidekiq]}\n  - {name: streaming, image: \"tootsuite/mastodon:v4.2.10\", command: [node, ./streaming], ports: [{containerPort: 4000}]}\n  - {name: nginx, image: nginx, ports: [{containerPort: 80}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: mastodon}\nspec: {type: LoadBalancer, selector: {app: mastodon}, ports: [{name: web, port: 443, targetPort: http}, {name: live, port: 4000}, {name: front, port: 80}]}\n",
    );
    let parts: Vec<String> = installation.components.iter().map(|part| part.role.component()).collect();
    assert_eq!(parts, ["web", "sidekiq-all-queues", "streaming"]);
    let targets: Vec<_> =
        installation.routes.iter().map(|route| (route.port, route.target.clone())).collect();
    let expected = [
        (443, RouteTarget::Component(0)),
        (4000, RouteTarget::Component(2)),
        (80, RouteTarget::Neighbour(0)),
    ];
    assert_eq!(targets, expected);
    let nginx = &installation.neighbours[0];
    assert_eq!(
        (nginx.container.as_deref(), nginx.part, nginx.in_front),
        (Some("nginx"), NeighbourPart::Proxy, true)
    );
    let Role::Sidekiq(worker) = &installation.components[1].role else { panic!("a worker") };
    assert!(worker.queues.iter().all(|queue| queue.name != "fasp"), "4.2 has no such queue");
}

#[test]
fn an_env_file_in_a_config_map_gives_way_to_the_environment() {
    for mount in [
        "{name: e, mountPath: /opt/mastodon/.env.production, subPath: env}",
        "{name: e, mountPath: /mastodon/.env.production, subPath: env}",
    ] {
        let more = format!(
            "{}, env: [{{name: DB_HOST, value: real}}, {{name: DB_PORT, value: \"$(PORT_OF_DB)\"}}], volumeMounts: [{mount}]",
            command("bundle, exec, puma")
        );
        let text = workload("web", IMAGE, "", &more, "      volumes: [{name: e, configMap: {name: env}}]\n")
            + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: env}\ndata:\n  env: |\n    # settings\n    LOCAL_DOMAIN=social.example\n    DB_HOST=file\n    DB_PASS='made up'\n    PORT_OF_DB=5433\n";
        let installation = understand(&text);
        assert_eq!(installation.domain, "social.example");
        let environment = &installation.components[0].environment;
        assert_eq!(environment.text("DB_HOST"), Some("real"));
        assert_eq!(installation.stores[0].address.as_deref(), Some("real:5433"));
        assert!(matches!(environment.settings["DB_PASS"].value, SettingValue::Sealed(_)));
        assert!(environment.settings["LOCAL_DOMAIN"].origins.len() == 1, "the file's place is kept");
    }
}

#[test]
fn stores_lead_to_what_serves_them() {
    let env = ", envFrom: [{configMapRef: {name: env}}], ";
    let text = workload("web", IMAGE, &command("puma"), env.trim_end_matches(", "), "")
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: env}\ndata:\n  LOCAL_DOMAIN: a.example\n  DB_HOST: main-rw\n  REDIS_URL: redis://:made-up@redis-0.redis.default.svc.cluster.local:6380/1\n  SIDEKIQ_REDIS_HOST: queues.example\n  CACHE_REDIS_PASSWORD: made-up\n  ES_ENABLED: \"true\"\n  ES_HOST: search\n  S3_ENABLED: \"true\"\n  S3_BUCKET: media\n  S3_ENDPOINT: http://minio:9000\n  SMTP_SERVER: smtp.example\n  SMTP_PORT: \"587\"\n  BULK_SMTP_SERVER: bulk.example\n"
        + "---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: main}\n"
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: redis}\nspec: {selector: {app: redis}, ports: [{port: 6380}]}\n"
        + &workload("redis", "redis:7", "", "", "")
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: minio}\nspec: {selector: {app: minio}, ports: [{port: 9000}]}\n"
        + &workload("minio", "quay.io/minio/minio:latest", "", "", "");
    let installation = understand(&text);
    let stores: Vec<(StoreKind, &str, Option<String>)> = installation
        .stores
        .iter()
        .map(|store| {
            let served = store.served_by.map(|index| installation.objects[index].id().to_string());
            (store.kind, store.address.as_deref().unwrap_or("?"), served)
        })
        .collect();
    let served = |id: &str| Some(id.to_owned());
    let expected = [
        (StoreKind::PostgreSql, "main-rw:5432", served("Cluster/main")),
        (StoreKind::Redis, "redis-0.redis.default.svc.cluster.local:6380", served("Deployment/redis")),
        (StoreKind::RedisSidekiq, "queues.example:6379", None),
        (StoreKind::Search, "search:9200", None),
        (StoreKind::Minio, "minio:9000/media", served("Deployment/minio")),
    ];
    assert_eq!(stores, expected, "CACHE_REDIS_PASSWORD alone makes no Redis of its own");
    let mail: Vec<_> = installation.mail.iter().map(|mail| (mail.server.as_deref(), mail.bulk)).collect();
    assert_eq!(mail, [(Some("smtp.example:587"), false), (Some("bulk.example"), true)]);
}

#[test]
fn routes_of_every_kind_are_followed() {
    let service = |name: &str, port: u16| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}, ports: [{{name: http, port: {port}}}]}}\n"
        )
    };
    let text = workload("web", IMAGE, &command("puma"), "", "")
        + &workload(
            "streaming",
            IMAGE,
            &command("node, ./streaming"),
            ", ports: [{containerPort: 4000, hostPort: 4040}]",
            "",
        )
        + &service("web", 3000)
        + &service("streaming", 4000)
        + "---\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\nspec:\n  tls: [{hosts: [old.example], secretName: old-tls}]\n  backend: {serviceName: web, servicePort: http}\n  rules: [{host: old.example, http: {paths: [{path: /api/v1/streaming, backend: {serviceName: streaming, servicePort: 4000}}]}}]\n"
        + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: new}\nspec:\n  parentRefs: [{name: gateway, sectionName: https}]\n  hostnames: [new.example]\n  rules:\n  - {matches: [{path: {value: /api/v1/streaming}}], backendRefs: [{name: streaming, port: 4000}]}\n  - {backendRefs: [{name: web, port: 3000}]}\n"
        + "---\napiVersion: traefik.containo.us/v1alpha1\nkind: IngressRoute\nmetadata: {name: t}\nspec:\n  routes: [{match: \"Host(`t.example`) && PathPrefix(`/`)\", services: [{name: web, port: 3000}]}]\n  tls: {certResolver: le}\n"
        + "---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: o}\nspec: {host: o.example, to: {kind: Service, name: web}, port: {targetPort: http}, tls: {termination: edge}}\n";
    let installation = understand(&text);
    let told: Vec<(RouteKind, String, u16, String, bool)> = installation
        .routes
        .iter()
        .map(|route| {
            let RouteTarget::Component(index) = route.target else { panic!("{route:?} leads nowhere") };
            let part = installation.components[index].role.component();
            (route.kind, format!("{}{}", route.host, route.path), route.port, part, route.tls)
        })
        .collect();
    let route = |kind, way: &str, port, part: &str, tls| (kind, way.to_owned(), port, part.to_owned(), tls);
    let expected = [
        route(RouteKind::HostPort, "/", 4040, "streaming", false),
        route(RouteKind::Ingress, "old.example/api/v1/streaming", 4000, "streaming", true),
        route(RouteKind::Ingress, "/", 3000, "web", false),
        route(RouteKind::HttpRoute, "new.example/api/v1/streaming", 4000, "streaming", true),
        route(RouteKind::HttpRoute, "new.example/", 3000, "web", true),
        route(RouteKind::IngressRoute, "t.example/", 3000, "web", true),
        route(RouteKind::OpenShift, "o.example/", 3000, "web", true),
    ];
    assert_eq!(told, expected);
    let certificates: Vec<_> =
        installation.certificates.iter().map(|one| (one.secret.as_deref(), one.issuer.as_deref())).collect();
    assert_eq!(certificates, [(Some("old-tls"), None), (None, Some("le"))]);
}

#[test]
fn secrets_are_known_by_the_form_they_are_held_in() {
    let refs = ["sealed", "external", "item", "vault", "gone"];
    let env: Vec<String> = refs.iter().map(|name| format!("{{secretRef: {{name: {name}}}}}")).collect();
    let text = workload("web", IMAGE, &command("puma"), &format!(", envFrom: [{}]", env.join(", ")), "")
        + "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: sealed}\nspec: {encryptedData: {OTP_SECRET: AgBy}}\n"
        + "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec:\n  target: {name: external}\n  data: [{secretKey: DB_PASS, remoteRef: {key: a}}]\n"
        + "---\napiVersion: onepassword.com/v1\nkind: OnePasswordItem\nmetadata: {name: item}\n"
        + "---\napiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultStaticSecret\nmetadata: {name: v}\nspec: {destination: {name: vault}}\n"
        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: encrypted}\nstringData: {A: \"ENC[AES256_GCM,data:AA,type:str]\"}\nsops: {version: 3.9.0}\n"
        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {B: made-up}\n"
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: open}\ndata: {SMTP_PASSWORD: made-up, DB_USER: x}\n";
    let installation = understand(&text);
    let held: Vec<(&str, SecretForm, String)> =
        installation.secrets.iter().map(|one| (one.name.as_str(), one.form, one.keys.join(" "))).collect();
    let one = |name, form, keys: &str| (name, form, keys.to_owned());
    let expected = [
        one("encrypted", SecretForm::Sops, "A"),
        one("plain", SecretForm::Plain, "B"),
        one("open", SecretForm::InTheOpen, "SMTP_PASSWORD"),
        one("sealed", SecretForm::Sealed, "OTP_SECRET"),
        one("external", SecretForm::External, "DB_PASS"),
        one("item", SecretForm::OnePassword, ""),
        one("vault", SecretForm::Vault, ""),
        one("gone", SecretForm::Elsewhere, ""),
    ];
    assert_eq!(held, expected);
    let environment = &installation.components[0].environment;
    let sealed = SettingValue::Secret { secret: "sealed".into(), key: "OTP_SECRET".into() };
    assert_eq!(environment.settings["OTP_SECRET"].value, sealed, "keys that can be seen are variables");
    assert_eq!(environment.opaque, ["Secret//item", "Secret//vault", "Secret//gone"]);
    let provided: Vec<_> =
        installation.needs.iter().map(|need| (need.name.as_str(), need.provided_by.is_some())).collect();
    let expected = [("external", true), ("gone", false), ("item", true), ("sealed", true), ("vault", true)];
    assert_eq!(provided, expected);
}

/// What a finding names, if there is one of the kind.
fn finding(installation: &Installation, kind: FindingKind) -> Option<Vec<&str>> {
    let found = installation.findings.iter().find(|finding| finding.kind == kind)?;
    Some(found.arguments.iter().map(|(_, text)| text.as_str()).collect())
}

#[test]
fn settings_are_held_against_the_release() {
    let env = ", env: [{name: REDIS_NAMESPACE, value: m}, {name: STATSD_ADDR, value: \"s:1\"}, {name: LOCAL_DOMIAN, value: x}, {name: POSTGRES_DB, value: x}, {name: SECRET_KEY_BASE, value: made-up}, {name: VAPID_PUBLIC_KEY, value: x}, {name: VAPID_PRIVATE_KEY, value: \"\"}]";
    let with = |tag: &str, more: &str| {
        let image = format!("ghcr.io/mastodon/mastodon:{tag}");
        understand(&workload("web", &image, &command("puma"), &format!("{env}{more}"), ""))
    };
    let new = with("v4.5.2", "");
    assert!(finding(&new, FindingKind::RedisNamespace).is_some());
    assert_eq!(finding(&new, FindingKind::ObsoleteSettings), Some(vec!["STATSD_ADDR"]));
    assert_eq!(finding(&new, FindingKind::MisspeltSettings), Some(vec!["LOCAL_DOMIAN → LOCAL_DOMAIN"]));
    assert_eq!(finding(&new, FindingKind::SecretsInTheOpen), Some(vec!["SECRET_KEY_BASE"]));
    let missing = finding(&new, FindingKind::MissingSettings).expect("some are missing");
    assert!(missing[0].starts_with("VAPID_PRIVATE_KEY, ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY"), "{missing:?}");
    let old = with("v4.2.8", ", envFrom: [{secretRef: {name: s}}]");
    assert_eq!(finding(&old, FindingKind::ObsoleteSettings), None);
    assert_eq!(finding(&old, FindingKind::RedisNamespace), None);
    assert_eq!(finding(&old, FindingKind::MissingSettings), None, "a Secret that is not seen may hold them");
    assert_eq!(
        finding(&old, FindingKind::CannotTellSettings),
        Some(vec!["VAPID_PRIVATE_KEY, OTP_SECRET", "Secret/s"])
    );
}

#[test]
fn media_must_be_shared_and_must_last() {
    let volume = |kind: &str| format!("      volumes: [{{name: m, {kind}}}]\n");
    let mount = ", volumeMounts: [{name: m, mountPath: /opt/mastodon/public/system}]";
    let site = |web: &str, worker: &str| {
        understand(
            &(workload("web", IMAGE, &command("puma"), mount, &volume(web))
                + &workload("worker", IMAGE, &command("sidekiq"), mount, &volume(worker))),
        )
    };
    let claim = "persistentVolumeClaim: {claimName: media}";
    let shared = site(claim, claim);
    assert_eq!(finding(&shared, FindingKind::MediaApart), None);
    assert_eq!(finding(&shared, FindingKind::MediaVolatile), None);
    assert_eq!(
        shared.stores.last().and_then(|store| store.address.as_deref()),
        Some("PersistentVolumeClaim/media")
    );
    assert!(
        finding(&site(claim, "persistentVolumeClaim: {claimName: other}"), FindingKind::MediaApart).is_some()
    );
    let lost = site("emptyDir: {}", "emptyDir: {}");
    assert!(finding(&lost, FindingKind::MediaVolatile).is_some());
    assert!(finding(&lost, FindingKind::MediaApart).is_some(), "each pod has an emptyDir of its own");
}

#[test]
fn queues_are_held_against_the_release_by_name() {
    let site = |tag: &str, first: &str, second: &str| {
        let image = format!("tootsuite/mastodon:{tag}");
        understand(
            &(workload("a", &image, &command(first), "", "")
                + &workload("b", &image, &command(second), "", "")),
        )
    };
    let old = "bundle, exec, sidekiq, -q, default, -q, mailers, -q, pull, -q, push";
    let installation = site("v4.2.8", old, "puma");
    assert_eq!(finding(&installation, FindingKind::UnservedQueue), Some(vec!["ingress, scheduler"]));
    let installation = site("v4.4.1", old, "sidekiq, -q, scheduler, -q, ingress");
    assert_eq!(finding(&installation, FindingKind::UnservedQueue), Some(vec!["fasp"]));
    let installation = site("v4.4.1", "sidekiq", "sidekiq, -q, scheduler");
    let both = installation.findings.iter().find(|one| one.kind == FindingKind::SeveralSchedulerWorkers);
    assert_eq!(both.map(|finding| finding.objects.len()), Some(2));
    let installation = site("v4.4.1", "sidekiq, -C, /etc/own.yml", "puma");
    assert_eq!(finding(&installation, FindingKind::UnservedQueue), None, "its queues are not known");
    assert_eq!(finding(&installation, FindingKind::OwnSidekiqConfig), Some(vec!["/etc/own.yml"]));
}

#[test]
fn a_service_is_in_front_of_what_answers_at_its_ports_whatever_else_its_selector_finds() {
    let part = |name: &str, command: &str, port: u16| {
        format!(
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: m}}}}
  template:
    metadata: {{labels: {{app: m, tier: {name}}}}}
    spec:
      containers:
      - {{name: {name}, image: \"{IMAGE}\", command: [{command}], ports: [{{containerPort: {port}}}],
         env: [{{name: LOCAL_DOMAIN, value: m.example}}]}}
"
        )
    };
    let service = |name: &str, ports: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: m}}, ports: [{ports}]}}\n"
        )
    };
    let site = understand(
        &(part("streaming", "node, ./streaming", 4000)
            + &part("web", "bundle, exec, puma", 3000)
            + &part("proxy", "nginx", 80).replace(IMAGE, "nginx:1")
            + &service("front", "{port: 80}")
            + &service("puma", "{port: 80, targetPort: 3000}")
            + &service("all", "{name: a, port: 3000}, {name: b, port: 4000}")),
    );
    let found: Vec<(&str, String, usize)> = site
        .services
        .iter()
        .map(|behind| {
            let role = &site.components[behind.component].role;
            (site.objects[behind.object].name(), role.component(), behind.others.len())
        })
        .collect();
    assert_eq!(found, [("puma", "web".to_owned(), 0), ("all", "web".to_owned(), 1)]);
}
