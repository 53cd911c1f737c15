//! The signal handler: all code that runs inside one, but for the machine and
//! the system calls it makes.
//!
//! Rules: no allocation, no lock, no thread-local storage, no formatting, no
//! panic; errno is saved. The managed signals and SIGTSTP are masked meanwhile,
//! so no handler interrupts itself or the other one in one thread: the
//! alternate stack has room for one. They may run in several threads at once.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::guard::HandlerGuard;
use super::stale_call;
use crate::machine::{Action, Event, Sender, Signal};
use crate::signal::engine::Engine;
use crate::signal::options::ExitStyle;
use crate::sys::disposition::{self, Disposition, HandlerFn};
use crate::sys::terminal::{self, Modes};
use crate::sys::{clock, errno, exit, group_registry, mask};

#[cfg(not(sigproof_loom))]
static GUARD: HandlerGuard<Engine> = HandlerGuard::new();
#[cfg(sigproof_loom)]
loom::lazy_static! {
    static ref GUARD: HandlerGuard<Engine> = HandlerGuard::new();
}
/// A thread is in [`stop_by_default`].
static STOPPING: AtomicBool = AtomicBool::new(false);

/// A call of the entry point with this number and function, by the kernel or by
/// a handler of another library that was installed over ours.
pub(super) fn on_signal(
    entry: usize,
    function: HandlerFn,
    number: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let saved = errno::get();
    // SAFETY: the guard keeps the engine valid until we leave.
    let engine = unsafe { GUARD.enter().as_ref() };
    let signal = signal_of(number);
    match (signal, engine.filter(|engine| engine.entry.is(entry))) {
        (Some(Signal::TERMINAL_STOP), Some(engine)) => on_terminal_stop(engine),
        (Some(signal), Some(engine)) => {
            handle(engine, signal, sender_of(info));
            chain(engine, signal, info, context);
        }
        (Some(signal), None) => {
            stale_call::on_stale_call(entry, function, signal, info, context);
        }
        (None, _) => {}
    }
    GUARD.leave();
    errno::set(saved);
}

fn signal_of(number: libc::c_int) -> Option<Signal> {
    if number == Signal::TERMINAL_STOP.number() {
        return Some(Signal::TERMINAL_STOP);
    }
    Signal::from_number(number)
}

fn handle(engine: &Engine, signal: Signal, sender: Sender) {
    if !engine.owner.is_this_process() {
        // A forked child that has not executed another program yet. The pipe
        // belongs to the parent, and a signal swallowed here would be lost to
        // the program about to be executed: do what it would do, die.
        exit::die_by(signal);
    }
    let transition = engine.apply(Event::Signal { signal, sender });
    if transition.action.ends_process() {
        end_process(engine, transition.action, Some(signal));
    }
}

/// Calls the handler that was there before, if that was asked for.
fn chain(engine: &Engine, signal: Signal, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let previous = engine.chained.iter().find(|(known, _)| *known == signal);
    if let Some((_, previous)) = previous {
        stale_call::call(previous, signal, info, context);
    }
}

/// Ctrl+Z: leaves the terminal as it was found, stops, and when the process
/// goes on puts everything back. All of it happens here, so that no SIGCONT
/// handler is needed and the process really stops.
fn on_terminal_stop(engine: &Engine) {
    let modes = Modes::current();
    terminal::write_without_blocking(&engine.terminal_restore);
    if let Some(original) = &engine.modes {
        original.apply();
    }
    let (from_ns, to_ns) = stop_by_default();
    engine.was_stopped(from_ns, to_ns);
    if let Some(modes) = &modes {
        modes.apply();
    }
    terminal::write_without_blocking(&engine.terminal_reapply);
}

