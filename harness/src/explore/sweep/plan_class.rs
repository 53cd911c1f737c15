//! Classes of a plan: what is alike, and which of them come first.

use crate::oracle::Class;

/// Runs of a plan that are alike: faults at points of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanClass {
    /// What stays the same on every machine: shards share the classes by it, and what is drawn depends on it.
    pub name: String,
    /// Its place in the order: 0 comes first.
    pub(crate) rank: u8,
}

impl PlanClass {
    /// The points of a class.
    pub(crate) fn of(class: &Class) -> PlanClass {
        PlanClass {
            name: class.stable_name(),
            rank: rank(&class.call),
        }
    }

    /// The same after a first fault at points of the class with this name.
    pub(crate) fn after(self, first: &str) -> PlanClass {
        PlanClass {
            name: format!("{first} then {}", self.name),
            ..self
        }
    }
}

/// What is tried first: what makes, renames, removes or truncates; then processes and waits; then the terminal; then
/// writes; then signal set-up; then calls that wait.
fn rank(call: &str) -> u8 {
    match call {
        "open" | "openat" | "openat2" | "creat" | "mkdir" | "mkdirat" | "mknod" | "mknodat"
        | "rename" | "renameat" | "renameat2" | "link" | "linkat" | "symlink" | "symlinkat"
        | "unlink" | "unlinkat" | "rmdir" | "truncate" | "ftruncate" | "bind" | "mq_open"
        | "mq_unlink" => 0,
        "fork" | "vfork" | "clone" | "clone3" | "execve" | "execveat" | "wait4" | "waitid"
        | "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" | "rt_tgsigqueueinfo"
        | "pidfd_send_signal" | "exit" | "exit_group" | "setsid" | "setpgid" => 1,
        "ioctl" => 2,
        "rt_sigaction" | "rt_sigprocmask" => 4,
        "read" | "readv" | "futex" | "poll" | "ppoll" | "select" | "pselect6" | "epoll_wait"
        | "epoll_pwait" | "epoll_pwait2" | "nanosleep" | "clock_nanosleep" | "pause"
        | "rt_sigsuspend" | "rt_sigtimedwait" => 5,
        _ => 3,
    }
}
