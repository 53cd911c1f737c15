//! Names from the files that a compiler and its tools make.

use super::image::Image;
use super::names::Names;
use object::{Object, ObjectSymbol};
use std::fs;
use std::path::Path;
use std::process::Command;

fn done(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// A program with its address of the function `save`, which is at line 3.
fn program(directory: &Path) -> (std::path::PathBuf, u64) {
    let source = directory.join("save.c");
    fs::write(
        &source,
        "volatile int kept;\n__attribute__((noinline))\nstatic void save(void) { kept = 1; }\nint main(void) { save(); return 0; }\n",
    )
    .expect("a file");
    let program = directory.join("save");
    done(
        Command::new("cc")
            .args(["-g", "-O1", "-Wl,--build-id", "-o"])
            .args([&program, &source]),
    );
    let bytes = fs::read(&program).expect("the program");
    let file = object::File::parse(&*bytes).expect("a program");
    let save = file.symbols().find(|symbol| symbol.name() == Ok("save"));
    (program, save.expect("the function").address())
}

fn said(program: &Path, debug: &Path, address: u64) -> Vec<String> {
    let image = Image::open(program, debug).expect("a program");
    let frames = Names::open(&image).frames("save", address);
    frames.iter().map(ToString::to_string).collect()
}

#[test]
fn a_separate_debug_file_is_found_by_the_number_of_the_build() {
    let directory = tempfile::tempdir().expect("a directory");
    let (program, save) = program(directory.path());
    let debug = directory.path().join("debug");
    assert_eq!(said(&program, &debug, save), ["save (save.c:3)"]);

    let bytes = fs::read(&program).expect("the program");
    let file = object::File::parse(&*bytes).expect("a program");
    let id = file.build_id().expect("notes").expect("a number");
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let place = debug.join(".build-id").join(&hex[..2]);
    fs::create_dir_all(&place).expect("a directory");
    let apart = place.join(format!("{}.debug", &hex[2..]));
    done(
        Command::new("objcopy")
            .arg("--only-keep-debug")
            .args([&program, &apart]),
    );
    done(Command::new("strip").arg(&program));
    let bare = format!("save+{save:#x}");
    assert_eq!(said(&program, Path::new("/nowhere"), save), [bare]);
    assert_eq!(said(&program, &debug, save), ["save (save.c:3)"]);
}

#[test]
fn what_is_no_program_is_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let nothing = Path::new("/nowhere");
    let text = directory.path().join("text");
    for content in ["", "text", "\x7fELF", "\x7fELF\x02\x01\x01 and no more"] {
        fs::write(&text, content).expect("a file");
        assert!(Image::open(&text, nothing).is_none(), "{content:?}");
    }
    for path in [directory.path(), nothing, Path::new("/dev/zero")] {
        assert!(Image::open(path, nothing).is_none(), "{path:?}");
    }
}

#[test]
fn a_program_that_is_cut_off_anywhere_is_read_as_far_as_it_goes() {
    let directory = tempfile::tempdir().expect("a directory");
    let (program, save) = program(directory.path());
    let whole = fs::read(&program).expect("the program");
    let cut = directory.path().join("cut");
    for length in (0..whole.len()).step_by(331) {
        fs::write(&cut, &whole[..length]).expect("a file");
        // No panic, whatever is missing.
        if let Some(image) = Image::open(&cut, Path::new("/nowhere")) {
            assert!(!Names::open(&image).frames("cut", save).is_empty());
        }
    }
}
