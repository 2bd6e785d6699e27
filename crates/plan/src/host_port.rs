//! Ports of the machine itself, which two pods on it cannot both have.

use serde_json::Value;

/// A port of the machine that a pod takes: `hostPort` of a container, or any of its ports in the machine's own network.
///
/// Source: `k8s.io/kubernetes/pkg/scheduler/framework` (`HostPortInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Its number.
    pub port: u16,
    protocol: String,
    address: String,
}

/// All of a machine's addresses.
const ANY: &str = "0.0.0.0";

impl HostPort {
    /// Those that a pod of this specification takes.
    #[must_use]
    pub fn of_pod(spec: &Value) -> Vec<Self> {
        let is_of_the_machine = spec["hostNetwork"] == true;
        let containers = spec["containers"].as_array().into_iter().flatten();
        let ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
        let taken = ports.filter_map(|port| {
            let inside = port["containerPort"].as_u64().filter(|_| is_of_the_machine);
            let number = port["hostPort"].as_u64().filter(|number| *number > 0).or(inside)?;
            let text = |field: &str, else_: &str| port[field].as_str().unwrap_or(else_).to_owned();
            Some(Self {
                port: u16::try_from(number).ok()?,
                protocol: text("protocol", "TCP"),
                address: text("hostIP", ANY),
            })
        });
        taken.collect()
    }

    /// Whether both cannot be on one machine.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        let meets = self.address == other.address || self.address == ANY || other.address == ANY;
        self.port == other.port && self.protocol == other.protocol && meets
    }
}
