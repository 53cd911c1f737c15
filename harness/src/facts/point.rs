//! A moment in a target's run at which a fault can be placed.

use super::stack::Frame;
use serde::{Deserialize, Serialize};
use std::fmt;

/// On which side of a system call a fault is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Just before the instruction that makes the call: only here a check-then-block race shows.
    Before,
    /// Pending when the call begins: a call that blocks returns EINTR at once.
    Entry,
    /// When the call has returned, before the program runs on.
    Exit,
    /// So many instructions after its return, before the thread's next call.
    Later(u32),
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Phase::Before => f.write_str("before"),
            Phase::Entry => f.write_str("entry"),
            Phase::Exit => f.write_str("exit"),
            Phase::Later(instructions) => write!(f, "exit+{instructions}"),
        }
    }
}

impl Phase {
    /// Reads what is displayed.
    pub fn parse(text: &str) -> Option<Phase> {
        match text {
            "before" => Some(Phase::Before),
            "entry" => Some(Phase::Entry),
            "exit" => Some(Phase::Exit),
            _ => match text.strip_prefix("exit+")?.parse() {
                Ok(0) | Err(_) => None,
                Ok(instructions) => Some(Phase::Later(instructions)),
            },
        }
    }
}

/// Finds one call again in another run of the same target: what is done, where in the code, by whom, and for the
/// how-manieth time anybody comes by. The thread is no part of it: which one makes a call is the scheduler's choice.
///
/// Addresses are those of a target without address-space randomisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PointKey {
    /// The programs from the target down to the process, such as `make>gcc>as`.
    #[serde(alias = "process")]
    pub role: String,
    /// The system call's number.
    pub number: u32,
    /// Address of the instruction after the system call; 0 where addresses tell nothing apart.
    pub ip: u64,
    /// What its argument looks like, with asterisks for what varies (see [`counted_argument`]).
    #[serde(default)]
    pub arg: String,
    /// It has an effect: only calls that have one, too, are counted. A `sigaction` that asks is made at the same
    /// instruction as one that installs a handler.
    #[serde(default = "PointKey::has_effect")]
    pub effect: bool,
    /// A hash of the code that makes the call, where calls from other code would be counted as well.
    #[serde(default)]
    pub code: Option<u64>,
    /// Which time, counted over all processes of the role and all their threads, from 1.
    pub nth: u32,
}

/// What the descriptor of a call refers to. Which faults can happen to the call depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DescriptorKind {
    /// The call has no descriptor, or it is not open.
    #[default]
    None,
    /// A file or directory of a file system, or a disk.
    File,
    /// A device such as `/dev/null`, or a file that the kernel makes up, as in `/proc`.
    Device,
    /// A pipe, with a name or without.
    Pipe,
    /// A socket.
    Socket,
    /// A terminal.
    Terminal,
    /// Memory with a descriptor (`memfd_create`).
    Memory,
    /// An object of the kernel that hands out whole records: eventfd, timerfd, signalfd, inotify, epoll and the like.
    Event,
}

impl PointKey {
    /// Earlier versions stored points with an effect, and did not say so.
    fn has_effect() -> bool {
        true
    }
}

/// A system call as one recorded run made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawPoint {
    /// Fork ordinals and program names, such as `bash/1:sort`.
    pub process: String,
    /// The programs from the target down to this process, such as `bash>sort`.
    pub role: String,
    /// Clone ordinals below the main thread, empty for the main thread, such as `t2`.
    pub thread: String,
    /// The system call's number.
    pub number: u32,
    /// Address of the instruction after the system call; 0 where addresses are random.
    pub ip: u64,
    /// The call's name.
    pub call: String,
    /// The argument that distinguishes it from other calls of its name: a path relative to the work tree, a signal, …
    pub arg: String,
    /// What it returned; `None` when it did not return (exit, or the process ended in it).
    pub returned: Option<i64>,
    /// The world outside the process changes here, or the process waits.
    pub effect: bool,
    /// It can block.
    pub blocks: bool,
    /// It changes the world outside: from here on an interruption can do harm.
    pub changes: bool,
    /// A signal handler of the schedule's signals makes it.
    #[serde(default)]
    pub in_handler: bool,
    /// It installs a handler for this signal.
    pub installs: Option<i32>,
    /// Calls that this handler interrupts are not made again by the kernel (no `SA_RESTART`).
    #[serde(default)]
    pub interrupts: bool,
    /// The address of this handler.
    #[serde(default)]
    pub handler: Option<u64>,
    /// Nanoseconds since the start.
    pub at_ns: u64,
    /// What a signal would meet here.
    #[serde(default)]
    pub around: Surroundings,
    /// What its descriptor refers to.
    #[serde(default)]
    pub on: DescriptorKind,
}

/// What a signal would meet at a call: facts of the process and its descendants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Signals that the thread blocks, as a set of bits (signal 1 is bit 0).
    pub blocked: u64,
    /// Signals that the process ignores.
    pub ignored: u64,
    /// Signals that the process handles.
    pub handled: u64,
    /// Roles of the other living processes, sorted, each once, with commas between them.
    pub others: String,
}

