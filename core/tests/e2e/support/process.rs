//! Processes by their numbers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;

/// A program that does nothing for a long time.
pub fn long_program() -> Command {
    let mut command = Command::new("sleep");
    command.arg("600");
    command
}

/// Whether this process has ended.
pub fn is_gone(pid: u64) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let stat = fs::read_to_string(process.join("stat"));
    let threads = fs::read_dir(process.join("task")).map_or(0, Iterator::count);
    // Its first thread may be a zombie while another one still holds the
    // channel to the pool.
    stat.is_ok_and(|stat| stat.contains(") Z")) && threads <= 1 || !process.exists()
}

/// Kills this process, which is there.
pub fn kill(pid: u64) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id"));
    send(pid, Signal::SIGKILL).expect("it is there");
}
