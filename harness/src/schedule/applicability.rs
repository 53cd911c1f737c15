//! Which calls a fault can happen to.
//!
//! A kernel answers each call with some errors and never with others. An error
//! that cannot happen would accuse programs of not expecting the impossible, so
//! a sweep leaves such calls out. A person who names a call gets it anyway.

use super::fault::Fault;
use crate::facts::{DescriptorKind, RawPoint, Surroundings};

const FILE_WRITES: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "sendfile",
    "copy_file_range",
    "splice",
    "fallocate",
    "ftruncate",
    "truncate",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "msync",
];
const SENDS: &[&str] = &["sendto", "sendmsg", "sendmmsg", "vmsplice", "tee"];
const OPENS: &[&str] = &["open", "openat", "openat2", "creat"];
const NAMES: &[&str] = &[
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "rename",
    "renameat",
    "renameat2",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
];
const REMOVALS: &[&str] = &["unlink", "unlinkat", "rmdir"];
const ATTRIBUTES: &[&str] = &[
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utimensat",
    "utime",
    "utimes",
];
const READS: &[&str] = &[
    "read",
    "pread64",
    "readv",
    "preadv",
    "preadv2",
    "getdents64",
];
const RECEIVES: &[&str] = &["recvfrom", "recvmsg", "recvmmsg"];
const BIRTHS: &[&str] = &["fork", "vfork", "clone", "clone3"];
const MEMORY: &[&str] = &["mmap", "mremap"];
const DESCRIPTORS: &[&str] = &[
    "socket",
    "socketpair",
    "pipe",
    "pipe2",
    "accept",
    "accept4",
    "dup",
    "epoll_create",
    "epoll_create1",
    "eventfd",
    "eventfd2",
    "signalfd",
    "signalfd4",
    "timerfd_create",
    "memfd_create",
    "inotify_init",
    "inotify_init1",
    "pidfd_open",
];
/// They wait, and say so when they were interrupted. `pause` and its kind are
/// left out: with them an interruption is the success.
const WAITS: &[&str] = &[
    "wait4",
    "waitid",
    "accept",
    "accept4",
    "connect",
    "flock",
    "fcntl",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "nanosleep",
    "clock_nanosleep",
    "recvfrom",
    "recvmsg",
    "sendto",
    "sendmsg",
    "read",
    "readv",
];

/// Calls with a length in bytes, and the position of that argument.
const LENGTHS: &[(&str, usize)] = &[
    ("read", 2),
    ("pread64", 2),
    ("write", 2),
    ("pwrite64", 2),
    ("recvfrom", 2),
    ("sendto", 2),
    ("sendfile", 3),
    ("copy_file_range", 4),
    ("splice", 4),
    ("getrandom", 1),
];

/// Calls that need space for what they write, and can take a part of it.
pub(crate) const DATA_WRITES: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "sendfile",
    "copy_file_range",
    "splice",
];

/// The position of the argument that says how many bytes a call moves.
pub(crate) fn length_position(call: &str) -> Option<usize> {
    LENGTHS
        .iter()
        .find(|(name, _)| *name == call)
        .map(|(_, position)| *position)
}

/// What a pipe takes and gives as a whole (`PIPE_BUF`).
const PIPE_BYTES: u64 = 4096;

/// What a call with an effect has to be on for an error to be its answer, by the manual pages of the calls
/// (write(2), read(2), fsync(2), send(2), pipe(7), unix(7), eventfd(2)).
///
/// Calls that take paths have no descriptor. A `memfd` is memory, and no disk.
fn answers_on(errno: i32) -> Option<&'static [DescriptorKind]> {
    use DescriptorKind::{Event, File, None as Path, Pipe, Socket, Terminal};
    Some(match errno {
        libc::ENOSPC | libc::EDQUOT | libc::EFBIG | libc::EROFS | libc::EXDEV => &[Path, File],
        libc::EIO => &[Path, File, Terminal],
        libc::EPIPE => &[Pipe, Socket],
        libc::ECONNRESET => &[Socket],
        libc::EINTR => &[Path, File, Pipe, Socket, Terminal, Event],
        _ => return None,
    })
}

/// Calls that end when their process is stopped and goes on, although it handles no signal (signal(7)).
const ENDED_BY_A_STOP: &[&str] = &["epoll_wait", "epoll_pwait", "epoll_pwait2"];

/// Calls that no `SA_RESTART` makes again (signal(7)).
const NEVER_RESTARTED: &[&str] = &[
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "nanosleep",
    "clock_nanosleep",
];

/// Whether a stop of its process ends this call.
pub(crate) fn is_ended_by_a_stop(call: &str) -> bool {
    ENDED_BY_A_STOP.contains(&call)
}

