//! A small installation of which everything is known, and one whose names are hostile, to test what is shown.

use installation::{
    Certificate, Flavour, HeldSecret, Installation, Mail, Monitor, Neighbour, NeighbourPart, Object, Scaling,
    ScalingKind, Schedule, SecretForm, Store, StoreKind, Version,
};
use source::{Form, Note, NoteKind, Passed, SourceErrorKind, Sourced, Unread};
use tree::{Files, Origin};

const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: social}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bundle, exec, puma]
        env:
        - {name: LOCAL_DOMAIN, value: social.example}
        - {name: DB_HOST, value: db}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sidekiq-default, namespace: social}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: sidekiq-default}}
    spec:
      containers:
      - name: sidekiq
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bundle, exec, sidekiq, -c, '25', -q, 'default,8', -q, push, -q, ingress, -q, mailers, -q, pull]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sidekiq-scheduler, namespace: social}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: sidekiq-scheduler}}
    spec:
      containers:
      - name: sidekiq
        image: ghcr.io/mastodon/mastodon:latest
        command: [bundle, exec, sidekiq, -q, scheduler]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: social}
spec: {selector: {app: web}, ports: [{port: 3000}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: social}
spec:
  rules:
  - host: social.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 3000}}}}
      - {path: /api/v1/streaming, pathType: Prefix, backend: {service: {name: gone, port: {number: 4000}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: social}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: postgres, image: 'postgres:17'}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: media-remove, namespace: social}
