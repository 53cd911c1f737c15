//! The target's processes: what happens to them, and what is left of them.

use super::run_error::RunError;
use super::zombies::ZombieWatch;
use crate::facts::{ExitStatus, Orphan, Signal, Stuck, Usage, Zombie};
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::sys::signals::Recipient;
use crate::sys::spawn::{Leader, Started};
use crate::sys::wait::WaitEvent;
use crate::tracer::{Recording, TraceEvent, Tracer};
use std::io;

/// The processes of one run.
pub(crate) struct ProcessWatch {
    pid: Pid,
    /// Until the program is executed.
    started: Option<Started>,
    tracer: Option<Tracer>,
    /// The leader of the terminal's session, which is no part of the target.
    leader: Option<Leader>,
    status: Option<ExitStatus>,
    usage: Usage,
    /// No child and no tracee is left.
    alone: bool,
    zombies: ZombieWatch,
    orphans: Vec<Orphan>,
    stuck: Vec<Stuck>,
    /// How long the window was that was stepped through, in instructions.
    stepped: Option<u32>,
}

/// What is known of the processes when all of them are gone.
pub(crate) struct ProcessFacts {
    /// `None` when the harness had to kill the target.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) usage: Usage,
    pub(crate) zombies: Vec<Zombie>,
    pub(crate) orphans: Vec<Orphan>,
    pub(crate) stuck: Vec<Stuck>,
    pub(crate) stepped: Option<u32>,
    pub(crate) recording: Recording,
    /// How often a call of each breakpoint has begun.
    pub(crate) met: Vec<u32>,
}

impl ProcessWatch {
    pub(crate) fn new(
        started: Started,
        tracer: Option<Tracer>,
        leader: Option<Leader>,
    ) -> ProcessWatch {
        ProcessWatch {
            pid: started.pid,
            started: Some(started),
            tracer,
            leader,
            status: None,
            usage: Usage::default(),
            alone: false,
            zombies: ZombieWatch::default(),
            orphans: Vec::new(),
            stuck: Vec::new(),
            stepped: None,
        }
    }

    /// The target's own process.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// The tracer, in a run that is traced.
    pub(crate) fn tracer(&self) -> Option<&Tracer> {
        self.tracer.as_ref()
    }

    /// The tracer, to change how a thread goes on.
    pub(crate) fn tracer_mut(&mut self) -> Option<&mut Tracer> {
        self.tracer.as_mut()
    }

    /// The process that a thread belongs to.
    pub(crate) fn process_of(&self, tid: Tid) -> Pid {
        self.tracer.as_ref().map_or(tid.as_main_of(), |tracer| {
            tracer.processes().process_of(tid)
        })
    }

    /// All threads that are known.
    pub(crate) fn thread_ids(&self) -> Vec<Tid> {
        match &self.tracer {
            Some(tracer) => tracer.processes().thread_ids().collect(),
            None => vec![self.pid.main_thread()],
        }
    }

    /// Whether a process is the target or one of its descendants, as far as that is traced.
    pub(crate) fn knows(&self, pid: Pid) -> bool {
        match &self.tracer {
            Some(tracer) => tracer.processes().knows(pid),
            None => true,
        }
    }

