//! A pool of supervisors that are ready to run a target.

use super::spawner::Spawner;
use crate::error::Error;
use crate::facts::Run;
use crate::failure::PackedInputs;
use crate::failure::{Input, StoredFailure};
use crate::script::Script;
use crate::supervisor::{
    ClientError, Ready, RunLock, RunRequest, ScratchDir, Setup, Supervisor, SupervisorError,
    kill_supervisor, remove_stale,
};
use crate::target::{Environment, Isolation, Source, Target};
use sigproof_core::{Scope, Stage, StopToken};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};

/// A set of supervisors for one target.
pub struct SupervisorPool {
    target: Target,
    idle: Mutex<Vec<PooledSupervisor>>,
    freed: Condvar,
    /// Numbers of the supervisors that have not been waited for.
    pids: Mutex<Vec<u32>>,
    jobs: usize,
    /// Supervisors that can still be used; more than jobs where one gets its next run ready while another one's goes
    /// on.
    left: AtomicUsize,
    replaced: AtomicU32,
    spawner: Spawner,
    aborted: AtomicBool,
    pinned_to_cpu: AtomicBool,
    ready: Ready,
    private: bool,
    inputs: OnceLock<(Vec<Input>, Option<PackedInputs>)>,
    /// What the user should know, each a sentence.
    pub notes: Vec<String>,
    /// Places of killed sessions that were removed.
    pub removed: Vec<PathBuf>,
    _home: ScratchDir,
}

/// A supervisor, and what it takes to start another one in its place.
struct PooledSupervisor {
    supervisor: Supervisor,
    setup: Setup,
    /// Shared with the one that it runs by turns with.
    turn: Arc<RunLock>,
    /// It keeps to one processor.
    pinned_to_cpu: bool,
}

impl PooledSupervisor {
    fn new(supervisor: Supervisor, setup: Setup, turn: Arc<RunLock>) -> PooledSupervisor {
        PooledSupervisor {
            supervisor,
            setup,
            turn,
            pinned_to_cpu: false,
        }
    }
}

/// A target that kills its supervisor each time would be started for ever.
const REPLACED_MAX: u32 = 200;

