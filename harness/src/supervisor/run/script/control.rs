//! What a script adds to a run: clients act while the target runs, a thread at a point is held until everybody waits,
//! and a service that nobody needs any more is told to stop.

use super::script_run::{Reached, ScriptRun, Surroundings};
use crate::facts::{ServiceFacts, Usage};
use crate::schedule::{Delivery, Fault, Step};
use crate::script::{Expect, Script};
use crate::supervisor::run::clock::Stage;
use crate::supervisor::run::inject::Injector;
use crate::supervisor::run::live_target::LiveTarget;
use crate::supervisor::run::run_error::RunError;
use crate::sys::ids::{Pid, Tid};
use crate::sys::poller::Poller;
use crate::sys::wait::WaitEvent;
use crate::tracer::HoldReason;
use std::io;

/// How long a service may take to end once its clients have closed what nobody uses.
const IDLE_CLOSED_NS: u64 = 1_000_000_000;

/// A thread that is held at a point until everybody waits.
#[derive(Debug)]
pub(crate) struct Settling {
    pub(crate) tid: Tid,
    pub(crate) hold: HoldReason,
    pub(crate) call: String,
}

/// The script of a run, if it has one.
#[derive(Default)]
pub(crate) struct ScriptControl {
    script: Option<ScriptRun>,
    settling: Option<Settling>,
}

impl ScriptControl {
    pub(crate) fn new(script: Option<ScriptRun>) -> ScriptControl {
        ScriptControl {
            script,
            settling: None,
        }
    }

    /// Does what the script wants next. Returns the thread that was held, once everybody waits.
    pub(crate) fn go_on(
        &mut self,
        target: &mut LiveTarget<'_>,
        injector: &mut Injector,
    ) -> Result<Option<Settling>, RunError> {
        // What was reached may be the last thing that was waited for.
        while let Some(reached) = self.step(target, injector)? {
            match reached {
                Reached::Ready => injector.ready(target)?,
                Reached::Requests(sent) => {
                    if injector.awaits_request(sent) {
                        self.note_progress(injector);
                    }
                    injector.requests(target, sent)?;
                }
            }
        }
        let is_at_rest = match (&self.settling, &mut self.script) {
            (Some(_), Some(script)) => script.is_at_rest(target),
            _ => false,
        };
        Ok(is_at_rest.then(|| self.settling.take()).flatten())
    }

    fn step(
        &mut self,
        target: &mut LiveTarget<'_>,
        injector: &Injector,
    ) -> io::Result<Option<Reached>> {
        let around = Surroundings {
            held: self.settling.is_some(),
            asked_to_stop: self.is_asked_to_stop(injector),
        };
        match &mut self.script {
            Some(script) => script.go_on(target, around),
            None => Ok(None),
        }
    }

    /// Holds a thread until everybody waits. False when there is no script, so that nobody has to.
    pub(crate) fn hold_until_rest(
        &mut self,
        now_ns: u64,
        tid: Tid,
        hold: HoldReason,
        call: &str,
    ) -> bool {
        let is_point = matches!(hold, HoldReason::Awaited(_)) && self.settling.is_none();
        let Some(script) = self.script.as_mut().filter(|_| is_point) else {
            return false;
        };
        script.await_rest(now_ns);
        self.settling = Some(Settling {
            tid,
            hold,
            call: call.to_owned(),
        });
        true
    }

    /// Before the first fault: how far the service has come with each request.
    pub(crate) fn note_progress(&mut self, injector: &Injector) {
        if let Some(script) = &mut self.script
            && injector.progress().last_ns.is_none()
        {
            script.note_progress();
        }
    }

    /// Whether the schedule has asked the target to stop.
    fn is_asked_to_stop(&self, injector: &Injector) -> bool {
        let Some(script) = &self.script else {
            return false;
        };
        injector
            .applied_steps()
            .any(|step| asks_to_stop(step, script.script()))
    }

