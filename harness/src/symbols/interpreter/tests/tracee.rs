//! A tracer that stops a program at each of its calls.

use crate::facts::Frame;
use crate::symbols::interpreter::{Interpreters, Stop};
use crate::sys::arch;
use crate::sys::ids::Tid;
use crate::sys::ptrace::{CallStop, call_stop};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::cell::Cell;
use std::io::{IoSliceMut, Write};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Command, Stdio};

/// A thread that stands before a call.
pub(super) struct Call<'a> {
    pub(super) number: u64,
    pub(super) args: [u64; 3],
    pid: i32,
    tid: i32,
    pthread: RangeInclusive<u64>,
    interpreters: &'a mut Interpreters,
}

/// Frames, and how many times memory was read for them.
pub(super) struct StoppedStack {
    pub(super) frames: Vec<Frame>,
    pub(super) reads: usize,
}

impl Call<'_> {
    pub(super) fn take(&mut self) -> StoppedStack {
        let reads = Cell::new(0);
        let tid = self.tid;
        let stop = Stop {
            pid: self.pid,
            tid,
            pthread: self.pthread.clone(),
            root: Path::new("/"),
            maps: &|| std::fs::read_to_string(format!("/proc/{tid}/maps")).ok(),
            thread_name: &|| std::fs::read_to_string(format!("/proc/{tid}/comm")).ok(),
            read: &|address, into| {
                reads.set(reads.get() + 1);
                read(tid, address, into)
            },
        };
        StoppedStack {
            frames: self.interpreters.frames(&stop),
            reads: reads.get(),
        }
    }

    /// What a `write` is about to write to standard output.
    pub(super) fn output(&self) -> Option<String> {
        const STDOUT: u64 = 1;
        if self.number != libc::SYS_write as u64 || self.args[0] != STDOUT {
            return None;
        }
        let mut bytes = vec![0; self.args[2] as usize];
        read(self.tid, self.args[1], &mut bytes).then_some(())?;
        String::from_utf8(bytes).ok()
    }
}

fn read(tid: i32, address: u64, into: &mut [u8]) -> bool {
    let length = into.len();
    let remote = [RemoteIoVec {
        base: address as usize,
        len: length,
    }];
    process_vm_readv(Pid::from_raw(tid), &mut [IoSliceMut::new(into)], &remote) == Ok(length)
}

fn process_of(tid: i32) -> i32 {
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).expect("a thread");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Tgid:"))
        .expect("its process");
    line.trim().parse().expect("a number")
}

/// Runs a program to its end and calls `at` before each call that any of its threads and children makes.
pub(super) fn run(command: &[&str], directory: &Path, mut at: impl FnMut(&mut Call)) {
    // The shell waits until it is traced, and becomes the program then.
    let mut child = Command::new("sh")
        .args(["-c", "read -r go; exec \"$@\"", "sh"])
        .args(command)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("a shell");
    let pid = Pid::from_raw(child.id().cast_signed());
    ptrace::seize(
        pid,
        Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL,
    )
    .expect("a tracee");
    ptrace::interrupt(pid).expect("a stop");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(b"\n").expect("the line that it waits for");
    drop(stdin);
    let mut interpreters = Interpreters::default();
    // Of the tracees and children of this thread alone: other tests have theirs.
    let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    while let Ok(status) = waitpid(None, Some(flags)) {
        let (tid, signal) = match status {
            WaitStatus::Exited(ended, status) if ended == pid => {
                assert_eq!(status, 0, "{command:?}");
                // Of a child that has been waited for the library must be told, too.
                drop(child.wait());
                return;
            }
            WaitStatus::Exited(..) => continue,
            WaitStatus::PtraceSyscall(tid) => {
                call(tid, &mut interpreters, &mut at);
                (tid, None)
            }
            WaitStatus::PtraceEvent(tid, _, event) => {
                if event == libc::PTRACE_EVENT_EXEC {
                    interpreters.forget(tid.as_raw());
                }
                (tid, None)
            }
            WaitStatus::Stopped(tid, signal) => (tid, Some(signal)),
            other => panic!("{command:?}: {other:?}"),
        };
        go_on(tid, signal);
    }
    drop(child.wait());
    panic!("{command:?} has not ended");
}

/// A thread that is gone meanwhile is waited for like any other.
fn go_on(tid: Pid, signal: Option<Signal>) {
    match ptrace::syscall(tid, signal) {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
        Err(error) => panic!("{tid}: {error}"),
    }
}

fn call(tid: Pid, interpreters: &mut Interpreters, at: &mut impl FnMut(&mut Call)) {
    let thread = Tid::new(tid.as_raw());
    let Ok(CallStop::Entry { number, args, .. }) = call_stop(thread) else {
        return;
    };
    at(&mut Call {
        number,
        args: [args[0], args[1], args[2]],
        pid: process_of(tid.as_raw()),
        tid: tid.as_raw(),
        pthread: arch::pthread(thread).expect("a thread that stands still"),
        interpreters,
    });
}
