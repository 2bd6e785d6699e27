//! Traefik: `IngressRoute` of both API groups, and the rules that it and labels are written in.

use tree::Node;

use super::{PortName, Ways};
use crate::{Object, Route, RouteKind};

pub(crate) fn read(ways: &Ways<'_>, position: usize, object: &Object, routes: &mut Vec<Route>) {
    let tls = object.node.at_keys(&["spec", "tls"]).is_some();
    for rule in object.node.at_keys(&["spec", "routes"]).into_iter().flat_map(Node::items) {
        let mut services = rule.get("services").into_iter().flat_map(Node::items);
        let Some((service, name)) = services.find_map(|node| Some((node, node.str_at(&["name"])?))) else {
            continue;
        };
        let port = service.get("port").map(PortName::read).unwrap_or_default();
        let through = ways.through(RouteKind::IngressRoute, (position, object), name, port);
        let origin = rule.get("match").and_then(|node| node.origin);
        for (host, path) in rule_ways(rule.str_at(&["match"]).unwrap_or_default()) {
            routes.push(Route { host, path, origin, tls, ..through.clone() });
        }
    }
}

/// The hosts and paths of a rule: ``Host(`a`) && (PathPrefix(`/x`) || Path(`/y`))``, or the older
/// `Host:a,b;PathPrefix:/x`. Matchers behind `!` and of other things do not count; where the same rule names several
/// hosts and paths, each host goes with each path.
pub(crate) fn rule_ways(rule: &str) -> Vec<(String, String)> {
    let mut hosts = Vec::new();
    let mut paths = Vec::new();
    if rule.contains('(') {
        let mut rest = rule;
        while let Some((before, after)) = rest.split_once('(') {
            let (arguments, after) = closed(after);
            let before = before.trim_end();
            let name_at = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
            let negated = before[..name_at].trim_end().ends_with('!');
            match &before[name_at..] {
                "" => {
                    // A bracket that groups: what is in it is read on.
                    rest = &rest[rest.len() - after.len() - arguments.len() - 1..];
                    rest = rest.strip_prefix('(').unwrap_or(rest);
                    continue;
                }
                "Host" | "HostSNI" if !negated => hosts.extend(quoted(arguments)),
                "PathPrefix" | "Path" if !negated => paths.extend(quoted(arguments)),
                _ => {}
            }
            rest = after;
        }
    } else {
        for part in rule.split(';') {
            let Some((name, values)) = part.split_once(':') else { continue };
            let values = values.split(',').map(|value| value.trim().to_owned());
            match name.trim() {
                "Host" => hosts.extend(values),
                "PathPrefix" | "Path" | "PathPrefixStrip" => paths.extend(values),
                _ => {}
            }
        }
    }
    if hosts.is_empty() {
        hosts.push(String::new());
    }
    if paths.is_empty() {
        paths.push("/".to_owned());
    }
    hosts.iter().flat_map(|host| paths.iter().map(|path| (host.clone(), path.clone()))).collect()
}

/// The text up to the bracket that closes, quotes respected, and what follows it.
fn closed(text: &str) -> (&str, &str) {
    let mut quote = None;
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '`' | '"' | '\'') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return (&text[..at], &text[at + 1..]),
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    (text, "")
}

fn quoted(arguments: &str) -> Vec<String> {
    let parts = arguments.split(',').map(|part| part.trim().trim_matches(['`', '"', '\'']).to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_hosts_and_paths() {
        let table: &[(&str, &[(&str, &str)])] = &[
            ("Host(`a.example`)", &[("a.example", "/")]),
            ("Host(`a.example`) && PathPrefix(`/api/v1/streaming`)", &[("a.example", "/api/v1/streaming")]),
            (
                "(Host(`a.example`) || Host(`b.example`)) && PathPrefix(`/x`)",
                &[("a.example", "/x"), ("b.example", "/x")],
            ),
            ("Host(`a.example`, `b.example`)", &[("a.example", "/"), ("b.example", "/")]),
            ("Host(`a.example`) && !PathPrefix(`/x`)", &[("a.example", "/")]),
            ("Host(\"a.example\") && Headers(`X`, `(y)`)", &[("a.example", "/")]),
            ("Host:a.example;PathPrefix:/x,/y", &[("a.example", "/x"), ("a.example", "/y")]),
            ("", &[("", "/")]),
            ("((((", &[("", "/")]),
        ];
        for (rule, expected) in table {
            let expected: Vec<(String, String)> =
                expected.iter().map(|(host, path)| ((*host).to_owned(), (*path).to_owned())).collect();
            assert_eq!(rule_ways(rule), expected, "{rule}");
        }
    }
}
