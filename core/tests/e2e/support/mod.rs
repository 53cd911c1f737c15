//! What the tests have in common: programs that they start, terminals, and
//! waiting for facts.

#[cfg(target_os = "linux")]
pub mod deny;
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
pub mod marked;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod program;
#[cfg(unix)]
pub mod screen;
#[cfg(unix)]
mod snapshot;
#[cfg(target_os = "linux")]
pub mod terminal;
mod wait;
#[cfg(windows)]
mod windows;

use std::env;

#[cfg(unix)]
pub use process::{is_gone, kill, long_program};
#[cfg(unix)]
pub use program::{Program, Setup, say, say_aside};
#[cfg(unix)]
pub use snapshot::snapshot;
pub use wait::{DEADLINE, until};
#[cfg(windows)]
pub use windows::{CONTROL_C_EXIT, Program, again, is_gone, kill, long_program, press_ctrl_c};

/// Says in a child of a test what it is to do.
const ROLE: &str = "SIGPROOF_CORE_TEST_ROLE";

/// The role of this process, `None` in the test runner itself.
pub fn role() -> Option<String> {
    env::var(ROLE).ok()
}

/// A name without its modules selects no test: the child would do nothing, and
/// end well.
fn assert_is_path(name: &str) {
    assert!(name.contains("::"), "{name} is to be given by test_name!");
}

/// The name of a test without that of its crate, as the test runner takes it.
pub const fn without_crate(path: &str) -> &str {
    let bytes = path.as_bytes();
    let mut end = 0;
    while bytes[end] != b':' {
        end += 1;
    }
    path.split_at(end + "::".len()).1
}
