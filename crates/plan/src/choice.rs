//! Which strategy fits best, and why.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::quantity::{Amount, amount};
use crate::sides::Sides;
use crate::{HostPort, Reason, Replicas, Strategy};

/// The strategy that fits best, with what tells for it.
pub(crate) fn recommend(sides: &Sides<'_>) -> (Strategy, Vec<Reason>) {
    if let Some(claim) = claim_of_one_pod(sides) {
        return (Strategy::Maintenance, vec![Reason::ClaimOfOnePod { claim }]);
    }
    if let Some(port) = host_port(sides) {
        return (Strategy::Maintenance, vec![Reason::HostPort { port }]);
    }
    match tightest_quota(sides) {
        Some(quota) => (Strategy::Rolling, vec![quota]),
        None => (Strategy::BlueGreen, vec![Reason::Room]),
    }
}

/// Whether all of green's serving pods can stand beside blue's.
pub(crate) fn fits_beside(sides: &Sides<'_>) -> bool {
    claim_of_one_pod(sides).is_none() && host_port(sides).is_none() && tightest_quota(sides).is_none()
}

/// A claim that one pod alone may have (`ReadWriteOncePod`), which a Deployment of blue's has: green's pod can only start
/// when blue's has ended.
fn claim_of_one_pod(sides: &Sides<'_>) -> Option<String> {
    let objects = &sides.installation.objects;
    let claims = objects.iter().filter(|object| object.kind() == "PersistentVolumeClaim");
    let mut of_one_pod = claims.filter(|claim| {
        let spec = &claim.node.to_json()["spec"];
        spec["accessModes"]
            .as_array()
            .is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteOncePod"))
    });
    let serving = sides.blue_serving(None);
    let mounts = |name: &str| {
        objects.iter().filter(|object| object.kind() == "Deployment").any(|object| {
            let spec = &object.node.to_json()["spec"]["template"]["spec"];
            let mut volumes = spec["volumes"].as_array().into_iter().flatten();
            serving.iter().any(|own| own.deployment == object.name())
                && volumes.any(|volume| volume["persistentVolumeClaim"]["claimName"] == *name)
        })
    };
    of_one_pod.find(|claim| mounts(claim.name())).map(|claim| claim.name().to_owned())
}

/// A port of the machine itself that serving pods of both sides take: on one machine green's pod can only start when
/// blue's has ended.
fn host_port(sides: &Sides<'_>) -> Option<u16> {
    let objects = sides.installation.objects.iter().map(|object| object.node.to_json());
    let made = sides.target.green.iter().map(|made| made.object.node.to_json());
    let of = |all: &mut dyn Iterator<Item = Value>, serving: &[Replicas]| -> Vec<HostPort> {
        let is_serving = |object: &Value| {
            object["kind"] == "Deployment"
                && serving.iter().any(|own| object["metadata"]["name"] == *own.deployment)
        };
        let serving = all.filter(is_serving);
        serving.flat_map(|object| HostPort::of_pod(&object["spec"]["template"]["spec"])).collect()
    };
    let blue = of(&mut objects.into_iter(), &sides.blue_serving(None));
    let green = of(&mut made.into_iter(), &sides.green_serving(None));
    green.iter().find(|port| blue.iter().any(|taken| taken.excludes(port))).map(|port| port.port)
}

/// A quota of the namespace that leaves no room for all of green's serving pods beside blue's.
fn tightest_quota(sides: &Sides<'_>) -> Option<Reason> {
    let objects: Vec<Value> = sides.installation.objects.iter().map(|object| object.node.to_json()).collect();
    let green: BTreeMap<String, u32> =
        sides.green_serving(None).into_iter().map(|own| (own.deployment, own.replicas)).collect();
    let made: Vec<Value> = sides.target.green.iter().map(|made| made.object.node.to_json()).collect();
    for quota in objects.iter().filter(|object| object["kind"] == "ResourceQuota") {
        for (resource, hard) in quota["spec"]["hard"].as_object().into_iter().flatten() {
            let (Some(hard), Some(_)) = (amount(hard), Asked::of(resource)) else { continue };
            let told = amount(&quota["status"]["used"][resource]);
            let used = told.unwrap_or_else(|| {
                sum(objects.iter().filter(|object| object["kind"] == "Deployment"), resource, |object| {
                    object["spec"]["replicas"].as_u64().unwrap_or(1)
                })
            });
            let more = sum(made.iter(), resource, |object| {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let replicas = (object["kind"] == "Deployment").then(|| green.get(name)).flatten();
                replicas.copied().unwrap_or(0).into()
            });
            if used + more > hard {
                return Some(Reason::Quota {
                    quota: quota["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
                    resource: resource.clone(),
                    left: hard.less(used).to_string(),
                    needed: more.to_string(),
                });
            }
        }
    }
    None
}

/// What a quota counts of a pod.
enum Asked<'a> {
    Pods,
    Requests(&'a str),
    Limits(&'a str),
}

impl<'a> Asked<'a> {
    fn of(resource: &'a str) -> Option<Self> {
        match resource {
            "pods" | "count/pods" => Some(Self::Pods),
            "cpu" | "memory" => Some(Self::Requests(resource)),
            _ => match resource.split_once('.')? {
                ("requests", name @ ("cpu" | "memory")) => Some(Self::Requests(name)),
                ("limits", name @ ("cpu" | "memory")) => Some(Self::Limits(name)),
                _ => None,
            },
        }
    }

    fn of_pod(&self, template: &Value) -> Amount {
        let (list, name) = match self {
            Self::Pods => return Amount::ONE,
            Self::Requests(name) => ("requests", name),
            Self::Limits(name) => ("limits", name),
        };
        let containers = template["spec"]["containers"].as_array().into_iter().flatten();
        containers.filter_map(|container| amount(&container["resources"][list][*name])).sum()
    }
}

fn sum<'a>(objects: impl Iterator<Item = &'a Value>, resource: &str, pods: impl Fn(&Value) -> u64) -> Amount {
    let Some(asked) = Asked::of(resource) else { return Amount::default() };
    objects.map(|object| asked.of_pod(&object["spec"]["template"]).times(pods(object))).sum()
}