/// Whether a handler interrupts this call even with `SA_RESTART`.
pub(crate) fn is_never_restarted(call: &str) -> bool {
    NEVER_RESTARTED.contains(&call)
}

impl Fault {
    /// Whether this fault can happen to a call of this name on what its descriptor refers to, when it moves so many
    /// bytes.
    pub(crate) fn fits_on(&self, call: &str, on: DescriptorKind, bytes: Option<u64>) -> bool {
        self.fits(call)
            && match self {
                Fault::Errno { errno } | Fault::Full { errno } => {
                    answers_on(*errno).is_none_or(|kinds| kinds.contains(&on))
                }
                // One byte cannot be made fewer. Small amounts go through a pipe as a whole, and a write to one ends
                // early only where nobody waits for it.
                Fault::Short { .. } => match on {
                    // So many random bytes come as a whole (getrandom(2)).
                    DescriptorKind::None if call == "getrandom" => {
                        bytes.is_none_or(|bytes| bytes > 256)
                    }
                    DescriptorKind::None | DescriptorKind::File => {
                        bytes.is_none_or(|bytes| bytes > 1)
                    }
                    DescriptorKind::Pipe => {
                        call.contains("read") && bytes.is_some_and(|bytes| bytes > PIPE_BYTES)
                    }
                    _ => false,
                },
                _ => true,
            }
    }

    /// Whether this fault could have happened to a call that was recorded. `interrupting`: there are handlers without
    /// `SA_RESTART` in that recording.
    pub(crate) fn fits_recorded(&self, raw: &RawPoint, interrupting: bool) -> bool {
        let moved = raw.returned.map(|moved| u64::try_from(moved).unwrap_or(0));
        self.fits_on(&raw.call, raw.on, moved)
            && match self {
                // It is the answer to a signal that is handled; without a handler there is nothing to interrupt it.
                Fault::Errno { errno } if *errno == libc::EINTR => {
                    let again = interrupting || is_never_restarted(&raw.call);
                    let handled = raw.around.handled != 0 && again;
                    waits(raw) && (handled || is_ended_by_a_stop(&raw.call))
                }
                // Before it comes, SIGPIPE does.
                Fault::Errno { errno } if *errno == libc::EPIPE => {
                    let around = &raw.around;
                    SENDS.contains(&raw.call.as_str())
                        || Surroundings::has(
                            around.ignored | around.handled | around.blocked,
                            libc::SIGPIPE,
                        )
                }
                _ => true,
            }
    }

    /// Whether this fault can happen to a call of this name.
    pub fn fits(&self, call: &str) -> bool {
        match self {
            Fault::Errno { errno } | Fault::Full { errno } => answers(*errno)
                .is_none_or(|groups| groups.iter().any(|group| group.contains(&call))),
            Fault::Short { .. } => length_position(call).is_some(),
            _ => true,
        }
    }

    /// Whether it happens to calls that change nothing, too, so that every call
    /// has to be recorded for it.
    pub fn needs_every_call(&self) -> bool {
        matches!(self, Fault::Errno { errno } if matches!(*errno, libc::EMFILE | libc::ENFILE | libc::ENOMEM))
    }
}

/// Whether a call can wait, so that it can be interrupted: by its kind, or as a write to what may take nothing now.
fn waits(raw: &RawPoint) -> bool {
    let on_what_waits = matches!(
        raw.on,
        DescriptorKind::Pipe | DescriptorKind::Socket | DescriptorKind::Terminal
    );
    raw.blocks || (on_what_waits && !matches!(raw.call.as_str(), "fsync" | "fdatasync"))
}