spec:
  schedule: 0 3 * * *
  jobTemplate:
    spec:
      template:
        spec: {containers: [{name: tootctl, image: 'ghcr.io/mastodon/mastodon:v4.5.2', command: [tootctl]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: web, namespace: social}
spec: {selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: social}
spec: {scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 6}
---
apiVersion: v1
kind: Secret
metadata: {name: mastodon-env, namespace: social}
stringData: {SECRET_KEY_BASE: made-up-secret-never-shown}
";

/// A source of which everything is known.
pub(super) fn everything() -> (Sourced, Installation) {
    let mut files = Files::new();
    let file = files.add("social.yaml", MANIFESTS);
    let nodes = tree::parse(&files, file).expect("the sample is YAML");
    let mut sourced = Sourced::new(Form::Manifests, files);
    sourced.objects = nodes.into_iter().map(Object::new).collect();
    let at = |line: u32| Some(Origin { file, line, column: 1, offset: 0, length: 1 });
    sourced.notes = vec![
        Note {
            kind: NoteKind::OldApi {
                api_version: "extensions/v1beta1".to_owned(),
                kind: "Ingress".to_owned(),
                today: Some("networking.k8s.io/v1"),
                gone_since: "1.22",
            },
            origin: at(55),
        },
        Note {
            kind: NoteKind::PassedOver { file: "values.yaml".to_owned(), what: Passed::Values },
            origin: None,
        },
        Note {
            kind: NoteKind::InertKey { key: "mastodon.oops".to_owned(), chart: "mastodon 6.5.3".to_owned() },
            origin: at(9),
        },
    ];
    sourced.unread = vec![Unread { kind: SourceErrorKind::NotAnObject { missing: "kind" }, origin: at(70) }];
    let mut installation =
        Installation::understand(sourced.objects.clone(), None).expect("the sample is a Mastodon");
    stores(&mut installation, at);
    moving(&mut installation, at);
    surroundings(&mut installation, at);
    (sourced, installation)
}

/// The index of an object of the sample.
fn index(installation: &Installation, kind: &str, name: &str) -> usize {
    let mut objects = installation.objects.iter();
    let found = objects.position(|object| object.kind() == kind && object.name() == name);
    found.expect("the sample holds it")
}

fn stores(installation: &mut Installation, at: impl Fn(u32) -> Option<Origin>) {
    installation.versions = vec![Version {
        flavour: Flavour::Mastodon,
        image: "ghcr.io/mastodon/mastodon:v4.5.2".to_owned(),
        release: Some((4, Some(5), Some(2))),
        origin: at(11),
    }];
    let store = |kind, address: Option<&str>, served_by, settings: &[&str]| Store {
        kind,
        address: address.map(ToOwned::to_owned),
        served_by,
        settings: settings.iter().map(|name| (*name).to_owned()).collect(),
        origins: at(15).into_iter().collect(),
    };
    installation.stores = vec![
        store(
            StoreKind::PostgreSql,
            Some("db:5432"),
            Some(index(installation, "StatefulSet", "db")),
            &["DB_HOST"],
        ),
        store(StoreKind::Redis, None, None, &["REDIS_URL"]),
        store(StoreKind::RedisSidekiq, Some("redis.example:6379"), None, &["SIDEKIQ_REDIS_URL"]),
        store(StoreKind::RedisCache, Some("redis.example:6379"), None, &["CACHE_REDIS_URL"]),
        store(StoreKind::S3, Some("media-example"), None, &["S3_BUCKET", "S3_ENDPOINT"]),
    ];
}

/// What leaves, runs by the clock, and grows.
fn moving(installation: &mut Installation, at: impl Fn(u32) -> Option<Origin>) {
    installation.mail = vec![Mail {
        server: Some("smtp.example:587".to_owned()),
        from: Some("notifications@social.example".to_owned()),
        bulk: false,
        origins: Vec::new(),
    }];
    installation.schedules = vec![Schedule {
        object: index(installation, "CronJob", "media-remove"),
        schedule: "0 3 * * *".to_owned(),
        time_zone: Some("Asia/Tokyo".to_owned()),
        command: "tootctl media remove".to_owned(),
        of_mastodon: true,
        suspended: true,
        origin: at(81),
    }];
    installation.scaling = vec![Scaling {
        kind: ScalingKind::Horizontal,
        object: index(installation, "HorizontalPodAutoscaler", "web"),
        workload: Some(index(installation, "Deployment", "web")),
        min: Some("2".to_owned()),
        max: Some("6".to_owned()),
        origin: at(95),
    }];
}

fn surroundings(installation: &mut Installation, at: impl Fn(u32) -> Option<Origin>) {
    installation.certificates = vec![Certificate {
        hosts: vec!["*.example".to_owned()],
        secret: Some("example-tls".to_owned()),
        issuer: Some("ClusterIssuer/letsencrypt".to_owned()),
        origin: None,
    }];
    installation.monitors =
        vec![Monitor { object: index(installation, "PodMonitor", "web"), container: None, origin: at(88) }];
    installation.neighbours = vec![
        Neighbour {
            object: index(installation, "StatefulSet", "db"),
            container: None,
            part: NeighbourPart::Database,
            image: Some("postgres:17".to_owned()),
            in_front: false,
        },
        Neighbour {
            object: index(installation, "Deployment", "web"),
            container: Some("statsd".to_owned()),
            part: NeighbourPart::Monitoring,
            image: Some("prom/statsd-exporter:v0.28.0".to_owned()),
            in_front: false,
        },
    ];
    installation.secrets = vec![HeldSecret {
        form: SecretForm::Plain,
        name: "mastodon-env".to_owned(),
        object: Some(index(installation, "Secret", "mastodon-env")),
        keys: vec!["SECRET_KEY_BASE".to_owned()],
        origin: at(99),
    }];
}

/// Names that would be code in a diagram, a terminal or Markdown.
pub(super) const HOSTILE: [&str; 8] = [
    "a\"]; click evil \"javascript:alert(1)\"",
    "end",
    "b\" -> x: {shape: image; icon: https://evil.example}",
    "`markdown` **bold** [link](https://evil.example) | cell",
    "<script>alert(1)</script> &amp; #quot; %%{init: {}}%%",
    "${substitution} \\n back\\slash 'quote' $x",
    "日本語の名前「鉤括弧」",
    "line\nbreak \u{1b}[31mred \u{202e}turned",
];

/// The sample with hostile names everywhere a name of the source is shown.
pub(super) fn hostile() -> (Sourced, Installation) {
    let (sourced, mut installation) = everything();
    for (number, name) in HOSTILE.iter().enumerate() {
        let mut store = installation.stores[0].clone();
        store.served_by = None;
        store.address = Some((*name).to_owned());
        installation.stores.push(store);
        let mut route = installation.routes[0].clone();
        route.host = format!("{number}.{name}");
        route.path = format!("/{name}");
        installation.routes.push(route);
    }
    installation.domain = HOSTILE.join(" ");
    installation.versions[0].image = HOSTILE[4].to_owned();
    (sourced, installation)
}
