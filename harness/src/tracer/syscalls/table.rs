//! Which system calls matter, and the argument that distinguishes two of them.
//!
//! Effect points are the calls at which the world outside the process changes,
//! or at which the process waits. A call that fails changes nothing; one that
//! only reads a file cannot be distinguished from the next.

use crate::facts::{CallArgument, Signal};
use crate::sys::ids::Tid;
use crate::sys::{proc, ptrace};
use crate::target::{FAILPOINTS_FD, TargetPaths};
use std::borrow::Cow;
use syscalls::Sysno;

/// What is known of a call by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyscallClass {
    arg: Arg,
    when: When,
    /// It can block.
    pub(crate) blocks: bool,
    /// The world outside changes: files, processes, other ends of pipes.
    pub(crate) changes: bool,
}

/// The argument that goes into a point's name, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arg {
    None,
    Path(usize),
    At(usize, usize),
    TwoPaths(usize, usize),
    TwoAt(usize, usize, usize, usize),
    Descriptor(usize),
    Signal(usize),
}

/// When a call of this name is an effect at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// An open that creates or truncates: position of the flags.
    Creating(usize),
    /// The argument at this position is given.
    Given(usize),
    /// `fcntl` that takes or waits for a lock.
    Locking,
    /// `ioctl` that changes a terminal.
    Terminal,
    /// A descriptor that has to be waited for: a pipe, a socket, a terminal.
    Waiting(usize),
    /// A futex wait, in a process with one thread.
    Futex,
}

/// The class of a call, or `None` when it is never an effect.
pub(crate) fn class_of(name: &str) -> Option<SyscallClass> {
    let class = |arg, when, blocks, changes| {
        Some(SyscallClass {
            arg,
            when,
            blocks,
            changes,
        })
    };
    let change = |arg| class(arg, When::Always, false, true);
    let wait = |arg| class(arg, When::Always, true, false);
    match name {
        "open" => class(Arg::Path(0), When::Creating(1), false, true),
        "openat" => class(Arg::At(0, 1), When::Creating(2), false, true),
        "openat2" | "mkdirat" | "mknodat" | "unlinkat" | "fchmodat" | "fchmodat2" | "fchownat"
        | "utimensat" => change(Arg::At(0, 1)),
        "creat" | "mkdir" | "rmdir" | "unlink" | "chmod" | "chown" | "lchown" | "truncate"
        | "mknod" | "utime" | "utimes" | "setxattr" | "lsetxattr" | "removexattr" => {
            change(Arg::Path(0))
        }
        "rename" | "link" | "symlink" => change(Arg::TwoPaths(0, 1)),
        "renameat" | "renameat2" | "linkat" => change(Arg::TwoAt(0, 1, 2, 3)),
        "symlinkat" => change(Arg::At(1, 2)),
        "write" | "pwrite64" | "writev" | "pwritev" | "pwritev2" | "sendfile" | "ftruncate"
        | "fallocate" | "fchmod" | "fchown" | "fsetxattr" | "fsync" | "fdatasync"
        | "sync_file_range" => change(Arg::Descriptor(0)),
        "copy_file_range" | "splice" | "tee" => change(Arg::Descriptor(2)),
        "vmsplice" => change(Arg::Descriptor(0)),
        "msync" | "sync" => change(Arg::None),
        "flock" => class(Arg::Descriptor(0), When::Always, true, true),
        "fcntl" => class(Arg::Descriptor(0), When::Locking, true, true),
        "ioctl" => class(Arg::Descriptor(0), When::Terminal, false, true),
        "fork" | "vfork" | "clone" | "clone3" => change(Arg::None),
        // A new program in the same process; nothing outside has changed by it.
        "execve" => class(Arg::Path(0), When::Always, false, false),
        "execveat" => class(Arg::At(0, 1), When::Always, false, false),
        "kill" | "tkill" | "rt_sigqueueinfo" => change(Arg::Signal(1)),
        "tgkill" => change(Arg::Signal(2)),
        "exit_group" => change(Arg::None),
        "setsid" | "setpgid" => change(Arg::None),
        "rt_sigaction" => class(Arg::Signal(0), When::Given(1), false, false),
        "rt_sigprocmask" => class(Arg::None, When::Given(1), false, false),
        "wait4" | "waitid" | "pause" | "rt_sigsuspend" | "rt_sigtimedwait" | "nanosleep"
        | "clock_nanosleep" | "poll" | "ppoll" | "select" | "pselect6" | "epoll_wait"
        | "epoll_pwait" | "epoll_pwait2" => wait(Arg::None),
        "futex" => class(Arg::None, When::Futex, true, false),
        "accept" | "accept4" | "connect" | "recvfrom" | "recvmsg" => wait(Arg::Descriptor(0)),
        "sendto" | "sendmsg" => class(Arg::Descriptor(0), When::Always, true, true),
        "read" | "readv" => class(Arg::Descriptor(0), When::Waiting(0), true, false),
        _ => None,
    }
}

