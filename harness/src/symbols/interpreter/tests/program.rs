//! Files in which an interpreter is told by less than its symbols.

use crate::symbols::interpreter::program::{Found, Programs};
use object::{Object, ObjectSymbol};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program with something in its data that is like a runtime; its address comes with it. The program has no symbols.
fn program(directory: &Path, name: &str, source: &str) -> (PathBuf, u64) {
    let program = directory.join(name);
    let source_file = program.with_extension("c");
    fs::write(&source_file, source).expect("a file");
    let cc = Command::new("cc")
        .arg("-o")
        .args([&program, &source_file])
        .output();
    let cc = cc.expect("a compiler");
    assert!(cc.status.success(), "{cc:?}");
    let bytes = fs::read(&program).expect("the program");
    let file = object::File::parse(&*bytes).expect("a program");
    let runtime = file
        .symbols()
        .find(|symbol| symbol.name() == Ok("runtime"))
        .expect("its symbol")
        .address();
    let strip = Command::new("strip").arg(&program).status();
    assert!(strip.is_ok_and(|status| status.success()));
    (program, runtime)
}

/// What is found in a process that has the file mapped here.
const BASE: u64 = 0x5555_5555_4000;

fn found(program: &Path, root: &Path) -> Option<Found> {
    let path = program.strip_prefix(root).expect("a path below the root");
    let maps = format!(
        "{BASE:x}-{:x} r--p 00000000 fe:00 1   /{path}\n{:x}-{:x} r-xp 00001000 fe:00 1   /{path}\n",
        BASE + 0x1000,
        BASE + 0x1000,
        BASE + 0x2000,
        path = path.display(),
    );
    Programs::default().find(&maps, root)
}

const DESCRIBED: &str = r#"
const char *name = "xdebugpy";
static long other[3] = { 1, 2, 3 };
static struct { char cookie[8]; unsigned long version; } volatile runtime = { "xdebugpy", 0x030e01f0 };
int main(void) { return runtime.cookie[0] + other[name[0] & 1]; }
"#;

const SECTION: &str = r#"
const char *path = "/usr/lib/python3.10/site-packages";
__attribute__((section(".PyRuntime"))) static volatile long runtime = 1;
int main(void) { return runtime + path[0]; }
"#;

#[test]
fn a_runtime_without_symbols_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, source, minor) in [("described", DESCRIBED, 14), ("section", SECTION, 10)] {
        let (program, runtime) = program(directory.path(), name, source);
        let wanted = Found::Python {
            minor,
            runtime: BASE + runtime,
        };
        assert_eq!(found(&program, directory.path()), Some(wanted), "{name}");
    }
}

#[test]
fn what_has_no_interpreter_has_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = "int runtime; int main(void) { return runtime; }";
    let (program, _) = program(directory.path(), "python3.11", source);
    assert_eq!(found(&program, directory.path()), None);
    fs::write(&program, "#!/bin/sh\n").expect("a file");
    assert_eq!(found(&program, directory.path()), None);
    fs::remove_file(&program).expect("a file");
    assert_eq!(found(&program, directory.path()), None);
    assert_eq!(
        Programs::default().find("nonsense\n", directory.path()),
        None
    );
}

#[test]
fn a_java_virtual_machine_is_told_by_its_library() {
    let maps = "\
555555554000-555555555000 r--p 00000000 fe:00 1   /nowhere/java
7ffff6000000-7ffff7000000 r-xp 00000000 fe:00 2   /nowhere/lib/server/libjvm.so
";
    let found = Programs::default().find(maps, Path::new("/"));
    assert_eq!(found, Some(Found::Java));
}
