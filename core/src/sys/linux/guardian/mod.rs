//! The guardian: a process between this one and a program, so that nothing
//! the program has started outlives it, nor this process.
//!
//! A group is not enough: a descendant that calls `setsid` has left it, and
//! after `kill -9` of this process nobody signals the group. The guardian is
//! a *subreaper*: the kernel hands it every descendant whose parent has died,
//! so all of them are below it, whatever groups and sessions they made, and
//! `children` in `/proc` names those that it may signal. It ends when all of
//! them have, at the latest when the socket to this process closes.
//!
//! It is forked and executes nothing, since a library has no program of its
//! own to execute. So everything here runs in a forked child of a process
//! with threads, and keeps to async-signal-safe calls: no allocation, no
//! lock, no panic. It gives back the heap that it has from this process. What
//! it cannot survive is its own SIGKILL: the program dies
//! with it then, but descendants outside the program's group do not.

pub(crate) mod client;
mod kernel;
mod memory;
mod message;

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr;

use kernel::{
    NOT_EXECUTED, Signals, close_range, for_each_child, reap, signal_child, status_unreaped,
    stop_signal, wait, was_executed,
};
use message::{MESSAGE_BYTES, Message, send};

use crate::sys::foreground;

/// How many processes are asked at the same time after the program's end.
const ASKED_MAX: usize = 64;

/// The command with which the guardian removes a directory when this process
/// is not there any more to do it.
#[derive(Debug)]
pub(super) struct Cleaner {
    /// The path of `rm`.
    pub(super) program: CString,
    /// The directory.
    pub(super) directory: CString,
}

/// Divides a child that is about to execute a program: the child itself
/// becomes the guardian and does not return from here; its own new child, the
/// leader of a group, does, and goes on to execute the program.
///
/// For [`pre_exec`](std::os::unix::process::CommandExt::pre_exec); `socket` is
/// the guardian's end and at least 3. The leader gets `terminal`.
///
/// # Errors
/// Those of `prctl(2)` and `fork(2)`.
pub(super) fn divide(
    socket: RawFd,
    cleaner: Option<&Cleaner>,
    terminal: Option<RawFd>,
) -> io::Result<()> {
    // SAFETY: takes plain integers.
    if unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let signals = Signals::hold_back();
    // SAFETY: no precondition.
    let guardian = unsafe { libc::getpid() };
    // SAFETY: this process is a forked child and has one thread.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            become_leader(guardian);
            if let Some(terminal) = terminal {
                // SAFETY: no precondition.
                foreground::hand_over(terminal, unsafe { libc::getpid() });
            }
            signals.put_back();
            Ok(())
        }
        leader => Guardian::new(leader, socket).guard(cleaner),
    }
}

fn become_leader(guardian: libc::pid_t) {
    // SAFETY: 0 is the caller itself, which has executed nothing yet.
    let _ = unsafe { libc::setpgid(0, 0) };
    // SAFETY: the name is terminated; a signal number. Both are requests that
    // cannot fail for these arguments.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, NOT_EXECUTED.as_ptr());
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
    // SAFETY: no precondition.
    if unsafe { libc::getppid() } != guardian {
        // It died before the request was made.
        // SAFETY: no precondition.
        unsafe { libc::_exit(127) };
    }
}

/// The guardian at work. It never returns, and no signal but SIGKILL and
/// SIGSTOP does anything to it.
struct Guardian {
    leader: libc::pid_t,
    socket: RawFd,
    /// The wait status of the program, once it has ended. It stays unreaped:
    /// until then the numbers of process and group are its own.
    ended: Option<i32>,
    asked: Option<i32>,
    /// The children that were asked after the program's end; 0 is nobody.
    asked_children: [libc::pid_t; ASKED_MAX],
    killing: bool,
    gone: bool,
    /// What is left is left alone.
    released: bool,
}

/// What became of the other end of the socket.
enum PeerState {
    Listening,
    End,
    Closed,
}

