//! Processes that are found again, whoever their parents are, by a variable in their environment.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// In the environment of everything that is started for one program.
const VARIABLE: &str = "SIGPROOF_HOUSE_MARK";

/// A value of the variable that nothing else has. Who still has it when this is dropped is killed.
pub struct Mark(String);

impl Mark {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        Self(format!("{}-{count}", std::process::id()))
    }

    /// Marks everything that this command starts.
    pub fn put_on(&self, command: &mut Command) {
        command.env(VARIABLE, &self.0);
    }

    /// The living processes with this mark. A zombie has no environment any more.
    pub fn living(&self) -> Vec<Pid> {
        let wanted = format!("{VARIABLE}={}", self.0);
        let is_marked = |pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            variables.any(|variable| variable == wanted.as_bytes())
        };
        let numbers = fs::read_dir("/proc").expect("/proc").flatten();
        numbers
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(is_marked)
            .map(Pid::from_raw)
            .collect()
    }

    /// A living process with this mark that executes a program of this name.
    pub fn executes(&self, program: &str) -> Option<Pid> {
        let name_of = |pid| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let living = self.living().into_iter();
        living
            .into_iter()
            .find(|&pid| name_of(pid).trim_end() == program)
    }

    /// Kills them.
    pub fn kill(&self) {
        for pid in self.living() {
            // It may just have ended.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.kill();
    }
}
