//! What is known of a call by its name, and whether this one is an effect.

use super::{Call, arguments, mappings};
use crate::facts::{CallArgument, Signal};
use crate::sys::{proc, ptrace};
use crate::target::TargetPaths;

/// What is known of a call by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyscallClass {
    pub(super) arg: Arg,
    pub(super) when: When,
    /// It can block.
    pub(crate) blocks: bool,
    /// The world outside changes: files, processes, other ends of pipes.
    pub(crate) changes: bool,
}

/// The argument that goes into a point's name, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arg {
    None,
    Path(usize),
    At(usize, usize),
    TwoPaths(usize, usize),
    TwoAt(usize, usize, usize, usize),
    Descriptor(usize),
    Signal(usize),
    /// The name of a message queue.
    Queue(usize),
    /// The path of an address of the family AF_UNIX.
    SocketFile(usize),
    /// The file that is mapped where this argument points.
    Mapping(usize),
    /// The descriptor in the first control block of a list.
    ControlBlock(usize),
}

/// When a call of this name is an effect at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// An open that creates or truncates: position of the flags.
    Creating(usize),
    /// The argument at this position is given.
    Given(usize),
    /// `fcntl` that takes or waits for a lock.
    Locking,
    /// `ioctl` that changes a terminal or a file.
    Ioctl,
    /// A descriptor that has to be waited for: a pipe, a socket, a terminal.
    Waiting(usize),
    /// A futex wait, in a process with one thread.
    Futex,
    /// The process has one thread.
    SingleThread,
    /// An address of the family AF_UNIX with a path.
    SocketFile(usize),
    /// Memory from here on, as long as the argument after it says, is a file's, and the program may have written to it.
    SharedMapping(usize),
    /// The first field of what this argument points to is not 0: something is changed, not only read.
    Modes(usize),
    /// A signal but SIGURG, which is ignored unless it is handled. Go's runtime preempts its own threads by it, as
    /// often as the load of the machine has it.
    Signal(usize),
}

/// Requests of `ioctl` by which somebody else sees something else: of a terminal its modes, its foreground, its size
/// and what is typed on it; of a file its content (`FICLONE`, `FICLONERANGE`) and its attributes.
const CHANGING_IOCTLS: [u64; 15] = [
    libc::TCSETS,
    libc::TCSETSW,
    libc::TCSETSF,
    0x402c_542b, // TCSETS2
    0x402c_542c, // TCSETSW2
    0x402c_542d, // TCSETSF2
    libc::TIOCSPGRP,
    libc::TIOCSWINSZ,
    libc::TIOCSTI,
    libc::TIOCSCTTY,
    libc::TIOCNOTTY,
    0x4004_9409, // FICLONE
    0x4020_940d, // FICLONERANGE
    0x4008_6602, // FS_IOC_SETFLAGS
    0x401c_5820, // FS_IOC_FSSETXATTR
];

impl SyscallClass {
    /// The position of the descriptor that it is about, if it is about one.
    pub(crate) fn descriptor(&self) -> Option<usize> {
        match self.arg {
            Arg::Descriptor(position) => Some(position),
            _ => None,
        }
    }

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
            When::Ioctl => CHANGING_IOCTLS.contains(&(call.args[1] & 0xffff_ffff)),
            When::Waiting(position) => proc::descriptor(call.tid, call.args[position] as i64)
                .is_some_and(|what| waits(&what)),
            // FUTEX_WAIT and FUTEX_WAIT_BITSET. Threads contend for futexes in another
            // order each time, which would make every count after it unsteady.
            When::Futex => call.threads == 1 && matches!(call.args[1] & 0x7f, 0 | 9),
            When::SingleThread => call.threads == 1,
            When::SocketFile(position) => arguments::socket_file(call, position).is_some(),
            When::SharedMapping(position) => mappings::written_at(call, position).is_some(),
            When::Modes(position) => ptrace::read_u64(call.tid, call.args[position])
                .is_some_and(|modes| modes as u32 != 0),
            When::Signal(position) => call.args[position] as i32 != libc::SIGURG,
        }
    }

    /// Returns the argument that distinguishes this call from others of its name.
    pub(crate) fn argument(&self, call: &Call, paths: &TargetPaths) -> CallArgument {
        let at = |dir: Option<usize>, path: usize| arguments::path(call, dir, path, paths);
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
                CallArgument::One(arguments::failpoint(call).unwrap_or_else(|| {
                    arguments::descriptor(call.tid, call.args[position] as i32, paths)
                }))
            }
            Arg::Signal(position) => {
                CallArgument::One(Signal::new(call.args[position] as i32).to_string())
            }
            Arg::Queue(position) => CallArgument::One(arguments::queue(call, position)),
            Arg::SocketFile(position) => arguments::socket_file(call, position)
                .map_or(CallArgument::None, |path| {
                    CallArgument::One(arguments::absolute(call, None, path, paths))
                }),
            Arg::Mapping(position) => mappings::written_at(call, position)
                .map_or(CallArgument::None, |path| {
                    CallArgument::One(paths.shorten(&path))
                }),
            Arg::ControlBlock(position) => arguments::control_block(call, position)
                .map_or(CallArgument::None, |number| {
                    CallArgument::One(arguments::descriptor(call.tid, number, paths))
                }),
        }
    }
}

