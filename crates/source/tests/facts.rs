//! What is made out in real deployments, held against what a person reads in their files. Only names of parts, hosts of
//! stores and kinds of objects stand here.

use camino::{Utf8Path, Utf8PathBuf};
use installation::{FindingKind, Installation, NeighbourPart, RouteTarget, StoreKind};

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs the corpus; set MASTOFERRY_SHARED to the folder that holds it");
}

/// A deployment of the corpus, where there is one.
fn deployment(path: &str) -> Option<Installation> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(
        |_| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Utf8PathBuf::from,
    );
    let path = shared.join("corpus").join(path);
    if !path.exists() {
        skipped();
        return None;
    }
    let sourced = source::read(&path.as_str().parse().expect("a source")).expect("is read");
    Some(Installation::understand(sourced.objects, None).expect("a Mastodon"))
}

fn parts(installation: &Installation) -> Vec<String> {
    let mut parts: Vec<String> = installation.components.iter().map(|part| part.role.component()).collect();
    parts.sort();
    parts
}

/// `host/path answered-by`, sorted.
fn routes(installation: &Installation) -> Vec<String> {
    let answers = |target: &RouteTarget| match target {
        RouteTarget::Component(index) => installation.components[*index].role.component(),
        RouteTarget::Neighbour(index) => installation.objects[*index].id().to_string(),
        RouteTarget::Unknown => "?".to_owned(),
    };
    let routes = installation.routes.iter();
    let mut routes: Vec<String> =
        routes.map(|route| format!("{}{} {}", route.host, route.path, answers(&route.target))).collect();
    routes.sort();
    routes.dedup();
    routes
}

fn stores(installation: &Installation) -> Vec<(StoreKind, Option<String>)> {
    let served = |index: usize| installation.objects[index].id().to_string();
    installation.stores.iter().map(|store| (store.kind, store.served_by.map(served))).collect()
}

fn named(installation: &Installation, kind: FindingKind) -> Option<String> {
    let found = installation.findings.iter().find(|finding| finding.kind == kind)?;
    Some(found.arguments.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" "))
}

fn neighbours(installation: &Installation) -> Vec<NeighbourPart> {
    let mut parts: Vec<NeighbourPart> = installation.neighbours.iter().map(|one| one.part).collect();
    parts.sort();
    parts
}

#[test]
fn k01_a_production_tree_on_gke() {
    let Some(site) = deployment("k01-ykzts-infra/k8s/overlays/production") else { return };
    assert_eq!(parts(&site), ["sidekiq-all-queues", "streaming", "web"]);
    assert_eq!(site.routes.len(), 6, "five for Mastodon and one for the media proxy");
    assert!(site.routes.iter().all(|route| route.tls));
    assert_eq!(site.scaling.len(), 4);
    assert_eq!(site.monitors.len(), 4, "three PodMonitorings and the sidecar");
    assert_eq!(
        neighbours(&site),
        [NeighbourPart::MediaProxy, NeighbourPart::Monitoring, NeighbourPart::Monitoring]
    );
    for kind in [FindingKind::SeveralSchedulers, FindingKind::ShortGracePeriod] {
        assert!(named(&site, kind).is_some(), "{kind:?}");
    }
    assert_eq!(named(&site, FindingKind::UnservedQueue), None);
    assert_eq!(named(&site, FindingKind::FloatingImage), None, "nightly, but by its digest");
}

#[test]
fn k03_streaming_and_web_in_one_pod_behind_nginx() {
    let Some(site) = deployment("k03-kubedon") else { return };
    assert_eq!(parts(&site), ["sidekiq-default-mailers-pull-pus", "streaming", "web"]);
    assert_eq!(routes(&site), ["/ Deployment/nginx"]);
    let expected = [
        (StoreKind::PostgreSql, Some("Deployment/cloudsql".to_owned())),
        (StoreKind::Redis, Some("Deployment/redis".to_owned())),
    ];
    assert_eq!(stores(&site)[..2], expected);
    assert!(site.neighbours.iter().any(|one| one.part == NeighbourPart::DatabaseProxy));
}