/// The calls that can answer with an error; `None` when that is not known here.
fn answers(errno: i32) -> Option<&'static [&'static [&'static str]]> {
    Some(match errno {
        libc::ENOSPC | libc::EDQUOT => &[FILE_WRITES, OPENS, NAMES],
        libc::EFBIG => &[FILE_WRITES],
        libc::EIO => &[FILE_WRITES, OPENS, NAMES, REMOVALS, READS],
        libc::EROFS => &[OPENS, NAMES, REMOVALS, ATTRIBUTES],
        libc::EINTR => &[WAITS, FILE_WRITES],
        libc::EMFILE | libc::ENFILE => &[OPENS, DESCRIPTORS],
        libc::ENOMEM => &[BIRTHS, MEMORY],
        libc::EAGAIN => &[BIRTHS],
        libc::EPIPE => &[FILE_WRITES, SENDS],
        libc::ECONNRESET => &[READS, RECEIVES, FILE_WRITES, SENDS],
        libc::EXDEV => &[NAMES],
        libc::EACCES | libc::EPERM | libc::ENOENT | libc::EEXIST | libc::EBUSY => {
            &[OPENS, NAMES, REMOVALS, ATTRIBUTES]
        }
        libc::ENOTEMPTY => &[REMOVALS, NAMES],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_fit_calls_that_answer_with_them() {
        let fits = |errno, call| Fault::Errno { errno }.fits(call);
        assert!(fits(libc::ENOSPC, "write") && fits(libc::ENOSPC, "openat"));
        assert!(!fits(libc::ENOSPC, "unlink") && !fits(libc::ENOSPC, "rt_sigaction"));
        assert!(fits(libc::EINTR, "read") && !fits(libc::EINTR, "pause"));
        assert!(fits(libc::EMFILE, "pipe2") && !fits(libc::EMFILE, "write"));
        assert!(fits(libc::ENOSYS, "rt_sigaction"), "unknown here: anything");
    }

    /// Each kind of descriptor with faults that can happen to a call on it, and faults that cannot.
    #[test]
    fn faults_fit_what_a_descriptor_refers_to() {
        use DescriptorKind::*;
        let disk = [libc::ENOSPC, libc::EDQUOT, libc::EFBIG];
        for kind in [Pipe, Socket, Terminal, Memory, Event, Device] {
            for errno in disk {
                assert!(
                    !Fault::Errno { errno }.fits_on("write", kind, Some(64)),
                    "{kind:?}"
                );
            }
            let short = Fault::Short {
                bytes: Option::None,
            };
            assert!(!short.fits_on("write", kind, Some(100_000)), "{kind:?}");
            assert!(!short.fits_on("read", kind, Some(8)), "{kind:?}");
        }
        for errno in disk {
            assert!(Fault::Errno { errno }.fits_on("write", File, Some(64)));
        }
        let fits = |errno, call, on| Fault::Errno { errno }.fits_on(call, on, Option::None);
        assert!(fits(libc::ENOSPC, "mkdir", None));
        assert!(fits(libc::EPIPE, "write", Pipe) && !fits(libc::EPIPE, "write", File));
        assert!(fits(libc::ECONNRESET, "read", Socket) && !fits(libc::ECONNRESET, "read", Pipe));
        let short = Fault::Short {
            bytes: Option::None,
        };
        assert!(short.fits_on("write", File, Some(2)) && !short.fits_on("write", File, Some(1)));
        assert!(short.fits_on("read", Pipe, Some(5_000)));
    }

    #[test]
    fn an_interruption_needs_a_handler() {
        let mut raw = RawPoint {
            call: "read".into(),
            blocks: true,
            on: DescriptorKind::Pipe,
            ..RawPoint::default()
        };
        let interrupted = Fault::Errno { errno: libc::EINTR };
        assert!(!interrupted.fits_recorded(&raw, true));
        raw.around.handled = 1 << (libc::SIGUSR1 - 1);
        assert!(interrupted.fits_recorded(&raw, true));
        assert!(!interrupted.fits_recorded(&raw, false), "it is made again");
        raw.call = "poll".into();
        assert!(interrupted.fits_recorded(&raw, false));
        let closed = Fault::Errno { errno: libc::EPIPE };
        raw.call = "write".into();
        assert!(
            !closed.fits_recorded(&raw, false),
            "SIGPIPE would end it first"
        );
        raw.around.ignored = 1 << (libc::SIGPIPE - 1);
        assert!(closed.fits_recorded(&raw, false));
    }

    #[test]
    fn short_fits_what_has_a_length() {
        let short = Fault::Short { bytes: None };
        assert!(short.fits("write") && !short.fits("rename") && !short.fits("writev"));
        assert_eq!(length_position("copy_file_range"), Some(4));
    }

    #[test]
    fn every_name_is_a_system_call_of_some_machine() {
        /// Newer machines have only their successors: `openat` for `open`.
        const OLD: &str = "\
            chmod chown creat epoll_create epoll_wait eventfd fork inotify_init lchown link \
            mkdir mknod open pipe poll rename rmdir select signalfd symlink unlink utime \
            utimes vfork";
        let known: Vec<&str> = syscalls::Sysno::iter().map(|call| call.name()).collect();
        let groups = [
            FILE_WRITES,
            SENDS,
            OPENS,
            NAMES,
            REMOVALS,
            ATTRIBUTES,
            READS,
            RECEIVES,
            BIRTHS,
            MEMORY,
            DESCRIPTORS,
            WAITS,
        ];
        let names = groups.concat();
        for name in names.iter().chain(LENGTHS.iter().map(|(name, _)| name)) {
            assert!(
                known.contains(name) || OLD.split_ascii_whitespace().any(|old| old == *name),
                "{name}"
            );
        }
    }
}