impl Guardian {
    fn new(leader: libc::pid_t, socket: RawFd) -> Guardian {
        Guardian {
            leader,
            socket,
            ended: None,
            asked: None,
            asked_children: [0; ASKED_MAX],
            killing: false,
            gone: false,
            released: false,
        }
    }

    fn guard(mut self, cleaner: Option<&Cleaner>) -> ! {
        // Both sides do it, so that neither can be too early with a signal.
        // SAFETY: takes any numbers; fails if the program is executed already.
        let _ = unsafe { libc::setpgid(self.leader, self.leader) };
        self.send(Message::Started(self.leader));
        // From here on the pipe by which `spawn` waits is not held open by us.
        let children = self.let_go();
        let cleaner = cleaner.and_then(OnStack::copy);
        // SAFETY: the guardian itself and the cleaner lie on this stack.
        unsafe { memory::release(&[(&raw const self).addr()]) };
        let mut last = PeerState::Listening;
        loop {
            self.look();
            if self.gone {
                match last {
                    PeerState::Listening => {}
                    PeerState::End => exit(),
                    PeerState::Closed => clean(cleaner.as_ref()),
                }
            }
            let listens = matches!(last, PeerState::Listening);
            if wait(children, if listens { self.socket } else { -1 }) {
                last = self.listen();
            }
        }
    }

    /// Closes everything that was inherited but the socket, leaves the
    /// directory, and returns a descriptor that is readable after SIGCHLD.
    fn let_go(&self) -> RawFd {
        let socket = self.socket.cast_unsigned();
        close_range(3, socket.saturating_sub(1));
        close_range(socket + 1, u32::MAX);
        // SAFETY: paths are terminated, descriptors are plain numbers; what
        // fails here leaves something open that does no harm.
        unsafe {
            libc::prctl(libc::PR_SET_NAME, c"guardian".as_ptr());
            let _ = libc::chdir(c"/".as_ptr());
            let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
            for fd in 0..3 {
                if null < 0 || libc::dup2(null, fd) < 0 {
                    libc::close(fd);
                }
            }
        }
        // SAFETY: the set is initialised before it is used.
        let children = unsafe {
            let mut set = MaybeUninit::uninit();
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
            libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        };
        if children < 0 {
            // Nobody could be guarded; the program goes down with us.
            exit();
        }
        children
    }

    /// Reads one message and carries it out.
    fn listen(&mut self) -> PeerState {
        let mut bytes = [0_u8; MESSAGE_BYTES];
        // SAFETY: the buffer has the length that is said.
        let count = unsafe {
            libc::recv(
                self.socket,
                bytes.as_mut_ptr().cast(),
                MESSAGE_BYTES,
                libc::MSG_WAITALL,
            )
        };
        let message = (count == MESSAGE_BYTES.cast_signed()).then(|| Message::from_bytes(bytes));
        match message.flatten() {
            Some(Message::Ask(signal)) => {
                self.asked = Some(signal);
                self.signal_group(signal);
                // Stopped ones have to hear of it as well.
                self.signal_group(libc::SIGCONT);
                PeerState::Listening
            }
            Some(Message::Release) => {
                self.released = true;
                if self.ended.is_some() && !self.gone {
                    self.gone = true;
                    self.send(Message::Gone);
                }
                PeerState::Listening
            }
            Some(Message::Kill) => {
                self.killing = true;
                self.signal_group(libc::SIGKILL);
                PeerState::Listening
            }
            Some(Message::End) => {
                self.killing = true;
                PeerState::End
            }
            // The process that we work for has ended, in whatever way.
            _ => {
                self.killing = true;
                self.signal_group(libc::SIGKILL);
                PeerState::Closed
            }
        }
    }

