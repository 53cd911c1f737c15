//! The crates, as a registry takes them: packed, unpacked and compiled by Cargo.

use std::{env, fs};

use super::{Dist, Failure, VERSION, copy};

/// In the order of their dependencies.
const CRATES: &[&str] = &["sigproof-core", "sigproof"];

/// Packs them, and has Cargo build what it has packed.
pub fn make(dist: &Dist) -> Result<(), Failure> {
    let mut arguments = vec!["package", "--locked"];
    for name in CRATES {
        arguments.extend(["--package", name]);
    }
    // A tree that is being worked on is said by its name, and is packed all the same.
    arguments.push("--allow-dirty");
    let target = dist.target.display().to_string();
    arguments.extend(["--target-dir", &target]);
    let packed = dist.target.join("package");
    for name in CRATES {
        // What Cargo left there before is not what it makes now.
        let _ = fs::remove_file(packed.join(format!("{name}-{VERSION}.crate")));
    }
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    dist.run(&cargo, &arguments)?;
    for name in CRATES {
        let file = format!("{name}-{VERSION}.crate");
        copy(&packed.join(&file), &dist.out.join(&file))?;
    }
    Ok(())
}
