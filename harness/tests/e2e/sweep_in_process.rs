//! The library from a test binary: supervisors are this very executable, started again, and serve before `main`.

use sigproof::execute::SupervisorPool;
use sigproof::explore::{FaultSpec, SweepOptions, SweepReport, sweep};
use sigproof::failure::Store;
use sigproof::internals::Isolation;
use sigproof::testing::{Contract, Delivery, Error, Fault, Target};
use sigproof_core::{Stage, StopSource};

fn swept(script: &str, source: &StopSource) -> Result<SweepReport, Error> {
    let store = tempfile::tempdir().expect("a directory");
    let target = Target::new(["sh", "-c", script]);
    let pool = SupervisorPool::open(&target, 2, Isolation::Auto)?;
    let options = SweepOptions::of(FaultSpec::once(Fault::Signal {
        signal: 2,
        to: Delivery::Group,
    }));
    let token = source.token();
    sweep(
        pool,
        Contract::default(),
        &options,
        &Store::at(store.path()),
        &token,
        |_| {},
    )
}

#[test]
fn a_torn_file_is_found() {
    let report = swept("echo a > x; echo b >> x", &StopSource::new()).expect("a report");
    let finding = report
        .findings
        .iter()
        .find(|finding| (finding.oracle, finding.subject.as_str()) == ("old-or-new", "x"))
        .expect("the finding");
    assert_eq!(finding.seen, (3, 3));
    assert!(
        (report.coverage() - 1.0).abs() < f64::EPSILON,
        "{}",
        report.coverage()
    );
}

#[test]
fn one_that_renames_is_not_accused() {
    let report = swept(
        "echo ab > $TMPDIR/x; trap '' INT; mv $TMPDIR/x x",
        &StopSource::new(),
    )
    .expect("a report");
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.oracle != "old-or-new"),
        "{:#?}",
        report.findings
    );
}

#[test]
fn a_stop_before_the_start_is_an_interruption() {
    let source = StopSource::new();
    source.stop(Stage::CancelQueued);
    let outcome = swept("echo a > x", &source);
    assert!(outcome.is_err_and(|error| error.is_interrupted()));
}
