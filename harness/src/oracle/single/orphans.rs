//! `orphans`: nothing that the target started outlives it.

use crate::facts::Run;
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Acceptance, Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    if Expected::of(context.schedule, run).killed_itself {
        return Verdict::not_applicable("nobody cleans up after SIGKILL");
    }
    Verdict::of(
        run.orphans
            .iter()
            .filter(|orphan| !context.contract.is_daemon(&orphan.command))
            .map(|orphan| {
                Evidence::new(
                    orphan.command.clone(),
                    format!(
                        "pid {} ({}) is still alive after the target's end (group {}, session {})",
                        orphan.pid, orphan.command, orphan.group, orphan.session
                    ),
                )
                .accepted_by(Acceptance::Daemon(globset::escape(&orphan.command)))
            })
            .collect(),
    )
}
