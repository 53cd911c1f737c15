//! `ignored`: a program that is started with a signal ignored does not stop on it.
//!
//! `nohup` and `command &` in a script start programs so.

use crate::facts::{Run, signals};
use crate::oracle::learn::baseline::Baseline;
use crate::oracle::verdict::{Evidence, Verdict};

/// Judges a run that was started with `signal` ignored and got it.
pub fn judge(baseline: &Baseline, run: &Run, signal: i32) -> Verdict {
    let name = signals::name(signal);
    if run.last_fault_ns().is_none() {
        return Verdict::not_applicable(format!("{name} was not sent"));
    }
    let Some(status) = run.status else {
        return Verdict::of(vec![Evidence::new(
            "hangs",
            format!("started with {name} ignored, it does not end any more after it"),
        )]);
    };
    let text = if status != baseline.status {
        format!("{status} instead of {}", baseline.status)
    } else if let Some(left) = baseline.work_left(run) {
        left
    } else {
        return Verdict::Holds;
    };
    Verdict::of(vec![Evidence::new(
        name.clone(),
        format!("started with {name} ignored, as by nohup, it stops on it all the same: {text}"),
    )])
}
