//! Programs that use the terminal.

use std::io;

use crate::sys::foreground::Foreground;
use crate::sys::process::lacks_terminal;
use crate::sys::process_tree::ProcessTree;

/// The program was stopped by this signal. Stops this process with it if it has
/// the terminal.
///
/// # Errors
/// If the program needs the terminal and does not have it.
pub(super) fn stop_with(
    tree: &ProcessTree,
    terminal: Option<&Foreground>,
    signal: i32,
) -> io::Result<()> {
    let needs = lacks_terminal(signal);
    // In this order: it goes on first, and then is said to.
    if !needs && tree.is_stopped_with_us() || !tree.is_stopped() {
        return Ok(());
    }
    let Some(terminal) = terminal else {
        // Somebody else has stopped it, and will let it go on.
        return if needs {
            Err(without_terminal())
        } else {
            Ok(())
        };
    };
    if terminal.stop_with(tree.group(), needs) {
        tree.resume();
        Ok(())
    } else {
        Err(without_terminal())
    }
}

fn without_terminal() -> io::Error {
    io::Error::other(
        "the program wants to use the terminal, and does not have it: see CommandRunner::foreground; it was killed",
    )
}
