//! The package for Debian and its kin, by Debian's own packer: a static binary has no dependencies to be worked out,
//! and the rest of a package is one file of a few lines.

use std::path::Path;

use super::{Dist, Failure, Platform, VERSION, copy_all, write};

/// Packs what was laid out.
pub fn make(dist: &Dist, platform: &Platform, staged: &Path) -> Result<(), Failure> {
    let stage = dist.stage("debian")?;
    copy_all(staged, &stage.join("usr"))?;
    let control = format!(
        "Package: sigproof
Version: {VERSION}
Architecture: {}
Maintainer: the authors of sigproof <sigproof@localhost>
Section: devel
Priority: optional
Description: proves that a program survives Ctrl+C
 It runs a program once per point where a signal could do harm, sends SIGINT or
 SIGTERM exactly there, and compares what is left with an undisturbed run.
",
        platform.debian
    );
    write(&stage.join("DEBIAN/control"), &control)?;
    dist.plain_modes(&stage)?;
    let (stage, out) = (stage.to_string_lossy(), dist.out.to_string_lossy());
    dist.run("dpkg-deb", &["--root-owner-group", "--build", &stage, &out])
}
