//! Seccomp filters that stop a traced process at chosen system calls only.
//!
//! A call that is not chosen costs some 40 ns more than without a filter; a
//! chosen one stops in the tracer (`SECCOMP_RET_TRACE`). A filter can look at
//! the instruction address, which lets a run stop two to nine times instead of
//! thousands. It cannot be removed, and without a tracer the chosen calls fail
//! with ENOSYS: so the tracer stays attached until the last descendant is gone.

use crate::sys::arch::AUDIT;
use libc::{sock_filter, sock_fprog};

/// An instruction that makes a system call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SyscallInstruction {
    /// The call's number.
    pub(crate) number: u32,
    /// The address after the instruction; 0 where addresses differ from run to run.
    pub(crate) ip: u64,
}

/// Which system calls stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Every one.
    All,
    /// Those with one of these numbers.
    Numbers(Vec<u32>),
    /// Those made by one of these instructions.
    Instructions(Vec<SyscallInstruction>),
}

impl Chosen {
    /// No call stops.
    pub(crate) fn none() -> Chosen {
        Chosen::Numbers(Vec::new())
    }

    /// Calls of these numbers stop, too.
    pub(crate) fn and_numbers(self, mut more: Vec<u32>) -> Chosen {
        match self {
            Chosen::All => return Chosen::All,
            Chosen::Numbers(numbers) => more.extend(numbers),
            Chosen::Instructions(instructions) => {
                more.extend(instructions.iter().map(|at| at.number));
            }
        }
        more.sort_unstable();
        more.dedup();
        Chosen::Numbers(more)
    }

    /// Returns whether no call stops.
    pub(crate) fn is_none(&self) -> bool {
        match self {
            Chosen::All => false,
            Chosen::Numbers(numbers) => numbers.is_empty(),
            Chosen::Instructions(instructions) => instructions.is_empty(),
        }
    }
}

/// What stops besides the chosen calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Besides {
    /// Asking for io_uring. Without a tracer it fails with ENOSYS, which is the answer that is wanted.
    pub(crate) io_uring_setup: bool,
    /// What is to be counted in a recording: files that are mapped shared, calls that are unknown here or of another
    /// architecture.
    pub(crate) unfollowed: bool,
}

// Offsets in `struct seccomp_data`.
const NR: u32 = 0;
const ARCH_AT: u32 = 4;
const IP_LOW: u32 = 8;
const IP_HIGH: u32 = 12;
/// Of the fourth argument, the half that has the flags of `mmap`.
const FLAGS_OF_MMAP: u32 = 16 + 3 * 8;

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

