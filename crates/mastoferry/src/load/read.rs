//! Profiles from their files.

use camino::Utf8Path;
use tree::{Files, Node};

use super::error::{LoadError, LoadErrorKind};
use super::fields::{Fields, at};
use super::profile::{Arrival, Ask, Body, Profile, Timeline, Who};

/// The profiles in the program, by name; the first one is what a rehearsal does unless told otherwise.
const BUILT_IN: [(&str, &str); 5] = [
    ("steady", include_str!("../../profiles/steady.yaml")),
    ("small", include_str!("../../profiles/small.yaml")),
    ("evening", include_str!("../../profiles/evening.yaml")),
    ("festival", include_str!("../../profiles/festival.yaml")),
    ("visitors", include_str!("../../profiles/visitors.yaml")),
];

const RATES: (f64, f64) = (0.1, 20_000.0);
const SHARES: (f64, f64) = (0.001, 1_000_000.0);
const SOCKETS: u32 = 20_000;

/// A profile in the program.
pub(crate) fn built_in(name: &str, files: &mut Files) -> Option<Result<Profile, LoadError>> {
    let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(parse(name, &format!("{name}.yaml"), text, files))
}

/// A profile by its name, or from a file.
///
/// # Errors
/// The first thing that is wrong, with its place in `files`.
pub(crate) fn read(name: &str, files: &mut Files) -> Result<Profile, LoadError> {
    if let Some(known) = built_in(name, files) {
        return known;
    }
    let path = Utf8Path::new(name);
    let text = std::fs::read_to_string(path).map_err(|error| {
        let name = name.to_owned();
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => LoadErrorKind::NoSuch { name },
            _ => LoadErrorKind::Unread { name, detail: error.to_string() },
        };
        LoadError { kind, origin: None }
    })?;
    parse(path.file_stem().unwrap_or(name), name, &text, files)
}

fn parse(name: &str, path: &str, text: &str, files: &mut Files) -> Result<Profile, LoadError> {
    let file = files.add(path, text);
    let documents = tree::parse(files, file)
        .map_err(|error| LoadError { kind: LoadErrorKind::Syntax(error.kind), origin: Some(error.origin) })?;
    match documents.as_slice() {
        [document] => profile(name, document),
        [] => Err(LoadError { kind: LoadErrorKind::Documents, origin: None }),
        [_, second, ..] => Err(at(second, LoadErrorKind::Documents)),
    }
}

fn profile(name: &str, document: &Node) -> Result<Profile, LoadError> {
    let known = ["about", "rate", "users", "think", "arrival", "seed", "classes", "streaming"];
    let fields = Fields::of(document, "a profile", &known)?;
    fields.text("about")?;
    let seed = u64::from(fields.count("seed", u32::MAX)?.unwrap_or(0));
    let choices = [("even", Arrival::Even), ("poisson", Arrival::Poisson { seed })];
    let arrival = fields.choice("arrival", &choices)?.unwrap_or(Arrival::Poisson { seed });
    let (sockets, within, timelines) = match fields.get("streaming") {
        Some(node) => streaming(node)?,
        None => (0, 2.0, Vec::new()),
    };
    let asks = asks(fields.required("classes")?)?;
    Ok(Profile { name: name.to_owned(), rate: rate(fields)?, arrival, asks, sockets, within, timelines })
}

/// Requests per second: told, or made by so many users who think so long between two.
fn rate(fields: Fields<'_>) -> Result<f64, LoadError> {
    let users = fields.number("users", (1.0, 1_000_000.0))?;
    let think = fields.number("think", (0.1, 86_400.0))?;
    if let (Some(node), Some(_)) = (fields.get("rate"), users) {
        let (first, second) = ("rate".to_owned(), "users".to_owned());
        return Err(at(node, LoadErrorKind::Both { first, second }));
    }
    if let Some(users) = users {
        let node = fields.required("think")?;
        let rate = users / think.unwrap_or(1.0);
        let (low, high) = RATES;
        let wrong = || at(node, LoadErrorKind::Number { key: "users / think".to_owned(), low, high });
        return if (low..=high).contains(&rate) { Ok(rate) } else { Err(wrong()) };
    }
    fields.required("rate")?;
    Ok(fields.number("rate", RATES)?.unwrap_or(RATES.0))
}

fn asks(classes: &Node) -> Result<Vec<Ask>, LoadError> {
    let list = |what: &str| LoadErrorKind::List { what: what.to_owned() };
    let mapping = classes
        .as_mapping()
        .ok_or_else(|| at(classes, LoadErrorKind::Mapping { what: "classes".to_owned() }))?;
    let mut all = Vec::new();
    for (class, node) in mapping {
        let asks = node.as_sequence().filter(|asks| !asks.is_empty()).ok_or_else(|| at(node, list(class)))?;
        for node in asks {
            all.push(ask(class, node)?);
        }
    }
    if all.is_empty() { Err(at(classes, list("classes"))) } else { Ok(all) }
}

