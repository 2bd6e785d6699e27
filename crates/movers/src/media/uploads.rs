//! Uploads in parts that were begun and not ended, which `object_store` cannot list.

use serde::Deserialize;

use super::acl::encode;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListMultipartUploadsResult {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
    #[serde(default)]
    upload: Vec<Upload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
}

/// A key and an upload's id after which a page begins.
pub(super) type After = (String, String);

/// A page of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Keys as the bucket has them, and the ids of their uploads.
    pub(super) begun: Vec<(String, String)>,
    /// Where the next page begins.
    pub(super) next: Option<After>,
}

/// What follows a bucket's root in the request for a page.
pub(super) fn path(prefix: &str, after: Option<&After>) -> String {
    // In a query a slash is encoded as well; the signature says what was sent.
    let value = |text: &str| encode(text).replace('/', "%2F");
    let after = after.map_or_else(String::new, |(key, id)| {
        format!("&key-marker={}&upload-id-marker={}", value(key), value(id))
    });
    format!("?uploads=&prefix={}{after}", value(prefix))
}

/// A page, by an answer to `GET ?uploads`; nothing where it is none.
pub(super) fn read(answer: &[u8]) -> Option<Page> {
    let result: ListMultipartUploadsResult = quick_xml::de::from_reader(answer).ok()?;
    let next = result.is_truncated.then_some((result.next_key_marker, result.next_upload_id_marker));
    let begun = result.upload.into_iter().map(|upload| (upload.key, upload.upload_id)).collect();
    Some(Page { begun, next: next.filter(|(key, _)| !key.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another() {
        let upload = |key: &str| format!("<Upload><Key>{key}</Key><UploadId>id-{key}</UploadId></Upload>");
        let page = |end: &str| {
            format!(
                "<?xml version=\"1.0\"?><ListMultipartUploadsResult><Bucket>b</Bucket>{}{}{end}\
                 </ListMultipartUploadsResult>",
                upload("a"),
                upload("b")
            )
        };
        let begun = vec![("a".to_owned(), "id-a".to_owned()), ("b".to_owned(), "id-b".to_owned())];
        let last = read(page("<IsTruncated>false</IsTruncated>").as_bytes());
        assert_eq!(last, Some(Page { begun: begun.clone(), next: None }));
        let first = page(
            "<IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker>\
             <NextUploadIdMarker>id-b</NextUploadIdMarker>",
        );
        let next = Some(("b".to_owned(), "id-b".to_owned()));
        assert_eq!(read(first.as_bytes()), Some(Page { begun, next: next.clone() }));
        assert_eq!(path("a b/", None), "?uploads=&prefix=a%20b%2F");
        assert_eq!(path("", next.as_ref()), "?uploads=&prefix=&key-marker=b&upload-id-marker=id-b");
        assert_eq!(read(b"<html>"), None);
    }
}
