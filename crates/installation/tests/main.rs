//! What is made out among objects, and what is refused.

use installation::{
    FindingKind, Installation, InstallationErrorKind, Object, Role, RouteTarget, SettingValue,
};
use tree::Files;

fn objects(text: &str) -> Vec<Object> {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    tree::parse(&files, file).expect("valid YAML").into_iter().map(Object::new).collect()
}

fn workload(name: &str, command: &str, more: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - {{name: main, image: \"m:v4.5.2\", command: [{command}]{more}}}\n"
    )
}

#[test]
fn the_environment_is_the_kubelets() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{X: first, Y: from-a, LOCAL_DOMAIN: one.example}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b}}\ndata: {{X: second, Z: \"0755\"}}\n",
        workload(
            "web",
            "puma",
            ", envFrom: [{configMapRef: {name: a}}, {configMapRef: {name: b}}, {configMapRef: {name: b}, prefix: P_}, {secretRef: {name: hidden}}], env: [{name: Y, value: literal}, {name: K, valueFrom: {secretKeyRef: {name: s, key: k}}}]"
        )
    );
    let installation = Installation::understand(objects(&text), None).expect("a Mastodon");
    let environment = &installation.components[0].environment;
    let text_of = |name: &str| environment.settings.get(name).map(|setting| setting.value.clone());
    assert_eq!(text_of("X"), Some(SettingValue::Text("second".into())), "later envFrom wins");
    assert_eq!(text_of("Y"), Some(SettingValue::Text("literal".into())), "env wins over envFrom");
    assert_eq!(text_of("P_Z"), Some(SettingValue::Text("0755".into())), "prefix, and text as spelt");
    assert_eq!(text_of("K"), Some(SettingValue::Secret { secret: "s".into(), key: "k".into() }));
    assert_eq!(environment.opaque, ["Secret//hidden"]);
    assert_eq!(installation.domain, "one.example");
    let needs: Vec<_> = installation.needs.iter().map(|need| (need.name.as_str(), need.whole)).collect();
    assert_eq!(needs, [("hidden", true), ("s", false)]);
}

#[test]
fn containers_are_known_by_their_commands() {
    let table = [
        ("bundle, exec, puma, -C, config/puma.rb", Some("web")),
        ("bash, -c, \"rm -f tmp/pids/server.pid; bundle exec rails s -p 3000\"", Some("web")),
        ("node, ./streaming", Some("streaming")),
        ("bundle, exec, sidekiq, -q, scheduler", Some("sidekiq-scheduler")),
        ("bundle, exec, rake, \"db:migrate\"", Some("migration")),
        ("bin/tootctl, media, remove", Some("tootctl")),
        ("nginx", None),
    ];
    for (command, expected) in table {
        let object = objects(&workload("x", command, "")).remove(0);
        let role = object.containers().next().and_then(Role::of);
        assert_eq!(role.map(|role| role.component()).as_deref(), expected, "{command}");
    }
}

#[test]
fn nothing_that_runs_mastodon_is_refused_with_the_number_of_objects() {
    let error = Installation::understand(objects(&workload("x", "nginx", "")), None).expect_err("none");
    assert_eq!(error.kind, InstallationErrorKind::NoMastodon { objects: 1 });
    let installation =
        Installation::understand(objects(&workload("x", "sidekiq", "")), None).expect("a part");
    let missing = installation.findings.iter().filter(|one| one.kind == FindingKind::MissingComponent);
    let missing: Vec<_> = missing.flat_map(|one| &one.arguments).map(|(_, part)| part.as_str()).collect();
    assert_eq!(missing, ["web", "streaming"], "what is there is told, and what is not");
}

#[test]
fn of_two_mastodons_one_must_be_chosen() {
    let domain = |name: &str| format!(", env: [{{name: LOCAL_DOMAIN, value: {name}.example}}]");
    let text = workload("a", "puma", &domain("a")) + &workload("b", "puma", &domain("b"));
    let error = Installation::understand(objects(&text), None).expect_err("two");
    let choices = vec!["default/a.example".to_owned(), "default/b.example".to_owned()];
    assert_eq!(error.kind, InstallationErrorKind::SeveralMastodons { choices });
    assert!(error.origin.is_some(), "the second one's place is named");
    let chosen = Installation::understand(objects(&text), Some("b.example")).expect("chosen");
    assert_eq!((chosen.domain.as_str(), chosen.components.len()), ("b.example", 1));
    let error = Installation::understand(objects(&text), Some("c.example")).expect_err("none such");
    assert!(matches!(error.kind, InstallationErrorKind::NoSuchMastodon { .. }));
}

#[test]
fn routes_lead_through_services_to_what_answers() {
    let text = workload("web", "puma", "")
        + &workload("proxy", "nginx", "")
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n"
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: proxy}\nspec: {selector: {app: proxy}, ports: [{port: 8080}]}\n"
        + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules:\n  - host: a.example\n    http:\n      paths:\n      - {path: /, backend: {service: {name: web, port: {name: http}}}}\n      - {path: /media, backend: {service: {name: proxy, port: {number: 8080}}}}\n";
    let installation = Installation::understand(objects(&text), None).expect("a Mastodon");
    assert_eq!(installation.domain, "a.example", "without LOCAL_DOMAIN the route to web names it");
    let routes: Vec<_> = installation.routes.iter().map(|route| (route.path.as_str(), route.port)).collect();
    assert_eq!(routes, [("/", 80), ("/media", 8080)]);
    assert_eq!(installation.routes[0].target, RouteTarget::Component(0));
    assert_eq!(installation.routes[1].target, RouteTarget::Neighbour(1));
}

#[test]
fn risks_are_found() {
    let text = workload("web", "puma", "")
        + &workload("worker", "sidekiq", "")
        + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: worker}, maxReplicas: 5}\n";
    let installation = Installation::understand(objects(&text), None).expect("a Mastodon");
    let has = |kind| installation.findings.iter().any(|finding| finding.kind == kind);
    assert!(has(FindingKind::SeveralSchedulers) && has(FindingKind::SchedulerOverlapsOnUpdate));
    assert!(!has(FindingKind::UnservedQueue));
}
