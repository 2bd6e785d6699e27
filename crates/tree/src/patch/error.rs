//! What can be wrong with a patch.

use crate::Origin;

/// A patch could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct PatchError {
    /// What is wrong.
    pub kind: PatchErrorKind,
    /// Where in the patch, if it was read from a file.
    pub origin: Option<Origin>,
}

/// What can be wrong with a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchErrorKind {
    /// A `$patch` directive nobody knows.
    #[error("$patch must be delete, replace or merge, not {0:?}")]
    UnknownDirective(String),
    /// A list, mapping or scalar stands where the base has something else.
    #[error("the base has a {base} where the patch has a {patch}")]
    WrongKind {
        /// What the base has.
        base: &'static str,
        /// What the patch has.
        patch: &'static str,
    },
    /// An element of a keyed list says not which one it is.
    #[error("an element of this list needs {0:?}, by which its elements are told apart")]
    NoMergeKey(&'static str),
    /// Operations must be a list.
    #[error("a JSON patch is a list of operations")]
    NotOperations,
    /// An operation lacks a member.
    #[error("the operation needs {0:?}")]
    MissingMember(&'static str),
    /// An operation nobody knows.
    #[error("unknown operation {0:?}")]
    UnknownOperation(String),
    /// Not a JSON pointer.
    #[error("{0:?} is not a JSON pointer (it must begin with /)")]
    BadPointer(String),
    /// The pointer leads nowhere.
    #[error("the document has nothing at {0}")]
    NothingThere(String),
    /// A `test` operation failed.
    #[error("the test of {0} failed")]
    TestFailed(String),
}
