//! The memory of a guardian, which is forked from a process that may have a lot.

use std::fs;

use sigproof_core::pool::{CommandRunner, Output};
use sigproof_core::{Stage, StopSource};

use super::sh;
use crate::support::{Program, marked::Marked, role, until};

/// A guardian is forked from a process that may have a large heap.
#[test]
fn a_guardian_keeps_no_memory_of_this_process() {
    const NAME: &str = test_name!("a_guardian_keeps_no_memory_of_this_process");
    const HEAP: usize = 128 << 20;
    if role().is_none() {
        Program::start(NAME, "child").exits_with(0);
        return;
    }
    let mut heap = vec![1_u8; HEAP];
    let source = StopSource::new();
    let script = "echo guardian $PPID; sleep 600";
    let end = CommandRunner::new(&source.token()).execute(sh(&Marked::new(), script), |output| {
        let Output::Stdout(bytes) = output else {
            return;
        };
        let text = String::from_utf8_lossy(bytes);
        let pid = text.trim().trim_start_matches("guardian ").to_owned();
        // Whoever still has a copy has it alone from now on.
        heap.iter_mut().step_by(4096).for_each(|byte| *byte = 2);
        until("the guardian has given its memory back", || {
            private_bytes(&pid) < HEAP / 16
        });
        source.stop(Stage::TerminateActive);
    });
    assert!(end.expect("it starts").interrupted.is_some());
    std::process::exit(i32::from(heap[0]) - 2);
}

fn private_bytes(pid: &str) -> usize {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("procfs");
    let kilobytes = |name| {
        let line: &str = text
            .lines()
            .find(|line| line.starts_with(name))
            .expect(name);
        let number = line.split_whitespace().nth(1).expect("a number");
        number.parse::<usize>().expect("a number")
    };
    1024 * (kilobytes("Private_Dirty:") + kilobytes("Private_Clean:"))
}
