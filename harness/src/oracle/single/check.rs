//! `check`: a command of the user's own succeeds on the end state.

use crate::facts::{ExitStatus, Run};
use crate::oracle::Context;
use crate::oracle::quote::saying;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(_context: &Context<'_>, run: &Run) -> Verdict {
    let Some(check) = &run.check else {
        return Verdict::not_applicable("no check was run");
    };
    let how = match check.status {
        Some(ExitStatus::Exited(0)) => return Verdict::Holds,
        Some(status) => status.to_string(),
        None => "no end within its deadline".to_owned(),
    };
    Verdict::of(vec![Evidence::new(
        check.command.clone(),
        format!("`{}`: {how}{}", check.command, saying(&check.output)),
    )])
}
