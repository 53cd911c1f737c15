//! `ptrace` requests. All of them must come from the thread that seized the
//! tracee; a run is served by one thread only, so that holds.
//!
//! ESRCH is an ordinary result: a tracee can be killed at any moment, also
//! while it is stopped. Callers treat it as "gone", never as a failure.

mod memory;

use crate::facts::Signal;
use crate::sys::ids::{Pid, Tid};
pub(crate) use memory::{read_bytes, read_memory, read_string, read_u64};
use std::io;
use std::mem::{MaybeUninit, size_of};

/// How a stopped tracee goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Until the next event or signal.
    Run,
    /// Also stop at the next system call boundary.
    ToCallBoundary,
    /// One instruction, or the entry of a handler.
    Step,
    /// Stay in a group-stop and wait for SIGCONT.
    Listen,
}

/// What `PTRACE_GET_SYSCALL_INFO` returns at a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallStop {
    /// A call begins.
    Entry {
        /// Its number.
        number: u64,
        /// Its arguments.
        args: [u64; 6],
        /// Address of the instruction after it.
        ip: u64,
        /// The processor whose call it is, as the kernel's audit numbers them: a 32-bit program has another.
        audit: u32,
    },
    /// A call has returned.
    Exit {
        /// Its result, a negated errno on failure.
        result: i64,
    },
    /// Neither.
    None,
}

const OPTIONS: libc::c_int = libc::PTRACE_O_EXITKILL
    | libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACESECCOMP;

/// One request; for the registers of a processor there are more (`crate::sys::arch`).
pub(in crate::sys) fn request(
    op: libc::c_uint,
    tid: Tid,
    addr: usize,
    data: usize,
) -> io::Result<i64> {
    // SAFETY: addr and data are plain numbers for the requests that come through
    // here, or pointers to live memory of the size that the request asks for.
    let answer = unsafe { libc::ptrace(op, tid.number(), addr, data) };
    if answer == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(answer)
}

/// Attaches without stopping; every descendant is attached from its birth on,
/// and all of them die when this process does.
pub(crate) fn seize(pid: Pid) -> io::Result<()> {
    let tid = pid.main_thread();
    request(libc::PTRACE_SEIZE, tid, 0, OPTIONS as usize).map(drop)
}

/// Lets a stopped tracee go on, and delivers `signal` to it, if there is one. A
/// tracee that is gone meanwhile is no error.
pub(crate) fn resume(tid: Tid, how: Resume, signal: Option<Signal>) -> io::Result<()> {
    let op = match how {
        Resume::Run => libc::PTRACE_CONT,
        Resume::ToCallBoundary => libc::PTRACE_SYSCALL,
        Resume::Step => libc::PTRACE_SINGLESTEP,
        Resume::Listen => libc::PTRACE_LISTEN,
    };
    match request(op, tid, 0, signal.map_or(0, Signal::number) as usize) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other.map(drop),
    }
}

/// Returns the thread that a ptrace event is about: the new one, or the number that one had before it executed a
/// program.
pub(crate) fn event_thread(tid: Tid) -> io::Result<Tid> {
    let mut message: libc::c_ulong = 0;
    request(libc::PTRACE_GETEVENTMSG, tid, 0, &raw mut message as usize)?;
    Ok(Tid::new(message as i32))
}

/// Returns the call that the tracee is about to make, or has just made.
pub(crate) fn call_stop(tid: Tid) -> io::Result<CallStop> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    request(
        libc::PTRACE_GET_SYSCALL_INFO,
        tid,
        size_of::<libc::ptrace_syscall_info>(),
        info.as_mut_ptr() as usize,
    )?;
    // SAFETY: the kernel filled as much as `op` says; the rest is zeroed, which
    // is a valid value of every field.
    let info = unsafe { info.assume_init() };
    Ok(match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => {
            // SAFETY: `op` says that this member of the union is the filled one.
            let entry = unsafe { info.u.entry };
            CallStop::Entry {
                number: entry.nr,
                args: entry.args,
                ip: info.instruction_pointer,
                audit: info.arch,
            }
        }
        libc::PTRACE_SYSCALL_INFO_SECCOMP => {
            // SAFETY: `op` says that this member of the union is the filled one.
            let entry = unsafe { info.u.seccomp };
            CallStop::Entry {
                number: entry.nr,
                args: entry.args,
                ip: info.instruction_pointer,
                audit: info.arch,
            }
        }
        libc::PTRACE_SYSCALL_INFO_EXIT => {
            // SAFETY: `op` says that this member of the union is the filled one.
            let exit = unsafe { info.u.exit };
            CallStop::Exit { result: exit.sval }
        }
        _ => CallStop::None,
    })
}

/// Where the signal of a signal-delivery-stop comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The kernel raised it for a fault of the program itself (a bad address, an illegal instruction).
    pub(crate) own_fault: bool,
    /// The process that sent it.
    pub(crate) sender: Option<Pid>,
}

/// Returns the origin of the signal at a delivery; none for a tracee that is gone meanwhile.
pub(crate) fn origin(tid: Tid) -> Origin {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    if request(libc::PTRACE_GETSIGINFO, tid, 0, info.as_mut_ptr() as usize).is_err() {
        return Origin::default();
    }
    // SAFETY: the kernel filled it.
    let info = unsafe { info.assume_init() };
    let faults = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];
    Origin {
        // Positive codes other than SI_KERNEL come from the kernel for a cause it knows.
        own_fault: info.si_code > 0 && faults.contains(&info.si_signo),
        sender: matches!(info.si_code, libc::SI_USER | libc::SI_TKILL | libc::SI_QUEUE)
            // SAFETY: these codes say that the sender's number is filled.
            .then(|| Pid::new(unsafe { info.si_pid() })),
    }
}
