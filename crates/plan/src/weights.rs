//! Where the front has weights (HTTPRoutes of the Gateway API), users pass by and by.

use serde_json::Value;

use crate::sides::Sides;
use crate::{ServiceSwitch, WeightedRoute};

/// Of a hundred requests so many go to green, one stage after the other.
const STAGES: [u32; 4] = [1, 10, 50, 100];
/// Cluster seconds for which the guard watches each stage.
const STAGE_S: u64 = 60;
/// The front whose routes have weights.
const FRONT: &str = "gateway";

/// How users pass by weights: every route to a Service that is switched, and what of a hundred goes to green.
pub(crate) struct Weights {
    pub(crate) routes: Vec<WeightedRoute>,
    pub(crate) stages: Vec<u32>,
    pub(crate) stage_s: u64,
}

/// None where the front has no weights, or somebody else uses them: a route that leads to several Services has weights
/// of its own.
pub(crate) fn of(sides: &Sides<'_>, front: &str) -> Option<Weights> {
    let services: Vec<Value> =
        kind(sides.target.green.iter().map(|made| made.object.node.to_json()), "Service");
    let objects = sides.installation.objects.iter().map(|object| object.node.to_json());
    let mut routes = Vec::new();
    for route in kind(objects, "HTTPRoute") {
        for rule in items(&route["spec"]["rules"]) {
            let references = items(&rule["backendRefs"]);
            for switch in &sides.services {
                if !references.iter().any(|reference| leads_to(reference, &switch.service)) {
                    continue;
                }
                if references.len() > 1 {
                    return None;
                }
                let told = weighted(&route, &references[0], switch, &services)?;
                if !routes.contains(&told) {
                    routes.push(told);
                }
            }
        }
    }
    let fits = front == FRONT && !routes.is_empty();
    fits.then(|| Weights { routes, stages: STAGES.to_vec(), stage_s: STAGE_S })
}

/// A route with green's own Service beside blue's.
fn weighted(
    route: &Value,
    reference: &Value,
    switch: &ServiceSwitch,
    services: &[Value],
) -> Option<WeightedRoute> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let green = services.iter().find(|service| is_selecting(service, switch))?;
    let ports = items(&green["spec"]["ports"]);
    let wanted = &reference["port"];
    let port = ports.iter().find(|port| port["port"] == *wanted).or_else(|| ports.first())?;
    Some(WeightedRoute {
        route: text(&route["metadata"]["name"])?,
        service: switch.service.clone(),
        green: text(&green["metadata"]["name"])?,
        port: port["port"].as_u64().and_then(|port| u16::try_from(port).ok())?,
    })
}

fn is_selecting(service: &Value, switch: &ServiceSwitch) -> bool {
    let selector = service["spec"]["selector"].as_object();
    selector.is_some_and(|selector| {
        selector.len() == switch.green.len()
            && switch
                .green
                .iter()
                .all(|(key, value)| selector.get(key).and_then(Value::as_str) == Some(value))
    })
}

fn leads_to(reference: &Value, service: &str) -> bool {
    reference["name"] == *service && reference["kind"].as_str().is_none_or(|kind| kind == "Service")
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn kind(objects: impl Iterator<Item = Value>, kind: &str) -> Vec<Value> {
    objects.filter(|object| object["kind"] == *kind).collect()
}