/// The position of the descriptor that a call of this name writes output to, if it does.
pub(crate) fn output(name: &str) -> Option<usize> {
    match name {
        "write" | "writev" | "pwritev2" | "sendfile" | "vmsplice" => Some(0),
        "splice" | "tee" => Some(2),
        _ => None,
    }
}

/// The numbers of all calls that are looked at in a recording of effects.
pub(crate) fn numbers_with_effect() -> Vec<u32> {
    numbers(|name| class_of(name).is_some() || name == ASKS)
}

const ASKS: &str = "sched_getaffinity";

/// Whether a program finds out by this call how many processors there are.
pub(crate) fn asks_for_processors(name: &str, call: &Call) -> bool {
    const PLACES: [&str; 4] = [
        "/proc/cpuinfo",
        "/proc/stat",
        "/sys/devices/system/cpu",
        "/sys/fs/cgroup",
    ];
    let position = match name {
        ASKS => return true,
        "open" => 0,
        "openat" | "openat2" => 1,
        _ => return false,
    };
    let path = ptrace::read_string(call.tid, call.args[position]).unwrap_or_default();
    PLACES
        .iter()
        .any(|place| path.starts_with(place.as_bytes()))
}

/// The numbers of the calls whose name is accepted.
pub(crate) fn numbers(accept: impl Fn(&str) -> bool) -> Vec<u32> {
    Sysno::iter()
        .filter(|call| accept(call.name()))
        .map(|call| call.id() as u32)
        .collect()
}

/// The name of a call by its number.
pub(crate) fn name(number: u32) -> Cow<'static, str> {
    match Sysno::new(number as usize) {
        Some(call) => Cow::Borrowed(call.name()),
        None => Cow::Owned(format!("call_{number}")),
    }
}

/// One call that a tracee is about to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) tid: Tid,
    pub(crate) number: u32,
    pub(crate) args: [u64; 6],
    pub(crate) threads: usize,
}

impl Call {
    /// Whether it writes to what may be the target's output: a pipe or a terminal.
    pub(crate) fn is_output(&self) -> bool {
        output(&name(self.number))
            .and_then(|position| proc::descriptor(self.tid, self.args[position] as i64))
            .is_some_and(|what| what.starts_with("pipe:") || what.starts_with("/dev/pts/"))
    }
}

