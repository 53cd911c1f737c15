//! `ptrace` requests. All of them must come from the thread that seized the
//! tracee; a run is served by one thread only, so that holds.
//!
//! ESRCH is an ordinary answer: a tracee can be killed at any moment, also
//! while it is stopped. Callers treat it as "gone", never as a failure.

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

/// What `PTRACE_GET_SYSCALL_INFO` tells at a stop.
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

fn request(op: libc::c_uint, pid: i32, addr: usize, data: usize) -> io::Result<i64> {
    // SAFETY: addr and data are plain numbers for the requests that come through
    // here, or pointers to live memory of the size that the request asks for.
    let answer = unsafe { libc::ptrace(op, pid, addr, data) };
    if answer == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(answer)
}

/// Attaches without stopping; every descendant is attached from its birth on,
/// and all of them die when this process does.
pub(crate) fn seize(pid: i32) -> io::Result<()> {
    request(libc::PTRACE_SEIZE, pid, 0, OPTIONS as usize).map(drop)
}

/// Lets a stopped tracee go on, taking `signal` if that is not 0. A tracee that
/// is gone meanwhile is no error.
pub(crate) fn resume(pid: i32, how: Resume, signal: i32) -> io::Result<()> {
    let op = match how {
        Resume::Run => libc::PTRACE_CONT,
        Resume::ToCallBoundary => libc::PTRACE_SYSCALL,
        Resume::Step => libc::PTRACE_SINGLESTEP,
        Resume::Listen => libc::PTRACE_LISTEN,
    };
    match request(op, pid, 0, signal as usize) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other.map(drop),
    }
}

/// The number that goes with a ptrace event: a new process id, a former thread id.
pub(crate) fn event_message(pid: i32) -> io::Result<i32> {
    let mut message: libc::c_ulong = 0;
    request(libc::PTRACE_GETEVENTMSG, pid, 0, &raw mut message as usize)?;
    Ok(message as i32)
}

/// What the tracee is about to do, or has just done, in the kernel.
pub(crate) fn call_stop(pid: i32) -> io::Result<CallStop> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    request(
        libc::PTRACE_GET_SYSCALL_INFO,
        pid,
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
            }
        }
        libc::PTRACE_SYSCALL_INFO_SECCOMP => {
            // SAFETY: `op` says that this member of the union is the filled one.
            let entry = unsafe { info.u.seccomp };
            CallStop::Entry {
                number: entry.nr,
                args: entry.args,
                ip: info.instruction_pointer,
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
    pub(crate) sender: Option<i32>,
}

/// Asks for the origin of a signal; one that is gone meanwhile has none.
pub(crate) fn origin(pid: i32) -> Origin {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    if request(libc::PTRACE_GETSIGINFO, pid, 0, info.as_mut_ptr() as usize).is_err() {
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
            .then(|| unsafe { info.si_pid() }),
    }
}

/// Makes the call at which the tracee stands (a seccomp stop) be skipped.
#[cfg(target_arch = "x86_64")]
pub(crate) fn skip_call(pid: i32) -> io::Result<()> {
    let mut regs = registers(pid)?;
    regs.orig_rax = u64::MAX;
    set_registers(pid, &regs)
}

/// After a skipped call: puts the tracee back in front of the instruction that makes it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn rewind_call(pid: i32, number: u64) -> io::Result<()> {
    /// Length of the instruction `syscall`.
    const SYSCALL_BYTES: u64 = 2;
    let mut regs = registers(pid)?;
    regs.rip -= SYSCALL_BYTES;
    regs.rax = number;
    set_registers(pid, &regs)
}

/// At a delivery: the call that the signal interrupts or follows, if it does.
#[cfg(target_arch = "x86_64")]
pub(crate) fn interrupted_call(pid: i32) -> io::Result<Option<u64>> {
    let number = registers(pid)?.orig_rax;
    Ok((number != u64::MAX).then_some(number))
}

/// At a delivery: the call that ends with this result, and the address after its instruction.
#[cfg(target_arch = "x86_64")]
pub(crate) fn call_with_result(pid: i32, result: i64) -> io::Result<Option<(u64, u64)>> {
    let regs = registers(pid)?;
    let is_call = regs.orig_rax != u64::MAX && regs.rax as i64 == result;
    Ok(is_call.then_some((regs.orig_rax, regs.rip)))
}

/// Where the tracee's stack ends.
#[cfg(target_arch = "x86_64")]
pub(crate) fn stack_pointer(pid: i32) -> io::Result<u64> {
    Ok(registers(pid)?.rsp)
}

/// Where the tracee stands: instruction, stack and frame pointer.
#[cfg(target_arch = "x86_64")]
pub(crate) fn standing(pid: i32) -> io::Result<[u64; 3]> {
    let regs = registers(pid)?;
    Ok([regs.rip, regs.rsp, regs.rbp])
}

