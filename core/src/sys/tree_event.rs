//! What happens to a program with all that it starts.

/// What happens to a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The program was stopped by this signal.
    LeaderStopped(i32),
    /// The program has ended.
    LeaderEnded,
    /// So has everything that it started, as far as it is followed.
    Gone,
    /// Nobody is followed any more.
    #[cfg_attr(
        any(not(target_os = "linux"), sigproof_portable),
        expect(dead_code, reason = "it takes a guardian to lose one")
    )]
    Lost,
}
