//! `zombies`: a target that goes on waits for the children that ended.

use crate::facts::Run;
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(first) = run.fired_ns.iter().flatten().min() else {
        return Verdict::not_applicable("no signal was sent");
    };
    let usual = |command: &str| {
        context
            .baseline
            .runs
            .iter()
            .flat_map(|run| &run.zombies)
            .any(|zombie| zombie.command == command)
    };
    let mut evidence: Vec<Evidence> = Vec::new();
    for zombie in &run.zombies {
        let known = evidence.iter().any(|one| one.subject == zombie.command);
        // One that is left undisturbed as well has nothing to do with the signal.
        if zombie.ended_ns < *first || known || usual(&zombie.command) {
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
