//! Processes that are found again, whoever their parents are, by a variable in
//! their environment.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// In the environment of everything that a test starts.
const MARKER: &str = "SIGPROOF_TEST_MARK";

/// A value of [`MARKER`] that nobody else has. A failed test leaves nobody
/// behind.
pub struct Marked(pub String);

impl Marked {
    pub fn new() -> Marked {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        Marked(format!("{}-{count}", std::process::id()))
    }

    pub fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env(MARKER, &self.0);
        command
    }

    /// The living processes with this marker, with their names.
    pub fn living(&self) -> Vec<(i32, String)> {
        let wanted = format!("{MARKER}={}", self.0);
        let numbers = fs::read_dir("/proc").expect("/proc").flatten();
        numbers
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                // A zombie has no environment any more.
                let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environ
                    .split(|byte| *byte == 0)
                    .any(|variable| variable == wanted.as_bytes())
            })
            .map(|pid: i32| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                (pid, name.trim_end().to_owned())
            })
            .collect()
    }

    /// Kills them.
    pub fn kill(&self) {
        for (pid, _) in self.living() {
            // It may just have ended.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        self.kill();
    }
}
