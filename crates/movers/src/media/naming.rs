//! Names of objects, and what a name tells: which can be kept everywhere, what type its content has, who may read it.

/// Everything of ours lies below this name, on either side; it is never media.
pub(super) const RESERVED: &str = ".mastoferry";

/// Keys of S3 hold so many bytes at most.
const LONGEST_KEY: usize = 1024;

/// File systems' names hold so many bytes at most.
const LONGEST_NAME: usize = 255;

/// Why a name cannot be kept in every kind of place; nothing where it can.
pub(super) fn unusable(key: &str) -> Option<&'static str> {
    if key.len() > LONGEST_KEY {
        return Some("longer than 1024 bytes");
    }
    if key.chars().any(char::is_control) {
        return Some("has control characters in it");
    }
    for name in key.split('/') {
        match name {
            "" => return Some("has an empty part"),
            "." | ".." => return Some("has a part that leads elsewhere"),
            long if long.len() > LONGEST_NAME => return Some("has a part longer than 255 bytes"),
            _ => {}
        }
    }
    None
}

/// Whether a key is one of ours and no media.
pub(super) fn is_reserved(key: &str) -> bool {
    key.strip_prefix(RESERVED).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The type of what lies under a key, by its extension: the types that Mastodon's attachments may have. Paperclip has the
/// type in the database and says it to S3 alone, a folder does not hold it; a web server in front of a folder tells it
/// by the extension as well.
pub(super) fn content_type(key: &str) -> &'static str {
    let name = key.rsplit('/').next().unwrap_or(key);
    let extension = name.rsplit_once('.').map_or("", |(_, it)| it).to_ascii_lowercase();
    match extension.as_str() {
        "jpg" | "jpeg" | "jpe" | "jfif" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "bmp" => "image/bmp",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" | "qt" => "video/quicktime",
        "ogv" => "video/ogg",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        "3gp" => "audio/3gpp",
        "wma" => "audio/x-ms-wma",
        "csv" => "text/csv",
        "txt" => "text/plain",
        "json" => "application/json",
        "gz" | "tgz" => "application/gzip",
        "zip" => "application/zip",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// Whether Mastodon gives nobody but itself the right to read what lies there: archives of an account's own data.
pub(super) fn is_private(key: &str) -> bool {
    key.starts_with("backups/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for fine in ["a", "accounts/avatars/000/000/001/original/ねこ.png", "a b/c+d%20e", "...", "a/.b"] {
            assert_eq!(unusable(fine), None, "{fine}");
        }
        for wrong in ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a\n", "a\0b"] {
            assert!(unusable(wrong).is_some(), "{wrong:?}");
        }
        assert!(unusable(&"x".repeat(256)).is_some());
        assert!(unusable(&vec!["x"; 600].join("/")).is_some());
    }

    #[test]
    fn what_is_ours_is_told_from_media() {
        assert!(is_reserved(".mastoferry/part-1") && is_reserved(".mastoferry"));
        assert!(!is_reserved(".mastoferry2/part-1") && !is_reserved("a/.mastoferry/b"));
    }

    #[test]
    fn types_follow_the_extension_alone() {
        assert_eq!(content_type("a/b.PNG"), "image/png");
        assert_eq!(content_type("backups/dumps/000/1/original/archive-20260101.tar.gz"), "application/gzip");
        assert_eq!(content_type("a.png/b"), "application/octet-stream");
    }
}
