//! Who this process is.

/// The id of this process.
pub(crate) fn id() -> u32 {
    std::process::id()
}
