//! The package for npm, with vitest, jest, node:test and the compiler of TypeScript.

use crate::{copied, fails, has, root, runner, shows_everything, succeeds, without_ptrace};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// The example, with the runners of its manifest and the package of this repository, installed once.
fn example() -> &'static Path {
    static EXAMPLE: OnceLock<tempfile::TempDir> = OnceLock::new();
    EXAMPLE
        .get_or_init(|| {
            let here = copied("integrations/npm/example");
            let pack = ["pack", "--quiet", "--pack-destination"];
            let mut npm = runner("npm", &root().join("integrations/npm"));
            succeeds(npm.args(pack).arg(here.path()));
            let install = ["install", "--no-audit", "--no-fund", "--quiet"];
            let mut npm = runner("npm", here.path());
            // The package with the program is not in a registry.
            succeeds(npm.args(install).arg("sigproof-0.1.0.tgz"));
            here
        })
        .path()
}

fn script(name: &str) -> Command {
    let mut npm = runner("npm", example());
    npm.args(["run", "--silent", name]);
    npm
}

// One after the other: the tests share a directory, and each sweep uses all processors.
#[test]
fn the_runners_show_a_planted_bug_and_pass_a_mended_program() {
    let text = fails(&mut script("vitest"));
    has(&text, &["1 failed | 1 passed"]);
    shows_everything(&text, example());
    let text = fails(&mut script("jest"));
    has(&text, &["1 failed, 1 passed"]);
    shows_everything(&text, example());
    let text = fails(&mut script("node"));
    has(&text, &["# pass 3", "# fail 1", "not ok 1"]);
    shows_everything(&text, example());
    succeeds(&mut script("types"));
    let mut node = without_ptrace("node", example());
    let text = succeeds(node.args(["--test", "tool.node.js"]));
    has(&text, &["# skipped 4", "--cap-add SYS_PTRACE"]);
}
