//! Signal dispositions of this process.

/// Sets every signal to its default disposition and empties the mask, so that
/// a target starts clean whatever this process inherited.
pub(crate) fn reset_all() {
    use nix::sys::signal::{SigSet, SigmaskHow};
    for number in 1..=64 {
        if number != libc::SIGKILL && number != libc::SIGSTOP {
            default(number);
        }
    }
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .expect("an empty mask is always valid");
}

/// The C library keeps 32 and 33 for itself and refuses to touch them; they are
/// inherited like the others, so the kernel is asked directly.
fn default(number: i32) {
    /// The kernel's `sigaction`: handler, flags, restorer and a mask of 64 bits.
    const DEFAULT: [u64; 4] = [0; 4];
    const MASK_BYTES: usize = 8;
    // SAFETY: the kernel reads 32 bytes from a live constant, and is given no
    // place to write to.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            number,
            DEFAULT.as_ptr(),
            std::ptr::null::<u64>(),
            MASK_BYTES,
        )
    };
    assert_eq!(answer, 0, "signal {number} takes its default disposition");
}