impl SyscallClass {
    /// Whether this call, with these arguments, is an effect.
    pub(crate) fn is_effect(&self, call: &Call) -> bool {
        match self.when {
            When::Always => true,
            When::Creating(flags) => call.args[flags] as i32 & (libc::O_CREAT | libc::O_TRUNC) != 0,
            When::Given(position) => call.args[position] != 0,
            When::Locking => matches!(
                call.args[1] as i32,
                libc::F_SETLK | libc::F_SETLKW | libc::F_OFD_SETLK | libc::F_OFD_SETLKW
            ),
            When::Terminal => matches!(
                call.args[1],
                libc::TCSETS | libc::TCSETSW | libc::TCSETSF | libc::TIOCSPGRP
            ),
            When::Waiting(position) => proc::descriptor(call.tid, call.args[position] as i64)
                .is_some_and(|what| waits(&what)),
            // FUTEX_WAIT and FUTEX_WAIT_BITSET. Threads contend for futexes in another
            // order each time, which would make every count after it unsteady.
            When::Futex => call.threads == 1 && matches!(call.args[1] & 0x7f, 0 | 9),
        }
    }

    /// Returns the argument that distinguishes this call from others of its name.
    pub(crate) fn argument(&self, call: &Call, paths: &TargetPaths) -> CallArgument {
        let at = |dir: Option<usize>, path: usize| path_argument(call, dir, path, paths);
        match self.arg {
            Arg::None => CallArgument::None,
            Arg::Path(path) => CallArgument::One(at(None, path)),
            Arg::At(dir, path) => CallArgument::One(at(Some(dir), path)),
            Arg::TwoPaths(from, to) => CallArgument::Two {
                from: at(None, from),
                to: at(None, to),
            },
            Arg::TwoAt(from_dir, from, to_dir, to) => CallArgument::Two {
                from: at(Some(from_dir), from),
                to: at(Some(to_dir), to),
            },
            Arg::Descriptor(position) => {
                CallArgument::One(said_at_failpoint(call).unwrap_or_else(|| {
                    descriptor_argument(call.tid, call.args[position] as i32, paths)
                }))
            }
            Arg::Signal(position) => {
                CallArgument::One(Signal::new(call.args[position] as i32).to_string())
            }
        }
    }
}

/// The name in a call of the failpoints' protocol (`docs/failpoints.md`).
fn said_at_failpoint(call: &Call) -> Option<String> {
    const BYTES_MAX: u64 = 65;
    if call.args[0] as i32 != FAILPOINTS_FD || call.args[2] > BYTES_MAX {
        return None;
    }
    let is_socket = proc::descriptor(call.tid, i64::from(FAILPOINTS_FD))?.starts_with("socket:");
    if !is_socket || !matches!(&*name(call.number), "write" | "sendto") {
        return is_socket.then(|| "failpoint".to_owned());
    }
    let said = ptrace::read_bytes(call.tid, call.args[1], call.args[2] as usize)?;
    let said = std::str::from_utf8(&said).ok()?.trim();
    crate::facts::is_failpoint(said).then(|| format!("failpoint:{said}"))
}

fn waits(what: &str) -> bool {
    what.starts_with("pipe:")
        || what.starts_with("socket:")
        || what.starts_with("/dev/pts/")
        || what.starts_with("/dev/tty")
        || what.starts_with("anon_inode:[eventfd]")
        || what.starts_with("anon_inode:[signalfd]")
}

fn descriptor_argument(tid: Tid, number: i32, paths: &TargetPaths) -> String {
    let stream = match number {
        0 => Some("stdin"),
        1 => Some("stdout"),
        2 => Some("stderr"),
        _ => None,
    };
    let Some(what) = proc::descriptor(tid, i64::from(number)) else {
        return format!("fd {number}");
    };
    if let Some(path) = what.strip_prefix('/') {
        if path.starts_with("dev/pts/") {
            return stream.unwrap_or("terminal").to_owned();
        }
        return paths.shorten(what.trim_end_matches(" (deleted)"));
    }
    // The numbers of pipes and sockets differ from run to run.
    let kind = what.split(":[").next().unwrap_or(&what);
    let kind = kind.strip_prefix("anon_inode:").unwrap_or(kind);
    stream.unwrap_or(kind.trim_matches(['[', ']'])).to_owned()
}

