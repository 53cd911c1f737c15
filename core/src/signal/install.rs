//! Installing and removing the handler.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use super::engine::{Engine, Settings};
use super::entry_point::EntryPoint;
use super::error::InstallError;
use super::handler;
use super::options::{ExitStyle, Options};
use super::watcher::Failures;
use crate::machine::{Cause, Event, Policy, Signal, Stage, State};
use crate::stage_cell::StageCell;
use crate::sys::disposition::{self, Disposition};
use crate::sys::fork_detect::OwnerProcess;
#[cfg(unix)]
use crate::sys::terminal::Modes;
use crate::sys::wake_pipe;

/// What a dying process writes to a terminal: cursor visible, colours reset.
const TERMINAL_RESTORE: &[u8] = b"\x1b[?25h\x1b[0m";

/// The installed handler, as an RAII guard.
///
/// While it lives, the managed signals move the stage as the policy says.
/// When it is dropped, each signal gets back its previous disposition, unless
/// other code has installed a handler since. One handler can be installed
/// in a process at a time; any number one after the other.
///
/// # Fork
/// In a forked child that has not executed another program, the managed
/// signals do what they do by default, so that a signal between `fork` and
/// `exec` is not lost. Such a child may install its own handler.
#[must_use = "dropping the guard removes the handler"]
pub struct InterruptHandler {
    engine: Arc<Engine>,
    published: Option<handler::Published>,
    previous: Vec<(Signal, Disposition)>,
    ignored: Vec<Signal>,
    watcher: Option<JoinHandle<()>>,
    failures: Arc<Failures>,
    #[cfg(unix)]
    hides_key_echo: bool,
}

impl InterruptHandler {
    /// Installs a handler for a [`Policy`] or for [`Options`].
    ///
    /// A signal that the parent process had set to be ignored stays ignored,
    /// see [`InterruptHandler::ignored`].
    ///
    /// # Errors
    /// If a handler is installed already
    /// ([`InstallError::is_already_installed`]), if a signal is not supported
    /// on this platform, or if a system call fails. Nothing stays installed
    /// then.
    ///
    /// ```
    /// use sigproof_core::{InterruptHandler, Policy, Stage};
    /// let handler = InterruptHandler::install(Policy::escalating())?;
    /// assert_eq!(handler.stage(), Stage::Running);
    /// # Ok::<(), sigproof_core::InstallError>(())
    /// ```
    pub fn install(options: impl Into<Options>) -> Result<InterruptHandler, InstallError> {
        let options: Options = options.into();
        let unsupported = options.signals.iter().find(|signal| !signal.is_supported());
        if let Some(&signal) = unsupported {
            return Err(InstallError::unsupported(signal));
        }
        let (managed, ignored) = split_ignored(&options)?;
        let terminal_restore = options.terminal_restore.unwrap_or_else(|| {
            if std::io::stderr().is_terminal() {
                TERMINAL_RESTORE.to_vec()
            } else {
                Vec::new()
            }
        });
        let mut chained = Vec::new();
        if options.chains {
            for &signal in &managed {
                let previous = disposition::current(signal)
                    .map_err(|error| InstallError::system("sigaction", Some(signal), error))?;
                chained.push((signal, previous));
            }
        }
        let settings = Settings {
            policy: options.policy,
            signals: managed,
            exit: options.exit,
            exit_message: options.exit_message,
            terminal_restore,
            terminal_reapply: options.terminal_reapply.clone().unwrap_or_default(),
            chained,
            is_observed: !options.observers.is_empty(),
        };
        let is_observed = settings.is_observed;
        let (sender, receiver) = wake_pipe::channel()
            .map_err(|error| InstallError::system("opening the wake-up pipe", None, error))?;
        let cell = if options.shares_stage {
            StageCell::shared()
                .map_err(|error| InstallError::system("sharing the stage", None, error))?
        } else {
            StageCell::new()
        };
        let entry = EntryPoint::reserve().ok_or_else(InstallError::all_retired)?;
        let engine = Engine::new(
            settings,
            Arc::new(cell),
            OwnerProcess::current(),
            entry,
            sender,
        );
        let engine = Arc::new(engine);
        let published = handler::publish(&engine).ok_or_else(InstallError::already_installed)?;
        // From here on, dropping the guard undoes whatever was done.
        let mut guard = InterruptHandler {
            engine,
            published: Some(published),
            previous: Vec::new(),
            ignored,
            watcher: None,
            failures: Arc::default(),
            #[cfg(unix)]
            hides_key_echo: false,
        };
        if is_observed {
            guard.engine.cell.begin_announcements();
        }
        #[cfg(windows)]
        if options.takes_ignored {
            crate::sys::console::stop_ignoring()
                .map_err(|error| InstallError::system("letting Ctrl+C through", None, error))?;
        }
        for &signal in &guard.engine.signals {
            let previous = handler::attach(signal, &guard.engine.signals, &guard.engine.entry)
                .map_err(|error| InstallError::system("sigaction", Some(signal), error))?;
            guard.previous.push((signal, previous));
        }
        #[cfg(unix)]
        {
            if options.terminal_reapply.is_some() || options.hides_key_echo {
                guard.attach_terminal_stop()?;
            }
            if options.hides_key_echo {
                guard.hide_key_echo();
            }
        }
        // Last, as the watcher lets the signals through: one that was pending
        // finds its handler. What the handler does before, the pipe keeps.
        let engine = Arc::clone(&guard.engine);
        let watcher = super::watcher::spawn(
            engine,
            receiver,
            options.observers,
            Arc::clone(&guard.failures),
        )
        .map_err(|error| InstallError::system("starting the watcher thread", None, error))?;
        guard.watcher = Some(watcher);
        Ok(guard)
    }

