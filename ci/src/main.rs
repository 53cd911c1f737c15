//! `cargo ci [STEP…]`: the checks that every change must pass, the same on any machine.
//!
//! A program and not a shell script or a service's file, so that it can be read, tested, and run before a push. It uses
//! the standard library alone: what checks the build should need next to nothing built.
//!
//! Exit status: 0 every step passed, 1 one failed (the steps after it are not run), 2 usage. Ctrl+C reaches the running
//! command as well, since both are in the terminal's foreground group, and ends both.

mod choice;
mod cross;
mod debian;
mod dist;
mod mutants;
mod process;
mod python;
mod run;
mod step;
mod steps;
mod tools;
mod tsan;

use std::{env, path::PathBuf, process::ExitCode};

use choice::{Selection, list, select};

fn main() -> ExitCode {
    let selected = match select(env::args().skip(1)) {
        Ok(Selection::Run(steps)) => steps,
        Ok(Selection::List) => {
            print!("{}", list());
            return ExitCode::SUCCESS;
        }
        Ok(Selection::Help) => {
            print!("{}\n{}", steps::USAGE, list());
            return ExitCode::SUCCESS;
        }
        Err(unknown) => {
            eprint!("no such step: {unknown}\n\n{}", list());
            return ExitCode::from(2);
        }
    };
    let root = workspace_root();
    if let Err(error) = env::set_current_dir(&root) {
        eprintln!("cannot enter the workspace, {}: {error}", root.display());
        return ExitCode::FAILURE;
    }
    run::all(&selected)
}

/// The directory above this package's. Cargo names the package's when it runs us; otherwise it is where we were built.
fn workspace_root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map(PathBuf::from).unwrap_or(package)
}
