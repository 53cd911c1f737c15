//! The watcher thread: reads what the handler did, tells the observers, and
//! lets time pass for the machine.
//!
//! It has every signal blocked but the managed ones, so that one thread at
//! least can take them when all others have blocked them.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::engine::Engine;
use super::handler;
use super::options::Observer;
use super::reorder_buffer::ReorderBuffer;
use super::transition::{Record, Transition};
use crate::machine::{Action, Event};
use crate::sys::park::WAKES_FROM_HANDLER;
use crate::sys::wake_pipe::{Received, Receiver};
use crate::sys::{clock, mask};

/// While a deadline runs, the watcher looks at the clock at least this often.
/// A look that comes much later means that the process was stopped (Ctrl+Z,
/// a debugger, a sleeping laptop); that time does not count.
const SLICE: Duration = Duration::from_millis(200);

/// What went wrong when the handler was removed; complete before
/// [`Engine::close`].
pub(super) type Failures = Mutex<Vec<io::Error>>;

/// Starts the watcher. It ends after [`Engine::close`], when it has read every
/// transition.
///
/// # Errors
/// Those of creating a thread.
pub(super) fn spawn(
    engine: Arc<Engine>,
    receiver: Receiver,
    observers: Vec<Box<dyn Observer>>,
    failures: Arc<Failures>,
) -> io::Result<JoinHandle<()>> {
    mask::with_all_blocked(|| {
        thread::Builder::new()
            .name("interrupt-watcher".to_owned())
            .spawn(move || watch(&engine, receiver, observers, &failures))
    })
}

fn watch(
    engine: &Engine,
    mut receiver: Receiver,
    mut observers: Vec<Box<dyn Observer>>,
    failures: &Failures,
) {
    // Cannot fail for valid signals; if it did, other threads take the signal.
    let _ = mask::unblock(&engine.signals);
    let mut buffer = ReorderBuffer::default();
    loop {
        let closing = engine.is_closing();
        let timeout = if closing {
            Some(Duration::ZERO)
        } else {
            let ticks = until_next_tick(engine).into_iter();
            ticks.chain(buffer.patience()).min()
        };
        let before_ns = clock::now_ns();
        let received = match receiver.receive(timeout) {
            Ok(received) => received,
            // The pipe is ours alone: it neither closes nor fails while the
            // engine is there. Without it there is nothing left to watch.
            Err(_) => break,
        };
        if let Received::Record(record) = received {
            if !WAKES_FROM_HANDLER {
                engine.cell.wake_all();
            }
            let record = Record::from_bytes(record);
            discount_a_late_record(engine, &record.transition);
            if record.transition.action != Action::Nothing {
                buffer.push(record);
            }
        }
        let last = closing && received == Received::TimedOut || received == Received::Closed;
        while let Some(transition) = buffer.pop(last) {
            tell(engine, &mut observers, &transition);
        }
        if last {
            break;
        }
        if let Some(timeout) = timeout.filter(|_| !closing) {
            discount_a_stop(engine, before_ns, timeout);
            let transition = engine.apply(Event::Tick);
            if transition.action.ends_process() {
                let signal = transition.cause.signal();
                handler::end_process(engine, transition.action, signal);
            }
        }
    }
    let failures = std::mem::take(&mut *failures.lock().unwrap_or_else(PoisonError::into_inner));
    for observer in &mut observers {
        survives(|| {
            for error in &failures {
                observer.cleanup_failed(error);
            }
            observer.finish();
        });
    }
}

/// Whether this part of an observer does not panic. One that does is left out
/// from then on, and takes neither the others nor this thread with it. The panic
/// hook has reported it.
fn survives(part: impl FnOnce()) -> bool {
    panic::catch_unwind(AssertUnwindSafe(part)).is_ok()
}

fn tell(engine: &Engine, observers: &mut Vec<Box<dyn Observer>>, transition: &Transition) {
    observers.retain_mut(|observer| survives(|| observer.observe(&engine.policy, transition)));
    engine.cell.announce(transition.to);
}

/// How long to wait at most, `None` if time changes nothing.
fn until_next_tick(engine: &Engine) -> Option<Duration> {
    let due = engine.policy.next_deadline(engine.state())?;
    let left = Duration::from_millis(u64::from(due.millis_since(engine.now())));
    Some(left.min(SLICE))
}

/// As [`discount_a_stop`], for a stop that began before this thread waited for
/// the deadline that the transition has set.
fn discount_a_late_record(engine: &Engine, transition: &Transition) {
    let now_ns = clock::now_ns();
    let late = Duration::from_nanos(now_ns.saturating_sub(transition.at_ns));
    if transition.action != Action::Nothing && late > SLICE {
        engine.was_stopped(transition.at_ns, now_ns);
    }
}

fn discount_a_stop(engine: &Engine, before_ns: u64, timeout: Duration) {
    let now_ns = clock::now_ns();
    let waited = Duration::from_nanos(now_ns.saturating_sub(before_ns));
    let excess = waited.saturating_sub(timeout);
    if excess > SLICE {
        let excess_ns = u64::try_from(excess.as_nanos()).unwrap_or(u64::MAX);
        engine.was_stopped(now_ns.saturating_sub(excess_ns), now_ns);
    }
}
