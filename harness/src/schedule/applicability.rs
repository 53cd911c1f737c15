//! Which calls a fault can happen to.
//!
//! A kernel answers each call with some errors and never with others. An error
//! that cannot happen would accuse programs of not expecting the impossible, so
//! a sweep leaves such calls out. A person who names a call gets it anyway.

use super::fault::Fault;

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

/// The position of the argument that says how many bytes a call moves.
pub(crate) fn length_position(call: &str) -> Option<usize> {
    LENGTHS
        .iter()
        .find(|(name, _)| *name == call)
        .map(|(_, position)| *position)
}

impl Fault {
    /// Whether this fault can happen to a call of this name.
    pub fn fits(&self, call: &str) -> bool {
        match self {
            Fault::Errno { errno } => answers(*errno)
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

    #[test]
    fn short_fits_what_has_a_length() {
        let short = Fault::Short { bytes: None };
        assert!(short.fits("write") && !short.fits("rename") && !short.fits("writev"));
        assert_eq!(length_position("copy_file_range"), Some(4));
    }

    #[test]
    fn every_name_is_a_system_call_of_some_machine() {
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
                known.contains(name) || cfg!(not(target_arch = "x86_64")),
                "{name}"
            );
        }
    }
}
