//! `zombies`: a target that goes on waits for the children that ended.
//!
//! How long is too long, undisturbed runs tell: a program that looks after its children once a second is right. One
//! that was asked to stop may finish its active work first, and needs two seconds for that.

use crate::facts::{Run, Zombie};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};
use crate::schedule::{Fault, Step};

/// What a program that stops has time for.
const STOPPING_MS: u64 = 2_000;
/// What a child may wait longer than it ever did undisturbed: a machine can be slow.
const MARGIN_MS: u64 = 250;

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(first) = run.fired_ns.iter().flatten().min() else {
        return Verdict::not_applicable("no signal was sent");
    };
    let undisturbed = || context.baseline.runs.iter().flat_map(|run| &run.zombies);
    let usual = |command: &str| undisturbed().any(|zombie| zombie.command == command);
    let longest = undisturbed().map(|zombie| zombie.age_ms).max();
    let limits = Limits::new(context.contract.zombie_limit_ms, longest.unwrap_or(0));
    let asked_ns = last_request(context, run);
    let mut evidence: Vec<Evidence> = Vec::new();
    for zombie in &run.zombies {
        let known = evidence.iter().any(|one| one.subject == zombie.command);
        // One that is left undisturbed as well has nothing to do with the signal.
        if zombie.ended_ns < *first || known || usual(&zombie.command) {
            continue;
        }
        if !limits.are_exceeded(zombie, asked_ns) {
            continue;
        }
        evidence.push(Evidence::new(
            zombie.command.clone(),
            format!(
                "pid {} ({}) ended after the signal and is still not waited for {} ms later; its parent, pid {} ({}), goes on",
                zombie.pid, zombie.command, zombie.age_ms, zombie.parent, zombie.parent_command
            ),
        ));
    }
    Verdict::of(evidence)
}

/// How long a child may have to wait, in milliseconds.
struct Limits {
    going_on: u64,
    stopping: u64,
}

impl Limits {
    fn new(declared: Option<u64>, longest: u64) -> Limits {
        let learned = longest + longest / 2 + MARGIN_MS;
        Limits {
            going_on: declared.unwrap_or(learned),
            stopping: declared.unwrap_or(learned.max(STOPPING_MS - 1)),
        }
    }

    /// `asked_ns` is when the target was asked to stop for the last time.
    fn are_exceeded(&self, zombie: &Zombie, asked_ns: Option<u64>) -> bool {
        let going_on_ms = match asked_ns {
            None => zombie.age_ms,
            Some(asked) => {
                let until_asked = asked.saturating_sub(zombie.ended_ns) / 1_000_000;
                zombie.age_ms.min(until_asked)
            }
        };
        going_on_ms > self.going_on || zombie.age_ms > self.stopping
    }
}

/// When the target itself was asked to stop for the last time; what a child gets is no request to its parent.
fn last_request(context: &Context<'_>, run: &Run) -> Option<u64> {
    let asks = |step: &Step| {
        let to_child = matches!(step.fault, Fault::Signal { to, .. } if to.is_below());
        step.fault.signal().is_some() && !to_child
    };
    let steps = context.schedule.steps.iter().zip(&run.fired_ns);
    steps
        .filter(|(step, _)| asks(step))
        .filter_map(|(_, fired)| *fired)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_has_less_time_than_who_stops() {
        let zombie = |age_ms| Zombie {
            pid: 102,
            command: "sleep".into(),
            parent: 101,
            parent_command: "server".into(),
            ended_ns: 100_000_000,
            age_ms,
        };
        let limits = Limits::new(None, 0);
        // Nobody asks it to stop.
        assert!(!limits.are_exceeded(&zombie(200), None));
        assert!(limits.are_exceeded(&zombie(1_000), None));
        // It is asked at once, or a second later.
        assert!(!limits.are_exceeded(&zombie(1_500), Some(90_000_000)));
        assert!(limits.are_exceeded(&zombie(2_000), Some(90_000_000)));
        assert!(limits.are_exceeded(&zombie(1_100), Some(1_100_000_000)));
        // It looks after its children once a second, undisturbed as well.
        let slow = Limits::new(None, 1_000);
        assert!(!slow.are_exceeded(&zombie(1_200), None));
        assert!(Limits::new(Some(100), 0).are_exceeded(&zombie(150), Some(0)));
    }
}
