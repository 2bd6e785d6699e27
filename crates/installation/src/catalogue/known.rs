//! The catalogue itself.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A minor release: `(4, 6)`.
pub type Minor = (u32, u32);

/// Who reads a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingOwner {
    /// Mastodon.
    Mastodon,
    /// glitch-soc, and forks that took it over.
    GlitchSoc,
    /// Ruby, Rails, Node, libraries, or the operating system of the image.
    Platform,
}

/// A setting that Mastodon, a fork or the platform under it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSetting {
    /// Its name.
    pub name: &'static str,
    /// What counts where it is not set; empty where there is no default, in words where it depends.
    pub default: &'static str,
    /// `string`, `bool`, `int`, `float`, `enum`, `list` or `secret`.
    pub kind: &'static str,
    /// Whether web reads it.
    pub by_web: bool,
    /// Whether streaming reads it.
    pub by_streaming: bool,
    /// Whether Sidekiq reads it.
    pub by_sidekiq: bool,
    /// Whether its value must not be shown.
    pub is_secret: bool,
    /// The minor release that first read it; `None` for what was there in 4.2 already.
    pub since: Option<Minor>,
    /// The minor release that no longer reads it.
    pub removed: Option<Minor>,
    /// Whether users, data or other servers are hurt where it is lost or changed.
    pub must_preserve: bool,
    /// Who reads it.
    pub owner: SettingOwner,
}

impl KnownSetting {
    /// Whether this release reads it.
    #[must_use]
    pub fn is_read_by(&self, release: Minor) -> bool {
        self.since.is_none_or(|since| since <= release)
            && self.removed.is_none_or(|removed| release < removed)
    }
}

/// `data/settings.tsv`: drawn from a comparison of the sources of Mastodon 4.2.0, 4.3.23, 4.4.22, 4.5.15 and 4.6.5,
/// the documentation of 2026-07, and `.env.production.sample` of glitch-soc.
static TABLE: &str = include_str!("../../data/settings.tsv");

static KNOWN: LazyLock<HashMap<&'static str, KnownSetting>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(read_line).map(|known| (known.name, known)).collect());

fn read_line(line: &'static str) -> Option<KnownSetting> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    let (name, default, kind, read_by) = (next()?, next()?, next()?, next()?);
    let is_secret = next()? == "yes";
    let (since, removed) = (minor(next()?), minor(next()?));
    let must_preserve = next()? == "yes";
    let owner = match next()? {
        "glitch-soc" => SettingOwner::GlitchSoc,
        "platform" => SettingOwner::Platform,
        _ => SettingOwner::Mastodon,
    };
    let read = |letter| read_by.contains(letter);
    Some(KnownSetting {
        name,
        default,
        kind,
        by_web: read('w'),
        by_streaming: read('n'),
        by_sidekiq: read('s'),
        is_secret,
        since,
        removed,
        must_preserve,
        owner,
    })
}

fn minor(text: &str) -> Option<Minor> {
    let mut parts = text.split('.').map_while(|part| part.parse().ok());
    Some((parts.next()?, parts.next()?))
}

/// The setting of this name, where the catalogue has it. Names are case-sensitive, as an environment is.
#[must_use]
pub fn known_setting(name: &str) -> Option<&'static KnownSetting> {
    KNOWN.get(name)
}

/// Every setting of the catalogue, in no order.
pub fn known_settings() -> impl Iterator<Item = &'static KnownSetting> {
    KNOWN.values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_setting() {
        assert_eq!(TABLE.lines().skip(1).filter_map(read_line).count(), TABLE.lines().count() - 1);
        assert_eq!(KNOWN.len(), TABLE.lines().count() - 1, "no name twice");
    }

    #[test]
    fn settings_come_and_go_with_releases() {
        let read_by = |name: &str, release| known_setting(name).map(|known| known.is_read_by(release));
        assert_eq!(read_by("REDIS_NAMESPACE", (4, 3)), Some(true));
        assert_eq!(read_by("REDIS_NAMESPACE", (4, 4)), Some(false));
        assert_eq!(read_by("BULK_SMTP_SERVER", (4, 3)), Some(false));
        assert_eq!(read_by("PAPERCLIP_SECRET", (4, 2)), Some(false));
        assert_eq!(read_by("POSTGRES_DB", (4, 2)), None);
    }
}
