//! aarch64.

use super::{LastCall, Machine, RESTARTED, Stride, exclusive};
use crate::sys::ids::Tid;
use crate::sys::ptrace::{read_bytes, read_memory, request};
use framehop::UnwindRegsNative;
use framehop::aarch64::PtrAuthMask;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::ops::RangeInclusive;

/// The processor of programs that are followed.
pub(crate) const MACHINE: Machine = Machine {
    number: 183, // EM_AARCH64
    name: "aarch64",
};

/// What the kernel's audit calls it, and seccomp and ptrace with it: AUDIT_ARCH_AARCH64.
pub(crate) const AUDIT: u32 = 0xC000_00B7;

/// See [`super`].
pub(crate) const DELIVERY_TELLS_CALL: bool = false;

/// Sets of registers (`include/uapi/linux/elf.h`).
mod set {
    pub(super) const GENERAL: usize = 1;
    /// The thread pointer, TPIDR_EL0.
    pub(super) const TLS: usize = 0x401;
    /// Breakpoints of the processor.
    pub(super) const BREAKPOINTS: usize = 0x402;
    /// The number of the call that is made: it is in no other register.
    pub(super) const CALL: usize = 0x404;
    /// Bits of addresses that hold a signature, of data and of code.
    pub(super) const SIGNATURES: usize = 0x406;
}

/// The instruction `svc #0`, by which programs make calls.
const SVC: [u8; 4] = [0x01, 0x00, 0x00, 0xd4];
const SVC_BYTES: u64 = SVC.len() as u64;

/// The register that holds the number when a program makes a call.
const NUMBER: usize = 8;
const FRAME: usize = 29;
const LINK: usize = 30;

/// Makes the call at which the tracee stands (a seccomp stop) be skipped. Its first argument stays where it is, and
/// looks like its result.
pub(crate) fn skip_call(tid: Tid) -> io::Result<()> {
    const NONE: i32 = -1;
    set_registers(tid, set::CALL, &NONE)
}

/// After a skipped call: puts the tracee back in front of the instruction that makes it.
pub(crate) fn rewind_call(tid: Tid, number: u64) -> io::Result<()> {
    let mut regs = general(tid)?;
    regs.pc -= SVC_BYTES;
    regs.regs[NUMBER] = number;
    set_registers(tid, set::GENERAL, &regs)
}

/// At a delivery: the call that the signal interrupts or follows, if it does.
///
/// The thread stands behind the instruction that made it, or in front of it when it may be made again. A thread that
/// has just come back there from a handler looks the same.
pub(crate) fn interrupted_call(tid: Tid) -> io::Result<Option<u64>> {
    let regs = general(tid)?;
    let is_call = is_svc(tid, regs.pc) || is_svc(tid, regs.pc - SVC_BYTES);
    Ok(is_call.then_some(regs.regs[NUMBER]))
}

/// At a delivery: the call that is made again whatever the signal does, and the address after its instruction. The
/// result cannot be read any more: the thread has to stand in front of the call that it made last.
pub(crate) fn restarted_call(tid: Tid, last: Option<LastCall>) -> io::Result<Option<(u64, u64)>> {
    const BIRTHS: [u64; 2] = [libc::SYS_clone as u64, libc::SYS_clone3 as u64];
    let Some(last) = last else {
        return Ok(None);
    };
    let can_be = match last.result {
        Some(result) => result == RESTARTED,
        None => BIRTHS.contains(&last.number),
    };
    if !can_be {
        return Ok(None);
    }
    let regs = general(tid)?;
    let here = (regs.regs[NUMBER], regs.pc + SVC_BYTES, regs.regs[0]);
    let is_same = here == (last.number, last.ip, last.first);
    Ok(is_same.then_some((last.number, last.ip)))
}

/// Where the tracee's stack ends.
pub(crate) fn stack_pointer(tid: Tid) -> io::Result<u64> {
    Ok(general(tid)?.sp)
}

/// Returns where the tracee stands: instruction, stack and frame pointer.
pub(crate) fn place(tid: Tid) -> io::Result<[u64; 3]> {
    let regs = general(tid)?;
    Ok([regs.pc, regs.sp, regs.regs[FRAME]])
}

/// Returns what a walk of the stack begins with: where the tracee stands, and the registers. The address to return to
/// is in a register as long as a function has not put it on the stack, and may be signed.
pub(crate) fn unwind_registers(tid: Tid) -> io::Result<(u64, UnwindRegsNative)> {
    let regs = general(tid)?;
    // A processor without signatures has no such set.
    let [_, code]: [u64; 2] = registers(tid, set::SIGNATURES).unwrap_or_default();
    let mask = PtrAuthMask(!code);
    let (link, frame) = (regs.regs[LINK], regs.regs[FRAME]);
    let unwind = UnwindRegsNative::new_with_ptr_auth_mask(mask, link, regs.sp, frame);
    Ok((regs.pc, unwind))
}

/// Returns where what `pthread_self` returns in the thread can be. The C libraries keep a thread's descriptor below the
/// thread pointer: glibc some 1,800 bytes, musl 200. Another thread's is a whole stack away.
pub(crate) fn pthread(tid: Tid) -> io::Result<RangeInclusive<u64>> {
    const DESCRIPTOR_MAX: u64 = 8192;
    let pointer: u64 = registers(tid, set::TLS)?;
    Ok(pointer.saturating_sub(DESCRIPTOR_MAX)..=pointer)
}

