//! Why a step was not done, in the reader's language.
//!
//! The executor writes reasons into its journal as English text, which outlives the process that knew their parts. The shapes that
//! people meet most are read back here; what has none of them stays as it was recorded.

use fluent_bundle::FluentValue;

use super::Words;

/// A message, and the text of `cluster` or `voyage` that it stands for: names in braces are what varies.
const SHAPES: &[(&str, &str)] = &[
    ("reason-waited", "waited {limit} s for {condition}; last seen: {seen}"),
    ("reason-to-be-ready", "{object} to have {pods} ready pods"),
    ("reason-to-be-idle", "{object} to have no pod left"),
    ("reason-pods-to-be-gone", "pods {pods} to be gone"),
    ("reason-to-reach-all", "{object} to reach all ready pods of {pods}"),
    ("reason-to-reach-only", "{object} to reach ready pods of {pods} and no others"),
    ("reason-to-be-gone", "{object} to be gone"),
    ("reason-seen-pods", "asked for {asked}, updated {updated} of {pods}, ready {ready}"),
    ("reason-seen-left", "asked for {asked}, has {pods}"),
    ("reason-seen-behind", "{pods} of them and {others} others behind it, {missing} missing"),
    ("reason-seen-object", "it exists"),
    ("reason-answer", "the {component} pods do not answer {path} as they must: {answer}"),
    ("reason-answered", "{pod} answered {status}"),
    ("reason-assumptions", "what stands is not what the plan says: {list}"),
    ("reason-undone", "what was done was undone by somebody else: {list}"),
    (
        "reason-unsteady",
        "the pods of {object} do not keep running: their containers end and are started again",
    ),
    ("reason-missing", "{object} does not exist"),
    ("reason-paused", "paused before {step}"),
    ("reason-asked", "interrupted: stopped as asked for"),
    ("reason-asked", "stopped as asked for"),
];

impl Words {
    /// A recorded reason in the reader's language, as far as it is known.
    #[must_use]
    pub(crate) fn reason(&self, text: &str) -> String {
        if let Some((first, rest)) = text.split_once("; ").filter(|_| !text.starts_with("waited ")) {
            return format!("{}; {}", self.reason(first), self.reason(rest));
        }
        let found = SHAPES.iter().find_map(|(id, shape)| Some((id, parts(shape, text)?)));
        let Some((id, parts)) = found else { return text.to_owned() };
        let parts = parts.into_iter().map(|(name, part)| (name, FluentValue::from(self.reason(part))));
        self.say(id, &parts.collect::<Vec<_>>())
    }
}

/// What stands for each name of a shape; nothing where the text has another shape.
fn parts<'a>(shape: &'static str, text: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (before, mut shape) = shape.split_once('{').unwrap_or((shape, ""));
    let mut text = text.strip_prefix(before)?;
    let mut found = Vec::new();
    while let Some((name, after)) = shape.split_once('}') {
        let (between, next) = after.split_once('{').unwrap_or((after, ""));
        let (part, rest) =
            if next.is_empty() { (text.strip_suffix(between)?, "") } else { text.split_once(between)? };
        if part.is_empty() {
            return None;
        }
        found.push((name, part));
        (text, shape) = (rest, next);
    }
    text.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    const RECORDED: [&str; 6] = [
        "waited 300 s for Deployment/mastodon-scheduler to have no pod left; last seen: asked for 1, has 1",
        "waited 599 s for Deployment/green to have 1 ready pods; last seen: asked for 1, updated 1 of 1, ready 0",
        "waited 60 s for Service/web to reach ready pods of a=b and no others; last seen: 2 of them and 1 others behind it, 0 missing",
        "the web pods do not answer / as they must: Pod/web-1 answered 500",
        "what stands is not what the plan says: Service/a does not exist; Service/b does not exist",
        "read backup/x.json: Too many open files (os error 24)",
    ];

    #[test]
    fn english_stays_as_it_was_recorded() {
        let words = Words::new(Language::En);
        for text in RECORDED {
            assert_eq!(words.reason(text), text);
        }
    }

    #[test]
    fn what_people_meet_most_is_told_in_japanese() {
        let words = Words::new(Language::Ja);
        let told: Vec<String> = RECORDED.iter().map(|text| words.reason(text)).collect();
        assert_eq!(
            told[0],
            "300 秒待っても、Deployment/mastodon-scheduler の Pod がなくなりませんでした（最後の状態：要求 1、残り 1）"
        );
        for (text, told) in RECORDED.iter().zip(&told).take(5) {
            let english = ["waited", "ready", "answer", "exist", "what stands"];
            assert!(!english.iter().any(|word| told.contains(word)), "{text}: {told}");
        }
        assert_eq!(told[5], RECORDED[5], "what is not known is not touched");
    }
}
