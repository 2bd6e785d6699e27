//! Choices, read from a tape of bytes: where it ends, everything is plain. A shorter tape with lower bytes is a plainer
//! site, which is what a failing case is shrunk to.

pub(crate) struct Tape<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tape<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A number below `count`; 0 is the plain choice.
    pub(crate) fn pick(&mut self, count: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        usize::from(byte) % count
    }

    /// True once in so many times.
    pub(crate) fn rarely(&mut self, once_in: usize) -> bool {
        self.pick(once_in) == once_in - 1
    }

    /// One of these, the first where the tape has ended.
    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.pick(of.len())].clone()
    }

    /// A place among many.
    pub(crate) fn wide(&mut self, count: usize) -> usize {
        (self.pick(256) * 256 + self.pick(256)) % count
    }
}
