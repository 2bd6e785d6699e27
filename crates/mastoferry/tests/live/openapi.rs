//! As much of `/openapi/v3` as kubectl and Helm look for before they write: that the server checks fields itself.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Groups and versions, and the kinds that are written.
const KINDS: [(&str, &str, &[&str]); 6] = [
    ("", "v1", &["ConfigMap", "List", "Namespace", "Secret", "Service", "ServiceAccount"]),
    ("apps", "v1", &["Deployment"]),
    ("autoscaling", "v2", &["HorizontalPodAutoscaler"]),
    ("batch", "v1", &["CronJob", "Job"]),
    ("monitoring.coreos.com", "v1", &["PodMonitor"]),
    ("policy", "v1", &["PodDisruptionBudget"]),
];

/// Answers what is asked below `/openapi/v3`; everything else passes.
pub(crate) async fn answered(request: Request, next: Next) -> Response {
    let Some(asked) = request.uri().path().strip_prefix("/openapi/v3") else {
        return next.run(request).await;
    };
    let asked = asked.trim_start_matches('/');
    let mut all = Map::new();
    for (group, version, kinds) in KINDS {
        let place =
            if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        if asked == place {
            return axum::Json(specification(group, version, kinds)).into_response();
        }
        all.insert(place.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{place}")}));
    }
    axum::Json(json!({"paths": all})).into_response()
}

fn specification(group: &str, version: &str, kinds: &[&str]) -> Value {
    let paths: Map<String, Value> = kinds
        .iter()
        .map(|kind| {
            let patch = json!({
                "parameters": [{"name": "fieldValidation", "in": "query"}],
                "responses": {},
                "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind},
            });
            (format!("/{kind}/{{name}}"), json!({"patch": patch}))
        })
        .collect();
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "rehearsal"}, "paths": paths})
}
