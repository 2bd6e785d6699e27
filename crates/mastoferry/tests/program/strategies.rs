//! Whole rehearsals of the strategies besides blue-green, there and back.

use serde_json::Value;

use crate::rehearsals::{alone, laws_hold, rehearse, told};
use crate::trees::mastoferry;

fn state_of<'a>(told: &'a Value, id: &str) -> &'a Value {
    let mut steps = told["steps"].as_array().into_iter().flatten();
    &steps.find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id}: {:#}", told["steps"]))["state"]
}

#[test]
fn rolling_replaces_every_pod_and_no_request_fails() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (code, told) = told(rehearse(folder.path(), &["--strategy", "rolling"]));
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert_eq!(told["strategy"], "rolling");
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    assert!(told["traffic"]["requests"].as_u64() > Some(1000));
    assert_eq!(state_of(&told, "shift-pods-web"), "done");
    assert!(
        told["streaming"]["max_reconnects_per_connection"].as_u64() <= Some(1),
        "{:#}",
        told["streaming"]
    );
    laws_hold(&told);
}

#[test]
fn a_rolling_move_goes_back_pod_by_pod_when_green_fails_users() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let fault = ["--strategy", "rolling", "--inject", "green.web.500=60%@observe-alone"];
    let (code, told) = told(rehearse(folder.path(), &fault));
    assert_eq!((code, &told["outcome"]), (4, &Value::from("rolled-back")), "{told:#}");
    assert_eq!(told["blue_unchanged"], true);
    assert!(told["breaches"].as_array().is_some_and(|breaches| !breaches.is_empty()));
    assert_eq!(state_of(&told, "shift-pods-web"), "undone");
    laws_hold(&told);
}

#[test]
fn behind_the_page_users_get_503_that_says_when_to_come_again_and_nothing_is_lost() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (code, told) = told(rehearse(folder.path(), &["--strategy", "maintenance"]));
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    let maintenance = &told["traffic"]["maintenance"];
    let (requests, window_ms) = (maintenance["requests"].as_u64(), maintenance["window_ms"].as_u64());
    assert!(requests > Some(0) && window_ms > Some(0), "{maintenance}");
    // No longer than the steps for which it was announced.
    let steps = told["steps"].as_array().expect("steps");
    let of = |id: &str, field: &str| {
        steps.iter().find(|step| step["id"] == id).and_then(|step| step[field].as_u64()).expect("a time")
    };
    assert!(window_ms <= Some(of("hide-page", "ended_ms") - of("show-page", "started_ms")), "{maintenance}");
    assert!(
        told["streaming"]["max_reconnects_per_connection"].as_u64() <= Some(1),
        "{:#}",
        told["streaming"]
    );
    laws_hold(&told);
}

#[test]
fn a_green_that_is_never_ready_is_never_waited_for_behind_the_page() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let fault = ["--strategy", "maintenance", "--inject", "green.web.never-ready"];
    let (code, told) = told(rehearse(folder.path(), &fault));
    assert_eq!((code, &told["outcome"]), (4, &Value::from("rolled-back")), "{told:#}");
    assert_eq!(told["blue_unchanged"], true);
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    assert_eq!(told["traffic"]["maintenance"]["requests"], 0);
    assert_eq!(state_of(&told, "show-page"), "pending");
    laws_hold(&told);
}

#[test]
fn a_green_that_fails_users_leaves_the_page_to_blue_again() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let fault = ["--strategy", "maintenance", "--inject", "green.web.500=60%@observe-alone"];
    let (code, told) = told(rehearse(folder.path(), &fault));
    assert_eq!((code, &told["outcome"]), (4, &Value::from("rolled-back")), "{told:#}");
    assert_eq!(told["blue_unchanged"], true);
    assert!(told["traffic"]["maintenance"]["requests"].as_u64() > Some(0));
    assert_eq!(state_of(&told, "show-page"), "undone");
    laws_hold(&told);
}

/// The example behind the Gateway API: an HTTPRoute for each part in the place of its Ingress.
fn behind_a_gateway(folder: &std::path::Path) -> String {
    let example = format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"));
    let output = mastoferry(&["inspect", &example, "--objects"]).output().expect("runs");
    let objects = String::from_utf8(output.stdout).expect("UTF-8");
    let others: Vec<&str> = objects
        .split("---\n")
        .filter(|object| !object.contains("kind: Ingress\n"))
        .filter(|object| !object.trim().is_empty())
        .collect();
    let rule = |path: &str, service: &str, port: u16| {
        format!(
            "  - matches: [{{path: {{type: PathPrefix, value: {path}}}}}]\n    backendRefs: [{{name: {service}, port: {port}}}]\n"
        )
    };
    let route = |name: &str, host: &str, rules: &[String]| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}}}\nspec:\n  parentRefs: [{{name: \
             public}}]\n  hostnames: [{host}]\n  rules:\n{}",
            rules.concat()
        )
    };
    let mastodon = [
        rule("/api/v1/streaming", "mastodon-streaming", 4000),
        rule("/packs", "mastodon-assets", 3000),
        rule("/", "mastodon-web", 3000),
    ];
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: public}\nspec:\n  gatewayClassName: \
                   any\n  listeners: [{name: http, port: 80, protocol: HTTP}]\n";
    let all = [
        others.join("---\n"),
        gateway.to_owned(),
        route("mastodon", "social.example", &mastodon),
        route("files", "files.social.example", &[rule("/", "media-proxy", 80)]),
    ];
    let path = folder.join("site.yaml");
    std::fs::write(&path, all.join("---\n")).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn behind_a_gateway_users_pass_by_and_by_and_back_at_once() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let site = behind_a_gateway(folder.path());
    let rehearse = |more: &[&str]| {
        let mut command =
            mastoferry(&["--output", "json", "rehearse", &site, "--to", "manifests", "--front", "gateway"]);
        command
            .args(["--speed", "60", "--rate", "120", "--sockets", "20", "--state"])
            .arg(folder.path())
            .args(more);
        told(command)
    };
    let (code, there) = rehearse(&[]);
    assert_eq!((code, &there["outcome"]), (0, &Value::from("completed")), "{there:#}");
    assert_eq!(there["traffic"]["failed"], 0, "{:#}", there["traffic"]);
    assert_eq!(
        (state_of(&there, "shift-weights"), state_of(&there, "restore-routes")),
        (&"done".into(), &"done".into())
    );
    laws_hold(&there);
    let (code, back) = rehearse(&["--inject", "green.web.500=100%"]);
    assert_eq!((code, &back["outcome"]), (4, &Value::from("rolled-back")), "{back:#}");
    assert_eq!(
        (&back["blue_unchanged"], state_of(&back, "shift-weights")),
        (&Value::from(true), &"undone".into())
    );
    assert_eq!(state_of(&back, "open-overlap"), "pending", "the first stages told enough");
    laws_hold(&back);
}
