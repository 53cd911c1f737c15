//! Builds the fixtures written in C: one program for each `.c` file there, in a directory that `FIXTURE_C_DIR` names.
//!
//! The compiler is called directly, since these are programs, not libraries to be linked into a Rust one. `CC` chooses
//! another compiler.

use std::{env, error::Error, ffi::OsStr, fs, path::Path, process::Command};

const DIRECTORIES: [&str; 2] = ["fixtures/c", "fixtures/services"];
const FLAGS: [&str; 6] = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    for directory in DIRECTORIES {
        println!("cargo::rerun-if-changed={directory}");
    }
    println!("cargo::rerun-if-env-changed=CC");
    let out = Path::new(&env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("c");
    fs::create_dir_all(&out)?;
    let mut entries = Vec::new();
    for directory in DIRECTORIES {
        entries.extend(fs::read_dir(directory)?);
    }
    for entry in entries {
        let source = entry?.path();
        if source.extension() == Some(OsStr::new("c")) {
            let stem = source.file_stem().ok_or("a source file has a name")?;
            compile(&source, &out.join(stem))?;
        }
    }
    println!("cargo::rustc-env=FIXTURE_C_DIR={}", out.display());
    Ok(())
}

fn compile(source: &Path, program: &Path) -> Result<(), Box<dyn Error>> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let output = Command::new(&compiler)
        .args(FLAGS)
        .arg("-o")
        .args([program, source])
        .output()
        .map_err(|error| format!("cannot run the C compiler {}: {error}", compiler.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{} was not compiled ({}):\n{said}",
        source.display(),
        output.status
    )
    .into())
}
