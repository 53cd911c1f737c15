//! Services: a script as part of the target.

mod clients;
mod errors;
mod keys;
mod scenario;

use std::process::Command;
use std::sync::OnceLock;

/// Python itself, not a script that looks for it: that takes seconds under a tracer.
fn python() -> &'static str {
    static FOUND: OnceLock<String> = OnceLock::new();
    FOUND.get_or_init(|| {
        let output = Command::new("python3")
            .args(["-c", "import sys; print(sys.executable)"])
            .output()
            .expect("Python");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}