    /// Reaps dead processes, kills living ones if it is time to, and reports
    /// what is new.
    ///
    /// Whoever is a child when the list is read is killed; the death of each
    /// raises SIGCHLD after its own children have become ours. So a wait that
    /// is not woken means that nobody is left.
    fn look(&mut self) {
        loop {
            let mut scan = ScanResult::default();
            for_each_child(|pid| self.visit_child(pid, &mut scan));
            if let Some(status) = scan.leader_ended {
                self.ended = Some(status);
                if !was_executed(self.leader) {
                    // `spawn` knows why, and waits for our end.
                    exit();
                }
                self.send(Message::LeaderEnded(status));
                // Now look at what it left behind.
                continue;
            }
            // The kernel may leave someone out while others disappear.
            if scan.reaped == 0 {
                if self.ended.is_some() && scan.living == 0 && !self.gone {
                    self.gone = true;
                    self.send(Message::Gone);
                }
                return;
            }
        }
    }

    fn visit_child(&mut self, pid: libc::pid_t, scan: &mut ScanResult) {
        if pid == self.leader {
            if self.ended.is_some() {
                return;
            }
            if let Some(signal) = stop_signal(pid) {
                self.send(Message::LeaderStopped(signal));
            }
            scan.leader_ended = status_unreaped(pid);
            if scan.leader_ended.is_some() {
                return;
            }
        } else if reap(pid) {
            scan.reaped += 1;
            if let Some(place) = self.slot_of(pid) {
                *place = 0;
            }
            return;
        }
        scan.living += 1;
        if self.released {
            return;
        }
        if self.killing {
            signal_child(pid, libc::SIGKILL);
        } else if let (Some(_), Some(signal)) = (self.ended, self.asked) {
            self.ask_once(pid, signal);
        }
    }

    /// Asks what the program left behind: nobody else would. Whoever finds no
    /// place is killed when the grace period is over.
    fn ask_once(&mut self, pid: libc::pid_t, signal: i32) {
        if self.slot_of(pid).is_some() {
            return;
        }
        if let Some(place) = self.slot_of(0) {
            *place = pid;
            signal_child(pid, signal);
        }
    }

    fn slot_of(&mut self, pid: libc::pid_t) -> Option<&mut libc::pid_t> {
        self.asked_children.iter_mut().find(|slot| **slot == pid)
    }

    /// The group is the program's own until we reap it, which is last.
    fn signal_group(&self, signal: i32) {
        if self.released {
            return;
        }
        // SAFETY: kill takes any arguments. It fails if everybody has left the
        // group.
        let _ = unsafe { libc::kill(-self.leader, signal) };
    }

    /// Nobody may listen any more, which the next wait notices.
    fn send(&self, message: Message) {
        send(self.socket, message);
    }
}

#[derive(Default)]
struct ScanResult {
    living: u32,
    reaped: u32,
    leader_ended: Option<i32>,
}

/// A [`Cleaner`] without a heap.
struct OnStack {
    program: [u8; PATH_BYTES],
    directory: [u8; PATH_BYTES],
}

/// The longest path that the kernel takes, with its end.
const PATH_BYTES: usize = libc::PATH_MAX as usize;

impl OnStack {
    fn copy(cleaner: &Cleaner) -> Option<OnStack> {
        let mut copy = OnStack {
            program: [0; PATH_BYTES],
            directory: [0; PATH_BYTES],
        };
        let parts = [
            (&mut copy.program, cleaner.program.as_bytes_with_nul()),
            (&mut copy.directory, cleaner.directory.as_bytes_with_nul()),
        ];
        for (place, path) in parts {
            place.get_mut(..path.len())?.copy_from_slice(path);
        }
        Some(copy)
    }
}

/// Becomes the command that removes the directory, if there is one.
fn clean(cleaner: Option<&OnStack>) -> ! {
    if let Some(cleaner) = cleaner {
        let args = [
            c"rm".as_ptr(),
            c"-rf".as_ptr(),
            c"--".as_ptr(),
            cleaner.directory.as_ptr().cast(),
            ptr::null(),
        ];
        // Variables that were set since the start were on the heap.
        let environment = [ptr::null()];
        // SAFETY: path and arguments are terminated, and so are both lists.
        unsafe {
            libc::execve(
                cleaner.program.as_ptr().cast(),
                args.as_ptr(),
                environment.as_ptr(),
            )
        };
    }
    exit()
}

fn exit() -> ! {
    // SAFETY: no precondition.
    unsafe { libc::_exit(0) }
}
