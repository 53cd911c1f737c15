//! A sweep with options.

use crate::error::Error;
use crate::explore::{SweepOptions, Window};
use crate::options::{FaultReader, PointSpec, SweepSpec};
use crate::schedule::Trigger;
use crate::target::Isolation;
use std::time::Duration;

/// A sweep: which fault, at which points.
///
/// Texts are those of the command line; they are read when the sweep begins.
///
/// ```no_run
/// use sigproof::testing::{Sweep, Target, Test};
///
/// let sweep = Sweep::new("TERM").after("output:ready").only("write").path("*.db");
/// Test::new(Target::new(["./server"])).sweep_with(&sweep)?.assert_holds();
/// # Ok::<(), sigproof::testing::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sweep {
    fault: String,
    then: Vec<String>,
    after: Option<String>,
    only: Vec<String>,
    paths: Vec<String>,
    second: Vec<Window>,
    all: bool,
    exhaustive: Option<bool>,
    time: Option<Duration>,
    confirm: u32,
}

impl Sweep {
    /// This fault at every point where it matters: a signal such as `INT`, or another fault such as `ENOSPC:always`.
    pub fn new(fault: impl Into<String>) -> Sweep {
        Sweep {
            fault: fault.into(),
            then: Vec::new(),
            after: None,
            only: Vec::new(),
            paths: Vec::new(),
            second: Vec::new(),
            all: false,
            exhaustive: None,
            time: None,
            confirm: 2,
        }
    }

    /// A step that follows the fault, such as `INT@+50ms`.
    pub fn then(mut self, step: impl Into<String>) -> Sweep {
        self.then.push(step.into());
        self
    }

    /// Trigger after which the contract applies, such as `output:ready`; earlier findings are reported apart.
    pub fn after(mut self, trigger: impl Into<String>) -> Sweep {
        self.after = Some(trigger.into());
        self
    }

    /// Only calls of this name, or of one of several.
    pub fn only(mut self, call: impl Into<String>) -> Sweep {
        self.only.push(call.into());
        self
    }

    /// Only points whose argument matches this glob, or one of several.
    pub fn path(mut self, glob: impl Into<String>) -> Sweep {
        self.paths.push(glob.into());
        self
    }

    /// A second signal at each call that the handler of the first makes: pairs of points.
    pub fn second_in_handler(mut self) -> Sweep {
        self.second.push(Window::InHandler);
        self
    }

    /// A second signal at each call with an effect that follows the first: pairs of points.
    pub fn second_in_cleanup(mut self) -> Sweep {
        self.second.push(Window::InCleanup);
        self
    }

    /// Every system call, not only those with an effect.
    pub fn all_calls(mut self) -> Sweep {
        self.all = true;
        self
    }

    /// How often each finding is run again, to see whether it shows each time, from 0 to 100; twice unless
    /// set.
    pub fn confirm(mut self, times: u32) -> Sweep {
        self.confirm = times;
        self
    }

    /// Tries every point, not some of each class. Unless set, every point is tried when all of it takes less than
    /// about 5 s.
    pub fn exhaustive(mut self) -> Sweep {
        self.exhaustive = Some(true);
        self
    }

    /// No try begins later than this after the first one; the undisturbed runs before them and the repetition of
    /// findings after them do not count. Without it there is no limit.
    pub fn at_most(mut self, time: Duration) -> Sweep {
        self.time = Some(time);
        self
    }

    /// Reads the texts.
    pub(super) fn options(&self, reader: FaultReader) -> Result<SweepOptions, Error> {
        let after = self.after.as_deref().map(Trigger::parse).transpose()?;
        let spec = SweepSpec {
            shard: None,
            reader,
            isolation: Isolation::Auto,
            signal: None,
            fault: Some(self.fault.clone()),
            deliver: None,
            then: self.then.clone(),
            second: self.second.clone(),
            second_fault: None,
            pairs: None,
            instructions: None,
            points: PointSpec {
                all: self.all,
                only: self.only.clone(),
                paths: self.paths.clone(),
                after,
                ..PointSpec::default()
            },
            confirm: Some(u64::from(self.confirm)),
            exhaustive: self.exhaustive,
            time: self.time,
            seed: 1,
        };
        spec.options().map_err(|error| Error::from(error.problem))
    }
}
