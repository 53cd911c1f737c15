//! Go programs, that say themselves where they are.

use super::table::GoTable;
use object::{Object, ObjectSection, ObjectSegment};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What a program says of a return address: functions with file and line.
type Position = (String, String, u32);

fn target() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    env::var_os("CARGO_TARGET_DIR").map_or(target, PathBuf::from)
}

/// The Go of the search path, and that of `cargo ci tools`.
fn compilers() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found: Vec<PathBuf> = env::split_paths(&path)
        .chain([target().join("go/bin")])
        .map(|directory| directory.join("go"))
        .filter(|program| program.is_file())
        .collect();
    assert!(!found.is_empty(), "no Go: cargo ci tools");
    found
}

fn build(go: &Path, directory: &Path, mode: &str) -> PathBuf {
    fs::write(directory.join("stacks.go"), include_str!("stacks.go")).expect("a file");
    let program = directory.join(mode);
    let output = Command::new(go)
        .args(["build", "-buildmode", mode, "-ldflags", "-s -w", "-o"])
        .args([&program, Path::new("stacks.go")])
        .current_dir(directory)
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("GOCACHE", target().join("go-cache"))
        .env("GOPATH", directory.join("path"))
        .output()
        .expect("a compiler");
    assert!(output.status.success(), "{output:?}");
    program
}

/// What is added to the file's addresses in the process: it says where it begins there.
fn bias(program: &Path, base: u64) -> u64 {
    let bytes = fs::read(program).expect("the program");
    let file = object::File::parse(&*bytes).expect("a program");
    let first = file
        .segments()
        .find(|segment| segment.file_range().0 == 0)
        .expect("its beginning");
    base.wrapping_sub(first.address())
}

/// The return addresses that a program says, each with its place among the functions that it says.
fn said(output: &str) -> (u64, Vec<(u64, usize)>, Vec<Position>) {
    let (base, rest) = output.split_once('\n').expect("lines");
    let mut addresses = Vec::new();
    let mut places = Vec::new();
    for line in rest.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            [address] => {
                let address = address.parse().expect("an address");
                addresses.push((address, places.len()));
            }
            [function, file, line] => {
                let line = line.parse().expect("a line");
                places.push((function.to_owned(), file.to_owned(), line));
            }
            _ => panic!("{line}"),
        }
    }
    let base = u64::from_str_radix(base, 16).expect("an address");
    (base, addresses, places)
}

fn found(table: &GoTable, address: u64) -> Vec<Position> {
    let frames = table.frames("stacks", address);
    frames
        .into_iter()
        .map(|frame| {
            (
                frame.function.unwrap_or_default(),
                frame.file.unwrap_or_default(),
                frame.line.unwrap_or_default(),
            )
        })
        .collect()
}

fn compare(program: &Path) {
    let output = Command::new(program).output().expect("the program");
    assert!(output.status.success(), "{output:?}");
    let (base, addresses, places) = said(&String::from_utf8_lossy(&output.stderr));
    let table = super::open(program).expect("a table");
    let bias = bias(program, base);
    let mut expanded = 0;
    for (address, place) in &addresses {
        let found = found(&table, address.wrapping_sub(bias) - 1);
        assert!(!found.is_empty(), "{address:#x} of {program:?}");
        assert_eq!(found, places[*place..][..found.len()], "{program:?}");
        expanded += usize::from(found.len() > 1);
    }
    assert!(
        addresses.len() > 20 && expanded > 2,
        "{expanded} of {output:?}"
    );
}

#[test]
fn functions_and_lines_are_those_that_go_itself_says() {
    for go in compilers() {
        for mode in ["exe", "pie"] {
            let directory = tempfile::tempdir().expect("a directory");
            let program = build(&go, directory.path(), mode);
            compare(&program);
            damage(&program);
        }
    }
}

/// No panic, whatever is missing or overwritten.
fn damage(program: &Path) {
    let whole = fs::read(program).expect("the program");
    let file = object::File::parse(&*whole).expect("a program");
    let (start, size) = [".gopclntab", ".data.rel.ro.gopclntab"]
        .iter()
        .find_map(|name| file.section_by_name(name)?.file_range())
        .expect("a table");
    let text = file.section_by_name(".text").expect("code");
    let damaged = program.with_extension("damaged");
    let read = |bytes: &[u8]| {
        fs::write(&damaged, bytes).expect("a file");
        let table = super::open(&damaged);
        for place in (0..text.size()).step_by(9973) {
            table
                .iter()
                .for_each(|table| drop(table.frames("stacks", text.address() + place)));
        }
    };
    for part in 0..40 {
        read(&whole[..whole.len() / 40 * part]);
    }
    let places = (0..72)
        .step_by(4)
        .chain((72..size).step_by(size as usize / 60));
    for place in places {
        for value in [0, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            let at = (start + place) as usize;
            bytes[at..at + 4].fill(value);
            read(&bytes);
        }
    }
}

#[test]
fn what_is_no_go_program_has_no_table() {
    assert!(super::open(Path::new("/bin/sh")).is_none());
    assert!(super::open(Path::new("/nowhere")).is_none());
}