/// Lets SIGTSTP do what it does by default, and returns the time before and the
/// time after, in nanoseconds on the monotonic clock.
///
/// One thread at a time: the default of the signal is in place meanwhile, and a
/// second thread would take it for what belongs back. It goes on instead: the
/// process is being stopped.
fn stop_by_default() -> (u64, u64) {
    let signal = Signal::TERMINAL_STOP;
    let before_ns = clock::now_ns();
    if !STOPPING.swap(true, Ordering::SeqCst) {
        // sigaction cannot fail for SIGTSTP.
        if let Ok(ours) = disposition::replace(signal, &Disposition::default_action()) {
            // Commands and workers have groups of their own, which the terminal
            // does not stop.
            group_registry::stop_all();
            // SAFETY: raise takes any signal number. The signal is blocked in
            // this handler; the process stops when it is let through.
            let _ = unsafe { libc::raise(signal.number()) };
            let _ = mask::unblock(&[signal]);
            let _ = mask::block(&[signal]);
            group_registry::continue_all();
            let _ = disposition::replace(signal, &ours);
        }
        STOPPING.store(false, Ordering::SeqCst);
    }
    (before_ns, clock::now_ns())
}

/// Ends the process from wherever this is called, the other threads stuck or
/// not. `signal` is the one that began it all.
pub(in crate::signal) fn end_process(engine: &Engine, action: Action, signal: Option<Signal>) -> ! {
    // First make the signals deadly: should the message hang after all, the
    // next Ctrl+C needs nothing of ours.
    exit::make_deadly(&engine.signals);
    group_registry::kill_all();
    if action != Action::Delegate {
        terminal::write_without_blocking(&engine.exit_message);
    }
    terminal::write_without_blocking(&engine.terminal_restore);
    if let Some(modes) = &engine.modes {
        modes.apply();
    }
    match (engine.exit, signal) {
        (ExitStyle::BySignal, Some(signal)) => exit::die_by(signal),
        (ExitStyle::Status128, Some(signal)) => exit::exit_now(128 + signal.number()),
        (ExitStyle::Status(status), _) => exit::exit_now(i32::from(status)),
        (ExitStyle::BySignal | ExitStyle::Status128, None) => exit::exit_now(1),
    }
}

fn sender_of(info: *const libc::siginfo_t) -> Sender {
    // SAFETY: the kernel passes a valid siginfo to a handler installed with
    // SA_SIGINFO; null is checked all the same, as other code may call us.
    let Some(info) = (unsafe { info.as_ref() }) else {
        return Sender::Unknown;
    };
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let from_kernel = info.si_code == libc::SI_KERNEL;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let from_kernel = false;
    if from_kernel {
        return Sender::Kernel;
    }
    // SAFETY: managed signals that the kernel did not send come from kill,
    // tgkill or sigqueue, which fill in the process id.
    let pid = unsafe { info.si_pid() };
    match u32::try_from(pid) {
        Ok(pid) if pid > 0 => Sender::Process(pid),
        // Process 0 is a sender in another process namespace.
        _ if cfg!(target_os = "linux") => Sender::Unknown,
        _ => Sender::Kernel,
    }
}

/// An engine that the handler uses; taken away from it when dropped, which must
/// not happen in a handler. It keeps the engine valid, for ever if it is never
/// dropped.
pub(in crate::signal) struct Published(ManuallyDrop<Arc<Engine>>);

/// Offers the engine to the handler; `None` if another one is installed in
/// this process.
pub(in crate::signal) fn publish(engine: &Arc<Engine>) -> Option<Published> {
    let published = Published(ManuallyDrop::new(Arc::clone(engine)));
    let address = Arc::as_ptr(engine);
    let Err(other) = GUARD.publish(ptr::null(), address) else {
        return Some(published);
    };
    // SAFETY: published engines are valid. In a forked child the parent's
    // engine stays where it was, as its `Published` notices that it is in
    // another process.
    let inherited = unsafe { other.as_ref() }.is_some_and(|other| !other.owner.is_this_process());
    if inherited && GUARD.publish(other, address).is_ok() {
        GUARD.forget_visitors();
        STOPPING.store(false, Ordering::SeqCst);
        return Some(published);
    }
    None
}

impl Drop for Published {
    fn drop(&mut self) {
        if !self.0.owner.is_this_process() {
            // A forked child unwinds or exits: its handlers still look at the
            // engine to learn that it is the parent's.
            return;
        }
        GUARD.retract(Arc::as_ptr(&self.0));
        // SAFETY: dropped once, here; no handler uses the engine any more.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}
