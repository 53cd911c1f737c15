//! Whether an interpreter has begun with the program, or is still starting up itself.

use crate::facts::Frame;

/// Whether these frames of a Python thread (the innermost first) show that the program's own code runs.
///
/// At its start CPython imports its encodings and `site`, which can run code of packages that are installed; then, for
/// `-m`, `runpy` looks for the module. None of that is the program. What has begun stays begun, although a thread that
/// waits in the standard library, or the interpreter at its end, does not show it any more: a caller keeps the first
/// `true` for a process, and a child by `fork` has its parent's.
pub(crate) fn runs_program(frames: &[Frame]) -> bool {
    // A module of the standard library can be the program, too (`python -m unittest`).
    runs_module(frames) || !is_site(frames) && frames.iter().any(|frame| !frame.runtime)
}

/// Whether this is the import of `site`, or of what it imports in turn: it is the interpreter's own, from C.
fn is_site(frames: &[Frame]) -> bool {
    let Some(outermost) = frames.last() else {
        return false;
    };
    outermost.module.starts_with("<frozen importlib")
        && frames.iter().any(|frame| is_of(frame, "site"))
}

/// Whether a frame is of this module of the standard library, frozen or not.
fn is_of(frame: &Frame, module: &str) -> bool {
    let frozen = frame
        .module
        .strip_prefix("<frozen ")
        .and_then(|name| name.strip_suffix('>'));
    let name = frozen.or_else(|| frame.module.strip_suffix(".py"));
    frame.runtime && name == Some(module)
}

fn runs_module(frames: &[Frame]) -> bool {
    frames.windows(2).any(|pair| {
        let [called, caller] = pair else { return false };
        called.function.as_deref() == Some("<module>")
            && is_of(caller, "runpy")
            && caller.function.as_deref() == Some("_run_code")
    })
}