/// Makes the call at which the tracee stands (a seccomp stop) be skipped, and
/// return this result.
pub(crate) fn skip_call_with(tid: Tid, result: i64) -> io::Result<()> {
    skip_call(tid)?;
    set_argument(tid, 0, result.cast_unsigned())
}

/// Changes an argument, by position, of the call at which the tracee stands.
pub(crate) fn set_argument(tid: Tid, position: usize, value: u64) -> io::Result<()> {
    const LAST: usize = 5;
    let mut regs = general(tid)?;
    regs.regs[position.min(LAST)] = value;
    set_registers(tid, set::GENERAL, &regs)
}

/// Puts an argument back, at the return of the call for which it was changed. Where the first one was is the result.
pub(crate) fn restore_argument(tid: Tid, position: usize, value: u64) -> io::Result<()> {
    match position {
        0 => Ok(()),
        _ => set_argument(tid, position, value),
    }
}

/// Whether a stopped tracee's next instruction makes a system call.
pub(crate) fn is_at_call(tid: Tid) -> io::Result<bool> {
    Ok(is_svc(tid, general(tid)?.pc))
}

/// How a tracee that is to be stepped goes on. See [`exclusive`].
pub(crate) fn begin_stride(tid: Tid) -> io::Result<Stride> {
    let at = general(tid)?.pc;
    let read = |address| {
        let mut bytes = [0; 4];
        (read_memory(tid, address, &mut bytes)? == bytes.len()).then(|| u32::from_le_bytes(bytes))
    };
    if !read(at).is_some_and(exclusive::is_load) {
        return Ok(Stride::One);
    }
    let Some(exits) = exclusive::exits(at, read) else {
        return Ok(Stride::Impossible);
    };
    let mut breakpoints = Breakpoints::read(tid)?;
    if exits.len() > breakpoints.count() {
        return Ok(Stride::Impossible);
    }
    for (slot, exit) in breakpoints.slots.iter_mut().zip(&exits) {
        *slot = Breakpoint {
            address: *exit,
            control: Breakpoint::ENABLED,
            padding: 0,
        };
    }
    breakpoints.write(tid, exits.len())?;
    Ok(Stride::Over)
}

/// See [`Stride::Over`].
pub(crate) fn clear_stride(tid: Tid) -> io::Result<()> {
    let mut breakpoints = Breakpoints::read(tid)?;
    let is_set = |slot: &Breakpoint| slot.control & 1 != 0;
    let Some(last) = breakpoints.slots.iter().rposition(is_set) else {
        return Ok(());
    };
    for slot in &mut breakpoints.slots[..=last] {
        slot.control = 0;
    }
    breakpoints.write(tid, last + 1)
}

/// `struct user_hwdebug_state`: breakpoints of the processor, which are the thread's own. One in memory would stop the
/// others as well.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Breakpoints {
    /// How many there are, in its lowest byte.
    info: u32,
    padding: u32,
    slots: [Breakpoint; Breakpoints::MAX],
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Breakpoint {
    address: u64,
    control: u32,
    padding: u32,
}

impl Breakpoint {
    /// Of user code, at all four bytes of an instruction, when it is executed.
    const ENABLED: u32 = 0xf << 5 | 2 << 1 | 1;
}

impl Breakpoints {
    const MAX: usize = 16;

    fn read(tid: Tid) -> io::Result<Breakpoints> {
        registers(tid, set::BREAKPOINTS)
    }

    fn count(&self) -> usize {
        ((self.info & 0xff) as usize).min(Breakpoints::MAX)
    }

    /// Writes the first `count` of them.
    fn write(&self, tid: Tid, count: usize) -> io::Result<()> {
        let length = size_of::<u64>() + count * size_of::<Breakpoint>();
        let from = std::ptr::from_ref(self).cast_mut().cast();
        write_set(tid, set::BREAKPOINTS, from, length)
    }
}

fn is_svc(tid: Tid, at: u64) -> bool {
    read_bytes(tid, at, SVC.len()).is_some_and(|bytes| bytes == SVC)
}

fn general(tid: Tid) -> io::Result<libc::user_regs_struct> {
    registers(tid, set::GENERAL)
}

/// Types that are whole whatever bytes the kernel puts into them.
trait Plain: Copy {}
impl Plain for libc::user_regs_struct {}
impl Plain for Breakpoints {}
impl Plain for [u64; 2] {}
impl Plain for u64 {}
impl Plain for i32 {}

fn registers<T: Plain>(tid: Tid, set: usize) -> io::Result<T> {
    let mut regs = MaybeUninit::<T>::zeroed();
    let mut vector = libc::iovec {
        iov_base: regs.as_mut_ptr().cast(),
        iov_len: size_of::<T>(),
    };
    request(libc::PTRACE_GETREGSET, tid, set, &raw mut vector as usize)?;
    // SAFETY: the kernel filled as much as it has; the rest is zeroed, and any bytes are a value of a plain type.
    Ok(unsafe { regs.assume_init() })
}

fn set_registers<T: Plain>(tid: Tid, set: usize, regs: &T) -> io::Result<()> {
    let from = std::ptr::from_ref(regs).cast_mut().cast();
    write_set(tid, set, from, size_of::<T>())
}

/// `from` is of live memory, so long; it is only read.
fn write_set(tid: Tid, set: usize, from: *mut libc::c_void, length: usize) -> io::Result<()> {
    let vector = libc::iovec {
        iov_base: from,
        iov_len: length,
    };
    let vector = &raw const vector as usize;
    request(libc::PTRACE_SETREGSET, tid, set, vector).map(drop)
}
