//! Services with planted bugs and their correct twins, in five languages: each bug is found by its oracle, and nothing
//! is found in what is right.
//!
//! Not among the default suites, because the whole table takes some minutes: `cargo ci services` runs this. Go is that
//! of `cargo ci tools`; its cases are skipped, and that is said, where it is not installed.

use fixture_model::services::{SERVICES, Service, ServiceCase};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
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

fn found(case: &ServiceCase) -> Result<(Option<i32>, Vec<String>, String), Failed> {
    let directory = tempfile::tempdir()?;
    let output = under_test::command()
        .args(["run", "--json", "--empty", "--ready"])
        .arg(format!("port:{}", case.service.port()))
        .args(case.flags)
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

fn main() -> ExitCode {
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
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
