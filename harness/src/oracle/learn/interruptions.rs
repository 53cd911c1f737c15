//! Which handlers a program goes on after: what EINTR asks of it.
//!
//! The kernel returns EINTR only after a handler has run. Where each handler is for a signal that ends the program, as
//! the traps of a shell script are, no call is ever interrupted in a program that goes on, and one that fails then is
//! right.

use super::baseline::Baseline;
use crate::facts::RawPoint;
use crate::schedule::{Fault, Schedule, Trigger, is_ended_by_a_stop, is_never_restarted};

/// Signals that ask a program to end, or tell it that it cannot go on.
const ENDS: [i32; 7] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGPIPE,
    libc::SIGXCPU,
    libc::SIGXFSZ,
];

/// Signals that end a program unless they are handled, and that it mostly sends itself. One that handles them as it
/// handles SIGINT wants to clean up.
const TIMERS: [i32; 4] = [libc::SIGALRM, libc::SIGVTALRM, libc::SIGPROF, libc::SIGIO];

/// What a program does wrong itself. Nobody goes on after it, nor after what is handled by the same function: bash ends
/// by all of these and SIGUSR1 alike.
const FAULTS: [i32; 7] = [
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
    libc::SIGSYS,
];

/// Whether the program may fail after the EINTR of this schedule: it has no handler that interrupts the call and lets
/// it go on. Where nothing was recorded, nobody knows.
pub(crate) fn may_fail_interrupted(baseline: &Baseline, schedule: &Schedule) -> bool {
    let interrupted = schedule
        .steps
        .iter()
        .filter(|step| matches!(step.fault, Fault::Errno { errno } if errno == libc::EINTR));
    let mut calls = interrupted.map(|step| match &step.trigger {
        Trigger::Point { name, .. } => Some(name.call.as_str()),
        _ => None,
    });
    let points: Vec<&RawPoint> = baseline.recordings().flat_map(|run| &run.points).collect();
    !points.is_empty()
        && calls
            .next()
            .flatten()
            .is_some_and(|call| calls.next().is_none() && !goes_on_after(&points, call))
}

/// Whether a handler interrupts this call and lets the program go on.
fn goes_on_after(points: &[&RawPoint], call: &str) -> bool {
    if is_ended_by_a_stop(call) {
        return true;
    }
    let ends = |one: &RawPoint| {
        let signal = one.installs.unwrap_or(0);
        let is_handled_as = |others: &[i32]| {
            let is_one = |other: &&RawPoint| {
                let is_other = other
                    .installs
                    .is_some_and(|signal| others.contains(&signal));
                is_other && other.role == one.role && other.handler == one.handler
            };
            points.iter().any(is_one)
        };
        ENDS.contains(&signal)
            || TIMERS.contains(&signal) && is_handled_as(&ENDS)
            || is_handled_as(&FAULTS)
    };
    let mut handlers = points.iter().filter(|point| point.installs.is_some());
    handlers.any(|point| (point.interrupts || is_never_restarted(call)) && !ends(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handles(signal: i32, handler: u64, interrupts: bool) -> RawPoint {
        RawPoint {
            installs: Some(signal),
            handler: Some(handler),
            interrupts,
            ..RawPoint::default()
        }
    }

    #[test]
    fn a_program_whose_handlers_all_end_it_is_never_interrupted() {
        let goes_on = |points: &[RawPoint], call| {
            let points: Vec<&RawPoint> = points.iter().collect();
            goes_on_after(&points, call)
        };
        // As `sort` does.
        let ending = [libc::SIGINT, libc::SIGTERM, libc::SIGALRM, libc::SIGPIPE];
        let mut points = ending.map(|signal| handles(signal, 7, true)).to_vec();
        assert!(!goes_on(&points, "read"));
        assert!(goes_on(&points, "epoll_wait"), "a stop ends it");
        // A shell's children are told of, and no wait is interrupted by it but those that are never made again.
        points.push(handles(libc::SIGCHLD, 8, false));
        assert!(!goes_on(&points, "read"));
        assert!(goes_on(&points, "poll"));
        // As bash does.
        let fatal = [libc::SIGABRT, libc::SIGUSR1].map(|signal| handles(signal, 5, true));
        assert!(!goes_on(&[&points[..], &fatal].concat(), "read"));
        assert!(goes_on(&[handles(libc::SIGUSR1, 7, true)], "read"));
        // A timer of one's own; a window that changes its size.
        let timer = [&points[..], &[handles(libc::SIGALRM, 9, true)]].concat();
        assert!(goes_on(&timer, "read"));
        points.push(handles(libc::SIGWINCH, 7, true));
        assert!(goes_on(&points, "read"));
    }
}
