//! Services with planted bugs and their correct twins, in five languages: each bug is found by its oracle, and nothing
//! is found in what is right.
//!
//! Not among the default suites, because the whole table takes some minutes: `cargo ci services` runs this. Go is that
//! of `cargo ci tools`; its cases are skipped, and that is said, where it is not installed.
//!
//! `cargo ci services-swept` sweeps each of them so many times in a row (`SIGPROOF_SERVICE_SWEEPS`), beside two loops
//! that never wait.

use fixture_model::services::{SERVICES, Service, ServiceCase};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/services")
}

/// Python itself, not a script that looks for it: that takes seconds under a tracer.
fn python() -> Result<String, Failed> {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The Go of the search path, or that of `cargo ci tools`.
fn go() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([target.join("go/bin")])
        .map(|directory| directory.join("go"))
        .find(|go| go.is_file())
}

/// The Go service, built once.
fn go_service(go: &Path) -> Result<&'static Path, Failed> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(program) = BUILT.get() {
        return Ok(program);
    }
    let program = std::env::temp_dir().join(format!("sigproof-go-service-{}", std::process::id()));
    let status = Command::new(go)
        .args(["build", "-o"])
        .args([&program, &sources().join("service.go")])
        .env("GO111MODULE", "off")
        .status()?;
    if !status.success() {
        return Err("service.go is not built".into());
    }
    Ok(BUILT.get_or_init(|| program))
}

fn command(case: &ServiceCase) -> Result<Vec<String>, Failed> {
    let source = |name: &str| sources().join(name).display().to_string();
    let mut words = match case.service {
        Service::Python => vec![python()?, source("service.py")],
        Service::Prefork => vec![python()?, source("prefork.py")],
        Service::Node => vec!["node".to_owned(), source("service.js")],
        Service::Go => {
            let go = go().ok_or("no Go: cargo ci tools")?;
            vec![go_service(&go)?.display().to_string()]
        }
        Service::C => vec![format!("{}/service", fixture_model::C_DIRECTORY)],
        Service::Rust => vec![env!("CARGO_BIN_EXE_service").to_owned()],
    };
    if !case.switch.is_empty() {
        words.push(case.switch.to_owned());
    }
    Ok(words)
}

/// How many times each service is swept; `None` for one run at the moment that shows its bug.
fn sweeps() -> Option<u32> {
    let text = std::env::var("SIGPROOF_SERVICE_SWEEPS").ok()?;
    Some(text.parse().expect("a number of sweeps"))
}

/// What `run` or `sweep` is told: a sweep chooses the moments by itself.
fn flags(case: &ServiceCase) -> Vec<&'static str> {
    let mut flags = case.flags.to_vec();
    if sweeps().is_some() {
        let mut is_first = true;
        for at in (0..flags.len()).filter(|at| case.flags[*at] == "--signal") {
            // A second one follows wherever the first one comes.
            if is_first {
                let what = case.flags[at + 1].split_once('@').expect("a moment").0;
                (flags[at], flags[at + 1]) = ("--fault", what);
            } else {
                flags[at] = "--then";
            }
            is_first = false;
        }
        // What changes something, and what a signal finds at a request: those come first.
        flags.extend(["--for", "3s"]);
    }
    flags
}

fn found(case: &ServiceCase) -> Result<(Option<i32>, Vec<String>, String), Failed> {
    let directory = tempfile::tempdir()?;
    let verb = sweeps().map_or("run", |_| "sweep");
    let output = under_test::command()
        .args([verb, "--json", "--empty", "--ready"])
        .arg(format!("port:{}", case.service.port()))
        .args(flags(case))
        .arg("--")
        .args(command(case)?)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .output()?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let oracles = lines
        .filter(|line| line["type"] == "finding" || line["verdict"] == "violated")
        .filter_map(|line| line["oracle"].as_str().map(str::to_owned))
        .collect();
    Ok((output.status.code(), oracles, said))
}

fn holds(case: &ServiceCase) -> Result<(), Failed> {
    (0..sweeps().unwrap_or(1)).try_for_each(|_| holds_once(case))
}

fn holds_once(case: &ServiceCase) -> Result<(), Failed> {
    let (code, oracles, said) = found(case)?;
    let is_right = match case.oracle {
        None => code == Some(0) && oracles.is_empty(),
        Some(oracle) => code == Some(1) && oracles.iter().any(|found| found == oracle),
    };
    match is_right {
        true => Ok(()),
        false => Err(format!("exit code {code:?}, found {oracles:?}\n{said}").into()),
    }
}

/// Two processes that never wait, so that everything else waits for a processor.
struct Busy(Vec<Child>);

impl Busy {
    fn begin() -> Busy {
        let one = || {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn()
                .expect("a shell")
        };
        Busy(vec![one(), one()])
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It ends by this alone, so it is there.
            child.kill().expect("a busy loop");
            child.wait().expect("a busy loop");
        }
    }
}

fn main() -> ExitCode {
    let busy = sweeps().map(|_| Busy::begin());
    let arguments = Arguments::from_args();
    let trials = SERVICES.iter().enumerate().map(|(number, case)| {
        let switch = if case.switch.is_empty() {
            "right"
        } else {
            case.switch
        };
        let name = format!("{}::{switch}::{number}", case.service.extension());
        let is_ignored = case.service == Service::Go && go().is_none();
        Trial::test(name, || holds(case)).with_ignored_flag(is_ignored)
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    drop(busy);
    conclusion.exit_code()
}