    /// The stage now: one relaxed load.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.engine.cell.poll().stage()
    }

    /// Whether any stop was requested (stage 1 and above).
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.stage().is_interrupted()
    }

    /// Whether queued tasks are to be cancelled (stage 1 and above).
    #[must_use]
    pub fn should_cancel_queued_tasks(&self) -> bool {
        self.stage().should_cancel_queued_tasks()
    }

    /// Whether active tasks are to be terminated (stage 2 and above).
    #[must_use]
    pub fn should_terminate_active_tasks(&self) -> bool {
        self.stage().should_terminate_active_tasks()
    }

    /// Whether the program is to exit at once (stage 3).
    #[must_use]
    pub fn should_exit_now(&self) -> bool {
        self.stage().should_exit_now()
    }

    /// Why the stage was reached; [`Cause::None`] while running.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.engine.cell.poll().cause()
    }

    /// The state of the machine, which also distinguishes an armed handler from
    /// a running one.
    #[must_use]
    pub fn state(&self) -> State {
        self.engine.state()
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.engine.policy
    }

    /// The signals that the handler takes.
    #[must_use]
    pub fn managed(&self) -> &[Signal] {
        &self.engine.signals
    }

    /// The signals that stayed ignored, because this process inherited them
    /// so: under `nohup`, or in the background of a script.
    #[must_use]
    pub fn ignored(&self) -> &[Signal] {
        &self.ignored
    }

    /// Requests a stage, as a signal would: the machine climbs to the first
    /// rung with this stage or a higher one. At stage 3 the process ends.
    pub fn request(&self, stage: Stage) {
        let transition = self.engine.apply(Event::Request(stage));
        if transition.action.ends_process() {
            handler::end_process(&self.engine, transition.action, transition.cause.signal());
        }
    }

    /// Begins a new epoch: running again, for the next run of a program that
    /// goes on after an interrupted one. Tasks queued before stay cancelled.
    pub fn reset(&self) {
        self.engine.reset();
    }

    /// How many transitions observers did not receive, because more than the
    /// pipe holds (some 4,000) were waiting. The stage itself is never lost.
    #[must_use]
    pub fn lost_transitions(&self) -> u32 {
        self.engine.lost_transitions()
    }

    pub(crate) fn cell(&self) -> &Arc<StageCell> {
        &self.engine.cell
    }

    pub(super) fn exit_style(&self) -> ExitStyle {
        self.engine.exit
    }

    /// Tells the machine that the work is done: from then on a signal does what
    /// it does by default. Called by [`InterruptHandler::conclude`].
    pub(super) fn finish(&self) {
        self.engine.apply(Event::Finished);
    }

    /// Takes care of Ctrl+Z as well, unless it is ignored: then there is no
    /// shell with job control to go back to.
    #[cfg(unix)]
    fn attach_terminal_stop(&mut self) -> Result<(), InstallError> {
        let signal = Signal::TERMINAL_STOP;
        let failed = |error| InstallError::system("sigaction", Some(signal), error);
        if !disposition::current(signal).map_err(failed)?.is_ignored() {
            let engine = &self.engine;
            let previous =
                handler::attach(signal, &engine.signals, &engine.entry).map_err(failed)?;
            self.previous.push((signal, previous));
        }
        Ok(())
    }

    /// The engine has the modes as they were, and sets them before it ends or
    /// stops the process.
    #[cfg(unix)]
    fn hide_key_echo(&mut self) {
        if let Some(original) = self.engine.modes {
            original.with_key_echo_of(None).apply();
            self.hides_key_echo = true;
        }
    }

    #[cfg(unix)]
    fn show_key_echo(&self) {
        if self.hides_key_echo
            && let Some(now) = Modes::current()
        {
            now.with_key_echo_of(self.engine.modes.as_ref()).apply();
        }
    }

    /// sigaction fails where it is refused, for instance by a sandbox that was
    /// entered since.
    fn detach_all(&self) -> Vec<io::Error> {
        let failed = |(signal, previous): &(Signal, Disposition)| {
            let error = handler::detach(*signal, previous, &self.engine.entry).err()?;
            let text = format!("sigaction for {signal}: {error}");
            Some(io::Error::new(error.kind(), text))
        };
        self.previous.iter().filter_map(failed).collect()
    }

    fn uninstall(&mut self) {
        if !self.engine.owner.is_this_process() {
            // A forked child unwinds or exits: the thread, the pipe and the
            // engine are the parent's. Its handlers already act as default.
            if let Some(watcher) = self.watcher.take() {
                let _ = std::mem::ManuallyDrop::new(watcher);
            }
            return;
        }
        // First: from the next step on, a signal ends the process as it is.
        #[cfg(unix)]
        self.show_key_echo();
        // What fails here fails below as well, and is reported then.
        let _ = self.detach_all();
        self.published = None;
        // A thread that Ctrl+Z had stopped has put the handler back since.
        let failures = self.detach_all();
        for (signal, previous) in &self.previous {
            self.engine.entry.retire_unless_restored(*signal, previous);
        }
        *self.failures.lock().unwrap_or_else(PoisonError::into_inner) = failures;
        self.engine.close();
        if let Some(watcher) = self.watcher.take() {
            // An observer that panicked has been reported by the panic hook.
            let _ = watcher.join();
        }
        self.engine.cell.end_announcements();
        self.engine.cell.close();
    }
}

impl fmt::Debug for InterruptHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterruptHandler")
            .field("stage", &self.stage())
            .field("managed", &self.managed())
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

impl Drop for InterruptHandler {
    fn drop(&mut self) {
        self.uninstall();
    }
}

/// The signals to manage, and those to leave ignored.
fn split_ignored(options: &Options) -> Result<(Vec<Signal>, Vec<Signal>), InstallError> {
    let mut managed = Vec::new();
    let mut ignored = Vec::new();
    for &signal in &options.signals {
        let current = disposition::current(signal)
            .map_err(|error| InstallError::system("sigaction", Some(signal), error))?;
        if current.is_ignored() && !options.takes_ignored {
            ignored.push(signal);
        } else {
            managed.push(signal);
        }
    }
    Ok((managed, ignored))
}
