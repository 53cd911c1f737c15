//! A child that shares our memory is out of it before that goes.

use super::{Program, Started, Stdio, Step, start};
use crate::sys::wait;
use std::os::fd::AsFd;

fn gated(null: &std::fs::File, directory: &std::ffi::CStr) -> Started {
    let null = null.as_fd();
    start(Program {
        path: c"/bin/true".to_owned(),
        argv: vec![c"true".to_owned()],
        env: Vec::new(),
        directory: directory.to_owned(),
        stdio: Stdio::Three(null, null, null),
        extra: None,
        filter: Vec::new(),
        ignored: Vec::new(),
        gated: true,
    })
    .expect("a child")
}

fn null() -> std::fs::File {
    let mut options = std::fs::File::options();
    options.read(true).write(true).open("/dev/null").unwrap()
}

#[test]
fn a_child_that_is_given_up_at_its_gate_is_gone() {
    let started = gated(&null(), c"/");
    let pid = started.pid;
    assert!(wait::is_own_child(pid));
    drop(started);
    assert!(!wait::is_own_child(pid));
}

#[test]
fn a_child_that_cannot_go_on_says_where_and_is_gone() {
    let started = gated(&null(), c"/nowhere at all");
    let pid = started.pid;
    let failure = started.executed().unwrap().expect_err("no directory");
    assert_eq!(failure.step, Step::Directory);
    assert_eq!(failure.errno, libc::ENOENT);
    assert!(!wait::is_own_child(pid));
}