impl SupervisorPool {
    /// Starts this many supervisors. They die with this value, and with this process.
    pub fn open(
        target: &Target,
        jobs: usize,
        isolation: Isolation,
    ) -> Result<SupervisorPool, Error> {
        let harness =
            |what: &str, error: std::io::Error| Error::harness(format!("{what}: {error}"));
        let removed = remove_stale();
        let avoid = match &target.source {
            Source::View(directory) => Some(
                directory
                    .canonicalize()
                    .map_err(|error| Error::usage(format!("{}: {error}", directory.display())))?,
            ),
            _ => None,
        };
        let mut home = ScratchDir::find(avoid.as_deref())
            .map_err(|error| Error::usage(format!("no place for work trees: {error}")))?;
        let around =
            Environment::here().map_err(|error| harness("the working directory", error))?;
        let mut notes = Vec::new();
        let mut private = isolation != Isolation::Copy;
        let spawner = Spawner::open()?;
        let mut supervisors: Vec<PooledSupervisor> = Vec::new();
        let mut ready = None;
        let is_service = target.script.as_ref().is_some_and(Script::is_service);
        // Without a network of their own two services would want the same port.
        let at_once = |private: bool| {
            if is_service && !private {
                1
            } else {
                jobs.max(1)
            }
        };
        while supervisors.len() < at_once(private) {
            let base = if private {
                home.shared()
            } else {
                home.own(supervisors.len())
                    .map_err(|error| harness("a place for the work tree", error))?
            };
            let setup = Setup {
                target: target.clone(),
                around: around.clone(),
                private,
                base,
                // Labs of several commands begin at different processors.
                place: std::process::id() as usize + supervisors.len(),
            };
            let turn = RunLock::new().map_err(|error| harness("a file for its turn", error))?;
            let turn = Arc::new(turn);
            match spawner.start(setup.clone(), &turn) {
                Ok((supervisor, told)) => {
                    supervisors.push(PooledSupervisor::new(supervisor, setup, turn));
                    ready.get_or_insert(told);
                }
                Err(ClientError::Refused(SupervisorError::Isolation(why)))
                    if private && isolation == Isolation::Auto =>
                {
                    private = false;
                    notes.push(format!(
                        "no namespaces here ({why}): the work tree is copied, and only what lies in it is protected"
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if supervisors.len() < jobs {
            notes.push(
                "without namespaces the services share the machine's network: one run at a time"
                    .to_owned(),
            );
        }
        let ready = ready.ok_or_else(|| Error::harness("no supervisor".to_owned()))?;
        notes.extend(ready.notes.iter().cloned());
        Ok(SupervisorPool {
            target: target.clone(),
            pids: Mutex::new(
                supervisors
                    .iter()
                    .map(|kept| kept.supervisor.pid())
                    .collect(),
            ),
            jobs: supervisors.len(),
            left: AtomicUsize::new(supervisors.len()),
            replaced: AtomicU32::new(0),
            spawner,
            idle: Mutex::new(supervisors),
            freed: Condvar::new(),
            aborted: AtomicBool::new(false),
            pinned_to_cpu: AtomicBool::new(target.serialise),
            ready,
            private,
            inputs: OnceLock::new(),
            notes,
            removed,
            _home: home,
        })
    }

    /// What is run here.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its inputs with their hashes, and packed when they are small; looked at once.
    pub(crate) fn inputs(&self) -> &(Vec<Input>, Option<PackedInputs>) {
        self.inputs.get_or_init(|| {
            (
                StoredFailure::inputs_of(&self.target),
                PackedInputs::of(&self.target),
            )
        })
    }

    /// Where its work tree is, as it sees it.
    pub fn tree(&self) -> &str {
        &self.ready.tree
    }

    /// How the work tree is renewed: `overlay` or `copy`.
    pub fn method(&self) -> &str {
        &self.ready.method
    }

    /// Whether targets have namespaces of their own.
    pub fn private(&self) -> bool {
        self.private
    }

    /// How many runs can go on at once.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// From now on each supervisor and its runs share one processor: where nothing
    /// goes on at the same time anyhow, that is faster.
    pub(crate) fn pin_to_cpu(&self) {
        self.pinned_to_cpu.store(true, Ordering::SeqCst);
    }

    /// Gives supervisors a partner, as far as there are processors that nobody uses. The two let their targets run by
    /// turns: no more targets run at a time, but the next one is ready when the last one has ended. For speed alone:
    /// where a partner cannot be started, runs take longer.
    pub(crate) fn enable_prefetch(&self) {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let alone = self.lock().len();
        if !self.private || alone < self.jobs || self.left.load(Ordering::SeqCst) > self.jobs {
            return;
        }
        for index in 0..self.jobs.min(processors.saturating_sub(self.jobs)) {
            let (mut setup, turn) = {
                let idle = self.lock();
                let Some(kept) = idle.get(index) else { return };
                (kept.setup.clone(), Arc::clone(&kept.turn))
            };
            setup.place += self.jobs;
            let Ok((supervisor, _)) = self.spawner.start(setup.clone(), &turn) else {
                return;
            };
            self.pids().push(supervisor.pid());
            self.left.fetch_add(1, Ordering::SeqCst);
            self.lock()
                .push(PooledSupervisor::new(supervisor, setup, turn));
        }
    }

    /// How many runs can be asked for at once: those that go on, and those that are got ready meanwhile.
    pub(crate) fn supervisors(&self) -> usize {
        self.left.load(Ordering::SeqCst).max(1)
    }

    /// Ends every run that is going on, from whatever thread.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
        for pid in self.pids().iter() {
            // A supervisor in this list has not been waited for, so its number
            // cannot have been given to somebody else.
            let _ = kill_supervisor(*pid);
        }
        self.freed.notify_all();
    }

    /// Takes a supervisor for some runs in a row.
    pub(crate) fn lease(&self) -> Result<SupervisorLease<'_>, Error> {
        let mut idle = self.lock();
        loop {
            if self.aborted.load(Ordering::SeqCst) {
                return Err(Error::interrupted());
            }
            if self.left.load(Ordering::SeqCst) == 0 {
                return Err(Error::harness("no supervisor is left".to_owned()));
            }
            if let Some(kept) = idle.pop() {
                return Ok(SupervisorLease {
                    pool: self,
                    kept: Some(kept),
                });
            }
            idle = self
                .freed
                .wait(idle)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PooledSupervisor>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn pids(&self) -> MutexGuard<'_, Vec<u32>> {
        self.pids
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Another supervisor in the place of one that is not to be used any more.
    fn replace(&self, broken: PooledSupervisor) -> Result<PooledSupervisor, Error> {
        let PooledSupervisor {
            supervisor,
            setup,
            turn,
            ..
        } = broken;
        self.pids().retain(|pid| *pid != supervisor.pid());
        drop(supervisor);
        if self.replaced.fetch_add(1, Ordering::Relaxed) >= REPLACED_MAX {
            return Err(Error::harness(format!(
                "{REPLACED_MAX} supervisors were lost; no more are started"
            )));
        }
        let (supervisor, _) = self.spawner.start(setup.clone(), &turn)?;
        self.pids().push(supervisor.pid());
        Ok(PooledSupervisor::new(supervisor, setup, turn))
    }
}

/// A supervisor that is in use.
pub(crate) struct SupervisorLease<'a> {
    pool: &'a SupervisorPool,
    kept: Option<PooledSupervisor>,
}

impl SupervisorLease<'_> {
    /// Runs the target once.
    pub(crate) fn run(&mut self, order: RunRequest) -> Result<Run, Error> {
        let Some(kept) = &mut self.kept else {
            return Err(Error::harness("no supervisor is left".to_owned()));
        };
        let pin_to_cpu = self.pool.pinned_to_cpu.load(Ordering::SeqCst) && !kept.pinned_to_cpu;
        let placed = match pin_to_cpu {
            true => kept.supervisor.pin_to_cpu(),
            false => Ok(()),
        };
        kept.pinned_to_cpu |= pin_to_cpu;
        let error = match placed.and_then(|()| kept.supervisor.run(order)) {
            Ok(run) => return Ok(run),
            Err(error) => error,
        };
        if self.pool.aborted.load(Ordering::SeqCst) {
            return Err(Error::interrupted());
        }
        // One that said no is well. One that is lost, or whose words were cut, is not.
        if !matches!(error, ClientError::Refused(_))
            && let Some(broken) = self.kept.take()
        {
            self.kept = Some(self.pool.replace(broken)?);
        }
        Err(error.into())
    }
}

impl Drop for SupervisorLease<'_> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.pool.lock().push(kept);
            self.pool.freed.notify_one();
        } else {
            // It could not be replaced. Whoever waits for the last one must not wait for ever.
            let _idle = self.pool.lock();
            self.pool.left.fetch_sub(1, Ordering::SeqCst);
            self.pool.freed.notify_all();
        }
    }
}

/// Does `work`, and kills every run that goes on in the lab when `stage` comes
/// before it is done.
pub(crate) fn until<T>(
    pool: &SupervisorPool,
    token: &StopToken,
    stage: Stage,
    work: impl FnOnce() -> T,
) -> T {
    let scope = token.scope();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            scope.token().wait(stage);
            if token.stage() >= stage {
                pool.abort();
            }
        });
        // Also when `work` panics: the thread above would wait for ever.
        let _release = Release(&scope, stage);
        work()
    })
}

/// Wakes who waits on a scope, when it goes.
struct Release<'a>(&'a Scope, Stage);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.stop(self.1);
    }
}
