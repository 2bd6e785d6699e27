//! Addresses and node ports of Services.

use serde_json::{Value, json};

use super::object;
use super::registry::Kind;
use super::status::ApiError;
use super::store::State;

/// Gives a Service what it has not got, and lets it keep what it had.
pub(crate) fn allocate(
    state: &mut State,
    kind: &Kind,
    service: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    if !kind.is_core("Service") {
        return Ok(());
    }
    let class = object::text(service, &["spec", "type"]).unwrap_or("ClusterIP").to_owned();
    if class == "ExternalName" {
        for address in ["clusterIP", "clusterIPs"] {
            object::take(service, &["spec", address]);
        }
        return Ok(());
    }
    let unset = |service: &Value| object::text(service, &["spec", "clusterIP"]).is_none_or(str::is_empty);
    if unset(service)
        && let Some(kept) = old.and_then(|old| object::at(old, &["spec", "clusterIP"])).cloned()
    {
        object::put(service, &["spec", "clusterIP"], kept);
    }
    if unset(service) {
        let address = state.allocate_address(kind);
        object::put(service, &["spec", "clusterIP"], address);
    }
    let address = object::at(service, &["spec", "clusterIP"]).cloned();
    object::put(service, &["spec", "clusterIPs"], json!([address]));
    if object::items(service, &["spec", "ipFamilies"]).is_empty() {
        object::put(service, &["spec", "ipFamilies"], json!(["IPv4"]));
    }
    object::put_default(service, &["spec", "ipFamilyPolicy"], "SingleStack");
    if class == "NodePort" || class == "LoadBalancer" {
        allocate_node_ports(state, kind, service, old);
    }
    Ok(())
}

fn allocate_node_ports(state: &mut State, kind: &Kind, service: &mut Value, old: Option<&Value>) {
    let had = old.map(|old| object::items(old, &["spec", "ports"])).unwrap_or_default();
    let Some(ports) = object::place(service, &["spec", "ports"]).as_array_mut() else { return };
    for port in ports {
        if object::int(port, &["nodePort"]).is_some_and(|number| number != 0) {
            continue;
        }
        let same = had
            .iter()
            .find(|one| one.get("port") == port.get("port") && one.get("protocol") == port.get("protocol"));
        let kept = same.and_then(|one| object::int(one, &["nodePort"]));
        let number = kept.unwrap_or_else(|| state.allocate_node_port(kind));
        object::put(port, &["nodePort"], number);
    }
}
