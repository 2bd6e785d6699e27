//! What routes users: its TLS, its class, and what must not be lost of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plan::{Action, Plan};
use serde_json::Value;

use super::Facts;
use super::certificate;
use super::finding::{Finding, or_well, refused, warning};
use super::pods::name;

/// Seconds that a certificate must outlast: the move, and a night's sleep after it.
const LASTS_S: i64 = 24 * 3600;
/// Annotations that keep an address.
const ADDRESSES: [&str; 5] = [
    "kubernetes.io/ingress.global-static-ip-name",
    "kubernetes.io/ingress.regional-static-ip-name",
    "networking.gke.io/static-ip",
    "service.beta.kubernetes.io/aws-load-balancer-eip-allocations",
    "service.beta.kubernetes.io/azure-load-balancer-ipv4",
];

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    for ingress in facts.of_kind("Ingress").filter(|ingress| is_of(plan, ingress)) {
        for tls in ingress["spec"]["tls"].as_array().into_iter().flatten() {
            let Some(secret) = tls["secretName"].as_str().filter(|secret| !secret.is_empty()) else {
                continue;
            };
            if !facts.is_hidden("secrets") {
                found.extend(
                    judged(facts.find("Secret", secret), now).map(|finding| finding.with("secret", secret)),
                );
            }
        }
        let class = ingress["spec"]["ingressClassName"].as_str();
        if let Some(class) = class.filter(|class| facts.find("IngressClass", class).is_none()) {
            found.push(warning("front-class").with("class", class).with("ingress", name(ingress)));
        }
    }
    for removed in removed(plan) {
        let leads = removed["kind"] == "Ingress" || removed["spec"]["type"] == "LoadBalancer";
        let kept = ADDRESSES.iter().any(|key| removed["metadata"]["annotations"].get(*key).is_some());
        if leads || kept {
            let object = format!("{}/{}", removed["kind"].as_str().unwrap_or_default(), name(removed));
            found.push(warning("front-removed").with("object", object));
        }
    }
    or_well(found, "front-well")
}

fn is_of(plan: &Plan, ingress: &Value) -> bool {
    plan.blue
        .iter()
        .any(|own| own["kind"] == "Ingress" && own["metadata"]["name"] == ingress["metadata"]["name"])
}

fn removed(plan: &Plan) -> impl Iterator<Item = &Value> {
    let named = |object: &Value| format!("{}/{}", object["kind"].as_str().unwrap_or_default(), name(object));
    plan.blue.iter().filter(move |object| {
        plan.steps.iter().any(|step| match &step.action {
            Action::RemoveBlue { objects } => objects.contains(&named(object)),
            _ => false,
        })
    })
}

/// What is wrong with a TLS Secret at a time in seconds since 1970. One that is not there is not there today either: the move
/// does not make that worse, while one that ends would be taken for what the move has broken.
fn judged(secret: Option<&Value>, now: i64) -> Option<Finding> {
    let Some(secret) = secret else { return Some(warning("front-tls-missing")) };
    let data = &secret["data"];
    if ["tls.crt", "tls.key"].iter().any(|key| data[*key].as_str().is_none_or(str::is_empty)) {
        return Some(warning("front-tls-empty"));
    }
    let pem = STANDARD.decode(data["tls.crt"].as_str().unwrap_or_default()).ok()?;
    match certificate::ends(&pem) {
        None => Some(warning("front-tls-unreadable")),
        Some(ends) if ends <= now => Some(refused("front-tls-expired")),
        Some(ends) if ends <= now + LASTS_S => Some(refused("front-tls-expiring")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::preflight::certificate::tests::{ENDS, PEM};

    #[test]
    fn a_certificate_must_outlast_the_move() {
        let secret = json!({"data": {"tls.crt": STANDARD.encode(PEM), "tls.key": "a2V5"}});
        let id = |now: i64| judged(Some(&secret), now).map(|finding| finding.id);
        assert_eq!(id(ENDS - LASTS_S - 1), None);
        assert_eq!(id(ENDS - LASTS_S + 1), Some("front-tls-expiring"));
        assert_eq!(id(ENDS), Some("front-tls-expired"));
        assert_eq!(judged(None, 0).map(|finding| finding.id), Some("front-tls-missing"));
        let empty = json!({"data": {"tls.crt": "", "tls.key": "a2V5"}});
        assert_eq!(judged(Some(&empty), 0).map(|finding| finding.id), Some("front-tls-empty"));
    }
}
