//! x86-64.

use super::{LastCall, Machine, RESTARTED, Stride};
use crate::sys::ids::Tid;
use crate::sys::ptrace::{read_bytes, request};
use framehop::UnwindRegsNative;
use std::io;
use std::mem::MaybeUninit;
use std::ops::RangeInclusive;

/// The processor of programs that are followed.
pub(crate) const MACHINE: Machine = Machine {
    number: 62, // EM_X86_64
    name: "x86-64",
};

/// What the kernel's audit calls it, and seccomp and ptrace with it: AUDIT_ARCH_X86_64.
pub(crate) const AUDIT: u32 = 0xC000_003E;

/// See [`super`].
pub(crate) const DELIVERY_TELLS_CALL: bool = true;

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

/// At a delivery: the call that is made again whatever the signal does, and the address after its instruction.
pub(crate) fn restarted_call(tid: Tid, _last: Option<LastCall>) -> io::Result<Option<(u64, u64)>> {
    let regs = registers(tid)?;
    let is_call = regs.orig_rax != u64::MAX && regs.rax as i64 == RESTARTED;
    Ok(is_call.then_some((regs.orig_rax, regs.rip)))
}

/// Where the tracee's stack ends.
pub(crate) fn stack_pointer(tid: Tid) -> io::Result<u64> {
    Ok(registers(tid)?.rsp)
}

/// Returns where the tracee stands: instruction, stack and frame pointer.
pub(crate) fn place(tid: Tid) -> io::Result<[u64; 3]> {
    let regs = registers(tid)?;
    Ok([regs.rip, regs.rsp, regs.rbp])
}

/// Returns what a walk of the stack begins with: where the tracee stands, and the registers.
pub(crate) fn unwind_registers(tid: Tid) -> io::Result<(u64, UnwindRegsNative)> {
    let [ip, sp, bp] = place(tid)?;
    Ok((ip, UnwindRegsNative::new(ip, sp, bp)))
}

/// Returns what `pthread_self` returns in the thread: the base of the `fs` segment.
pub(crate) fn pthread(tid: Tid) -> io::Result<RangeInclusive<u64>> {
    let base = registers(tid)?.fs_base;
    Ok(base..=base)
}

/// Makes the call at which the tracee stands (a seccomp stop) be skipped, and
/// return this result.
pub(crate) fn skip_call_with(tid: Tid, result: i64) -> io::Result<()> {
    let mut regs = registers(tid)?;
    regs.orig_rax = u64::MAX;
    regs.rax = result as u64;
    set_registers(tid, &regs)
}

/// Changes an argument, by position, of the call at which the tracee stands.
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

/// Puts an argument back, at the return of the call for which it was changed.
pub(crate) fn restore_argument(tid: Tid, position: usize, value: u64) -> io::Result<()> {
    set_argument(tid, position, value)
}

/// Whether a stopped tracee's next instruction makes a system call.
pub(crate) fn is_at_call(tid: Tid) -> io::Result<bool> {
    const SYSCALL: &[u8] = &[0x0f, 0x05];
    let at = registers(tid)?.rip;
    Ok(read_bytes(tid, at, SYSCALL.len()).is_some_and(|bytes| bytes == SYSCALL))
}

/// How a tracee that is to be stepped goes on: every instruction can be.
pub(crate) fn begin_stride(_tid: Tid) -> io::Result<Stride> {
    Ok(Stride::One)
}

/// See [`Stride::Over`].
pub(crate) fn clear_stride(_tid: Tid) -> io::Result<()> {
    Ok(())
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
