//! The module for Go.

use crate::{copied, fails, has, installed, runner, shows_everything, succeeds, without_ptrace};
use std::path::Path;
use std::process::Command;

fn go(command: &mut Command) -> &mut Command {
    let tools = installed("go/bin");
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(tools.clone()).chain(std::env::split_paths(&rest));
    let target = tools
        .parent()
        .and_then(Path::parent)
        .expect("the target directory");
    command
        .env("PATH", std::env::join_paths(path).expect("a search path"))
        .env("GOCACHE", target.join("go-cache"))
        .env("GOPATH", target.join("go-path"))
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off") // it needs nothing from elsewhere
        .env_remove("GO111MODULE")
}

fn go_in(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = runner(installed("go/bin").join("go"), directory);
    go(&mut command).args(arguments);
    command
}

#[test]
fn a_finding_is_a_subtest_that_fails() {
    let here = copied("integrations/go");
    let example = here.path().join("example");
    succeeds(&mut go_in(here.path(), &["vet", "./..."]));
    let text = fails(&mut go_in(&example, &["test", "-v", "-count=1", "."]));
    has(
        &text,
        &[
            "--- FAIL: TestTool/leftovers#1",
            "--- PASS: TestMended",
            "--- PASS: TestOneRun",
        ],
    );
    shows_everything(&text, &example);
    let text = succeeds(&mut go_in(
        &example,
        &["test", "-v", "-short", "-count=1", "."],
    ));
    has(&text, &["--- SKIP: TestTool", "-short"]);
    let mut refused = without_ptrace(installed("go/bin").join("go"), &example);
    let text = succeeds(go(&mut refused).args(["test", "-v", "-count=1", "."]));
    has(&text, &["--- SKIP: TestTool", "--cap-add SYS_PTRACE"]);
}