/// What `/proc` calls the things that may have nothing to read for now.
const WAITED_FOR: [&str; 9] = [
    "pipe:",
    "socket:",
    "/dev/pts/",
    "/dev/tty",
    "anon_inode:[eventfd]",
    "anon_inode:[signalfd]",
    "anon_inode:[timerfd]",
    "anon_inode:[fanotify]",
    "anon_inode:inotify",
];

fn waits(what: &str) -> bool {
    WAITED_FOR.iter().any(|start| what.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::ids::Pid;
    use crate::tracer::syscalls::{class_of, numbers};

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
    fn the_preemption_of_a_runtime_is_no_effect() {
        let sends = |signal: i32| {
            let (class, call) = call("tgkill", [1, 1, signal as u64, 0, 0, 0]);
            class.is_effect(&call)
        };
        assert!(sends(libc::SIGINT) && sends(libc::SIGUSR1));
        assert!(!sends(libc::SIGURG));
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

    fn paths() -> TargetPaths {
        TargetPaths {
            tree: "/w/tree".into(),
            home: "/w/run/home".into(),
            tmp: "/w/run/tmp".into(),
        }
    }

    /// The address in the memory of this process, where the tracer reads it.
    fn bound(family: i32, path: &[u8]) -> Option<String> {
        let mut address = (family as u16).to_ne_bytes().to_vec();
        address.extend_from_slice(path);
        let args = [3, address.as_ptr() as u64, address.len() as u64, 0, 0, 0];
        let (class, call) = call("bind", args);
        let argument = class.argument(&call, &paths()).to_string();
        class.is_effect(&call).then_some(argument)
    }

    #[test]
    fn a_socket_with_a_path_is_a_file() {
        let unix = libc::AF_UNIX;
        assert_eq!(bound(unix, b"/w/tree/sock\0").as_deref(), Some("sock"));
        assert_eq!(bound(unix, b"/w/tree/whole").as_deref(), Some("whole"));
        assert_eq!(bound(unix, b"\0abstract"), None);
        assert_eq!(bound(unix, b""), None, "the kernel gives it a name");
        assert_eq!(bound(libc::AF_INET, b"/w/tree/sock\0"), None);
    }

    #[test]
    fn an_ioctl_is_an_effect_when_it_clones_a_file_or_sets_a_terminal() {
        let effect = |request: u64| {
            let (class, call) = call("ioctl", [1, request, 0, 0, 0, 0]);
            class.is_effect(&call)
        };
        assert!(effect(0x4004_9409) && effect(0x4020_940d));
        assert!(effect(libc::TCSETS) && effect(0x402c_542b));
        assert!(!effect(libc::TCGETS) && !effect(libc::TIOCGWINSZ) && !effect(libc::FIONREAD));
    }

    #[test]
    fn the_end_of_the_only_thread_is_an_effect() {
        let (class, mut call) = call("exit", [0; 6]);
        assert!(class.is_effect(&call));
        call.threads = 2;
        assert!(!class.is_effect(&call));
    }

    #[test]
    fn a_list_of_control_blocks_is_about_the_file_of_its_first() {
        let mut block = [0u8; 64];
        block[20..24].copy_from_slice(&2i32.to_ne_bytes());
        let list = [block.as_ptr() as u64];
        let (class, call) = call("io_submit", [1, 1, list.as_ptr() as u64, 0, 0, 0]);
        assert_eq!(class.argument(&call, &paths()).to_string(), "stderr");
    }
}