#[test]
fn k06_seven_workers_that_serve_every_queue_of_their_release() {
    let Some(site) = deployment("k06-oculos") else { return };
    assert_eq!(site.components.len(), 9);
    assert_eq!(named(&site, FindingKind::UnservedQueue), None);
    assert_eq!(named(&site, FindingKind::SeveralSchedulerWorkers), None);
    let kinds: Vec<StoreKind> = site.stores.iter().map(|store| store.kind).collect();
    assert_eq!(kinds, [StoreKind::PostgreSql, StoreKind::Redis, StoreKind::Search, StoreKind::S3]);
}

#[test]
fn k09_operators_in_the_place_of_stores() {
    let Some(site) = deployment("k09-kreatoo/mastodon") else { return };
    assert_eq!(parts(&site), ["migration", "sidekiq-all-queues", "streaming", "web"]);
    let expected = [
        (StoreKind::PostgreSql, Some("Cluster/mastodon-db".to_owned())),
        (StoreKind::Redis, Some("Dragonfly/dragonfly-mastodon".to_owned())),
        (StoreKind::FileSystem, Some("PersistentVolumeClaim/mastodon-main".to_owned())),
    ];
    assert_eq!(stores(&site), expected);
    assert_eq!(routes(&site), ["m.kreato.dev/ web"]);
    assert!(
        named(&site, FindingKind::EarlySettings).is_some_and(|names| names.contains("FETCH_REPLIES_ENABLED"))
    );
    assert!(named(&site, FindingKind::StreamingUnrouted).is_some());
}

#[test]
fn k13_three_parts_and_nginx_in_one_pod() {
    let Some(site) = deployment("k13-yudejp-2024-10/mastodon") else { return };
    assert_eq!(parts(&site), ["migration", "sidekiq-all-queues", "streaming", "web"]);
    assert_eq!(site.versions.len(), 1);
    assert_eq!(neighbours(&site), [NeighbourPart::Proxy]);
    assert!(site.neighbours[0].in_front);
    assert_eq!(named(&site, FindingKind::ObsoleteSettings).as_deref(), Some("STREAMING_CLUSTER_NUM"));
}

#[test]
fn k15_several_workers_and_one_schedule() {
    let Some(site) = deployment("k15-stormcorgi-k3s/mastodon") else { return };
    assert_eq!(site.components.len(), 5);
    assert_eq!(named(&site, FindingKind::UnservedQueue), None);
    assert_eq!(named(&site, FindingKind::SeveralSchedulerWorkers), None, "only one serves all queues");
}

#[test]
fn k17_all_settings_in_one_secret() {
    let Some(site) = deployment("k17-k8s-play/mastodon") else { return };
    let lasting = site.components.iter().filter(|part| part.role.is_lasting()).count();
    assert_eq!(lasting, 3);
    let expected = [
        (StoreKind::PostgreSql, Some("Deployment/postgres".to_owned())),
        (StoreKind::Redis, Some("Deployment/redis".to_owned())),
        (StoreKind::FileSystem, Some("PersistentVolumeClaim/mastodon-media".to_owned())),
    ];
    assert_eq!(stores(&site), expected, "followed through the Secret");
    assert!(site.stores[..2].iter().all(|store| store.address.is_none()), "which is not told");
    assert_eq!(named(&site, FindingKind::MissingSettings), None);
}

#[test]
fn k18_a_sealed_secret_shows_its_keys() {
    let Some(site) = deployment("k18-raynix/mastodon/awes.one") else { return };
    assert_eq!(site.domain, "awes.one");
    assert_eq!(routes(&site), ["awes.one/ web", "awes.one/api/v1/streaming streaming"]);
    assert_eq!(named(&site, FindingKind::CannotTellSettings), None, "every key can be seen");
    let need = site.needs.iter().find(|need| need.name == "mastodon");
    assert!(need.is_some_and(|need| need.provided_by.is_some()));
    assert_eq!(site.schedules.iter().filter(|schedule| schedule.of_mastodon).count(), 1);
}
