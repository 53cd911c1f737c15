//! Starting a program in a process group of its own, without what is sent to
//! ours meanwhile.
//!
//! Between `fork` and `setpgid` a child is still in our group. A Ctrl+C typed
//! in that moment reaches it as well, and kills it, although this process
//! alone decides what a Ctrl+C means; a Ctrl+Z stops it, and nobody continues
//! it, as the shell continues our group and not the child's. So it is forked
//! with every signal blocked, and what came until it left the group is thrown
//! away: ignoring a signal discards it where it is pending.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use crate::machine::Signal;
use crate::sys::disposition::{self, Disposition};
use crate::sys::mask::{self, Mask};

/// Starts a program that knows nothing of this and does not ignore `request`;
/// `prepare` runs in the child,
/// before it executes the program, and keeps to async-signal-safe calls.
///
/// # Errors
/// Those of starting a program, of `pthread_sigmask(3)`, and of `prepare`.
pub(crate) fn spawn(
    command: &mut Command,
    request: Signal,
    mut prepare: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<Child> {
    let mask = Mask::current()?;
    command.process_group(0);
    let begin = move || {
        discard(&Signal::ALL)?;
        discard(&[Signal::TERMINAL_STOP])?;
        // Inherited as ignored, it could not ask the program to end.
        disposition::replace(request, &Disposition::default_action())?;
        mask.set()?;
        prepare()
    };
    // SAFETY: what is called keeps to async-signal-safe calls. The group was
    // left before.
    unsafe { command.pre_exec(begin) };
    mask::with_all_blocked(|| command.spawn())
}

/// Starts a program of ours, which begins with every signal blocked and calls
/// [`discard`] itself. That is cheaper, as nothing has to run in the child.
///
/// # Errors
/// Those of starting a program and of `pthread_sigmask(3)`.
#[cfg(feature = "process")]
pub(crate) fn spawn_masked(command: &mut Command) -> io::Result<Child> {
    command.process_group(0);
    mask::with_all_blocked(|| command.spawn())
}

/// Throws away what is pending of these signals, and gives each its default
/// unless it is ignored. Async-signal-safe.
///
/// # Errors
/// Those of `sigaction(2)`.
pub(crate) fn discard(signals: &[Signal]) -> io::Result<()> {
    for &signal in signals {
        if !disposition::current(signal)?.is_ignored() {
            disposition::replace(signal, &Disposition::ignored())?;
            disposition::replace(signal, &Disposition::default_action())?;
        }
    }
    Ok(())
}
