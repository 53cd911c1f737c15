//! Becoming the supervisor: this executable, started again.
//!
//! A supervisor must have one thread, a small memory image and namespaces of
//! its own. So the calling process (the `sigproof` command, or a test binary
//! that links the library) executes itself with a descriptor named in the
//! environment; a constructor that runs before `main` sees it and serves that
//! descriptor instead of running the program.

use crate::sys::ids::Pid;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Names the descriptor of the control socket in a supervisor's environment.
const VARIABLE: &str = "SIGPROOF_SUPERVISOR_FD";
/// The same for its run lock.
const RUN_LOCK: &str = "SIGPROOF_SUPERVISOR_TURN_FD";

/// Starts a supervisor and answers with the socket to it. It dies when the
/// calling *thread* does, so that call must come from a thread that stays.
pub(crate) fn start_supervisor(run_lock: File) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    let theirs: OwnedFd = theirs.into();
    let (number, lock_number) = (theirs.as_raw_fd(), run_lock.as_raw_fd());
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0("sigproof-supervisor")
        .env_clear()
        .env(VARIABLE, number.to_string())
        .env(RUN_LOCK, lock_number.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some(trace) = std::env::var_os("RUST_BACKTRACE") {
        command.env("RUST_BACKTRACE", trace);
    }
    let parent = std::process::id();
    // SAFETY: the closure makes only async-signal-safe calls.
    unsafe {
        command.pre_exec(move || {
            // A session of its own: Ctrl+C on the terminal is for the command alone.
            if libc::setsid() == -1
                || libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == -1
                || libc::fcntl(number, libc::F_SETFD, 0) == -1
                || libc::fcntl(lock_number, libc::F_SETFD, 0) == -1
            {
                return Err(io::Error::last_os_error());
            }
            // The parent may have died before the prctl.
            if libc::getppid() as u32 != parent {
                libc::_exit(1);
            }
            Ok(())
        });
    }
    let child = command.spawn()?;
    Ok((child, ours))
}

/// Takes a descriptor that is named in the environment.
fn named(variable: &str) -> Option<OwnedFd> {
    let number: OsString = std::env::var_os(variable)?;
    crate::sys::spawn::inherited(number.to_str()?.parse().ok()?)
}

/// Called by the loader before `main`: serves, and ends the process, when this
/// is to be a supervisor; otherwise returns at once.
pub(crate) fn before_main(serve: fn(UnixStream, File) -> i32) {
    if let (Some(socket), Some(run_lock)) = (named(VARIABLE), named(RUN_LOCK)) {
        // Unwinding out of a constructor is not allowed.
        let serve = move || serve(UnixStream::from(socket), File::from(run_lock));
        let code = std::panic::catch_unwind(serve).unwrap_or(101);
        std::process::exit(code);
    }
}

/// Makes this executable serve with the function of this name when it is
/// started as a supervisor.
macro_rules! run_before_main {
    ($serve:path) => {
        extern "C" fn before_main() {
            $crate::sys::reexec::before_main($serve);
        }

        // SAFETY: the loader calls the functions in this section once, before
        // main, with one thread; `before_main` needs nothing that is set up later.
        #[unsafe(link_section = ".init_array")]
        #[used]
        static BEFORE_MAIN: extern "C" fn() = before_main;
    };
}
pub(crate) use run_before_main;

/// Forks. Must be called by a process with a single thread. Returns the
/// child's number, or `None` in the child.
pub(crate) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: with one thread there is no lock that another thread could hold in
    // the child.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(Pid::new(pid))),
    }
}

/// The parent's process id, as this process sees it; 0 from inside a process
/// namespace whose parent is outside.
pub(crate) fn parent() -> i32 {
    nix::unistd::getppid().as_raw()
}
