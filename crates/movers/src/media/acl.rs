//! ACLs of objects, which `object_store` does not know: asked for with its signature, read here.

use serde::Deserialize;

use super::object::Access;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccessControlPolicy {
    #[serde(default)]
    access_control_list: Grants,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Grants {
    #[serde(default)]
    grant: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Grant {
    grantee: Grantee,
    permission: String,
}

#[derive(Deserialize)]
struct Grantee {
    #[serde(default, rename = "URI")]
    uri: String,
}

/// Everybody, as S3 names them.
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

/// Who may read, by an answer to `GET ?acl`; nothing where it is none.
pub(super) fn read(answer: &[u8]) -> Option<Access> {
    let policy: AccessControlPolicy = quick_xml::de::from_reader(answer).ok()?;
    let everybody = policy.access_control_list.grant.iter().any(|grant| {
        grant.grantee.uri == ALL_USERS && matches!(grant.permission.as_str(), "READ" | "FULL_CONTROL")
    });
    Some(if everybody { Access::Public } else { Access::Private })
}

/// A key in a request's path: all but what RFC 3986 leaves as it is, and slashes.
pub(super) fn encode(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(byte.into())
            }
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_may_read_is_public() {
        let with = |grants: &str| {
            format!(
                "<?xml version=\"1.0\"?><AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <Owner><ID>1</ID></Owner><AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
            )
        };
        let owner = "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                     xsi:type=\"CanonicalUser\"><ID>1</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>";
        let all = format!(
            "<Grant><Grantee xsi:type=\"Group\"><URI>{ALL_USERS}</URI></Grantee><Permission>READ</Permission></Grant>"
        );
        assert_eq!(read(with(owner).as_bytes()), Some(Access::Private));
        assert_eq!(read(with(&(owner.to_owned() + &all)).as_bytes()), Some(Access::Public));
        assert_eq!(read(with("").as_bytes()), Some(Access::Private));
        assert_eq!(read(b"<html>"), None);
    }

    #[test]
    fn a_key_is_encoded_for_a_path() {
        assert_eq!(encode("a b/ね+.png"), "a%20b/%E3%81%AD%2B.png");
    }
}