fn op(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// The filter program; none when nothing stops. A process of another architecture (32-bit code) is let through where
/// nobody counts: its numbers mean other calls.
pub(crate) fn program(chosen: &Chosen, besides: Besides) -> Vec<sock_filter> {
    if chosen.is_none() && besides == Besides::default() {
        return Vec::new();
    }
    let trace = || op(RETURN, libc::SECCOMP_RET_TRACE, 0, 0);
    let allow = || op(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0);
    let of_others = if besides.unfollowed { trace() } else { allow() };
    let mut program = vec![op(LOAD, ARCH_AT, 0, 0), op(EQUAL, AUDIT, 1, 0), of_others];
    if besides.io_uring_setup {
        program.push(op(LOAD, NR, 0, 0));
        program.push(op(EQUAL, libc::SYS_io_uring_setup as u32, 0, 1));
        program.push(trace());
    }
    if besides.unfollowed {
        program.push(op(LOAD, NR, 0, 0));
        program.push(op(GREATER, last_known(), 0, 1));
        program.push(trace());
        program.push(op(EQUAL, libc::SYS_mmap as u32, 0, 4));
        program.push(op(LOAD, FLAGS_OF_MMAP, 0, 0));
        let either = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u32;
        program.push(op(AND, either, 0, 0));
        program.push(op(EQUAL, libc::MAP_SHARED as u32, 0, 1));
        program.push(trace());
    }
    match chosen {
        Chosen::All => {
            program.push(trace());
            return program;
        }
        Chosen::Numbers(numbers) => {
            program.push(op(LOAD, NR, 0, 0));
            for number in numbers {
                program.push(op(EQUAL, *number, 0, 1));
                program.push(trace());
            }
        }
        Chosen::Instructions(instructions) => {
            for SyscallInstruction { number, ip } in instructions {
                program.push(op(LOAD, NR, 0, 0));
                program.push(op(EQUAL, *number, 0, 5));
                program.push(op(LOAD, IP_LOW, 0, 0));
                program.push(op(EQUAL, *ip as u32, 0, 3));
                program.push(op(LOAD, IP_HIGH, 0, 0));
                program.push(op(EQUAL, (*ip >> 32) as u32, 0, 1));
                program.push(trace());
            }
        }
    }
    program.push(allow());
    program
}

/// The greatest number of a call that is known here.
fn last_known() -> u32 {
    let numbers = syscalls::Sysno::iter().map(|call| call.id() as u32);
    numbers.max().unwrap_or(u32::MAX)
}

/// Installs a filter in the calling thread. Only async-signal-safe calls: this
/// runs in a child between fork and exec. Returns an errno on failure.
pub(crate) fn install(program: &[sock_filter]) -> Result<(), i32> {
    let fprog = sock_fprog {
        len: program.len() as u16,
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: prctl and seccomp read their arguments only; fprog and the program
    // that it points to outlive the calls.
    unsafe {
        if libc::syscall(libc::SYS_seccomp, 1, 0, &raw const fprog) == 0 {
            return Ok(());
        }
        // Without CAP_SYS_ADMIN a filter needs no_new_privs, which makes set-uid programs lose theirs.
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::syscall(libc::SYS_seccomp, 1, 0, &raw const fprog) == 0
        {
            return Ok(());
        }
        Err(*libc::__errno_location())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small interpreter of the instructions used, so that the jumps are checked.
    fn verdict(program: &[sock_filter], arch: u32, number: u32, ip: u64) -> u32 {
        verdict_of(program, arch, number, ip, 0)
    }

    fn verdict_of(
        program: &[sock_filter],
        arch: u32,
        number: u32,
        ip: u64,
        fourth_argument: u32,
    ) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let step = program[at];
            at += 1;
            match step.code {
                LOAD => {
                    value = match step.k {
                        NR => number,
                        ARCH_AT => arch,
                        IP_LOW => ip as u32,
                        IP_HIGH => (ip >> 32) as u32,
                        FLAGS_OF_MMAP => fourth_argument,
                        other => panic!("load of {other}"),
                    }
                }
                EQUAL => at += usize::from(if value == step.k { step.jt } else { step.jf }),
                GREATER => at += usize::from(if value > step.k { step.jt } else { step.jf }),
                AND => value &= step.k,
                RETURN => return step.k,
                other => panic!("instruction {other}"),
            }
        }
    }

    #[test]
    fn numbers_stop_and_others_pass() {
        let program = program(&Chosen::Numbers(vec![1, 257]), Besides::default());
        let trace = libc::SECCOMP_RET_TRACE;
        assert_eq!(verdict(&program, AUDIT, 1, 0), trace);
        assert_eq!(verdict(&program, AUDIT, 257, 7), trace);
        assert_eq!(verdict(&program, AUDIT, 2, 0), libc::SECCOMP_RET_ALLOW);
        assert_eq!(
            verdict(&program, 3, 1, 0),
            libc::SECCOMP_RET_ALLOW,
            "other architecture"
        );
    }

    #[test]
    fn an_instruction_stops_only_at_its_address() {
        let ip = 0x7fff_f7ea_1234;
        let chosen = [(1, ip), (1, ip + 9), (3, ip)];
        let chosen = chosen.map(|(number, ip)| SyscallInstruction { number, ip });
        let program = program(&Chosen::Instructions(chosen.to_vec()), Besides::default());
        let trace = libc::SECCOMP_RET_TRACE;
        assert_eq!(verdict(&program, AUDIT, 1, ip), trace);
        assert_eq!(verdict(&program, AUDIT, 1, ip + 9), trace);
        assert_eq!(verdict(&program, AUDIT, 3, ip), trace);
        for (number, other) in [(1, ip + 1), (1, ip ^ (1 << 40)), (2, ip), (3, ip + 9)] {
            assert_eq!(
                verdict(&program, AUDIT, number, other),
                libc::SECCOMP_RET_ALLOW
            );
        }
    }

    #[test]
    fn all_means_all() {
        let program = program(&Chosen::All, Besides::default());
        assert_eq!(verdict(&program, AUDIT, 500, 1), libc::SECCOMP_RET_TRACE);
    }

    #[test]
    fn io_uring_is_refused_and_nothing_else() {
        let refusing = Besides {
            io_uring_setup: true,
            unfollowed: false,
        };
        let setup = libc::SYS_io_uring_setup as u32;
        for chosen in [Chosen::none(), Chosen::Numbers(vec![1])] {
            let program = program(&chosen, refusing);
            assert_ne!(verdict(&program, AUDIT, setup, 9), libc::SECCOMP_RET_ALLOW);
            assert_eq!(
                verdict(&program, AUDIT, setup + 1, 9),
                libc::SECCOMP_RET_ALLOW
            );
            assert_eq!(verdict(&program, 3, setup, 9), libc::SECCOMP_RET_ALLOW);
        }
        assert!(program(&Chosen::none(), Besides::default()).is_empty());
    }

    #[test]
    fn a_recording_stops_at_what_it_cannot_follow() {
        let counting = Besides {
            io_uring_setup: false,
            unfollowed: true,
        };
        let program = program(&Chosen::Numbers(vec![1]), counting);
        let (trace, allow) = (libc::SECCOMP_RET_TRACE, libc::SECCOMP_RET_ALLOW);
        assert_eq!(verdict(&program, 3, 1, 0), trace, "other architecture");
        assert_eq!(verdict(&program, AUDIT, last_known() + 1, 0), trace);
        assert_eq!(verdict(&program, AUDIT, last_known(), 0), allow);
        let mmap = |flags: i32| {
            let number = libc::SYS_mmap as u32;
            verdict_of(&program, AUDIT, number, 0, flags as u32)
        };
        assert_eq!(mmap(libc::MAP_SHARED), trace);
        assert_eq!(mmap(libc::MAP_SHARED_VALIDATE | libc::MAP_POPULATE), trace);
        assert_eq!(mmap(libc::MAP_PRIVATE), allow);
        assert_eq!(mmap(libc::MAP_SHARED | libc::MAP_ANONYMOUS), allow);
        assert_eq!(verdict(&program, AUDIT, 1, 0), trace);
        assert_eq!(verdict(&program, AUDIT, 2, 0), allow);
    }
}
