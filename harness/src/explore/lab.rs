//! The lab: supervisors that are ready to run a target.

use super::Error;
use crate::facts::Run;
use crate::probe::{
    Home, ProbeError, Ready, Refusal, RunOrder, Setup, Supervisor, kill_supervisor, remove_stale,
};
use crate::target::{Source, Surroundings, Target};
use sigproof_core::{Scope, Stage, StopToken};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

/// How targets are kept apart from the rest of the machine.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Namespaces where the machine allows them, else copies.
    Auto,
    /// Namespaces, or an error.
    Namespaces,
    /// Copies on disk, no namespaces.
    Copy,
}

/// A set of supervisors for one target.
pub struct Lab {
    target: Target,
    idle: Mutex<Vec<Supervisor>>,
    freed: Condvar,
    pids: Vec<u32>,
    aborted: AtomicBool,
    ready: Ready,
    private: bool,
    /// What the user should know, each a sentence.
    pub notes: Vec<String>,
    /// Places of killed sessions that were removed.
    pub removed: Vec<PathBuf>,
    _home: Home,
}

impl Lab {
    /// Starts this many supervisors. They die with the calling thread.
    pub fn open(target: &Target, jobs: usize, isolation: Isolation) -> Result<Lab, Error> {
        let harness =
            |what: &str, error: std::io::Error| Error::Harness(format!("{what}: {error}"));
        let removed = remove_stale();
        let avoid = match &target.source {
            Source::View(directory) => Some(
                directory
                    .canonicalize()
                    .map_err(|error| Error::Usage(format!("{}: {error}", directory.display())))?,
            ),
            _ => None,
        };
        let mut home = Home::find(avoid.as_deref())
            .map_err(|error| harness("no place for work trees", error))?;
        let around =
            Surroundings::here().map_err(|error| harness("the working directory", error))?;
        let mut notes = Vec::new();
        let mut private = isolation != Isolation::Copy;
        let mut supervisors = Vec::new();
        let mut ready = None;
        while supervisors.len() < jobs.max(1) {
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
            };
            match Supervisor::start(setup) {
                Ok((supervisor, told)) => {
                    supervisors.push(supervisor);
                    ready.get_or_insert(told);
                }
                Err(ProbeError::Refused(Refusal::Isolation(why)))
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
        let ready = ready.ok_or_else(|| Error::Harness("no supervisor".to_owned()))?;
        notes.extend(ready.notes.iter().cloned());
        Ok(Lab {
            target: target.clone(),
            pids: supervisors.iter().map(Supervisor::pid).collect(),
            idle: Mutex::new(supervisors),
            freed: Condvar::new(),
            aborted: AtomicBool::new(false),
            ready,
            private,
            notes,
            removed,
            _home: home,
        })
    }

    /// What is run here.
    pub fn target(&self) -> &Target {
        &self.target
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
        self.pids.len()
    }

    /// Ends every run that is going on, from whatever thread.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
        for pid in &self.pids {
            // A supervisor is our child and not waited for before the lab is
            // dropped, so its number cannot have been given to somebody else.
            let _ = kill_supervisor(*pid);
        }
        self.freed.notify_all();
    }

    /// Takes a supervisor for some runs in a row.
    pub(super) fn bench(&self) -> Result<Bench<'_>, Error> {
        let mut idle = self.lock();
        loop {
            if self.aborted.load(Ordering::SeqCst) {
                return Err(Error::Interrupted);
            }
            if let Some(supervisor) = idle.pop() {
                return Ok(Bench {
                    lab: self,
                    supervisor: Some(supervisor),
                });
            }
            idle = self
                .freed
                .wait(idle)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Supervisor>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A supervisor that is in use.
pub(super) struct Bench<'a> {
    lab: &'a Lab,
    supervisor: Option<Supervisor>,
}

impl Bench<'_> {
    /// Runs the target once.
    pub(super) fn run(&mut self, order: RunOrder) -> Result<Run, Error> {
        let Some(supervisor) = &mut self.supervisor else {
            return Err(Error::Interrupted);
        };
        supervisor.run(order).map_err(|error| {
            if self.lab.aborted.load(Ordering::SeqCst) {
                Error::Interrupted
            } else {
                error.into()
            }
        })
    }
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            self.lab.lock().push(supervisor);
            self.lab.freed.notify_one();
        }
    }
}

/// Does `work`, and kills every run that goes on in the lab when `stage` comes
/// before it is done.
pub(super) fn until<T>(lab: &Lab, token: &StopToken, stage: Stage, work: impl FnOnce() -> T) -> T {
    let scope = token.scope();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            scope.token().wait(stage);
            if token.stage() >= stage {
                lab.abort();
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
