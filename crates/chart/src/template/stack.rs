//! How much of the stack is used up.

/// The stack from a place on, and how much of it may be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack {
    base: usize,
    limit: usize,
}

fn address() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(&marker) as usize
}

impl Stack {
    /// The stack from here on.
    pub(crate) fn from_here(limit: usize) -> Self {
        Self { base: address(), limit }
    }

    /// Whether more is used than may be.
    pub(crate) fn is_exhausted(self) -> bool {
        self.base.abs_diff(address()) > self.limit
    }
}
