//! Services of type LoadBalancer: an address from outside, as a cloud's controller gives it.

use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, object};

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "service-controller",
    kind: ("v1", "Service"),
    hears: &[],
    concerns: |_, _| Vec::new(),
    step,
};

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(service) = desk.store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let is_wanted = object::text(&service, &["spec", "type"]) == Some("LoadBalancer")
        && object::text(&service, &["spec", "loadBalancerClass"]).is_none()
        && !object::is_deleting(&service);
    let has_one = !object::items(&service, &["status", "loadBalancer", "ingress"]).is_empty();
    let mut status = service.get("status").cloned().filter(Value::is_object).unwrap_or(json!({}));
    match (is_wanted, has_one) {
        (true, false) => {
            desk.note(&service, "EnsuringLoadBalancer", "Ensuring load balancer");
            let asked = object::text(&service, &["spec", "loadBalancerIP"]).map(str::to_owned);
            // From a range that documentation is free to use, so that it is nobody's.
            let given = || {
                let hash = object::content_hash(&object::uid(&service).into());
                format!("203.0.113.{}", hash % 254 + 1)
            };
            let address = asked.unwrap_or_else(given);
            status["loadBalancer"] = json!({"ingress": [{"ip": address, "ipMode": "VIP"}]});
            pods::set_status(&desk.store, kind, &service, status)?;
            desk.note(&service, "EnsuredLoadBalancer", "Ensured load balancer");
        }
        (false, true) if !object::is_deleting(&service) => {
            status["loadBalancer"] = json!({});
            pods::set_status(&desk.store, kind, &service, status)?;
        }
        _ => {}
    }
    Ok(None)
}
