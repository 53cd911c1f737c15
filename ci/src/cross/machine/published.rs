//! What is published for aarch64, made here, and installed and used in the machine.

use std::{fs, path::Path};

use super::{Machine, boot::Life, failed};
use crate::{dist, process::Failure};

/// npm itself: Debian's is in 400 packages, and this one in one file.
const NPM: &str = "npm@10.9.4";

/// Installs and uses, with the arguments that it says.
const SCRIPT: &str = "ci/machine/packages.sh";

/// Makes the packages for aarch64. Nothing but what has changed is built.
pub fn make(machine: &Machine) -> Result<(), Failure> {
    dist::make_for_aarch64(machine.path("published"))?;
    if machine.path("npm/bin/npm-cli.js").exists() {
        return Ok(());
    }
    machine.command("npm", &["pack", "--silent", NPM])?;
    let archive = format!("{}.tgz", NPM.replace('@', "-"));
    machine.command("tar", &["--extract", "--file", &archive])?;
    let (package, npm) = (machine.path("package"), machine.path("npm"));
    fs::rename(&package, &npm).map_err(|error| failed(&package, &error))
}

/// Installs and uses them.
pub fn life(machine: &Machine, cpu: &'static str, workspace: &Path) -> Life {
    let (published, npm) = (machine.text("published"), machine.text("npm"));
    let script = format!(
        "exec bash '{}' '{published}' '{npm}'\n",
        workspace.join(SCRIPT).display()
    );
    Life {
        name: "published",
        cpu,
        processors: 1,
        what: "what is published for aarch64, installed and used".to_owned(),
        script,
    }
}
