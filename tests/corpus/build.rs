//! Makes commands of sources: what is compiled is kept below the target directory, under a name that its text gives it.

use crate::data::Language;
use std::{
    env,
    ffi::OsString,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Where what is built lies, beside what Cargo builds.
fn target() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    env::var_os("CARGO_TARGET_DIR").map_or(target, PathBuf::from)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The command that runs this source; `name` is how reports call it.
pub fn command(language: Language, name: &str, source: &str) -> Result<Vec<OsString>, String> {
    let mut hasher = DefaultHasher::new();
    (language.directory(), source).hash(&mut hasher);
    if language == Language::C {
        for header in ["c/fixture.h", "good/c/good.h"] {
            fs::read(fixtures().join(header)).ok().hash(&mut hasher);
        }
    }
    let directory = target()
        .join("corpus")
        .join(format!("{:016x}", hasher.finish()));
    let file = directory.join(format!("{name}.{}", language.extension()));
    let program = directory.join(name);
    if !file.exists() {
        write(&file, source)?;
    }
    let compiled = matches!(language, Language::C | Language::Go | Language::Rust);
    if compiled && !program.exists() {
        // Others may build the same: it gets its name when it is whole.
        let part = directory.join(format!("{name}.{}", unique()));
        match language {
            Language::C => c(&file, &part)?,
            Language::Go => go(&file, &part)?,
            _ => rust(&file, name, &part)?,
        }
        fs::rename(&part, &program).map_err(|error| error.to_string())?;
    }
    Ok(match language {
        Language::C | Language::Go | Language::Rust => vec![program.into()],
        // Isolated and without `site`: nothing of the machine's gets in.
        Language::Python => vec![
            fixture_model::python_interpreter().into(),
            "-I".into(),
            "-S".into(),
            file.into(),
        ],
        Language::Node => vec!["node".into(), file.into()],
        Language::Shell => vec!["bash".into(), file.into()],
    })
}

/// A word that no other thread of any process here has.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{next}", std::process::id())
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let part = file.with_extension(unique());
    let written = fs::create_dir_all(file.parent().unwrap_or(Path::new("")))
        .and_then(|()| fs::write(&part, text))
        .and_then(|()| fs::rename(&part, file));
    written.map_err(|error| format!("{}: {error}", file.display()))
}

fn c(file: &Path, program: &Path) -> Result<(), String> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    run(Command::new(compiler)
        .args(["-O1", "-g", "-Wall", "-Wextra", "-pthread", "-I"])
        .arg(fixtures().join("c"))
        .arg("-I")
        .arg(fixtures().join("good/c"))
        .arg("-o")
        .args([program, file]))
}

fn go(file: &Path, program: &Path) -> Result<(), String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let compiler = env::split_paths(&path)
        .chain([target().join("go/bin")])
        .map(|directory| directory.join("go"))
        .find(|program| program.is_file())
        .ok_or("no Go: cargo ci tools")?;
    run(Command::new(compiler)
        .args(["build", "-o"])
        .args([program, file])
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("GOCACHE", target().join("go-cache"))
        .env("GOPATH", target().join("go-path")))
}

/// Rust programs are a package of their own, with the libraries that programs of this kind use, at the versions of our
/// lock file. Only one is built at a time.
fn rust(file: &Path, name: &str, program: &Path) -> Result<(), String> {
    let package = target().join("corpus/rust");
    let prepare = || -> io::Result<fs::File> {
        fs::create_dir_all(package.join("src"))?;
        let lock = fs::File::create(package.join("building"))?;
        lock.lock()?;
        fs::write(package.join("Cargo.toml"), PACKAGE)?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
        fs::copy(file, package.join("src/main.rs"))?;
        Ok(lock)
    };
    let _lock = prepare().map_err(|error| format!("{}: {error}", package.display()))?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo)
        .args(["build", "--quiet", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", package.join("target")))?;
    let built = package.join("target/debug/corpus");
    fs::copy(&built, program)
        .map(|_| ())
        .map_err(|error| format!("{name}: {error}"))
}

const PACKAGE: &str = "\
[package]
name = \"corpus\"
version = \"0.0.0\"
edition = \"2024\"

[workspace]

[dependencies]
signal-hook = \"0.4\"
tempfile = \"3\"
";

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}
