//! `refuses`: once a service is gone, or has had its time, a new connection is refused or closed. One that hangs keeps
//! clients and load balancers waiting.

use crate::facts::Run;
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(service) = &run.service else {
        return Verdict::not_applicable("it has no clients");
    };
    let expect = Expected::of(context.schedule, run);
    if expect.sent.is_empty() {
        return Verdict::not_applicable("it was not asked to stop");
    }
    let gone = match run.status {
        Some(_) => "after the service has ended",
        None => "after its time to end is over",
    };
    let hanging = service.late.iter().filter(|late| late.hangs);
    let evidence = hanging.map(|late| {
        let holders = match late.holders.as_slice() {
            [] => String::new(),
            holders => format!("; its listener is held open by {}", holders.join(", ")),
        };
        Evidence::new(
            late.address.clone(),
            format!(
                "{gone}, a new connection to {} is neither answered nor closed{holders}",
                late.address
            ),
        )
    });
    Verdict::of(evidence.collect())
}