/// Makes the call at which the tracee stands (a seccomp stop) be skipped and
/// answer with this result.
#[cfg(target_arch = "x86_64")]
pub(crate) fn answer_call(pid: i32, result: i64) -> io::Result<()> {
    let mut regs = registers(pid)?;
    regs.orig_rax = u64::MAX;
    regs.rax = result as u64;
    set_registers(pid, &regs)
}

/// Changes an argument, by position, of the call at which the tracee stands or
/// from which it returns.
#[cfg(target_arch = "x86_64")]
pub(crate) fn set_argument(pid: i32, position: usize, value: u64) -> io::Result<()> {
    let mut regs = registers(pid)?;
    let register = match position {
        0 => &mut regs.rdi,
        1 => &mut regs.rsi,
        2 => &mut regs.rdx,
        3 => &mut regs.r10,
        4 => &mut regs.r8,
        _ => &mut regs.r9,
    };
    *register = value;
    set_registers(pid, &regs)
}

#[cfg(target_arch = "x86_64")]
fn registers(pid: i32) -> io::Result<libc::user_regs_struct> {
    let mut regs = MaybeUninit::<libc::user_regs_struct>::zeroed();
    request(libc::PTRACE_GETREGS, pid, 0, regs.as_mut_ptr() as usize)?;
    // SAFETY: the kernel filled all of it.
    Ok(unsafe { regs.assume_init() })
}

#[cfg(target_arch = "x86_64")]
fn set_registers(pid: i32, regs: &libc::user_regs_struct) -> io::Result<()> {
    request(
        libc::PTRACE_SETREGS,
        pid,
        0,
        std::ptr::from_ref(regs) as usize,
    )
    .map(drop)
}

/// Phase `before` needs registers that are known here for x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn skip_call(_pid: i32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Phase `before` needs registers that are known here for x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn rewind_call(_pid: i32, _number: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Instructions are known here for x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn is_at_call(_pid: i32) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Handlers are looked into on x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn interrupted_call(_pid: i32) -> io::Result<Option<u64>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Handlers are looked into on x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn stack_pointer(_pid: i32) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Calls that are made again are known on x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn call_with_result(_pid: i32, _result: i64) -> io::Result<Option<(u64, u64)>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Call stacks are walked on x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn standing(_pid: i32) -> io::Result<[u64; 3]> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Changing a call needs registers that are known here for x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn answer_call(_pid: i32, _result: i64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Changing a call needs registers that are known here for x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn set_argument(_pid: i32, _position: usize, _value: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads a NUL-terminated string of at most 4,096 bytes out of a tracee.
pub(crate) fn read_string(pid: i32, address: u64) -> Option<Vec<u8>> {
    const PAGE: u64 = 4096;
    if address == 0 {
        return None;
    }
    let mut text = Vec::new();
    let mut at = address;
    // A read that crosses into an unmapped page fails, so go page by page.
    while text.len() < PAGE as usize {
        let mut buffer = [0u8; 256];
        let wanted = (PAGE - at % PAGE).min(buffer.len() as u64) as usize;
        let got = read_memory(pid, at, &mut buffer[..wanted])?;
        if let Some(end) = buffer[..got].iter().position(|b| *b == 0) {
            text.extend_from_slice(&buffer[..end]);
            return Some(text);
        }
        text.extend_from_slice(&buffer[..got]);
        at += got as u64;
    }
    Some(text)
}

/// Reads a 64-bit number out of a tracee.
pub(crate) fn read_u64(pid: i32, address: u64) -> Option<u64> {
    let mut buffer = [0u8; 8];
    (read_memory(pid, address, &mut buffer)? == 8).then(|| u64::from_ne_bytes(buffer))
}

/// Whether a stopped tracee's next instruction makes a system call.
#[cfg(target_arch = "x86_64")]
pub(crate) fn is_at_call(pid: i32) -> io::Result<bool> {
    const SYSCALL: &[u8] = &[0x0f, 0x05];
    let at = registers(pid)?.rip;
    Ok(read_bytes(pid, at, SYSCALL.len()).is_some_and(|bytes| bytes == SYSCALL))
}

/// So many bytes, if all of them can be read.
pub(crate) fn read_bytes(pid: i32, address: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    (read_memory(pid, address, &mut bytes)? == length).then_some(bytes)
}

/// Reads as much as there is of this range of a tracee's memory; `None` when there is nothing.
pub(crate) fn read_memory(pid: i32, address: u64, into: &mut [u8]) -> Option<usize> {
    use nix::sys::uio::{RemoteIoVec, process_vm_readv};
    let remote = [RemoteIoVec {
        base: address as usize,
        len: into.len(),
    }];
    let mut local = [std::io::IoSliceMut::new(into)];
    match process_vm_readv(nix::unistd::Pid::from_raw(pid), &mut local, &remote) {
        Ok(0) | Err(_) => None,
        Ok(count) => Some(count),
    }
}