impl Surroundings {
    /// Whether a signal is in one of these sets.
    pub(crate) fn has(set: u64, signal: i32) -> bool {
        (1..=64).contains(&signal) && set & (1 << (signal - 1)) != 0
    }

    /// Whether a handler would run.
    pub fn handles(&self, signal: i32) -> bool {
        Surroundings::has(self.handled, signal) && !Surroundings::has(self.ignored, signal)
    }

    /// Whether a handler would run at once in this thread.
    pub fn lets_in(&self, signal: i32) -> bool {
        self.handles(signal) && !Surroundings::has(self.blocked, signal)
    }

    /// What becomes of a signal here: `default`, `handled` or `ignored`, and whether it has to wait.
    pub fn of_signal(&self, signal: i32) -> String {
        let has = |set| Surroundings::has(set, signal);
        let disposition = if has(self.ignored) {
            "ignored"
        } else if has(self.handled) {
            "handled"
        } else {
            "default"
        };
        let blocked = if has(self.blocked) { ", blocked" } else { "" };
        format!("{disposition}{blocked}")
    }
}

/// An argument as calls are counted by it: what names a hash is no part of it, since a hash of a date is another one
/// tomorrow.
pub fn counted_argument(arg: &str) -> String {
    if !arg.contains('/') {
        return arg.to_owned();
    }
    let parts: Vec<String> = arg
        .split(" -> ")
        .map(|path| {
            let components: Vec<String> = path.split('/').map(counted_component).collect();
            components.join("/")
        })
        .collect();
    parts.join(" -> ")
}

fn counted_component(component: &str) -> String {
    let hex = component.len() >= 2
        && component
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if hex {
        format!("<hex{}>", component.len())
    } else {
        component.to_owned()
    }
}

/// A hash of the code that makes a call: of at most eight frames of the program's own, the innermost first, each by the
/// file that it is from and its place in it. The C library is left out, and recursion counts once.
pub fn code_hash<'a>(frames: impl Iterator<Item = (&'a str, u64)>) -> u64 {
    const FRAMES_MAX: usize = 8;
    let mut known: Vec<(&str, u64)> = Vec::with_capacity(FRAMES_MAX);
    for (module, offset) in frames.filter(|(module, _)| !is_c_library(module)) {
        // Code that was made at run time lies elsewhere each time.
        let frame = (module, if module == ANONYMOUS { 0 } else { offset });
        if !known.contains(&frame) {
            known.push(frame);
        }
        if known.len() == FRAMES_MAX {
            break;
        }
    }
    let mut hasher = xxhash_rust::xxh3::Xxh3Default::new();
    for (module, offset) in known {
        hasher.update(module.as_bytes());
        hasher.update(&offset.to_le_bytes());
    }
    hasher.digest()
}

/// What the file of code that was made at run time is called.
pub(crate) const ANONYMOUS: &str = "anonymous memory";

/// The same for a stack that was kept. What a script does is told by the frames of the script: by which functions of
/// its own an interpreter comes to a call differs from time to time.
pub fn code_of_stack<'a>(frames: impl Iterator<Item = &'a Frame> + Clone) -> u64 {
    let place = |frame: &'a Frame| (frame.module.as_str(), frame.offset);
    if frames.clone().any(|frame| frame.interpreted) {
        code_hash(frames.filter(|frame| frame.interpreted).map(place))
    } else {
        code_hash(frames.map(place))
    }
}

fn is_c_library(module: &str) -> bool {
    [
        "libc.so",
        "libc-",
        "ld-linux",
        "ld-musl",
        "libpthread",
        "[vdso]",
    ]
    .iter()
    .any(|start| module.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_in_a_path_is_no_part_of_what_is_counted() {
        for (arg, counted) in [
            ("out.txt", "out.txt"),
            ("bad", "bad"),
            (
                ".git/objects/3f/786850e38755",
                ".git/objects/<hex2>/<hex12>",
            ),
            ("a/3f -> b/3f", "a/<hex2> -> b/<hex2>"),
        ] {
            assert_eq!(counted_argument(arg), counted, "{arg}");
        }
    }

    #[test]
    fn code_is_the_program_s_own_and_recursion_counts_once() {
        let hash = |frames: &[(&'static str, u64)]| code_hash(frames.iter().copied());
        assert_eq!(
            hash(&[("libc.so.6", 1), ("prog", 2), ("prog", 2), ("prog", 3)]),
            hash(&[("libc.so.6", 9), ("prog", 2), ("prog", 3)])
        );
        assert_ne!(hash(&[("prog", 2), ("prog", 3)]), hash(&[("prog", 2)]));
        assert_ne!(hash(&[("prog", 2)]), hash(&[("libx.so", 2)]));
    }

    #[test]
    fn what_a_signal_meets_is_said_in_words() {
        let around = Surroundings {
            blocked: 1 << 1,
            handled: 1 << 1,
            ignored: 1 << 14,
            others: String::new(),
        };
        assert_eq!(around.of_signal(2), "handled, blocked");
        assert_eq!(around.of_signal(15), "ignored");
        assert_eq!(around.of_signal(1), "default");
    }
}
