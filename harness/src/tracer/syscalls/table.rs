//! The total table of system calls: for each the argument that distinguishes two of them, and whether it is an effect.
//!
//! Effect points are the calls at which the world outside the process changes, or at which the process waits. A call
//! that fails changes nothing; one that only reads a file cannot be distinguished from the next. A test fails when the
//! platform has a call without a row: what is not in the table would go unseen in silence.

use super::call::{ASKS, numbers};
use super::syscall_class::{Arg, SyscallClass, When};

/// What is known of the calls of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// With some arguments at least, they are an effect or wait.
    Point(SyscallClass),
    /// Nothing outside the process changes, and they do not wait for anybody.
    Neither,
    /// What comes of them happens in no call of the process. The reason follows the call's name in a sentence.
    NotFollowed(&'static str),
}

const fn point(arg: Arg, when: When, blocks: bool, changes: bool) -> Row {
    Row::Point(SyscallClass {
        arg,
        when,
        blocks,
        changes,
    })
}

const fn change(arg: Arg) -> Row {
    point(arg, When::Always, false, true)
}

const fn change_when(when: When, arg: Arg) -> Row {
    point(arg, when, false, true)
}

const fn wait(arg: Arg) -> Row {
    point(arg, When::Always, true, false)
}

/// It waits until it can change something.
const fn exchange(arg: Arg) -> Row {
    point(arg, When::Always, true, true)
}

const IO_URING: &str =
    "hands operations to the kernel in shared memory, each without a call of its own";

/// The row of a call; `None` for one that this table does not know.
pub(crate) fn row(name: &str) -> Option<Row> {
    let neither = || is_without_effect(name).then_some(Row::Neither);
    PARTS.iter().find_map(|part| part(name)).or_else(neither)
}

/// The parts of the table that name effects and waits.
const PARTS: [fn(&str) -> Option<Row>; 4] = [files, descriptors, processes, kernel_objects];

/// Calls with a path.
fn files(name: &str) -> Option<Row> {
    Some(match name {
        "open" => change_when(When::Creating(1), Arg::Path(0)),
        "openat" => change_when(When::Creating(2), Arg::At(0, 1)),
        "open_by_handle_at" => change_when(When::Creating(2), Arg::Descriptor(0)),
        "openat2" | "mkdirat" | "mknodat" | "unlinkat" | "fchmodat" | "fchmodat2" | "fchownat"
        | "utimensat" | "utimensat_time64" | "futimesat" | "setxattrat" | "removexattrat"
        | "file_setattr" => change(Arg::At(0, 1)),
        "creat" | "mkdir" | "rmdir" | "unlink" | "chmod" | "chown" | "lchown" | "truncate"
        | "mknod" | "utime" | "utimes" | "setxattr" | "lsetxattr" | "removexattr"
        | "lremovexattr" | "acct" | "swapon" | "swapoff" | "umount2" => change(Arg::Path(0)),
        "mq_open" => change_when(When::Creating(1), Arg::Queue(0)),
        "mq_unlink" => change(Arg::Queue(0)),
        "mount" | "pivot_root" => change(Arg::Path(1)),
        "move_mount" => change(Arg::At(2, 3)),
        "mount_setattr" => change(Arg::At(0, 1)),
        "rename" | "link" | "symlink" => change(Arg::TwoPaths(0, 1)),
        "renameat" | "renameat2" | "linkat" => change(Arg::TwoAt(0, 1, 2, 3)),
        "symlinkat" => change(Arg::At(1, 2)),
        // A socket with a name in the file system is a file that stays.
        "bind" => change_when(When::SocketFile(1), Arg::SocketFile(1)),
        _ => return None,
    })
}

