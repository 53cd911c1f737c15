//! A worker whose pool is gone before it knows that it is a worker.

use std::fs::{self, File};
use std::path::PathBuf;

use nix::sys::signal::Signal as Unix;
use sigproof_core::pool::{ProcessPool, WorkerProgram};
use sigproof_core::{Executor, StopSource};

use crate::support::{Program, Setup, role, until};

/// Where the test and the worker meet; only they have it in their environment.
fn directory() -> Option<PathBuf> {
    std::env::var("SIGPROOF_CORE_TEST_ORPHANS")
        .ok()
        .map(PathBuf::from)
}

fn worker() -> WorkerProgram<(), ()> {
    WorkerProgram::register("orphan", |(), _| Ok(()))
}

/// Where worker processes begin, held back until the test lets them go. Does
/// nothing in the test runner.
#[test]
fn worker_entry() {
    let Some(directory) = directory() else {
        return;
    };
    fs::write(directory.join("begun"), std::process::id().to_string()).expect("a file");
    until("the test lets it go", || directory.join("go").exists());
    let _ = worker();
    File::create(directory.join("went past")).expect("a file");
}

/// It would be the program itself otherwise, started once more: it would do
/// everything again, over the results of the first.
#[test]
fn a_worker_without_its_pool_does_not_become_the_program() {
    const NAME: &str = test_name!("a_worker_without_its_pool_does_not_become_the_program");
    if role().is_some() {
        let pool = ProcessPool::new(&StopSource::new().token(), &worker())
            .workers(1)
            .worker_args([test_name!("worker_entry"), "--exact"]);
        let results = pool.run([()]);
        unreachable!("the parent is killed: {results:?}");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().display().to_string();
    let setup = Setup {
        env: vec![("SIGPROOF_CORE_TEST_ORPHANS".to_owned(), path)],
        ..Setup::default()
    };
    let program = Program::start_with(NAME, "child", setup);
    let mut worker = String::new();
    until("the worker begins", || {
        worker = fs::read_to_string(dir.path().join("begun")).unwrap_or_default();
        !worker.is_empty()
    });
    program.signal(Unix::SIGKILL);
    // Its output ends with the worker, which is still there.
    let parent = program.pid();
    until("the worker has another parent", || {
        let status = fs::read_to_string(format!("/proc/{worker}/status")).expect("it waits");
        !status.contains(&format!("PPid:\t{parent}\n"))
    });
    File::create(dir.path().join("go")).expect("a file");
    until("the worker is gone", || {
        let stat = fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z")
    });
    assert!(!dir.path().join("went past").exists(), "it went on");
    program.dies_by(Unix::SIGKILL);
}
