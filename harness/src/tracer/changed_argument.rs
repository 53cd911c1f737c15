//! What is put back when a call that was changed has ended.

/// An argument that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangedArgument {
    /// From 0.
    pub(crate) position: usize,
    /// What it was.
    pub(crate) was: u64,
}
