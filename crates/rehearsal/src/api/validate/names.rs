//! The forms of names, keys and values, each with what the real server says of a text that is not so.
//!
//! From `k8s.io/apimachinery/pkg/util/validation`.

/// A form that a text must have.
pub(super) struct Form {
    most: usize,
    fits: fn(&str) -> bool,
    why: &'static str,
    pattern: &'static str,
    examples: &'static [&'static str],
}

/// The name of most objects.
pub(super) const SUBDOMAIN: Form = Form {
    most: 253,
    fits: |text| text.split('.').all(is_label),
    why: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
          start and end with an alphanumeric character",
    pattern: r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    examples: &["example.com"],
};

/// The name of containers, volumes, namespaces.
pub(super) const LABEL: Form = Form {
    most: 63,
    fits: is_label,
    why: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
          end with an alphanumeric character",
    pattern: "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    examples: &["my-name", "123-abc"],
};

/// The name of Services.
pub(super) const OLD_LABEL: Form = Form {
    most: 63,
    fits: |text| is_label(text) && !text.starts_with(|first: char| first.is_ascii_digit()),
    why: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
          character, and end with an alphanumeric character",
    pattern: "[a-z]([-a-z0-9]*[a-z0-9])?",
    examples: &["my-name", "abc-123"],
};

/// The value of a label.
pub(super) const VALUE: Form = Form {
    most: 63,
    fits: |text| text.is_empty() || is_word(text),
    why: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
          start and end with an alphanumeric character",
    pattern: "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    examples: &["MyValue", "my_value", "12345"],
};

/// The last part of the name of a label, an annotation, a finalizer.
const NAME_PART: Form = Form {
    most: 63,
    fits: is_word,
    why: "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
          alphanumeric character",
    pattern: "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    examples: &["MyName", "my.name", "123-abc"],
};

/// The key of a ConfigMap or a Secret.
pub(super) const KEY: Form = Form {
    most: 253,
    fits: |text| {
        !text.is_empty()
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
    },
    why: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    pattern: "[-._a-zA-Z0-9]+",
    examples: &["key.name", "KEY_NAME", "key-name"],
};

/// A host with `*.` in front.
pub(super) const WILDCARD: Form = Form {
    most: 253,
    fits: |text| text.strip_prefix("*.").is_some_and(|rest| rest.split('.').all(is_label)),
    why: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist \
          of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    pattern: r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    examples: &["*.example.com"],
};

fn is_label(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_word(text: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let end = |letter: char| letter.is_ascii_alphanumeric();
    text.starts_with(end) && text.ends_with(end) && text.chars().all(inner)
}

impl Form {
    /// What is wrong with a text; nothing when it fits.
    pub(super) fn wrongs(&self, text: &str) -> Vec<String> {
        let mut wrongs = Vec::new();
        if text.len() > self.most {
            wrongs.push(too_long(self.most));
        }
        if !(self.fits)(text) {
            let examples: Vec<String> = self.examples.iter().map(|one| format!("'{one}', ")).collect();
            let (why, examples, pattern) = (self.why, examples.join(" or "), self.pattern);
            wrongs.push(format!("{why} (e.g. {examples}regex used for validation is '{pattern}')"));
        }
        wrongs
    }
}

fn too_long(most: usize) -> String {
    format!("must be no more than {most} bytes")
}

/// What is wrong with the key of a label.
pub(crate) fn label_key(text: &str) -> Vec<String> {
    let wrongs = qualified(text).into_iter();
    wrongs.map(|wrong| wrong.replacen("a qualified name", "a valid label key", 1)).collect()
}

/// What is wrong with the value of a label.
pub(crate) fn label_value(text: &str) -> Vec<String> {
    VALUE.wrongs(text)
}

/// What is wrong with the name of a label or an annotation, `PREFIX/NAME`.
pub(super) fn qualified(text: &str) -> Vec<String> {
    let mut wrongs = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                wrongs.push("prefix part must be non-empty".to_owned());
            } else {
                wrongs
                    .extend(SUBDOMAIN.wrongs(prefix).into_iter().map(|wrong| format!("prefix part {wrong}")));
            }
            *name
        }
        _ => {
            let form = NAME_PART.wrongs("-").concat().replacen("name part", "a qualified name", 1);
            return vec![form.replace(
                "')",
                "') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
            )];
        }
    };
    if name.is_empty() {
        wrongs.push("name part must be non-empty".to_owned());
    } else if name.len() > NAME_PART.most {
        wrongs.push(format!("name part {}", too_long(NAME_PART.most)));
    }
    if !is_word(name) {
        wrongs.extend(NAME_PART.wrongs(name).into_iter().filter(|wrong| !wrong.starts_with("must be")));
    }
    wrongs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrongs_are_told_as_the_real_server_tells_them() {
        assert_eq!(
            SUBDOMAIN.wrongs("UPPER_case"),
            [
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
              start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
              '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ]
        );
        assert_eq!(
            qualified("example.com/"),
            ["name part must be non-empty", NAME_PART.wrongs("").concat().as_str()]
        );
        assert!(qualified("app.kubernetes.io/name").is_empty());
        assert!(VALUE.wrongs("").is_empty() && !VALUE.wrongs("-a").is_empty());
    }
}
