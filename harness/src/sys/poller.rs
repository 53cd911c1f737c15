//! One place to wait for everything at once: descriptors, children, time.

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// What is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// A child or tracee changed state.
    Children,
    /// The time set with [`Poller::wake_in`] has passed.
    Time,
    /// A descriptor, by the number that it was added with.
    Descriptor(u64),
}

/// Waits without polling: SIGCHLD is blocked and read from a descriptor, time
/// comes from a timer descriptor.
pub(crate) struct Poller {
    epoll: Epoll,
    children: SignalFd,
    timer: TimerFd,
}

const CHILDREN: u64 = u64::MAX;
const TIME: u64 = u64::MAX - 1;

impl Poller {
    /// Blocks SIGCHLD in the calling thread, for good.
    pub(crate) fn new() -> io::Result<Poller> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), None)?;
        let children = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let timer = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&children, EpollEvent::new(EpollFlags::EPOLLIN, CHILDREN))?;
        epoll.add(&timer, EpollEvent::new(EpollFlags::EPOLLIN, TIME))?;
        Ok(Poller {
            epoll,
            children,
            timer,
        })
    }

    /// Watches a descriptor for input and for its other end's closing.
    pub(crate) fn add(&self, descriptor: impl AsFd, number: u64) -> io::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, number);
        Ok(self.epoll.add(descriptor, event)?)
    }

    /// Watches a descriptor for room as well.
    pub(crate) fn add_both(&self, descriptor: impl AsFd, number: u64) -> io::Result<()> {
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
        Ok(self.epoll.add(descriptor, EpollEvent::new(flags, number))?)
    }

    /// Watches a descriptor for input alone from now on.
    pub(crate) fn only_input(&self, descriptor: impl AsFd, number: u64) -> io::Result<()> {
        let mut event = EpollEvent::new(EpollFlags::EPOLLIN, number);
        Ok(self.epoll.modify(descriptor, &mut event)?)
    }

    /// Stops watching a descriptor.
    pub(crate) fn remove(&self, descriptor: impl AsFd) -> io::Result<()> {
        Ok(self.epoll.delete(descriptor)?)
    }

    /// Wakes after this time, or never.
    pub(crate) fn wake_in(&mut self, after: Option<Duration>) -> io::Result<()> {
        match after {
            Some(after) => {
                let after = TimeSpec::from_duration(after.max(Duration::from_nanos(1)));
                self.timer
                    .set(Expiration::OneShot(after), TimerSetTimeFlags::empty())?;
            }
            None => self.timer.unset()?,
        }
        Ok(())
    }

    /// Blocks until something is ready; of what is ready at once, descriptors
    /// come before children. Children of whom more is known already are ready.
    pub(crate) fn wait(&mut self, ready: &mut Vec<Ready>, mut children: bool) -> io::Result<()> {
        ready.clear();
        let mut events = [EpollEvent::empty(); 8];
        let limit = match children {
            true => EpollTimeout::ZERO,
            false => EpollTimeout::NONE,
        };
        let count = match self.epoll.wait(&mut events, limit) {
            Err(nix::errno::Errno::EINTR) => 0,
            other => other?,
        };
        for event in &events[..count] {
            match event.data() {
                CHILDREN => {
                    while let Some(_info) = self.children.read_signal()? {}
                    children = true;
                }
                TIME => {
                    // Not blocking: a timer that was set anew meanwhile has nothing to read.
                    let mut ticks = [0u8; 8];
                    let _ = nix::unistd::read(self.timer.as_fd(), &mut ticks);
                    ready.push(Ready::Time);
                }
                number => ready.push(Ready::Descriptor(number)),
            }
        }
        if children {
            ready.push(Ready::Children);
        }
        Ok(())
    }
}