/// Calls with a descriptor, or memory that is a file's.
fn descriptors(name: &str) -> Option<Row> {
    Some(match name {
        "write" | "pwrite64" | "writev" | "pwritev" | "pwritev2" | "sendfile" | "ftruncate"
        | "fallocate" | "fchmod" | "fchown" | "fsetxattr" | "fremovexattr" | "fsync"
        | "fdatasync" | "sync_file_range" | "syncfs" | "vmsplice" | "shutdown" => {
            change(Arg::Descriptor(0))
        }
        "copy_file_range" | "splice" | "tee" => change(Arg::Descriptor(2)),
        "sync" => change(Arg::None),
        "flock" => exchange(Arg::Descriptor(0)),
        "fcntl" => point(Arg::Descriptor(0), When::Locking, true, true),
        "ioctl" => change_when(When::Ioctl, Arg::Descriptor(0)),
        "accept" | "accept4" | "connect" | "recvfrom" | "recvmsg" | "recvmmsg"
        | "recvmmsg_time64" => wait(Arg::Descriptor(0)),
        "sendto" | "sendmsg" | "sendmmsg" => exchange(Arg::Descriptor(0)),
        "read" | "readv" => point(Arg::Descriptor(0), When::Waiting(0), true, false),
        "mq_timedsend" | "mq_timedsend_time64" | "mq_timedreceive" | "mq_timedreceive_time64" => {
            exchange(Arg::Descriptor(0))
        }
        // The kernel works on what they hand over while the program goes on: what comes of it is judged at the end.
        "io_submit" => change(Arg::ControlBlock(2)),
        "io_getevents" | "io_pgetevents" | "io_pgetevents_time64" => wait(Arg::None),
        "io_uring_enter" => exchange(Arg::None),
        "io_uring_setup" | "io_uring_register" => Row::NotFollowed(IO_URING),
        "msync" | "munmap" => change_when(When::SharedMapping(0), Arg::Mapping(0)),
        "mmap" => {
            Row::NotFollowed("makes a file memory, where the program writes to it without any call")
        }
        _ => return None,
    })
}

/// Processes, signals, time.
fn processes(name: &str) -> Option<Row> {
    Some(match name {
        "fork" | "vfork" | "clone" | "clone3" | "setsid" | "setpgid" | "exit_group" => {
            change(Arg::None)
        }
        // Of a single thread it is the end of the process.
        "exit" => change_when(When::SingleThread, Arg::None),
        // A new program in the same process; nothing outside has changed by it.
        "execve" => point(Arg::Path(0), When::Always, false, false),
        "execveat" => point(Arg::At(0, 1), When::Always, false, false),
        "kill" | "tkill" | "rt_sigqueueinfo" | "pidfd_send_signal" => change(Arg::Signal(1)),
        "tgkill" => change_when(When::Signal(2), Arg::Signal(2)),
        "rt_tgsigqueueinfo" => change(Arg::Signal(2)),
        "process_vm_writev" | "process_madvise" | "process_mrelease" => change(Arg::None),
        "rt_sigaction" => point(Arg::Signal(0), When::Given(1), false, false),
        "rt_sigprocmask" => point(Arg::None, When::Given(1), false, false),
        "wait4"
        | "waitid"
        | "pause"
        | "rt_sigsuspend"
        | "rt_sigtimedwait"
        | "rt_sigtimedwait_time64"
        | "nanosleep"
        | "clock_nanosleep"
        | "clock_nanosleep_time64"
        | "poll"
        | "ppoll"
        | "ppoll_time64"
        | "select"
        | "pselect6"
        | "pselect6_time64"
        | "epoll_wait"
        | "epoll_pwait"
        | "epoll_pwait2"
        | "epoll_wait_old" => wait(Arg::None),
        "futex" | "futex_time64" => point(Arg::None, When::Futex, true, false),
        "futex_wait" | "futex_waitv" => point(Arg::None, When::SingleThread, true, false),
        "ptrace" => Row::NotFollowed("lets it change another process's memory and calls"),
        _ => return None,
    })
}

/// What the kernel keeps besides files and processes, and what is the whole machine's.
fn kernel_objects(name: &str) -> Option<Row> {
    Some(match name {
        "semop" | "semtimedop" | "semtimedop_time64" | "msgsnd" | "msgrcv" => exchange(Arg::None),
        "semget" | "msgget" | "shmget" | "semctl" | "msgctl" | "shmctl" | "add_key"
        | "request_key" | "keyctl" => change(Arg::None),
        "sethostname" | "setdomainname" | "settimeofday" | "clock_settime" | "clock_settime64"
        | "quotactl" | "quotactl_fd" | "reboot" | "vhangup" | "init_module" | "finit_module"
        | "delete_module" | "kexec_load" | "kexec_file_load" | "iopl" | "ioperm" => {
            change(Arg::None)
        }
        "adjtimex" => change_when(When::Modes(0), Arg::None),
        "clock_adjtime" | "clock_adjtime64" => change_when(When::Modes(1), Arg::None),
        "bpf" => Row::NotFollowed("puts a program into the kernel that acts by itself"),
        _ => return None,
    })
}

