//! `sigproof man`: manual pages, generated from the arguments.

use super::args::Cli;
use super::stdio::report_error;
use crate::cli::exit;
use crate::error::Error;
use clap::CommandFactory;
use std::fs;
use std::path::Path;

/// Writes `sigproof.1`, `sigproof-sweep.1` and so on.
pub fn write(directory: &Path) -> u8 {
    let written = fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory));
    match written {
        Ok(()) => exit::HOLDS,
        Err(error) => {
            let error = Error::harness(error.to_string()).at_path(directory);
            report_error(false, &error)
        }
    }
}