fn ask(class: &str, node: &Node) -> Result<Ask, LoadError> {
    let known = [
        "get", "post", "share", "from", "status", "holds", "form", "json", "upload", "activity", "size",
        "keyed", "keeps-id", "heard", "as",
    ];
    let fields = Fields::of(node, class, &known)?;
    let (path, body) = match (fields.path("get")?, fields.path("post")?) {
        (Some(_), Some(_)) => return Err(both(node, "get", "post")),
        (Some(path), None) => match BODIES.iter().find_map(|key| fields.get(key).map(|node| (key, node))) {
            Some((key, node)) => return Err(both(node, "get", key)),
            None => (path, None),
        },
        (None, Some(path)) => (path, Some(body(node, fields)?)),
        (None, None) => return Err(at(node, LoadErrorKind::Missing { key: "get".to_owned() })),
    };
    let from = [
        ("web", Who::Web),
        ("streaming", Who::Streaming),
        ("assets", Who::Assets),
        ("neighbours", Who::Neighbours),
    ];
    let status = fields.number("status", (200.0, 599.0))?.unwrap_or(200.0);
    Ok(Ask {
        class: class.to_owned(),
        share: fields.number("share", SHARES)?.unwrap_or(1.0),
        from: fields.choice("from", &from)?.unwrap_or(Who::Web),
        path,
        body,
        // Bounded just before.
        status: status as u16,
        holds: fields.text("holds")?,
        keyed: fields.truth("keyed")?,
        keeps_id: fields.truth("keeps-id")?,
        heard: fields.truth("heard")?,
        counts_as: fields.text("as")?,
    })
}

/// The ways of saying what is sent.
const BODIES: [&str; 4] = ["form", "json", "upload", "activity"];

fn both(node: &Node, first: &str, second: &str) -> LoadError {
    at(node, LoadErrorKind::Both { first: first.to_owned(), second: second.to_owned() })
}

fn body(node: &Node, fields: Fields<'_>) -> Result<Body, LoadError> {
    let mut given = BODIES.iter().filter(|key| fields.get(key).is_some());
    let key = given.next();
    if let (Some(first), Some(second)) = (key, given.next()) {
        return Err(both(node, first, second));
    }
    let text = |key: &str| fields.text(key).map(Option::unwrap_or_default);
    match key {
        Some(&"json") => {
            let json = text("json")?;
            let is_json = serde_json::from_str::<serde_json::Value>(&json).is_ok();
            let choices = "JSON".to_owned();
            let node = fields.get("json").unwrap_or(node);
            let wrong = || at(node, LoadErrorKind::Choice { key: "json".to_owned(), choices });
            if is_json { Ok(Body::Json(json)) } else { Err(wrong()) }
        }
        Some(&"upload") => Ok(Body::Upload(fields.size("upload")?.unwrap_or(0))),
        Some(&"activity") => {
            Ok(Body::Activity { kind: text("activity")?, bytes: fields.size("size")?.unwrap_or(2 << 10) })
        }
        _ => Ok(Body::Form(text("form")?)),
    }
}

fn streaming(node: &Node) -> Result<(usize, f64, Vec<Timeline>), LoadError> {
    let fields = Fields::of(node, "streaming", &["sockets", "within", "timelines"])?;
    let sockets = fields.count("sockets", SOCKETS)?.unwrap_or(0);
    let within = fields.number("within", (0.001, 86_400.0))?.unwrap_or(2.0);
    let mut timelines = Vec::new();
    for node in fields.get("timelines").and_then(Node::as_sequence).unwrap_or_default() {
        let fields = Fields::of(node, "timelines", &["timeline", "share"])?;
        let named = fields.required("timeline")?;
        let is_fit = |name: &str| format!("/api/v1/streaming?stream={name}").parse::<http::Uri>().is_ok();
        let timeline = named.as_str().filter(|name| !name.is_empty() && is_fit(name));
        let wrong = || at(named, LoadErrorKind::Path { key: "timeline".to_owned() });
        let timeline = timeline.ok_or_else(wrong)?.to_owned();
        timelines.push(Timeline { timeline, share: fields.number("share", SHARES)?.unwrap_or(1.0) });
    }
    Ok((usize::try_from(sockets).unwrap_or(0), within, timelines))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> (String, Option<u32>) {
        let mut files = Files::new();
        let error = parse("mine", "mine.yaml", text, &mut files).expect_err(text);
        (error.kind.to_string(), error.origin.map(|origin| origin.line))
    }

    #[test]
    fn every_profile_in_the_program_can_be_read() {
        for (name, _) in BUILT_IN {
            let mut files = Files::new();
            let profile = built_in(name, &mut files).expect("known").expect("readable");
            assert!(profile.rate > 0.0 && !profile.asks.is_empty(), "{name}");
        }
    }

    #[test]
    fn users_who_think_make_a_rate() {
        let text = "users: 300\nthink: 6\nclasses:\n  a:\n    - get: /\n";
        let profile = parse("mine", "mine.yaml", text, &mut Files::new()).expect("readable");
        assert_eq!((profile.rate, profile.arrival), (50.0, Arrival::Poisson { seed: 0 }));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases = [
            ("rate: 5\nclasses:\n  a:\n    - got: /\n", "got means nothing here", 4),
            ("rate: 5\nclasses:\n  a:\n    - get: nowhere\n", "get is not a path", 4),
            ("rate: many\nclasses:\n  a:\n    - get: /\n", "rate is not a number from 0.1 to 20000", 1),
            (
                "rate: 5\nusers: 5\nthink: 1\nclasses:\n  a:\n    - get: /\n",
                "rate and users cannot both be given",
                1,
            ),
            ("rate: 5\nclasses: {}\n", "classes is not a list, or empty", 2),
            (
                "rate: 5\nclasses:\n  a:\n    - post: /\n      upload: 2GiB\n",
                "upload is not a size up to 99 MiB",
                5,
            ),
            (
                "rate: 5\nclasses:\n  a:\n    - get: /\n      from: me\n",
                "from is none of web, streaming, assets, neighbours",
                5,
            ),
            (
                "rate: 5\nclasses:\n  a:\n    - get: /\n      json: '{}'\n",
                "get and json cannot both be given",
                5,
            ),
            ("- rate\n", "a profile is not a mapping of keys", 1),
        ];
        for (text, told, line) in cases {
            assert_eq!(wrong(text), (told.to_owned(), Some(line)), "{text}");
        }
    }
}