/// On files: they look, or move within the process.
const FILES: &str = "\
    access cachestat chdir chroot close close_range dup dup2 dup3 faccessat faccessat2 fadvise64 \
    fchdir fgetxattr file_getattr flistxattr fstat fstatat fstatfs getcwd getdents getdents64 \
    getxattr getxattrat lgetxattr listxattr listxattrat llistxattr lookup_dcookie lseek lstat \
    name_to_handle_at newfstatat pread64 preadv preadv2 readahead readlink readlinkat stat \
    statfs statx umask ustat \
";

/// On descriptors: what they make ends with the process.
const DESCRIPTORS: &str = "\
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old eventfd eventfd2 fanotify_init \
    fanotify_mark getpeername getsockname getsockopt inotify_add_watch inotify_init \
    inotify_init1 inotify_rm_watch io_cancel io_destroy io_setup listen memfd_create \
    memfd_secret mq_getsetattr mq_notify perf_event_open pidfd_getfd pidfd_open pipe pipe2 \
    setsockopt signalfd signalfd4 socket socketpair timerfd_create timerfd_gettime \
    timerfd_gettime64 timerfd_settime timerfd_settime64 userfaultfd \
";

/// A view that is mounted somewhere by `move_mount` only.
const MOUNTS: &str = "\
    fsconfig fsmount fsopen fspick listmount open_tree open_tree_attr setns statmount unshare \
";

/// On memory, which is the process's own.
const MEMORY: &str = "\
    brk get_mempolicy madvise map_shadow_stack mbind membarrier migrate_pages mincore mlock \
    mlock2 mlockall move_pages mprotect mremap mseal munlock munlockall pkey_alloc pkey_free \
    pkey_mprotect process_vm_readv remap_file_pages set_mempolicy set_mempolicy_home_node shmat \
    shmdt \
";

/// On the process and its rights.
const PROCESS: &str = "\
    arch_prctl capget capset futex_requeue futex_wake get_robust_list get_thread_area getcpu \
    getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid \
    getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kcmp \
    landlock_add_rule landlock_create_ruleset landlock_restrict_self lsm_get_self_attr \
    lsm_list_modules lsm_set_self_attr modify_ldt personality prctl prlimit64 restart_syscall \
    rseq rt_sigpending rt_sigreturn sched_get_priority_max sched_get_priority_min \
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval \
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam \
    sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address \
    setfsgid setfsuid setgid setgroups setpriority setregid setresgid setresuid setreuid \
    setrlimit setuid sigaltstack uprobe uretprobe \
";

/// Time, and what the machine is like.
const TIME_AND_MACHINE: &str = "\
    alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 getitimer getrandom \
    gettimeofday setitimer sysfs sysinfo syslog time timer_create timer_delete timer_getoverrun \
    timer_gettime timer_gettime64 timer_settime timer_settime64 times uname \
";

/// The kernel has them no more: ENOSYS.
const GONE: &str = "\
    _sysctl afs_syscall create_module get_kernel_syms getpmsg nfsservctl putpmsg query_module \
    security tuxcall uselib vserver \
";

/// Whether nothing outside the process changes by a call, and it waits for nobody.
fn is_without_effect(name: &str) -> bool {
    [
        FILES,
        DESCRIPTORS,
        MOUNTS,
        MEMORY,
        PROCESS,
        TIME_AND_MACHINE,
        GONE,
    ]
    .iter()
    .any(|names| names.split_ascii_whitespace().any(|known| known == name))
}

/// The class of a call, or `None` when it is never an effect.
pub(crate) fn class_of(name: &str) -> Option<SyscallClass> {
    match row(name)? {
        Row::Point(class) => Some(class),
        Row::Neither | Row::NotFollowed(_) => None,
    }
}

/// The numbers of all calls that are looked at in a recording of effects.
pub(crate) fn numbers_with_effect() -> Vec<u32> {
    numbers(|name| class_of(name).is_some() || name == ASKS || is_unfollowed(name))
}

