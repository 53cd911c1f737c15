//! The registers of a stopped tracee on x86-64: where it stands, and changing the call that it makes.

use super::memory::read_bytes;
use super::request;
use crate::sys::ids::Tid;
use std::io;
use std::mem::MaybeUninit;

/// Makes the call at which the tracee stands (a seccomp stop) be skipped.
pub(crate) fn skip_call(tid: Tid) -> io::Result<()> {
    let mut regs = registers(tid)?;
    regs.orig_rax = u64::MAX;
    set_registers(tid, &regs)
}

/// After a skipped call: puts the tracee back in front of the instruction that makes it.
pub(crate) fn rewind_call(tid: Tid, number: u64) -> io::Result<()> {
    /// Length of the instruction `syscall`.
    const SYSCALL_BYTES: u64 = 2;
    let mut regs = registers(tid)?;
    regs.rip -= SYSCALL_BYTES;
    regs.rax = number;
    set_registers(tid, &regs)
}

/// At a delivery: the call that the signal interrupts or follows, if it does.
pub(crate) fn interrupted_call(tid: Tid) -> io::Result<Option<u64>> {
    let number = registers(tid)?.orig_rax;
    Ok((number != u64::MAX).then_some(number))
}

/// At a delivery: the call that ends with this result, and the address after its instruction.
pub(crate) fn call_with_result(tid: Tid, result: i64) -> io::Result<Option<(u64, u64)>> {
    let regs = registers(tid)?;
    let is_call = regs.orig_rax != u64::MAX && regs.rax as i64 == result;
    Ok(is_call.then_some((regs.orig_rax, regs.rip)))
}

/// Where the tracee's stack ends.
pub(crate) fn stack_pointer(tid: Tid) -> io::Result<u64> {
    Ok(registers(tid)?.rsp)
}

/// Returns what a walk of the stack begins with: instruction, stack and frame pointer.
pub(crate) fn stack_registers(tid: Tid) -> io::Result<[u64; 3]> {
    let regs = registers(tid)?;
    Ok([regs.rip, regs.rsp, regs.rbp])
}

/// Returns the base of the `fs` segment: what `pthread_self` returns in the thread.
pub(crate) fn thread_pointer(tid: Tid) -> io::Result<u64> {
    Ok(registers(tid)?.fs_base)
}

/// Makes the call at which the tracee stands (a seccomp stop) be skipped, and
/// return this result.
pub(crate) fn skip_call_with(tid: Tid, result: i64) -> io::Result<()> {
    let mut regs = registers(tid)?;
    regs.orig_rax = u64::MAX;
    regs.rax = result as u64;
    set_registers(tid, &regs)
}

/// Changes an argument, by position, of the call at which the tracee stands or
/// from which it returns.
pub(crate) fn set_argument(tid: Tid, position: usize, value: u64) -> io::Result<()> {
    let mut regs = registers(tid)?;
    let register = match position {
        0 => &mut regs.rdi,
        1 => &mut regs.rsi,
        2 => &mut regs.rdx,
        3 => &mut regs.r10,
        4 => &mut regs.r8,
        _ => &mut regs.r9,
    };
    *register = value;
    set_registers(tid, &regs)
}

fn registers(tid: Tid) -> io::Result<libc::user_regs_struct> {
    let mut regs = MaybeUninit::<libc::user_regs_struct>::zeroed();
    request(libc::PTRACE_GETREGS, tid, 0, regs.as_mut_ptr() as usize)?;
    // SAFETY: the kernel filled all of it.
    Ok(unsafe { regs.assume_init() })
}

fn set_registers(tid: Tid, regs: &libc::user_regs_struct) -> io::Result<()> {
    request(
        libc::PTRACE_SETREGS,
        tid,
        0,
        std::ptr::from_ref(regs) as usize,
    )
    .map(drop)
}

/// Whether a stopped tracee's next instruction makes a system call.
pub(crate) fn is_at_call(tid: Tid) -> io::Result<bool> {
    const SYSCALL: &[u8] = &[0x0f, 0x05];
    let at = registers(tid)?.rip;
    Ok(read_bytes(tid, at, SYSCALL.len()).is_some_and(|bytes| bytes == SYSCALL))
}
