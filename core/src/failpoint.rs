//! Failpoints: places that a test can stop at.
//!
//! `failpoint!("after-commit")` does nothing in a program that is shipped: the
//! macro is empty without the feature `failpoints`, and with it nothing happens
//! unless `SIGPROOF_FAILPOINTS` names a descriptor, as `sigproof` sets it.
//! There the name is written, in one write, and the thread waits for one byte;
//! in between `sigproof run --signal INT@failpoint:after-commit` sends its
//! signal, holds the program back, or kills it. The protocol is the same for
//! every language: see `docs/failpoints.md` of the harness.

/// Reports to a test that the program has reached this place, and waits until
/// it may continue.
///
/// The name has 1 to 64 letters, digits and any of `- _ . : /`. Without the
/// feature `failpoints` the expression is checked and compiled to nothing.
///
/// Threads come to it one at a time. Not for signal handlers: it takes a lock.
///
/// ```
/// # fn commit() {}
/// commit();
/// sigproof_core::failpoint!("after-commit");
/// ```
#[cfg(feature = "failpoints")]
#[macro_export]
macro_rules! failpoint {
    ($name:expr) => {
        $crate::failpoint::reach($name)
    };
}

/// Reports to a test that the program has reached this place, and waits until
/// it may continue: with the feature `failpoints`. Without it, as here, the
/// expression is checked and compiled to nothing.
///
/// ```
/// # fn commit() {}
/// commit();
/// sigproof_core::failpoint!("after-commit");
/// ```
#[cfg(not(feature = "failpoints"))]
#[macro_export]
macro_rules! failpoint {
    ($name:expr) => {
        if false {
            let _: &str = $name;
        }
    };
}

#[cfg(feature = "failpoints")]
#[doc(hidden)]
pub use reached::reach;

#[cfg(feature = "failpoints")]
mod reached {
    use std::env;
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::sync::{Mutex, OnceLock, PoisonError};

    #[cfg(unix)]
    use crate::sys::failpoint;

    /// Other systems have no descriptors to inherit: nothing happens there.
    #[cfg(not(unix))]
    mod failpoint {
        use std::fs::File;

        pub(super) fn inherited(_number: i32) -> Option<File> {
            None
        }

        pub(super) fn leave_open(file: Option<File>) {
            drop(file);
        }
    }

    /// The descriptor, for as long as a test answers.
    static SOCKET: OnceLock<Mutex<Option<File>>> = OnceLock::new();

    /// The function behind [`failpoint!`](crate::failpoint!).
    pub fn reach(name: &str) {
        let socket = SOCKET.get_or_init(|| {
            let number = env::var("SIGPROOF_FAILPOINTS").ok();
            let number = number.and_then(|number| number.parse().ok());
            Mutex::new(number.and_then(failpoint::inherited))
        });
        // One at a time: whoever reads first gets the next byte.
        let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &mut *socket
            && exchange(file, name).is_err()
        {
            // Nobody listens any more: the program goes on as if nobody ever
            // had.
            failpoint::leave_open(socket.take());
        }
    }

    fn exchange(file: &mut File, name: &str) -> io::Result<()> {
        // One write is one packet, and again if a signal came before it was
        // sent.
        file.write_all(name.as_bytes())?;
        let mut answer = [0];
        // Again after a signal: it was meant for just here.
        file.read_exact(&mut answer)
    }
}