/// Calls without an effect that a C library makes in the middle of its own work, with a lock held or a list half
/// changed: to take memory, to look up times, names and locales, to load a library. Reads are left out: a file is
/// opened before it is read, under the same lock, and they are many.
const LIBRARY: &str = "\
    brk mmap munmap mremap mprotect madvise getrandom open openat openat2 access faccessat \
    faccessat2 stat lstat fstat newfstatat fstatat statx readlink readlinkat getdents getdents64 \
    getcwd socket uname sysinfo prlimit64 sched_getaffinity \
";

/// Whether a C library makes such a call in the middle of its own work.
pub(crate) fn is_of_library(name: &str) -> bool {
    LIBRARY.split_ascii_whitespace().any(|known| known == name)
}

/// The numbers of those calls, and of the one that installs handlers.
pub(crate) fn numbers_of_library() -> Vec<u32> {
    numbers(|name| is_of_library(name) || name == "rt_sigaction")
}

/// The numbers of calls that tell of something that is not followed; some of them are effects, too.
pub(crate) fn numbers_unfollowed() -> Vec<u32> {
    const TELLING: [&str; 7] = [
        "io_uring_enter",
        "clone",
        "clone3",
        "bind",
        "connect",
        "exit_group",
        "munmap",
    ];
    numbers(|name| TELLING.contains(&name) || is_unfollowed(name))
}

/// Why what comes of a call is not followed, as words after its name.
pub(crate) fn reason_not_followed(name: &str) -> Option<&'static str> {
    match row(name)? {
        Row::NotFollowed(reason) => Some(reason),
        Row::Point(_) | Row::Neither => None,
    }
}

/// Whether what comes of a call is not followed. Of `mmap` the filter chooses those that matter: most are of memory.
fn is_unfollowed(name: &str) -> bool {
    matches!(row(name), Some(Row::NotFollowed(_))) && name != "mmap"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::CallArgument;
    use syscalls::Sysno;

    #[test]
    fn every_call_of_the_platform_has_a_row() {
        let without: Vec<&str> = Sysno::iter()
            .map(|call| call.name())
            .filter(|name| row(name).is_none())
            .collect();
        assert!(
            without.is_empty(),
            "no row says what becomes of {without:?}"
        );
        assert!(Sysno::iter().count() > 300);
        assert_eq!(row("no_such_call"), None);
    }

    #[test]
    fn a_call_has_one_row() {
        for call in Sysno::iter() {
            let rows = PARTS.iter().filter_map(|part| part(call.name()));
            let neither = usize::from(is_without_effect(call.name()));
            assert_eq!(rows.count() + neither, 1, "{}", call.name());
        }
    }

    #[test]
    fn what_changes_files_is_an_effect() {
        for name in [
            "bind",
            "sendmmsg",
            "pwritev2",
            "pidfd_send_signal",
            "shutdown",
            "removexattr",
            "lremovexattr",
            "fremovexattr",
            "io_submit",
            "semop",
            "msgsnd",
            "mq_timedsend",
            "mount",
            "io_uring_enter",
            "munmap",
            "ioctl",
            "syncfs",
            "rt_tgsigqueueinfo",
        ] {
            let changes = matches!(row(name), Some(Row::Point(class)) if class.changes);
            assert!(changes, "{name}");
        }
        for name in ["recvmmsg", "io_getevents", "msgrcv", "semtimedop"] {
            let blocks = matches!(row(name), Some(Row::Point(class)) if class.blocks);
            assert!(blocks, "{name}");
        }
        assert!(matches!(row("io_uring_setup"), Some(Row::NotFollowed(_))));
        assert_eq!(row("getpid"), Some(Row::Neither));
    }

    #[test]
    fn an_argument_with_two_paths_is_read_as_two() {
        for call in Sysno::iter() {
            let two = matches!(
                row(call.name()),
                Some(Row::Point(class)) if matches!(class.arg, Arg::TwoPaths(..) | Arg::TwoAt(..))
            );
            let parts = CallArgument::parse(call.name(), "a -> b").parts().count();
            assert_eq!(parts, if two { 2 } else { 1 }, "{}", call.name());
        }
    }
}
