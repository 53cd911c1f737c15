//! What other people install: made below `target/dist`, without paths and times of this machine, so that two builds are
//! the same byte for byte (`twice.rs` compares them).
//!
//! One static binary is in all of it: it runs on any Linux of its processor, whatever C library is there. Another
//! processor is one more [`Platform`].

mod binary;
mod checksums;
mod crates;
mod debian;
mod npm;
mod platform;
mod twice;
mod wheel;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::{Failure, shell_line, shown};
use platform::{AARCH64, PLATFORMS, Platform};

pub use twice::twice;

/// The version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is made goes here, and nothing else.
const OUT: &str = "dist";

/// What a package is made from.
struct Dist {
    /// The workspace. Everything that is named below is there.
    root: PathBuf,
    /// Where Cargo puts what it makes.
    target: PathBuf,
    /// The files that are published.
    out: PathBuf,
    /// The time of every file in an archive, in seconds: that of the last commit.
    epoch: String,
}

/// Makes everything.
pub fn make() -> Result<(), Failure> {
    let root = env::current_dir().map_err(|error| failed("the workspace", &error))?;
    let target = target().map_err(|error| failed("the target directory", &error))?;
    let epoch = epoch(&root)?;
    make_in(root, target, epoch)
}

fn make_in(root: PathBuf, target: PathBuf, epoch: String) -> Result<(), Failure> {
    let out = target.join(OUT);
    let dist = Dist {
        epoch,
        root,
        target,
        out,
    };
    empty(&dist.out).map_err(|error| failed(&dist.out.display().to_string(), &error))?;
    for platform in PLATFORMS {
        packages(&dist, platform)?;
    }
    npm::common(&dist)?;
    crates::make(&dist)?;
    checksums::write_list(&dist)
}

/// Makes what is installed on aarch64, and only that, below `out`.
pub fn make_for_aarch64(out: PathBuf) -> Result<(), Failure> {
    let root = env::current_dir().map_err(|error| failed("the workspace", &error))?;
    let target = target().map_err(|error| failed("the target directory", &error))?;
    let dist = Dist {
        epoch: epoch(&root)?,
        root,
        target,
        out,
    };
    empty(&dist.out).map_err(|error| failed(&dist.out.display().to_string(), &error))?;
    packages(&dist, &AARCH64)?;
    npm::common(&dist)
}

fn packages(dist: &Dist, platform: &Platform) -> Result<(), Failure> {
    let staged = binary::build(dist, platform)?;
    binary::archive(dist, platform, &staged)?;
    wheel::make(dist, platform, &staged)?;
    npm::platform(dist, platform, &staged)?;
    debian::make(dist, platform, &staged)
}

impl Dist {
    /// A directory for one thing that is put together, empty.
    fn stage(&self, name: &str) -> Result<PathBuf, Failure> {
        let stage = self.target.join("dist-stage").join(name);
        empty(&stage).map_err(|error| failed(&stage.display().to_string(), &error))?;
        Ok(stage)
    }

    /// A command of this program, with the time that its archives have.
    fn command(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("SOURCE_DATE_EPOCH", &self.epoch)
            .env("LC_ALL", "C.UTF-8"); // what is sorted by name is sorted alike
        command
    }

    /// Shows such a command, and runs it.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let environment = [("SOURCE_DATE_EPOCH", self.epoch.as_str())];
        let line = shell_line(&environment, program, arguments);
        shown(program, line, &mut self.command(program, arguments))
    }

    /// Gives every file below `stage` the mode that an installed one has, whatever the umask is here.
    fn plain_modes(&self, stage: &Path) -> Result<(), Failure> {
        let stage = stage.to_string_lossy();
        self.run("chmod", &["--recursive", "u=rwX,go=rX", &stage])
    }

    /// A program that pip has installed for this step (`python.rs`).
    fn python(&self) -> String {
        self.target
            .join("dist-tools/bin/python")
            .display()
            .to_string()
    }
}

/// The target directory, by its full name.
fn target() -> io::Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    std::path::absolute(target)
}

/// `SOURCE_DATE_EPOCH` where it is set, as the builds of distributions do; otherwise the last commit's time.
fn epoch(root: &Path) -> Result<String, Failure> {
    if let Ok(epoch) = env::var("SOURCE_DATE_EPOCH") {
        return Ok(epoch);
    }
    let log = Command::new("git")
        .args(["log", "-1", "--format=%ct"])
        .current_dir(root)
        .output()
        .map_err(|error| failed("git", &error))?;
    let epoch = String::from_utf8_lossy(&log.stdout).trim().to_owned();
    if epoch.parse::<u64>().is_ok() {
        return Ok(epoch);
    }
    let reason = "the time of the last commit is not known here: set SOURCE_DATE_EPOCH to a number of seconds";
    Err(Failure {
        reason: reason.to_owned(),
        repeat: "SOURCE_DATE_EPOCH=$(date +%s) cargo ci dist".to_owned(),
    })
}

/// Makes the directory, without anything in it.
fn empty(directory: &Path) -> io::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)
}

/// Copies a file, and makes the directories above it.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let parent = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)
        .and_then(|()| fs::copy(from, to))
        .map(drop)
        .map_err(|error| failed(&format!("{} to {}", from.display(), to.display()), &error))
}

/// Copies a directory and everything below it.
fn copy_all(from: &Path, to: &Path) -> Result<(), Failure> {
    let entries =
        fs::read_dir(from).map_err(|error| failed(&from.display().to_string(), &error))?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match path.is_dir() {
            true => copy_all(&path, &to.join(name))?,
            false => copy(&path, &to.join(name))?,
        }
    }
    Ok(())
}

/// Writes a file, and makes the directories above it.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| failed(&path.display().to_string(), &error))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| failed(&path.display().to_string(), &error))
}

fn failed(what: &str, error: &io::Error) -> Failure {
    Failure {
        reason: format!("{what}: {error}"),
        repeat: "cargo ci dist".to_owned(),
    }
}
