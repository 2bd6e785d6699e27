//! The message catalogue.

use std::sync::{Arc, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::amounts;

const ENGLISH: &str = include_str!("../../locales/en.ftl");
const JAPANESE: &str = include_str!("../../locales/ja.ftl");

/// A language this program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// The language of the user's locale (`LC_ALL`, `LC_MESSAGES`, `LANG`); English where it is not spoken.
    #[must_use]
    pub(crate) fn of_locale() -> Self {
        sys_locale::get_locale().map_or(Self::En, |locale| Self::of_tag(&locale))
    }

    /// The language of a tag such as `ja-JP` or `ja_JP.UTF-8`.
    #[must_use]
    pub(crate) fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("ja") { Self::Ja } else { Self::En }
    }

    /// The tag for `lang` attributes.
    #[must_use]
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

/// The words of one language, English behind them. Cheap to copy, and may be shared between tasks.
#[derive(Clone)]
pub(crate) struct Words {
    language: Language,
    /// The language itself, then English; made when the first message is asked for.
    bundles: Arc<OnceLock<Vec<FluentBundle<FluentResource>>>>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Words {
    /// The words of a language.
    #[must_use]
    pub(crate) fn new(language: Language) -> Self {
        Self { language, bundles: Arc::default() }
    }

    fn bundles(&self) -> &[FluentBundle<FluentResource>] {
        self.bundles.get_or_init(|| match self.language {
            Language::En => vec![bundle("en", ENGLISH)],
            Language::Ja => vec![bundle("ja", JAPANESE), bundle("en", ENGLISH)],
        })
    }

    /// The language spoken.
    #[must_use]
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// A message with its arguments. Numbers are grouped by thousands: give ports, lines and versions as text.
    #[must_use]
    pub(crate) fn say(&self, id: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        self.find(id, args).unwrap_or_else(|| id.to_owned())
    }

    /// A message whose arguments are texts.
    #[must_use]
    pub(crate) fn tell(&self, id: &str, args: &[(&str, &str)]) -> String {
        let args: Vec<(&str, FluentValue<'_>)> =
            args.iter().map(|(name, text)| (*name, (*text).into())).collect();
        self.say(id, &args)
    }

    /// Whether any catalogue has a message.
    #[must_use]
    pub(crate) fn has(&self, id: &str) -> bool {
        self.bundles().iter().any(|bundle| bundle.has_message(id))
    }

    /// A message without arguments.
    #[must_use]
    pub(crate) fn word(&self, id: &str) -> String {
        self.say(id, &[])
    }

    /// A label and its value, with the colon of the language.
    #[must_use]
    pub(crate) fn pair(&self, label: &str, value: &str) -> String {
        self.say("pair", &[("label", label.into()), ("value", value.into())])
    }

    /// A message, if any catalogue has it.
    #[must_use]
    pub(crate) fn find(&self, id: &str, args: &[(&str, FluentValue<'_>)]) -> Option<String> {
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.bundles().iter().find_map(|bundle| {
            let pattern = bundle.get_message(id)?.value()?;
            // A missing argument shows as its name in the text: better read than refused.
            let mut errors = Vec::new();
            Some(bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned())
        })
    }
}

fn bundle(tag: &str, text: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolating marks are invisible in terminals at best, boxes at worst; both languages run left to right.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(amounts::grouped(&number.as_string())),
        _ => None,
    }));
    // What parses is used even if a line is broken; a test holds that none is.
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Message id to the arguments its text names.
    fn messages(text: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::<String, Vec<String>>::new();
        let mut current = String::new();
        for line in text.lines() {
            if let Some((id, _)) = line.split_once(" =")
                && line.starts_with(|first: char| first.is_ascii_lowercase())
            {
                current = id.to_owned();
                assert!(found.insert(current.clone(), Vec::new()).is_none(), "{current} stands twice");
            }
            for piece in line.split("{ $").skip(1) {
                let name: String =
                    piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                let names = found.entry(current.clone()).or_default();
                if !names.contains(&name) {
                    names.push(name);
                    names.sort();
                }
            }
        }
        found
    }

    #[test]
    fn the_catalogues_parse_and_agree_on_messages_and_arguments() {
        for text in [ENGLISH, JAPANESE] {
            assert!(FluentResource::try_new(text.to_owned()).is_ok());
        }
        let (english, japanese) = (messages(ENGLISH), messages(JAPANESE));
        assert!(english.len() > 150);
        for (id, arguments) in &english {
            assert_eq!(japanese.get(id), Some(arguments), "{id}");
        }
        assert_eq!(english.len(), japanese.len());
    }

    #[test]
    fn a_message_is_said_with_grouped_numbers_and_without_isolating_marks() {
        let args: &[(&str, FluentValue<'_>)] = &[("requests", 24_310.into())];
        let english = Words::new(Language::En).say("lead-clean", args);
        assert!(english.starts_with("All 24,310 requests"), "{english}");
        let japanese = Words::new(Language::Ja).say("lead-clean", args);
        assert!(japanese.contains("24,310 件のリクエスト"), "{japanese}");
        assert!(!english.contains('\u{2068}') && !japanese.contains('\u{2068}'));
    }

    #[test]
    fn numbers_choose_their_plural_and_their_zero() {
        let words = Words::new(Language::En);
        assert_eq!(words.say("report-guard-breaches", &[("count", 1.into())]), "One rule was broken.");
        assert_eq!(words.say("report-guard-breaches", &[("count", 2.into())]), "2 rules were broken.");
        assert_eq!(words.say("report-key-requests-note", &[("failed", 0.into())]), "none failed");
    }

    #[test]
    fn an_unknown_message_is_its_own_id() {
        assert_eq!(Words::new(Language::Ja).word("no-such-message"), "no-such-message");
    }

    #[test]
    fn locales_choose_the_language() {
        for tag in ["ja", "ja-JP", "ja_JP.UTF-8", "JA"] {
            assert_eq!(Language::of_tag(tag), Language::Ja, "{tag}");
        }
        for tag in ["C", "en-GB", "jam", ""] {
            assert_eq!(Language::of_tag(tag), Language::En, "{tag}");
        }
    }
}
