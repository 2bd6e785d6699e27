//! Which front users come through, for a plan and for a rehearsal.

use installation::Installation;
use plan::Plan;
use rehearsal::Profile;

use crate::words::Words;

/// How `--front` is named where it says which front it is.
const ASKED: &str = "--front";

/// The kinds of objects that tell of a front.
const TELLING: [&str; 7] =
    ["Ingress", "IngressClass", "IngressRoute", "HTTPRoute", "Gateway", "GatewayClass", "Service"];

/// A front, and what told of it: the command line, an object, or nothing.
pub(crate) struct Chosen {
    pub(crate) profile: Profile,
    pub(crate) by: Option<String>,
}

impl Chosen {
    /// The front asked for, or else the one that the installation tells of, or else the default.
    pub(crate) fn of(installation: &Installation, asked: Option<Profile>) -> Self {
        if let Some(profile) = asked {
            return Self { profile, by: Some(ASKED.to_owned()) };
        }
        let telling = installation.objects.iter().filter(|object| TELLING.contains(&object.kind()));
        let objects: Vec<serde_json::Value> = telling.map(|object| object.node.to_json()).collect();
        match Profile::detect(&objects) {
            Some(found) => Self { profile: found.profile, by: Some(found.by) },
            None => Self { profile: Profile::default(), by: None },
        }
    }
}

/// The front to rehearse a plan with: the one asked for, or else the plan's own. A plan of before there were profiles
/// is asked for its objects.
pub(crate) fn of_plan(plan: &Plan, asked: Option<Profile>) -> Profile {
    let detected = || Profile::detect(&plan.blue).map(|found| found.profile).unwrap_or_default();
    asked.or_else(|| plan.front.parse().ok()).unwrap_or_else(detected)
}

/// What a plan says of the front.
pub(crate) fn line(plan: &Plan, words: &Words) -> String {
    match plan.front_by.as_deref() {
        Some(by) => words.tell("plan-front", &[("front", &plan.front), ("by", by)]),
        None => words.tell("plan-front-assumed", &[("front", &plan.front)]),
    }
}
