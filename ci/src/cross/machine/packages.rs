//! Packages for the machine, from the mirror that the host uses, by an apt with a state of its own.

use std::{fs, path::Path};

use super::{Machine, failed};
use crate::process::Failure;

/// Of the host: where its packages come from.
const SOURCES: [&str; 2] = [
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/sources.list",
];

/// The host's list of sources.
pub fn sources() -> Result<&'static str, Failure> {
    let found = SOURCES.into_iter().find(|path| Path::new(path).exists());
    found.ok_or_else(|| Failure {
        reason: format!(
            "this is no Debian: there is neither {}",
            SOURCES.join(" nor ")
        ),
        repeat: "cargo ci cross-harness".to_owned(),
    })
}

/// The name of the host's release.
pub fn release() -> Result<String, Failure> {
    let path = Path::new("/etc/os-release");
    let text = fs::read_to_string(path).map_err(|error| failed(path, &error))?;
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(name.unwrap_or("stable").trim_matches('"').to_owned())
}

/// Makes the state, and looks up what there is.
pub fn update(machine: &Machine) -> Result<(), Failure> {
    for directory in ["apt/state/lists/partial", "apt/cache/archives/partial"] {
        let path = machine.path(directory);
        fs::create_dir_all(&path).map_err(|error| failed(&path, &error))?;
    }
    let status = machine.path("apt/status");
    fs::write(&status, "").map_err(|error| failed(&status, &error))?;
    machine.command(
        "apt-get",
        &strings(&arguments(machine, &["--quiet", "update"])?),
    )
}

/// Downloads a package into the machine's directory.
pub fn download(machine: &Machine, package: &str) -> Result<(), Failure> {
    let arguments = arguments(machine, &["--quiet", "download", package])?;
    machine.command("apt-get", &strings(&arguments))
}

/// The package that this one stands for now: the first on which it depends whose name begins so.
pub fn stands_for(machine: &Machine, package: &str, start: &str) -> Result<String, Failure> {
    let arguments = arguments(machine, &["depends", package])?;
    let said = machine.output("apt-cache", &strings(&arguments))?;
    let mut names = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let found = names.find(|name| name.starts_with(start));
    found.map(str::to_owned).ok_or_else(|| Failure {
        reason: format!("{package} does not stand for a {start}…"),
        repeat: "cargo ci cross-harness".to_owned(),
    })
}

fn arguments(machine: &Machine, words: &[&str]) -> Result<Vec<String>, Failure> {
    let options = [
        ("APT::Architecture", "arm64".to_owned()),
        ("APT::Architectures", "arm64".to_owned()),
        ("APT::Sandbox::User", "root".to_owned()),
        ("Dir::State", machine.text("apt/state")),
        ("Dir::State::status", machine.text("apt/status")),
        ("Dir::Cache", machine.text("apt/cache")),
        ("Dir::Etc::sourcelist", sources()?.to_owned()),
        ("Dir::Etc::sourceparts", "-".to_owned()),
    ];
    let options = options
        .into_iter()
        .flat_map(|(name, value)| ["-o".to_owned(), format!("{name}={value}")]);
    Ok(options
        .chain(words.iter().map(|word| (*word).to_owned()))
        .collect())
}

fn strings(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