    /// When to look again.
    pub(crate) fn next_wake_ns(&self) -> Option<u64> {
        let script = self.script.as_ref()?;
        match self.settling {
            Some(_) => Some(script.next_look_ns()),
            None => script.next_wake_ns(),
        }
    }

    /// Takes what happened to a process. False when it is no client.
    pub(crate) fn take_client(
        &mut self,
        tid: Tid,
        event: &WaitEvent,
        target: &mut LiveTarget<'_>,
    ) -> io::Result<bool> {
        let Some(script) = &mut self.script else {
            return Ok(false);
        };
        script.disturb();
        let pid: Pid = tid.as_main_of();
        if !script.owns(pid) {
            return Ok(false);
        }
        if let WaitEvent::Ended(status, Usage { .. }) = event {
            let was_killed = target.clock.stage() == Stage::Killed;
            script.client_ended(pid, *status, was_killed, target)?;
        }
        Ok(true)
    }

    /// A descriptor of the script has something.
    pub(crate) fn event(&mut self, number: u64, target: &mut LiveTarget<'_>) -> io::Result<()> {
        match &mut self.script {
            Some(script) => script.event(number, target),
            None => Ok(()),
        }
    }

    /// The target has written.
    pub(crate) fn output(&mut self, bytes: &[u8]) {
        if let Some(script) = &mut self.script {
            script.output(bytes);
        }
    }

    /// The target came to a failpoint.
    pub(crate) fn failpoint(&mut self, name: &str) {
        if let Some(script) = &mut self.script {
            script.failpoint(name);
        }
    }

    /// Before a target is ended by force: whether a connection that nobody uses was all that kept it. Then it gets a
    /// moment more.
    pub(crate) fn gets_more_time(
        &mut self,
        target: &mut LiveTarget<'_>,
        injector: &Injector,
    ) -> bool {
        if !self.is_asked_to_stop(injector) {
            return false;
        }
        let Some(script) = &mut self.script else {
            return false;
        };
        let closed = script.close_idle(target);
        if closed {
            target.clock.allow(IDLE_CLOSED_NS);
        }
        closed
    }

    /// The target has had its time, and is going to be ended by force.
    pub(crate) fn time_is_over(&mut self, target: &LiveTarget<'_>) {
        if let Some(script) = &mut self.script {
            script.note_unfinished();
            script.try_late(target);
        }
    }

    /// The target is gone, and has left processes.
    pub(crate) fn has_left_processes(&mut self, target: &LiveTarget<'_>) {
        if let Some(script) = &mut self.script {
            script.try_late(target);
        }
    }

    /// Takes what clients can see now that nobody of the service is left.
    pub(crate) fn look_last(&mut self, target: &mut LiveTarget<'_>) -> io::Result<()> {
        match &mut self.script {
            Some(script) => script.look_last(target),
            None => Ok(()),
        }
    }

    /// What is known when the run is over.
    pub(crate) fn finish(self, poller: &Poller) -> Option<ServiceFacts> {
        self.script.map(|script| script.finish(poller))
    }
}

/// Whether a service is to end after this step.
fn asks_to_stop(step: &Step, script: &Script) -> bool {
    if script.expect == Expect::Survive {
        return false;
    }
    match &step.fault {
        Fault::HangUp => true,
        Fault::Signal { signal, to } => {
            *to != Delivery::Child && ends(*signal, !script.keys.is_empty())
        }
        _ => false,
    }
}

/// Whether a signal asks to end. A program for a person takes Ctrl+C as a wish to give up what it does.
fn ends(signal: i32, has_keys: bool) -> bool {
    const GO_ON: [i32; 8] = [
        libc::SIGCHLD,
        libc::SIGCONT,
        libc::SIGSTOP,
        libc::SIGTSTP,
        libc::SIGTTIN,
        libc::SIGTTOU,
        libc::SIGURG,
        libc::SIGWINCH,
    ];
    !(GO_ON.contains(&signal) || signal == libc::SIGINT && has_keys)
}
