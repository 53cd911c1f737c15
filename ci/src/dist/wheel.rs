//! The wheel: the binary among the scripts of a Python environment, and the plug-in for pytest.
//!
//! It is packed by `wheel pack` and not built by maturin, which would run cargo again: the program in every package is
//! the same file.

use std::path::Path;

use super::{Dist, Failure, Platform, VERSION, copy, copy_all, read, write};

/// Packs it.
pub fn make(dist: &Dist, platform: &Platform, staged: &Path) -> Result<(), Failure> {
    let stage = dist.stage("wheel")?;
    let source = dist.root.join("integrations/pytest");
    let tree = stage.join(format!("sigproof-{VERSION}"));
    let info = tree.join(format!("sigproof-{VERSION}.dist-info"));
    let data = tree.join(format!("sigproof-{VERSION}.data"));
    for module in [
        "__init__.py",
        "client.py",
        "plugin.py",
        "scenarios.py",
        "py.typed",
    ] {
        let path = Path::new("pytest_sigproof").join(module);
        copy(&source.join("src").join(&path), &tree.join(&path))?;
    }
    copy(&staged.join("bin/sigproof"), &data.join("scripts/sigproof"))?;
    copy_all(&staged.join("share"), &data.join("data/share"))?;
    let readme = read(&source.join("README.md"))?;
    let metadata = read(&source.join("METADATA.in"))?;
    write(
        &info.join("METADATA"),
        &format!("{}\n{readme}", metadata.replace("{version}", VERSION)),
    )?;
    copy(
        &source.join("entry_points.txt"),
        &info.join("entry_points.txt"),
    )?;
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(
            &dist.root.join(license),
            &info.join("licenses").join(license),
        )?;
    }
    let tags: String = platform
        .wheel
        .split('.')
        .map(|tag| format!("Tag: py3-none-{tag}\n"))
        .collect();
    write(
        &info.join("WHEEL"),
        &format!("Wheel-Version: 1.0\nGenerator: sigproof-ci\nRoot-Is-Purelib: false\n{tags}"),
    )?;
    dist.plain_modes(&tree)?;
    let (tree, out) = (tree.to_string_lossy(), dist.out.to_string_lossy());
    dist.run(
        &dist.python(),
        &["-m", "wheel", "pack", "--dest-dir", &out, &tree],
    )
}
