//! Tests that count what their process has.

use std::process::Command;

/// Set for the process that a test has for itself.
const ALONE: &str = "SIGPROOF_TEST_ALONE";

/// Whether this process runs one test alone. If not, it runs the test of this path (as `--list` has it, without the
/// name of the binary) in another process, and passes what that one says on.
///
/// Below `cargo test` all tests of a binary are threads of one process, so that the descriptors and children of one
/// are the others', too.
pub fn is_alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("it runs once more");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("1 passed"), "no test {test}: {said}");
    false
}
