//! What users meet when a Service or an Ingress changes, by the profile of the front they come through.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use clock::Clock;
use kube::Api;
use kube::api::{Patch, PatchParams};
use rehearsal::{ClusterInside, Options, Profile};
use serde_json::{Value, json};

use crate::stage::{BOUND, HOST, Met, Stage, TICK, ask, today};

const SPEED: f64 = 40.0;

/// The three ways to the new side, each measured: an Ingress that names another Service, a Service that selects other
/// pods, a Service that selects both for as long as the profile needs.
///
/// Again where this machine stood still meanwhile: the cluster's time went on, and nobody asked.
async fn measured(profile: Profile) -> [Met; 3] {
    for _ in 0..4 {
        let all = measured_once(profile).await;
        if all.iter().all(|met| met.silence < Duration::from_secs(2)) {
            return all;
        }
    }
    measured_once(profile).await
}

async fn measured_once(profile: Profile) -> [Met; 3] {
    let stage = Stage::set(profile, SPEED, &[]).await;
    let clock = stage.clock;
    let overlap = stage
        .under_traffic(async {
            stage.select(None).await;
            clock.sleep(profile.overlap() + Duration::from_secs(2)).await;
            stage.select(Some("green")).await;
        })
        .await;
    stage.back().await;
    let flip = stage.under_traffic(stage.select(Some("green"))).await;
    stage.back().await;
    let edit = stage.under_traffic(stage.edit("green-web")).await;
    stage.cluster.stop().await;
    [edit, flip, overlap]
}

/// Written beside the table in `docs/fronts.md` when `MASTOFERRY_BLESS` is set.
fn write_down(rows: &str) {
    if std::env::var_os("MASTOFERRY_BLESS").is_none() {
        return;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fronts.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (before, rest) = page.split_once("<!-- measured -->\n").expect("a place for the table");
    let (_, after) = rest.split_once("<!-- /measured -->").expect("its end");
    std::fs::write(path, format!("{before}<!-- measured -->\n{rows}<!-- /measured -->{after}"))
        .expect("the page is ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_and_a_flip_show_their_outage_where_clouds_route_and_an_overlap_nowhere() {
    let mut rows =
        String::from("| front | Ingress edit | Service selector flip | overlap |\n|---|---|---|---|\n");
    for profile in Profile::ALL {
        let all = measured(profile).await;
        let cell = |met: &Met| match met.failed {
            0 => format!("0 of {} failed; moved in {:.1} s", met.requests, met.moved.as_secs_f64()),
            failed => format!(
                "{failed} of {} failed ({}), for {:.1} s",
                met.requests,
                met.statuses.join(", "),
                met.gap.as_secs_f64()
            ),
        };
        let [edit, flip, overlap] = &all;
        writeln!(rows, "| `{profile}` | {} | {} | {} |", cell(edit), cell(flip), cell(overlap)).unwrap();
        assert_eq!(overlap.failed, 0, "{profile}: {overlap:?}");
        let (edited, flipped) = (edit.gap.as_secs_f64(), flip.gap.as_secs_f64());
        match profile {
            Profile::Gce => {
                assert!((29.0..95.0).contains(&edited) && edit.statuses == ["502"], "{edit:?}");
                assert!((4.0..13.0).contains(&flipped) && flip.statuses == ["502"], "{flip:?}");
            }
            Profile::Alb => {
                assert!((4.0..25.0).contains(&edited) && edit.statuses == ["503"], "{edit:?}");
                assert!((1.0..20.0).contains(&flipped) && flip.statuses == ["503"], "{flip:?}");
            }
            _ => assert_eq!((edit.failed, flip.failed), (0, 0), "{profile}: {edit:?} {flip:?}"),
        }
    }
    write_down(&rows);
}

/// A controller of Gateways follows weights and writes what it has seen into the status.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_route_is_followed_by_weight_and_told_of_in_its_status() {
    let clock = Clock::faster(SPEED);
    let options = Options {
        state_dir: None,
        clock,
        namespace: "mastodon".to_owned(),
        release: "green".to_owned(),
        faults: Vec::new(),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        front: Profile::Gateway,
    };
    let cluster = ClusterInside::start(options).unwrap();
    let mut objects = today();
    objects.pop();
    let gateway = "gateway.networking.k8s.io/v1";
    objects.push(json!({
        "apiVersion": gateway, "kind": "Gateway", "metadata": {"name": "outer"},
        "spec": {"gatewayClassName": "envoy", "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS"}]},
    }));
    objects.push(json!({
        "apiVersion": gateway, "kind": "HTTPRoute", "metadata": {"name": "web"},
        "spec": {
            "parentRefs": [{"name": "outer"}], "hostnames": [HOST],
            "rules": [{"backendRefs": [
                {"name": "blue-web", "port": 3000, "weight": 3}, {"name": "green-web", "port": 3000},
            ]}],
        },
    }));
    cluster.load(&objects).await.unwrap();
    cluster.ready(&[(HOST.to_owned(), "/".to_owned())], Duration::from_secs(3000)).await.unwrap();
    let mut green = 0;
    for _ in 0..200 {
        green += usize::from(ask(cluster.front().address()).await.unwrap() == "green");
    }
    assert!((45..=55).contains(&green), "{green} of 200");
    let status = async |kind: &str, name: &str| {
        let like = json!({"apiVersion": gateway, "kind": kind, "metadata": {"name": name}});
        cluster.standing(&like).unwrap()["status"].clone()
    };
    let conditions = |value: &Value| -> Vec<String> {
        let conditions = value["conditions"].as_array().into_iter().flatten();
        conditions.map(|it| format!("{}={}", it["type"], it["status"]).replace('"', "")).collect()
    };
    let told = async {
        loop {
            let route = status("HTTPRoute", "web").await;
            let outer = status("Gateway", "outer").await;
            if conditions(&route["parents"][0]) == ["Accepted=True", "ResolvedRefs=True"]
                && conditions(&outer) == ["Accepted=True", "Programmed=True"]
                && outer["listeners"][0]["attachedRoutes"] == 1
            {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::time::timeout(BOUND, told).await.unwrap();
    let routes: Api<kube::core::DynamicObject> = Api::namespaced_with(
        cluster.client(),
        "mastodon",
        &kube::core::ApiResource {
            group: "gateway.networking.k8s.io".to_owned(),
            version: "v1".to_owned(),
            api_version: gateway.to_owned(),
            kind: "HTTPRoute".to_owned(),
            plural: "httproutes".to_owned(),
        },
    );
    let rules = json!([{"backendRefs": [{"name": "nobody", "port": 3000}]}]);
    let patch = Patch::Merge(json!({"spec": {"rules": rules}}));
    routes.patch("web", &PatchParams::default(), &patch).await.unwrap();
    let broken = async {
        loop {
            let route = status("HTTPRoute", "web").await;
            let resolved = &route["parents"][0]["conditions"][1];
            if resolved["reason"] == "BackendNotFound" && resolved["observedGeneration"] == 2 {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::time::timeout(BOUND, broken).await.unwrap();
    let refused = async { while ask(cluster.front().address()).await != Err("500".to_owned()) {} };
    tokio::time::timeout(BOUND, refused).await.unwrap();
    cluster.stop().await;
}
