//! The packages for npm: one with the binary for each system, and one that everybody installs.

use std::path::Path;

use super::{Dist, Failure, Platform, VERSION, copy, copy_all, read, write};

/// The binary, as npm chooses it by `os` and `cpu`.
pub fn platform(dist: &Dist, platform: &Platform, staged: &Path) -> Result<(), Failure> {
    let stage = dist.stage(&format!("npm-{}", platform.npm))?;
    copy(&staged.join("bin/sigproof"), &stage.join("bin/sigproof"))?;
    let manifest = format!(
        r#"{{
  "name": "sigproof-linux-{cpu}",
  "version": "{VERSION}",
  "description": "The program of the package sigproof, for Linux on {cpu}",
  "license": "MIT OR Apache-2.0",
  "os": ["linux"],
  "cpu": ["{cpu}"],
  "files": ["bin/sigproof", "LICENSE-*"]
}}
"#,
        cpu = platform.npm
    );
    write(&stage.join("package.json"), &manifest)?;
    pack(dist, &stage)
}

/// What everybody installs: the shim, the library and its types.
pub fn common(dist: &Dist) -> Result<(), Failure> {
    let source = dist.root.join("integrations/npm");
    let stage = dist.stage("npm")?;
    for name in ["package.json", "README.md"] {
        copy(&source.join(name), &stage.join(name))?;
    }
    for name in ["bin", "lib"] {
        copy_all(&source.join(name), &stage.join(name))?;
    }
    let manifest = read(&stage.join("package.json"))?;
    let wanted = format!("\"version\": \"{VERSION}\"");
    if !manifest.contains(&wanted) {
        return Err(Failure {
            reason: format!("integrations/npm/package.json has no {wanted}, the workspace's"),
            repeat: "cargo ci dist".to_owned(),
        });
    }
    pack(dist, &stage)
}

fn pack(dist: &Dist, stage: &Path) -> Result<(), Failure> {
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&dist.root.join(license), &stage.join(license))?;
    }
    dist.plain_modes(stage)?;
    let (stage, out) = (stage.to_string_lossy(), dist.out.to_string_lossy());
    let arguments = [
        "pack",
        "--quiet",
        "--offline",
        "--pack-destination",
        &out,
        &stage,
    ];
    dist.run("npm", &arguments)
}
