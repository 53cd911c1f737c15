//! The helper for bats.

use crate::{copied, fails, has, runner, search_path, succeeds, without_ptrace};

#[test]
fn bats_shows_what_was_found() {
    let here = copied("integrations/bats");
    let example = here.path().join("example");
    let (_bin, path) = search_path();
    let mut bats = runner("bats", &example);
    let text = fails(
        bats.args(["--formatter", "tap", "tool.bats"])
            .env("PATH", &path)
            .env_remove("SIGPROOF"),
    );
    has(
        &text,
        &[
            "not ok 1 tool survives Ctrl+C",
            "report.tmp",
            "sigproof replay .sigproof/",
            "page      .sigproof/pages/",
            "ok 2 mended survives Ctrl+C",
            "ok 3 one run",
        ],
    );
    let mut bats = without_ptrace("bats", &example);
    let text = succeeds(bats.args(["--formatter", "tap", "tool.bats"]));
    has(&text, &["ok 1", "# skip sigproof: ", "SYS_PTRACE"]);
}
