//! `unready`: a service that is told to stop says so at its readiness URL, and takes connections until that was seen. A
//! load balancer that asks sends nothing more then; one that finds the listener closed has sent requests to nobody.

use crate::facts::Run;
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Evidence, Verdict};

/// How soon the URL must say so, in milliseconds: load balancers ask about once a second.
const WITHIN_MS: u64 = 1000;

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let asked = run.service.as_ref().and_then(|service| service.unready);
    let Some(asked) = asked else {
        return Verdict::not_applicable("it was not asked to stop while it was ready");
    };
    let stopped_ns = run.service.as_ref().and_then(|service| service.stopped_ns);
    if stopped_ns.is_some_and(|stopped| stopped < asked.since_ns) {
        return Verdict::not_applicable("it was stopping already");
    }
    let after = Expected::of(context.schedule, run).words;
    let end_ns = asked.gone_ns.unwrap_or(run.end_ns);
    let passed_ms = |until_ns: u64| until_ns.saturating_sub(asked.since_ns) / 1_000_000;
    // How long it took, and whether its end was seen by asking, differ from run to run, and are one thing.
    let (subject, text) = match asked.turned_ns {
        Some(turned) if passed_ms(turned) <= WITHIN_MS => return Verdict::Holds,
        Some(turned) => (
            "late",
            format!(
                "its readiness URL says that it is not ready only {} ms after {after}",
                passed_ms(turned)
            ),
        ),
        None if asked.gone_ns.is_none() && passed_ms(end_ns) > WITHIN_MS => (
            "never",
            format!(
                "its readiness URL still says that it is ready {} ms after {after}",
                passed_ms(end_ns)
            ),
        ),
        None => (
            "gone first",
            format!(
                "it takes no connections any more {} ms after {after}, and its readiness URL has not said before that it \
                 is not ready",
                passed_ms(end_ns)
            ),
        ),
    };
    Verdict::of(vec![Evidence::new(subject, text)])
}