fn path_argument(call: &Call, dir: Option<usize>, path: usize, paths: &TargetPaths) -> String {
    let Some(path) = ptrace::read_string(call.tid, call.args[path]) else {
        return dir.map_or_else(
            || "?".to_owned(),
            // Without a path these calls mean the descriptor itself.
            |position| descriptor_argument(call.tid, call.args[position] as i32, paths),
        );
    };
    let path = String::from_utf8_lossy(&path).into_owned();
    if path.starts_with('/') {
        return paths.shorten(&path);
    }
    let base = match dir.map(|position| call.args[position] as i32) {
        Some(number) if number != libc::AT_FDCWD => proc::descriptor(call.tid, i64::from(number)),
        _ => proc::directory(call.tid),
    };
    match base {
        Some(base) => paths.shorten(&format!("{base}/{path}")),
        None => path,
    }
}

/// Whether a `futex` can wait: FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2.
pub(crate) fn futex_waits(call: &Call) -> bool {
    matches!(call.args[1] & 0x7f, 0 | 6 | 9 | 11 | 13)
}

/// The signal for which a `rt_sigaction` installs a handler, if it does.
pub(crate) fn handler_installed(call: &Call) -> Option<Signal> {
    let action = call.args[1];
    if action == 0 {
        return None;
    }
    // The first field of the kernel's sigaction is the handler: 0 is default, 1 is ignore.
    let handler = ptrace::read_u64(call.tid, action)?;
    (handler > 1).then_some(Signal::new(call.args[0] as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::ids::Pid;

    fn call(name: &str, args: [u64; 6]) -> (SyscallClass, Call) {
        let number = numbers(|other| other == name)[0];
        (
            class_of(name).expect(name),
            Call {
                tid: Pid::current().main_thread(),
                number,
                args,
                threads: 1,
            },
        )
    }

    #[test]
    fn an_open_is_an_effect_when_it_creates_or_truncates() {
        let open = |flags: i32| {
            let (class, call) = call("openat", [0, 0, flags as u64, 0, 0, 0]);
            class.is_effect(&call)
        };
        assert!(!open(libc::O_RDONLY));
        assert!(!open(libc::O_RDWR));
        assert!(open(libc::O_WRONLY | libc::O_CREAT));
        assert!(open(libc::O_WRONLY | libc::O_TRUNC));
    }

    #[test]
    fn a_futex_counts_only_in_a_process_with_one_thread() {
        let (class, mut call) = call("futex", [0, 128, 0, 0, 0, 0]);
        assert!(class.is_effect(&call));
        call.threads = 2;
        assert!(!class.is_effect(&call));
        call.threads = 1;
        call.args[1] = 129; // wake
        assert!(!class.is_effect(&call));
    }

    #[test]
    fn an_argument_with_two_paths_is_read_as_two() {
        for call in Sysno::iter() {
            let two = class_of(call.name())
                .is_some_and(|class| matches!(class.arg, Arg::TwoPaths(..) | Arg::TwoAt(..)));
            let parts = CallArgument::parse(call.name(), "a -> b").parts().count();
            assert_eq!(parts, if two { 2 } else { 1 }, "{}", call.name());
        }
    }

    #[test]
    fn reading_a_file_is_no_effect() {
        assert_eq!(class_of("getpid"), None);
        assert_eq!(class_of("mmap"), None);
        let file = std::fs::File::open("/proc/self/stat").expect("open");
        let number = std::os::fd::AsRawFd::as_raw_fd(&file) as u64;
        let (class, call) = call("read", [number, 0, 0, 0, 0, 0]);
        assert!(!class.is_effect(&call));
        let (reader, _writer) = std::io::pipe().expect("pipe");
        let number = std::os::fd::AsRawFd::as_raw_fd(&reader) as u64;
        let call = Call {
            args: [number, 0, 0, 0, 0, 0],
            ..call
        };
        assert!(class.is_effect(&call));
    }
}
