//! Points say which code makes the calls, however the program was compiled.

use super::saver::{self, compiled, done, frames, line, named, point, points};
use fixture_model::{Fixture, Helper};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use under_test::{call_here, json, rust_program};

/// Each call, the function that makes it, and the remark at its line.
const CALLS: [(&str, &str, &str, &str); 3] = [
    ("openat", "begin", "opens", "begins"),
    ("write", "fill", "writes", "fills"),
    ("rename", "finish", "renames", "finishes"),
];

/// Compiled with `-g` each frame has its function and its line.
#[track_caller]
fn with_lines(name: &str, flags: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let program = compiled(directory.path(), name, flags);
    let points = points(&[], &[&program]);
    for (call, function, at, from) in CALLS {
        let point = point(&points, call_here(call));
        assert_eq!(
            point["in"],
            format!("{function} (saver.c:{})", line(at)),
            "{name}: {point:#}"
        );
        let frames = named(point, name);
        let wanted = [
            (function.to_owned(), Some(line(at))),
            ("save".to_owned(), Some(line(from))),
            ("main".to_owned(), Some(line("saves"))),
        ];
        // Around them lie the C library, when it is in the same file, and what starts the program.
        assert!(
            frames.windows(3).any(|three| three == wanted),
            "{name}: {wanted:?} is not in {frames:#?}"
        );
    }
}

#[test]
fn with_frame_pointers() {
    with_lines("pointers", &["-g", "-O2", "-fno-omit-frame-pointer"]);
}

#[test]
fn without_frame_pointers() {
    with_lines("nopointers", &["-g", "-O2", "-fomit-frame-pointer"]);
}

#[test]
fn with_frame_pointers_alone() {
    // What starts the program still has unwind information; the program has none.
    with_lines(
        "bare",
        &[
            "-g",
            "-O2",
            "-fno-omit-frame-pointer",
            "-fno-asynchronous-unwind-tables",
            "-fno-dwarf2-cfi-asm",
        ],
    );
}

#[test]
fn with_signed_return_addresses() {
    if std::env::consts::ARCH != "aarch64" {
        eprintln!("only aarch64 signs return addresses: nothing to be seen");
        return;
    }
    with_lines("signed", &["-g", "-O2", "-mbranch-protection=pac-ret"]);
}

#[test]
fn at_a_fixed_address() {
    with_lines("fixed", &["-g", "-O2", "-no-pie"]);
}

#[test]
fn linked_statically() {
    with_lines("static", &["-g", "-O2", "-static"]);
}

#[test]
fn not_optimised() {
    with_lines("plain", &["-g", "-O0"]);
}

#[test]
fn with_compressed_debug_information() {
    with_lines("compressed", &["-g", "-O2", "-gz"]);
}

#[test]
fn at_addresses_that_differ_from_run_to_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = compiled(directory.path(), "random", &["-g", "-O2"]);
    let points = points(&["--keep-aslr"], &[&program]);
    for (call, function, at, _) in CALLS {
        let wanted = format!("{function} (saver.c:{})", line(at));
        assert_eq!(point(&points, call_here(call))["in"], wanted);
    }
}

#[test]
fn without_debug_information_the_symbols_tell() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, flags) in [
        ("symbols", &["-O2"][..]),
        ("staticsymbols", &["-O2", "-static"]),
    ] {
        let program = compiled(directory.path(), name, flags);
        let points = points(&[], &[&program]);
        for (call, function, ..) in CALLS {
            let point = point(&points, call_here(call));
            assert_eq!(point["in"], format!("{function} ({name})"), "{point:#}");
            let frames = named(point, name);
            let wanted = [function, "save", "main"].map(|function| (function.to_owned(), None));
            assert!(
                frames.windows(3).any(|three| three == wanted),
                "{frames:#?}"
            );
        }
    }
}

/// Where the frames of each call are in this program.
fn offsets(program: &Path) -> Vec<Vec<u64>> {
    let name = program.file_name().and_then(OsStr::to_str).expect("a name");
    let points = points(&[], &[program]);
    let offset = |frame: &Value| frame["offset"].as_u64().expect("an address");
    CALLS
        .iter()
        .map(|(call, ..)| {
            frames(point(&points, call), name)
                .into_iter()
                .map(offset)
                .collect()
        })
        .collect()
}

