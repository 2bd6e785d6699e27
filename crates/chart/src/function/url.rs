//! URLs.

use super::{Answer, Call, Function};
use crate::value::{Entries, Map, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "urlParse" => parse,
        "urlJoin" => join,
        _ => return None,
    })
}

/// `url.QueryEscape`.
pub(super) fn query_escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

fn scheme_of(text: &str) -> (&str, &str) {
    match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) =>
        {
            (scheme, rest)
        }
        _ => ("", text),
    }
}

fn parse(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    let (before, fragment) = text.split_once('#').unwrap_or((&text, ""));
    let (scheme, rest) = scheme_of(before);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (mut host, mut userinfo, mut path, mut opaque) = ("", "", rest, "");
    if let Some(authority) = rest.strip_prefix("//") {
        let at = authority.find('/').unwrap_or(authority.len());
        (userinfo, host) = authority[..at].rsplit_once('@').unwrap_or(("", &authority[..at]));
        path = &authority[at..];
    } else if !scheme.is_empty() && !rest.starts_with('/') {
        (opaque, path) = (rest, "");
    }
    let hostname = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let (Some(path), Some(fragment)) = (unescape(path), unescape(fragment)) else {
        return call.fail("unable to parse url: invalid URL escape");
    };
    let map = Map::of(Entries::new());
    let scheme = scheme.to_lowercase();
    let parts = [
        ("scheme", scheme.as_str()),
        ("host", host),
        ("hostname", hostname),
        ("path", &path),
        ("query", query),
        ("opaque", opaque),
        ("fragment", &fragment),
        ("userinfo", userinfo),
    ];
    for (name, part) in parts {
        map.insert(name, Value::from(part));
    }
    Ok(Value::Map(map))
}

fn join(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let map = call.map(0)?;
    let part = |name: &str| match map.get(name) {
        None => Ok(String::new()),
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(other) => call.fail(format!(
            "unable to parse {name} key, must be of type string, but {} found",
            other.kind_name()
        )),
    };
    let (scheme, host, path, userinfo) = (part("scheme")?, part("host")?, part("path")?, part("userinfo")?);
    let (query, opaque, fragment) = (part("query")?, part("opaque")?, part("fragment")?);
    let mut url = String::new();
    if !scheme.is_empty() {
        url.push_str(&format!("{scheme}:"));
    }
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !userinfo.is_empty() {
            if !host.is_empty() || !path.is_empty() || !userinfo.is_empty() {
                url.push_str("//");
            }
            if !userinfo.is_empty() {
                url.push_str(&format!("{userinfo}@"));
            }
            url.push_str(&host);
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            url.push('/');
        }
        url.push_str(&path_escape(&path));
    } else {
        url.push_str(&opaque);
    }
    if !query.is_empty() {
        url.push_str(&format!("?{query}"));
    }
    if !fragment.is_empty() {
        url.push_str(&format!("#{}", path_escape(&fragment)));
    }
    call.made(url)
}

fn path_escape(path: &str) -> String {
    let mut escaped = String::new();
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*".contains(&byte);
        if is_plain {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
