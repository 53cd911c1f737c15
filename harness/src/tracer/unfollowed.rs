//! What a run does that is no call of its own, or none that is known: it is counted, so that nobody takes it for
//! nothing.

use super::syscalls::mappings::shared_and_writable;
use super::syscalls::observed_syscall::ObservedSyscall;
use super::syscalls::{Row, mappings, row, socket_address};
use crate::facts::{Unfollowed, UnfollowedCount};
use crate::sys::ptrace;
use std::collections::{BTreeMap, BTreeSet};

/// What a call returns that was begun and goes on without the caller.
const IN_PROGRESS: i64 = -(libc::EINPROGRESS as i64);
const NO_SUCH_CALL: i64 = -(libc::ENOSYS as i64);

/// What has been seen of it in one run.
#[derive(Default)]
pub(crate) struct UnfollowedLog {
    counts: BTreeMap<Unfollowed, u64>,
    /// Some process has mapped a file shared: from now on it is worth looking for one that is written to.
    maps_files: bool,
    /// Addresses that processes of the target wait at.
    own_addresses: BTreeSet<String>,
}

impl UnfollowedLog {
    /// One more of these.
    pub(crate) fn add(&mut self, what: Unfollowed) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Whether a call that ends the use of mapped memory can be about a file.
    pub(crate) fn maps_files(&self) -> bool {
        self.maps_files
    }

    pub(crate) fn finish(self) -> Vec<UnfollowedCount> {
        let counts = self.counts.into_iter();
        counts
            .map(|(what, count)| UnfollowedCount { what, count })
            .collect()
    }

    /// A call begins. Returns what its success is going to mean.
    pub(crate) fn begins(&mut self, call: &ObservedSyscall<'_>) -> Option<Unfollowed> {
        let args = call.call.args;
        match &*call.name() {
            "io_uring_enter" => Some(Unfollowed::IoUring),
            "io_uring_setup" => is_polled(call, args[1]).then_some(Unfollowed::IoUringPolled),
            // The ring was counted when it was made.
            "io_uring_register" => None,
            "mmap" => self.maps(call),
            "exit_group" | "exit" | "munmap" => {
                self.look_at_mappings(call);
                None
            }
            "clone" => shares(args[0]),
            "clone3" => shares(ptrace::read_u64(call.call.tid, args[0])?),
            "bind" => {
                self.own_addresses.extend(socket_address(&call.call, 1));
                None
            }
            "connect" => {
                let address = socket_address(&call.call, 1)?;
                let is_own = self.own_addresses.contains(&address);
                (!is_own).then(|| Unfollowed::HandedOver {
                    to: call.shorten(&address),
                })
            }
            name => match row(name) {
                Some(Row::NotFollowed(_)) => Some(Unfollowed::Call {
                    name: name.to_owned(),
                }),
                None => Some(Unfollowed::UnknownCall {
                    number: call.call.number,
                }),
                Some(Row::Point(_) | Row::Neither) => None,
            },
        }
    }

    /// The call has returned.
    pub(crate) fn returned(&mut self, what: Unfollowed, result: i64) {
        let times = match (&what, result) {
            (Unfollowed::IoUring, submitted @ 1..) => submitted.unsigned_abs(),
            (Unfollowed::IoUring, _) => 0,
            (Unfollowed::HandedOver { .. }, IN_PROGRESS) => 1,
            (Unfollowed::UnknownCall { .. }, NO_SUCH_CALL) => 0,
            (_, 0..) => 1,
            _ => 0,
        };
        if times > 0 {
            *self.counts.entry(what).or_default() += times;
        }
    }

    /// A file is mapped shared. Only one in the private directories counts: elsewhere it is the memory that programs
    /// have in common, or not judged anyway.
    fn maps(&mut self, call: &ObservedSyscall<'_>) -> Option<Unfollowed> {
        const RIGHTS_AT: usize = 2;
        self.maps_files = true;
        let is_writable = call.call.args[RIGHTS_AT] & libc::PROT_WRITE as u64 != 0;
        let path = mappings::mapped_file(&call.call).filter(|_| is_writable)?;
        mapping(call, &path)
    }

    /// Memory that was mapped is given back, all of it at the end of a process: a mapping that was made writable later
    /// is seen here.
    fn look_at_mappings(&mut self, call: &ObservedSyscall<'_>) {
        if !self.maps_files {
            return;
        }
        for mapped in shared_and_writable(call.call.tid) {
            if let Some(what) = mapping(call, &mapped.path) {
                self.counts.entry(what).or_insert(1);
            }
        }
    }
}

fn mapping(call: &ObservedSyscall<'_>, path: &str) -> Option<Unfollowed> {
    let path = call.shorten(path);
    (!path.starts_with('/')).then_some(Unfollowed::Mapping { path })
}

/// Whether the kernel looks for operations by itself: then not even a call submits them.
fn is_polled(call: &ObservedSyscall<'_>, parameters: u64) -> bool {
    /// Of `struct io_uring_params`, two 32-bit numbers stand before the flags.
    const FLAGS_AT: u64 = 8;
    const SETUP_SQPOLL: u64 = 1 << 1;
    ptrace::read_u64(call.call.tid, parameters + FLAGS_AT)
        .is_some_and(|flags| flags & SETUP_SQPOLL != 0)
}

/// What a new process or thread has in common with the one that makes it, by the flags of `clone`.
fn shares(flags: u64) -> Option<Unfollowed> {
    let has = |flag: libc::c_int| flags & flag as u64 != 0;
    if has(libc::CLONE_UNTRACED) {
        return Some(Unfollowed::Untraced);
    }
    let shared = has(libc::CLONE_VM) || has(libc::CLONE_FILES);
    let lasting = !has(libc::CLONE_THREAD) && !has(libc::CLONE_VFORK);
    (shared && lasting).then_some(Unfollowed::SharesMemory)
}
