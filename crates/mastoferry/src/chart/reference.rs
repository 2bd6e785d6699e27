//! How a chart is named on the command line.

/// A chart's name, taken apart. Whether there is such a thing is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// A folder or an archive.
    Path(&'a str),
    /// An archive's own address.
    Archive(&'a str),
    /// A chart in the repository at an address.
    At {
        /// The repository.
        repository: &'a str,
        /// The chart.
        name: &'a str,
        /// A version, or a constraint on it.
        version: Option<&'a str>,
    },
    /// A chart in a repository that Helm knows by name.
    Named {
        /// The repository's name.
        repository: &'a str,
        /// The chart.
        name: &'a str,
        /// A version, or a constraint on it.
        version: Option<&'a str>,
    },
    /// In an OCI registry.
    Oci(&'a str),
}

impl<'a> Reference<'a> {
    /// Takes a name apart: a path that is there, or begins as one, `oci://…`, `http(s)://…/NAME[@VERSION]`,
    /// `http(s)://….tgz`, or `REPOSITORY/NAME[@VERSION]`.
    pub(super) fn read(text: &'a str, is_there: impl Fn(&str) -> bool) -> Self {
        if is_there(text) || text.starts_with(['.', '/']) {
            return Self::Path(text);
        }
        if text.starts_with("oci://") {
            return Self::Oci(text);
        }
        let is_address = text.starts_with("http://") || text.starts_with("https://");
        let path = text.split(['?', '#']).next().unwrap_or(text);
        if is_address && path.ends_with(".tgz") {
            return Self::Archive(text);
        }
        let Some((repository, last)) = text.rsplit_once('/') else { return Self::Path(text) };
        let (name, version) = match last.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (last, None),
        };
        match text.split_once('/') {
            _ if is_address => Self::At { repository, name, version },
            Some((first, _)) if first == repository => Self::Named { repository, name, version },
            _ => Self::Path(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_are_named_in_five_ways() {
        let read = |text| Reference::read(text, |path| path == "charts/sea");
        assert_eq!(read("charts/sea"), Reference::Path("charts/sea"));
        assert_eq!(read("./gone"), Reference::Path("./gone"));
        assert_eq!(read("gone"), Reference::Path("gone"));
        assert_eq!(read("oci://a.example/sea"), Reference::Oci("oci://a.example/sea"));
        assert_eq!(
            read("https://a.example/sea-1.0.tgz?x"),
            Reference::Archive("https://a.example/sea-1.0.tgz?x")
        );
        let at = |version| Reference::At { repository: "https://a.example/charts", name: "sea", version };
        assert_eq!(read("https://a.example/charts/sea"), at(None));
        assert_eq!(read("https://a.example/charts/sea@^1.2"), at(Some("^1.2")));
        let named = Reference::Named { repository: "harbour", name: "sea", version: Some("1.0.2") };
        assert_eq!(read("harbour/sea@1.0.2"), named);
        assert_eq!(read("a/b/c"), Reference::Path("a/b/c"));
    }
}
