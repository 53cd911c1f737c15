//! Installs programs at the versions of the tables, each into a directory of its own below `target/released`: nothing
//! of the system is touched. What was installed once is kept until its table says something else.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
};

use crate::data::{Install, Program};

/// The interpreters that run all of the programs: pip 23.0.1 does not know Python 3.12.
const PYTHONS: &[&str] = &["/usr/bin/python3", "python3.11", "python3.10", "python3"];

/// The file that says what a directory was made of.
const STAMP: &str = ".installed";

/// One at a time: they share pip's own environment and npm's cache.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Where all of them are.
pub fn root() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    env::var_os("CARGO_TARGET_DIR")
        .map_or(target, PathBuf::from)
        .join("released")
}

/// Installs the program if it is not there, and returns the directory in which its command runs.
pub fn ensure(program: &Program) -> Result<PathBuf, String> {
    let _one = INSTALLING.lock().unwrap_or_else(|error| error.into_inner());
    let install = &program.install;
    for word in &install.uses {
        if !is_there(word) {
            return Err(format!(
                "{}: {word} is missing; cargo ci released installs it",
                program.title
            ));
        }
    }
    let directory = root().join(&program.name);
    let mut hasher = DefaultHasher::new();
    install.hash(&mut hasher);
    let stamp = format!("{:016x}\n", hasher.finish());
    if fs::read_to_string(directory.join(STAMP)).ok().as_deref() != Some(stamp.as_str()) {
        remove(&directory)?;
        fs::create_dir_all(&directory).map_err(|error| named(&directory, &error))?;
        make(install, &directory).map_err(|error| format!("{}: {error}", program.title))?;
        fs::write(directory.join(STAMP), stamp).map_err(|error| named(&directory, &error))?;
    }
    let work = directory.join("work");
    Ok(if work.is_dir() { work } else { directory })
}

fn named(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

fn remove(directory: &Path) -> Result<(), String> {
    if !directory.exists() {
        return Ok(());
    }
    fs::remove_dir_all(directory).map_err(|error| named(directory, &error))
}

fn make(install: &Install, directory: &Path) -> Result<(), String> {
    for (name, packages) in &install.pip {
        environment(&directory.join(name), packages)?;
    }
    for (name, packages) in &install.npm {
        let place = directory.join(name);
        fs::create_dir_all(&place).map_err(|error| named(&place, &error))?;
        write(&place.join("package.json"), "{ \"private\": true }\n")?;
        run(Command::new("npm")
            .args(["install", "--silent", "--no-fund", "--no-audit"])
            .args(packages)
            .current_dir(&place))?;
    }
    for (name, text) in &install.files {
        write(&directory.join(name), text)?;
    }
    for line in &install.setup {
        run(Command::new("sh")
            .args(["-ec", line])
            .current_dir(directory))?;
    }
    Ok(())
}

/// A virtual environment. One pip installs in all of them, because to install it each time takes longer than the rest:
/// the one that Python brings, which takes the metadata of old packages.
fn environment(directory: &Path, packages: &[String]) -> Result<(), String> {
    let pip = root().join(".pip");
    if !pip.join(STAMP).exists() {
        remove(&pip)?;
        run(Command::new(python()?).args(["-m", "venv"]).arg(&pip))?;
        write(&pip.join(STAMP), "")?;
    }
    run(Command::new(python()?)
        .args(["-m", "venv", "--without-pip"])
        .arg(directory))?;
    run(Command::new(pip.join("bin/python"))
        .args(["-m", "pip", "--python"])
        .arg(directory.join("bin/python"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| named(path, &error))
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// The interpreter itself: what a virtual environment names must be no script.
fn python() -> Result<String, String> {
    let question = "import sys, venv, ensurepip; print(sys.executable); sys.exit(not (3, 9) <= sys.version_info < (3, 12))";
    let answer = |python: &&str| {
        let output = Command::new(python)
            .args(["-c", question])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    PYTHONS.iter().find_map(answer).ok_or_else(|| {
        "no Python from 3.9 to 3.11 that can make virtual environments (Debian: apt-get install python3-venv)".into()
    })
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