    /// Takes what happened to a child or tracee. What that means for the run is added to `events`.
    pub(crate) fn handle(
        &mut self,
        tid: Tid,
        event: WaitEvent,
        now_ns: u64,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<()> {
        match (&mut self.tracer, event) {
            (Some(tracer), event) => tracer.handle(tid, event, now_ns, events)?,
            (None, WaitEvent::Ended(status, usage)) => {
                let pid = tid.as_main_of();
                events.push(TraceEvent::Ended { pid, status, usage });
            }
            (None, WaitEvent::Stopped(_)) => {}
        }
        Ok(())
    }

    /// Lets a thread that was held go on.
    pub(crate) fn release(&mut self, tid: Tid) -> io::Result<()> {
        match &mut self.tracer {
            Some(tracer) => tracer.release(tid),
            None => Ok(()),
        }
    }

    /// The tracer has seen that the program is executed.
    pub(crate) fn has_executed(&mut self) {
        if let Some(started) = self.started.take() {
            started.has_left();
        }
    }

    /// Blocks until the program is executed, or returns why it cannot be.
    pub(crate) fn await_execution(&mut self) -> Result<(), RunError> {
        let Some(started) = self.started.take() else {
            return Ok(());
        };
        let Err(failure) = started.executed()? else {
            return Ok(());
        };
        let error = io::Error::from_raw_os_error(failure.errno);
        let hint = if failure.errno == libc::ENOEXEC {
            "; a script needs a first line such as #!/bin/sh"
        } else {
            ""
        };
        Err(RunError::Exec(format!(
            "the program cannot be started (step {:?}): {error}{hint}",
            failure.step
        )))
    }

    /// The target's own process has ended. It has no status when the harness killed it.
    pub(crate) fn end(&mut self, status: Option<ExitStatus>, usage: Usage) {
        self.status = status;
        self.usage = usage;
    }

    /// A child of the target has ended.
    pub(crate) fn watch_exit(&mut self, pid: Pid, now_ns: u64) {
        self.zombies.watch_exit(pid, now_ns);
    }

    /// The target's own process ends at this moment.
    pub(crate) fn target_ended(&mut self, now_ns: u64) {
        self.zombies.look(now_ns);
        self.zombies.target_ended(now_ns);
    }

    /// When the dead children are to be looked at.
    pub(crate) fn next_look_ns(&self) -> Option<u64> {
        self.zombies.next_ns()
    }

    /// Looks at the children that have been dead for long.
    pub(crate) fn look_at_dead(&mut self, now_ns: u64) {
        self.zombies.look(now_ns);
    }

    /// A window between two calls was stepped through.
    pub(crate) fn stepped_through(&mut self, instructions: u32) {
        self.stepped = Some(instructions);
    }

    /// No child and no tracee is left.
    pub(crate) fn note_alone(&mut self) {
        self.alone = true;
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }

    /// Notes what runs past its deadline, and what it does.
    pub(crate) fn note_stuck(&mut self) {
        self.stuck = self
            .descendants()
            .iter()
            .filter(|stat| self.knows(stat.pid))
            .map(|stat| Stuck {
                pid: stat.pid.number(),
                command: proc::command(stat.pid),
                state: stat.state,
                call: proc::waiting_in(stat.pid),
                cpu_ms: stat.cpu_ms,
            })
            .collect();
    }

    /// Kills what has outlived the target, and notes what that was.
    pub(crate) fn kill_orphans(&mut self) {
        self.orphans = self
            .descendants()
            .iter()
            .filter(|stat| self.knows(stat.pid))
            .map(|stat| Orphan {
                pid: stat.pid.number(),
                command: proc::command(stat.pid),
                group: stat.group.number(),
                session: stat.session,
            })
            .collect();
        self.kill_all();
    }

    /// Kills every descendant of the supervisor.
    pub(crate) fn kill_all(&self) {
        for stat in self.descendants() {
            // Refused for nobody below us; one that is gone is what we want.
            let _ = Recipient::Process(stat.pid).send(Signal::KILL);
        }
    }

    /// Everybody below the supervisor who is the target's.
    fn descendants(&self) -> Vec<proc::Stat> {
        let mut all = proc::descendants();
        let leader = self.leader.as_ref().map(Leader::pid);
        all.retain(|stat| Some(stat.pid) != leader);
        all
    }

    /// What is known now that everybody is gone.
    pub(crate) fn finish(self) -> ProcessFacts {
        ProcessFacts {
            status: self.status,
            usage: self.usage,
            zombies: self.zombies.finish(),
            orphans: self.orphans,
            stuck: self.stuck,
            stepped: self.stepped,
            met: self.tracer.as_ref().map(Tracer::met).unwrap_or_default(),
            recording: self
                .tracer
                .map_or_else(Recording::default, Tracer::into_recording),
        }
    }
}
