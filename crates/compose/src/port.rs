//! Ports in short syntax: `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, each part a number or a range.

use std::net::IpAddr;

/// A port mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) host_ip: String,
    /// A number, or a range to choose from; empty if the engine chooses.
    pub(crate) published: String,
    pub(crate) target: u16,
    pub(crate) protocol: String,
}

/// The ports that a text means, sorted as Compose sorts them; `None` if it means none.
pub(crate) fn parse(text: &str) -> Option<Vec<Port>> {
    let mut parts: Vec<&str> = text.split(':').collect();
    let container = parts.pop()?;
    let host = parts.pop().unwrap_or_default();
    let address = parts.join(":");
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    let protocol = if protocol.is_empty() { "tcp".to_owned() } else { protocol.to_lowercase() };
    if container.is_empty() || !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return None;
    }
    let host_ip =
        address.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(&address).to_owned();
    if !host_ip.is_empty() && !is_ip(&host_ip) {
        return None;
    }
    let (first, last) = range(container)?;
    let host_range = if host.is_empty() { None } else { Some(range(host)?) };
    if host_range.is_some_and(|(from, to)| to - from != last - first) && first != last {
        return None;
    }
    let ports = (first..=last).map(|target| Port {
        host_ip: host_ip.clone(),
        published: host_range.map_or_else(String::new, |(from, to)| {
            if first == last && from != to {
                format!("{from}-{to}")
            } else {
                (from + (target - first)).to_string()
            }
        }),
        target,
        protocol: protocol.clone(),
    });
    let mut ports: Vec<Port> = ports.collect();
    ports.sort_by_cached_key(|port| format!("{}/{}", port.target, port.protocol));
    Some(ports)
}

pub(crate) fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| if text.starts_with('+') { None } else { text.parse::<u16>().ok() };
    let (first, last) = text.split_once('-').map_or_else(
        || Some((number(text)?, number(text)?)),
        |(first, last)| Some((number(first)?, number(last)?)),
    )?;
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_form_is_read() {
        let read = |text: &str| {
            let ports = parse(text)?;
            let show =
                |port: Port| format!("{}|{}|{}/{}", port.host_ip, port.published, port.target, port.protocol);
            Some(ports.into_iter().map(show).collect::<Vec<_>>())
        };
        let table: [(&str, &[&str]); 8] = [
            ("80", &["||80/tcp"]),
            ("8080:80/UDP", &["|8080|80/udp"]),
            ("127.0.0.1:3000:3000", &["127.0.0.1|3000|3000/tcp"]),
            ("127.0.0.1::3000", &["127.0.0.1||3000/tcp"]),
            ("[::1]:80:80", &["::1|80|80/tcp"]),
            ("::1:80:80", &["::1|80|80/tcp"]),
            ("9-10:99-100", &["|10|100/tcp", "|9|99/tcp"]),
            ("8000-8010:80", &["|8000-8010|80/tcp"]),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).expect(text), expected, "{text}");
        }
        for text in ["", "x", "80:", "1-2:3-5", "70000", "80/foo", "1.2.3:80:80", "5-4", "/tcp"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
