//! Two builds, from two places, are the same byte for byte.

use std::{fs, process::Command};

use super::{
    Failure, OUT, checksums::LIST, empty, failed, make_in, read, shell_line, shown, target,
};

/// Makes everything from the last commit, unpacked somewhere else, and compares it with what [`super::make`] has made.
pub fn twice() -> Result<(), Failure> {
    let target = target().map_err(|error| failed("the target directory", &error))?;
    let first = read(&target.join(OUT).join(LIST))?;
    let place = target.join("dist-again");
    let source = place.join("somewhere/else");
    empty(&source).map_err(|error| failed(&source.display().to_string(), &error))?;
    // With its history: the crates say which commit they are made from.
    let from = std::env::current_dir().map_err(|error| failed("the workspace", &error))?;
    let (from, to) = (from.to_string_lossy(), source.to_string_lossy());
    let arguments = ["clone", "--quiet", "--no-hardlinks", &from, &to];
    shown(
        "git",
        shell_line(&[], "git", &arguments),
        Command::new("git").args(arguments),
    )?;
    // Its tools are those of the first build.
    let again = place.join("target");
    fs::create_dir_all(&again)
        .and_then(|()| {
            let tools = again.join("dist-tools");
            let _ = fs::remove_file(&tools);
            std::os::unix::fs::symlink(target.join("dist-tools"), tools)
        })
        .map_err(|error| failed(&again.display().to_string(), &error))?;
    let epoch = super::epoch(&source)?;
    make_in(source, again.clone(), epoch)?;
    let second = read(&again.join(OUT).join(LIST))?;
    let differing: Vec<&str> = first
        .lines()
        .filter(|line| !second.contains(line))
        .collect();
    if differing.is_empty() && first.len() == second.len() {
        println!("two builds are the same, byte for byte:\n{first}");
        return Ok(());
    }
    Err(Failure {
        reason: format!("two builds differ: {}", differing.join(", ")),
        repeat: "cargo ci dist dist-twice".to_owned(),
    })
}
