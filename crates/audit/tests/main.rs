//! The ledger and the comparison, tried against writers that lie.

use audit::{Disposition, Verdict, Written, WrittenAs, account, compare, verdict};
use installation::{Installation, Object};
use target::{Target, write_manifests};
use tree::{Files, Node, Value};

const SITE: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: mastodon-env}
data: {LOCAL_DOMAIN: social.example, DB_POOL: "15", FLAG: "0755"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mastodon-web, labels: {app: web, team: ops}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      terminationGracePeriodSeconds: 40
      containers:
      - name: rails
        image: example/mastodon:v4.5.2
        command: [bundle, exec, puma]
        envFrom: [{configMapRef: {name: mastodon-env}}, {secretRef: {name: secrets}}]
        ports: [{containerPort: 3000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  selector: {matchLabels: {app: worker}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      containers:
      - {name: sidekiq, image: "example/mastodon:v4.5.2", command: [bundle, exec, sidekiq], envFrom: [{configMapRef: {name: mastodon-env}}]}
---
apiVersion: v1
kind: Service
metadata: {name: mastodon-web}
spec: {selector: {app: web}, ports: [{port: 3000}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: mastodon}
spec:
  rules:
  - host: social.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: mastodon-web, port: {number: 3000}}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: mastodon-web}, minReplicas: 2, maxReplicas: 4}
---
apiVersion: example.org/v1
kind: Something
metadata: {name: beside}
spec: {}
"#;

struct Site {
    documents: Vec<Node>,
    installation: Installation,
    target: Target,
}

fn site(text: &str) -> Site {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    let documents = tree::parse(&files, file).expect("valid YAML");
    let objects = documents.iter().cloned().map(Object::new).collect();
    let installation = Installation::understand(objects, None).expect("a Mastodon");
    let target = write_manifests(&installation, None).expect("a free name");
    Site { documents, installation, target }
}

impl Site {
    fn ledger(&self) -> audit::Ledger {
        let written: Vec<_> =
            self.documents.iter().map(|node| Written { role: WrittenAs::Object, node }).collect();
        account(&written, &[], &[], &self.installation, &self.target)
    }

    fn disposition(&self, path: &str) -> Disposition {
        let ledger = self.ledger();
        ledger.items.iter().find(|item| item.path == path).map(|item| item.disposition).expect(path)
    }

    fn green(&mut self, id: &str) -> &mut Node {
        let made = self.target.green.iter_mut().find(|made| made.object.id().to_string() == id);
        &mut made.expect(id).object.node
    }
}

#[test]
fn every_leaf_is_accounted_for_and_nothing_differs() {
    let site = site(SITE);
    let ledger = site.ledger();
    let unaccounted: Vec<_> = ledger.unaccounted().map(|item| &item.path).collect();
    assert!(unaccounted.is_empty(), "{unaccounted:?}");
    let leaves: usize = site.documents.iter().map(|document| document.leaves().len()).sum();
    assert_eq!(ledger.tally()["leaves"], leaves);
    assert_eq!(verdict(&ledger, &compare(&site.installation, &site.target)), Verdict::Equivalent);
}

#[test]
fn each_leaf_has_the_disposition_that_a_reader_would_give_it() {
    let site = site(SITE);
    let table = [
        ("ConfigMap/mastodon-env data.DB_POOL", Disposition::Carried),
        ("ConfigMap/mastodon-env metadata.name", Disposition::Translated),
        ("Deployment/mastodon-web metadata.labels.app", Disposition::Translated),
        ("Deployment/mastodon-web metadata.labels.team", Disposition::Carried),
        ("Deployment/mastodon-web spec.template.spec.terminationGracePeriodSeconds", Disposition::Carried),
        ("Deployment/worker spec.strategy.rollingUpdate.maxSurge", Disposition::Replaced),
        ("Service/mastodon-web spec.selector.app", Disposition::Translated),
        ("Service/mastodon-web spec.ports[0].port", Disposition::Kept),
        ("Ingress/mastodon spec.rules[0].host", Disposition::Kept),
        ("HorizontalPodAutoscaler/web spec.maxReplicas", Disposition::Supplemented),
        ("Something/beside spec", Disposition::Kept),
    ];
    for (path, expected) in table {
        assert_eq!(site.disposition(path), expected, "{path}");
    }
}

#[test]
fn new_names_collide_with_nothing_and_no_old_selector_matches_new_pods() {
    let site = site(SITE);
    assert_eq!(site.target.naming.release, "social-mastodon");
    for (_, selector) in site.installation.pod_selectors() {
        for made in &site.target.green {
            assert!(!selector.select(&made.object.pod_labels()), "{selector:?} matches {}", made.object.id());
        }
    }
}

#[test]
fn a_setting_that_the_writer_forgot_is_unaccounted() {
    let mut site = site(SITE);
    let data = site.green("ConfigMap/social-mastodon-env").get_mut("data").expect("data");
    data.as_mapping_mut().expect("mapping").shift_remove("FLAG");
    let ledger = site.ledger();
    let paths: Vec<_> = ledger.unaccounted().map(|item| item.path.as_str()).collect();
    assert_eq!(paths, ["ConfigMap/mastodon-env data.FLAG"]);
    let differences = compare(&site.installation, &site.target);
    assert!(
        differences.iter().any(|difference| difference.field == "env FLAG" && difference.after.is_empty())
    );
    assert_eq!(verdict(&ledger, &differences), Verdict::Losses);
}

#[test]
fn a_value_changed_without_a_reason_is_unaccounted() {
    let mut site = site(SITE);
    let pool = site.green("ConfigMap/social-mastodon-env").ensure(&["data", "DB_POOL"]);
    pool.value = Value::String("5".to_owned());
    let ledger = site.ledger();
    assert_eq!(ledger.unaccounted().count(), 1);
    let differences = compare(&site.installation, &site.target);
    assert!(differences.iter().any(|difference| difference.field == "env DB_POOL"));
}

#[test]
fn a_lost_autoscaler_and_a_lost_route_are_differences() {
    let mut site = site(SITE);
    site.target.green.retain(|made| made.object.kind() != "HorizontalPodAutoscaler");
    let ingress = site.installation.objects.iter().position(|object| object.kind() == "Ingress");
    site.target.kept.retain(|index| Some(*index) != ingress);
    let differences = compare(&site.installation, &site.target);
    let found: Vec<String> =
        differences.iter().map(|one| format!("{}:{}", one.code.name(), one.path)).collect();
    for lost in ["autoscaler-lost:HorizontalPodAutoscaler/web", "route-lost:routes/social.example/"] {
        assert!(found.iter().any(|own| own == lost), "{lost} in {found:?}");
    }
}

#[test]
fn a_secret_value_stands_in_no_item_and_no_difference() {
    let text = SITE
        .replace("kind: Something", "kind: Secret")
        .replace("apiVersion: example.org/v1", "apiVersion: v1")
        .replace("spec: {}\n", "stringData: {SECRET_KEY_BASE: hunter2}\n");
    let mut site = site(&text);
    site.target.kept.clear();
    let ledger = site.ledger();
    let differences = compare(&site.installation, &site.target);
    assert!(!format!("{:?} {differences:?}", ledger.items).contains("hunter2"));
}

#[test]
fn a_selector_left_pointing_at_the_old_pods_is_a_loss() {
    let policy = r#"---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: database}
spec:
  endpointSelector: {matchLabels: {app: database}}
  ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]
"#;
    let mut site = site(&format!("{SITE}{policy}"));
    // A writer that leaves it as it is.
    let policy = |object: &Object| object.kind() == "NetworkPolicy";
    site.target.green.retain(|made| !policy(&made.object));
    site.target.kept.extend(site.installation.objects.iter().position(policy));
    let differences = compare(&site.installation, &site.target);
    let strays: Vec<_> =
        differences.iter().map(|stray| (stray.component.as_str(), stray.field.as_str())).collect();
    assert_eq!(
        strays[strays.len() - 1],
        ("CiliumNetworkPolicy/database", "spec.ingress[0].fromEndpoints[0].matchLabels")
    );
    assert_eq!(verdict(&site.ledger(), &differences), Verdict::Losses);
}

#[test]
fn a_secret_value_that_changed_on_the_way_is_noticed_though_nobody_may_see_it() {
    let mut site = site(SITE);
    for document in &mut site.documents {
        if document.str_at(&["kind"]) == Some("ConfigMap") {
            document.get_mut("data").expect("has data").seal();
        }
    }
    let made = site.target.green.iter_mut().find(|made| made.object.kind() == "ConfigMap");
    made.expect("is there").object.node.get_mut("data").expect("has data").seal();
    assert_eq!(site.disposition("ConfigMap/mastodon-env data.DB_POOL"), Disposition::Carried);
    let made = site.target.green.iter_mut().find(|made| made.object.kind() == "ConfigMap");
    let data = made.and_then(|made| made.object.node.get_mut("data"));
    data.and_then(|data| data.get_mut("DB_POOL")).expect("is there").value =
        Value::Secret(tree::Secret::new("5"));
    assert_eq!(site.disposition("ConfigMap/mastodon-env data.DB_POOL"), Disposition::Unaccounted);
}

#[test]
fn what_a_server_filled_in_had_no_effect_of_its_own() {
    let site = site(SITE);
    let written: Vec<_> =
        site.documents.iter().map(|node| Written { role: WrittenAs::Object, node }).collect();
    let filled = site.documents[1].at_keys(&["spec", "replicas"]).and_then(|node| node.origin);
    let filled: Vec<_> = filled.into_iter().collect();
    let ledger = account(&written, &[], &filled, &site.installation, &site.target);
    let item = ledger.items.iter().find(|item| item.path == "Deployment/mastodon-web spec.replicas");
    assert_eq!(
        item.map(|item| (item.disposition, item.reason)),
        Some((Disposition::Inert, "reason-server-filled"))
    );
}
