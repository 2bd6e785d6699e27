//! The kinds of patch.

use serde_json::Value;
use tree::Node;
use tree::patch::strategic_merge_as_server;

use super::registry::Kind;
use super::status::ApiError;

/// How a patch's body is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchKind {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' own.
    Strategic,
    /// Server-side apply.
    Apply,
}

impl PatchKind {
    /// The kind of a content type. Custom kinds have no merge of their own.
    pub(crate) fn of(content_type: &str, is_custom: bool) -> Result<Self, ApiError> {
        match content_type {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" if !is_custom => Ok(Self::Strategic),
            "application/apply-patch+yaml" => Ok(Self::Apply),
            _ if is_custom => Err(ApiError::UnsupportedMediaType(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, \
                 application/apply-patch+cbor",
            )),
            _ => Err(ApiError::UnsupportedMediaType(
                "application/json-patch+json, application/merge-patch+json, \
                 application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor",
            )),
        }
    }
}

/// The object after a patch that is not an apply.
pub(crate) fn patched(
    kind: &Kind,
    live: &Value,
    patch: &Value,
    patch_kind: PatchKind,
) -> Result<Value, ApiError> {
    let refused = |why: String| ApiError::Unprocessable(why);
    match patch_kind {
        PatchKind::Merge | PatchKind::Apply => {
            let mut patched = live.clone();
            json_patch::merge(&mut patched, patch);
            Ok(patched)
        }
        PatchKind::Json => {
            let operations: json_patch::Patch =
                serde_json::from_value(patch.clone()).map_err(|why| ApiError::BadRequest(why.to_string()))?;
            let mut patched = live.clone();
            json_patch::patch(&mut patched, &operations).map_err(|why| refused(why.to_string()))?;
            Ok(patched)
        }
        PatchKind::Strategic => {
            let base = Node::from(live.clone());
            let patched = strategic_merge_as_server(base, &Node::from(patch.clone()), &kind.kind)
                .map_err(|why| refused(why.to_string()))?;
            patched
                .map(|node| node.to_json())
                .ok_or_else(|| refused("the patch deletes the object".to_owned()))
        }
    }
}
