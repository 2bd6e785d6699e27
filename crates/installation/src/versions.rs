//! Which Mastodon an image says it is.

use tree::Node;

use crate::reading::text;
use crate::{Flavour, Minor, Version};

/// The newest release that the catalogue of settings knows.
const NEWEST: Minor = (4, 6);

impl Version {
    /// Reads an image's name: `[registry/]owner/name[:tag][@digest]`.
    #[must_use]
    pub fn read(image: &Node) -> Option<Self> {
        let name = text(image)?.into_owned();
        let (path, tag) = parts(&name);
        let release = tag.and_then(release);
        Some(Self { flavour: flavour(path), release, origin: image.origin, image: name })
    }

    /// Major and minor, where the tag says both. Builds of the development branch (`nightly`, `edge`) need what the
    /// newest release needs, and are taken for it.
    #[must_use]
    pub fn minor(&self) -> Option<Minor> {
        let is_development = parts(&self.image)
            .1
            .is_some_and(|tag| tag == "edge" || tag.split(['.', '-']).next() == Some("nightly"));
        match self.release {
            Some((major, minor, _)) => Some((major, minor?)),
            None => is_development.then_some(NEWEST),
        }
    }

    /// Whether another build may stand under the same name tomorrow: no digest, and a tag that moves (`latest`,
    /// `edge`, `nightly`, `main`, none at all) or that names no patch release (`v4.5`).
    #[must_use]
    pub fn is_floating(&self) -> bool {
        if self.image.contains('@') {
            return false;
        }
        match parts(&self.image).1 {
            None => true,
            Some("latest" | "nightly" | "edge" | "stable" | "main" | "master" | "develop" | "glitch") => true,
            Some(_) => self.flavour != Flavour::Own && matches!(self.release, Some((_, _, None))),
        }
    }
}

/// Path without tag and digest, and the tag.
fn parts(image: &str) -> (&str, Option<&str>) {
    let path = image.split_once('@').map_or(image, |(path, _)| path);
    match path.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (path, None),
    }
}

fn flavour(path: &str) -> Flavour {
    let path = path.to_ascii_lowercase();
    let mut parts = path.rsplit('/');
    let (name, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if path.contains("glitch") {
        Flavour::GlitchSoc
    } else if path.contains("hometown") {
        Flavour::Hometown
    } else if matches!(owner, "linuxserver" | "lscr.io") && name == "mastodon" {
        Flavour::LinuxServer
    } else if matches!(owner, "mastodon" | "tootsuite") && matches!(name, "mastodon" | "mastodon-streaming") {
        Flavour::Mastodon
    } else {
        Flavour::Own
    }
}

/// `v4.5.2`, `4.5`, `v4.3.0-rc.1`, `4.3.8-ls120`, `version-v4.3.8`.
fn release(tag: &str) -> Option<(u32, Option<u32>, Option<u32>)> {
    let tag = ["version-", "glitch-", "mastodon-"]
        .iter()
        .find_map(|prefix| tag.strip_prefix(prefix))
        .unwrap_or(tag);
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    if !tag[end..].is_empty() && !tag[end..].starts_with(['-', '+', '_']) {
        return None;
    }
    let mut numbers = tag[..end].split('.').map(|part| part.parse::<u32>().ok());
    let major = numbers.next()?.filter(|major| *major < 100)?;
    Some((major, numbers.next().flatten(), numbers.next().flatten()))
}

/// Whether an image is one that runs Mastodon's own programs, by its name: an official one, a fork's, or one that
/// has `mastodon` in its name without being a helper's.
pub(crate) fn is_mastodon(image: &str) -> bool {
    let path = parts(image).0;
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_helper = ["exporter", "backup", "proxy", "nginx", "search", "postgres", "redis"]
        .iter()
        .any(|helper| name.contains(helper));
    flavour(path) != Flavour::Own || (!is_helper && name.contains("mastodon"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_say_whose_and_which_mastodon_they_are() {
        let table = [
            ("ghcr.io/mastodon/mastodon:v4.5.2", Flavour::Mastodon, Some((4, Some(5), Some(2))), false),
            ("ghcr.io/mastodon/mastodon-streaming:v4.4", Flavour::Mastodon, Some((4, Some(4), None)), true),
            ("tootsuite/mastodon", Flavour::Mastodon, None, true),
            (
                "mirror.example:5000/tootsuite/mastodon:v2.9.3",
                Flavour::Mastodon,
                Some((2, Some(9), Some(3))),
                false,
            ),
            ("ghcr.io/glitch-soc/mastodon:main", Flavour::GlitchSoc, None, true),
            ("ghcr.io/mastodon/mastodon:nightly.2025-05-01", Flavour::Mastodon, None, false),
            ("ghcr.io/mastodon/mastodon:edge@sha256:00", Flavour::Mastodon, None, false),
            (
                "lscr.io/linuxserver/mastodon:4.3.8-ls120",
                Flavour::LinuxServer,
                Some((4, Some(3), Some(8))),
                false,
            ),
            ("example/mastodon:4f0e33b", Flavour::Own, None, false),
            ("example/mastodon:v4.3.0-rc.1", Flavour::Own, Some((4, Some(3), Some(0))), false),
            ("example/site:2025-01-01", Flavour::Own, None, false),
        ];
        for (image, flavour, release, floating) in table {
            let version = Version::read(&Node::from(image)).expect("a name");
            assert_eq!((version.flavour.clone(), version.release), (flavour, release), "{image}");
            assert_eq!(version.is_floating(), floating, "{image}");
        }
    }
}
