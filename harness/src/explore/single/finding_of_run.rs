//! Findings that are at no point: they are about a run as a whole.

use crate::explore::finding::Finding;
use crate::oracle::Evidence;
use crate::schedule::Schedule;

/// A finding that is at no point.
pub(crate) fn finding(
    oracle: &'static str,
    evidence: &Evidence,
    schedule: &Schedule,
    seen: (u32, u32),
) -> Finding {
    Finding {
        oracle,
        subject: evidence.subject.clone(),
        text: evidence.text.clone(),
        points: Vec::new(),
        last: None,
        count: 1,
        quiet: 0,
        schedule: schedule.clone(),
        seen,
        before_ready: false,
        at_start: false,
        file: None,
        places: Vec::new(),
        moment: None,
        trial: None,
    }
}