#[test]
fn stripped_the_addresses_are_left() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, flags) in [
        ("whole", &["-g", "-O2"][..]),
        ("wholestatic", &["-g", "-O2", "-static"]),
    ] {
        let program = compiled(directory.path(), name, flags);
        let stripped = directory.path().join(format!("{name}-stripped"));
        done(Command::new("strip").arg("-o").args([&stripped, &program]));
        let points = points(&[], &[&stripped]);
        for (call, ..) in CALLS {
            let point = point(&points, call);
            let own = point["in"].as_str().expect("a place");
            assert!(own.starts_with(&format!("{name}-stripped+0x")), "{own}");
            assert!(
                named(point, &format!("{name}-stripped"))
                    .iter()
                    .all(|(name, _)| name == "?")
            );
        }
        // The same code at the same addresses, which a person can look up where the symbols are.
        assert_eq!(offsets(&stripped), offsets(&program), "{name}");
    }
}

#[test]
fn names_in_cpp_are_as_the_source_writes_them() {
    const SOURCE: &str = r#"
#include <cstdio>
#include <string>
namespace store {
template <class T> struct Keeper {
    explicit Keeper(const char *to) : to(to) {}
    __attribute__((noinline)) void keep(T value) {
        std::FILE *file = std::fopen("out.tmp", "w");
        std::fprintf(file, "%d\n", value);
        std::fclose(file);
    }
    ~Keeper() { std::rename("out.tmp", to); }
    const char *to;
};
}
int main() {
    store::Keeper<int> keeper("out");
    keeper.keep(3);
}
"#;
    let directory = tempfile::tempdir().expect("a directory");
    let source = directory.path().join("keeper.cpp");
    fs::write(&source, SOURCE).expect("a file");
    for (name, debug, wanted) in [
        ("keeper", "-g", "store::Keeper<int>::keep (keeper.cpp:8)"),
        (
            "bare-keeper",
            "-g0",
            "store::Keeper<int>::keep (bare-keeper)",
        ),
    ] {
        let program = directory.path().join(name);
        let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
        done(
            Command::new(compiler)
                .args(["-O1", debug, "-o"])
                .args([&program, &source]),
        );
        let points = points(&[], &[&program]);
        assert_eq!(point(&points, "openat")["in"], wanted, "{points:#?}");
    }
}

#[test]
fn names_in_rust_are_as_the_source_writes_them() {
    let fixture = Fixture::named("rust/temp-file-wrong").expect("the fixture");
    let inputs = tempfile::tempdir().expect("a directory");
    fixture.write_inputs(inputs.path()).expect("inputs");
    let program = rust_program("temp-file-wrong");
    let outcome = json(&[
        OsStr::new("points"),
        OsStr::new("--stacks"),
        OsStr::new("--in"),
        inputs.path().as_os_str(),
        OsStr::new("--"),
        program.as_os_str(),
    ])
    .expect("an answer");
    let rename = point(&outcome.lines, call_here("rename"));
    let own = rename["in"].as_str().expect("a place");
    assert!(own.starts_with("temp_file_wrong::"), "{rename:#}");
    assert!(own.contains("(temp-file-wrong.rs:"), "{rename:#}");
}

#[test]
fn threads_and_children_have_stacks_of_their_own() {
    let threads = Helper::named("threads").expect("the fixture");
    let threads = threads.program().argv(&rust_program);
    let points = points(&[], &threads);
    let of_threads: Vec<&Value> = points
        .iter()
        .filter(|point| point["thread"] != "")
        .collect();
    let writes: Vec<&&Value> = of_threads
        .iter()
        .filter(|point| point["call"] == "write")
        .collect();
    assert!(!writes.is_empty(), "{points:#?}");
    for write in writes {
        let frames = named(write, "threads");
        assert!(
            !frames.iter().any(|(function, _)| function == "main"),
            "{write:#}"
        );
        // Its function writes with one that the compiler put into it.
        assert!(
            frames
                .iter()
                .any(|(function, line)| function == "work" && line.is_some()),
            "{write:#}"
        );
    }
    let directory = tempfile::tempdir().expect("a directory");
    let program = compiled(directory.path(), "below", &["-g", "-O2"]);
    let script = format!("{}; true", program.display());
    let points = saver::points(&[], &["bash", "-c", &script]);
    let rename = point(&points, call_here("rename"));
    assert!(
        rename["process"]
            .as_str()
            .is_some_and(|name| name.contains('/')),
        "{rename:#}"
    );
    assert_eq!(
        rename["in"],
        format!("finish (saver.c:{})", line("renames"))
    );
}

#[test]
fn the_interpreter_s_own_functions_are_told_of_a_script() {
    let script = "import os; open('out.tmp', 'w').close(); os.rename('out.tmp', 'out')";
    let points = points(
        &["--only", "rename"],
        &["python3", "-I", "-S", "-c", script],
    );
    let rename = point(&points, call_here("rename"));
    let modules: Vec<&str> = rename["stack"]
        .as_array()
        .expect("a stack")
        .iter()
        .filter_map(|frame| frame["module"].as_str())
        .filter(|module| module.contains("python"))
        .collect();
    assert!(modules.len() > 3, "{rename:#}");
}
