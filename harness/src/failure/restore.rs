//! Getting a stored failure ready to be run: here, or on another machine.

use super::packed_inputs::PackedInputs;
use super::stored_failure::{Input, StoredFailure};
use crate::error::Error;
use crate::supervisor::ScratchDir;
use crate::target::{Source, Target};
use std::path::{Path, PathBuf};

/// A target that can be run. What was unpacked for it goes with this value.
pub struct RestoredFailure {
    /// The target, with its inputs where they are.
    pub target: Target,
    /// What the user should know.
    pub notes: Vec<String>,
    _home: Option<ScratchDir>,
}

impl RestoredFailure {
    /// Compares the inputs with what they were; unpacks the stored copies of those that are not there.
    ///
    /// # Errors
    /// Inputs that are neither there nor stored, a copy that cannot be unpacked.
    pub fn set(failure: &StoredFailure) -> Result<RestoredFailure, Error> {
        let mut notes = Vec::new();
        let here = system();
        if !failure.system.is_empty() && failure.system != here {
            notes.push(format!(
                "it was stored on {}, this is {here}: calls and addresses differ",
                failure.system
            ));
        }
        if let Some(program) = &failure.program
            && let Some(note) = program.changed()
        {
            notes.push(format!(
                "the program is not the one that was tested: {note}"
            ));
        }
        let missing: Vec<&Path> = failure
            .inputs
            .iter()
            .map(|input| input.path.as_path())
            .filter(|path| !path.exists())
            .collect();
        let packed = failure.packed.as_ref();
        let minimal_subset = packed.filter(|packed| packed.alone || !missing.is_empty());
        let Some(packed) = minimal_subset else {
            if let Some(path) = missing.first() {
                return Err(Error::usage(format!(
                    "{} is not there any more, and was too large to be stored with the failure; bring it back, or take its content from where it was stored",
                    path.display()
                )));
            }
            notes.extend(failure.inputs.iter().filter_map(Input::changed));
            return Ok(RestoredFailure {
                target: failure.target.clone(),
                notes,
                _home: None,
            });
        };
        if let Some(path) = missing.first().filter(|_| !packed.alone) {
            notes.push(format!(
                "{} is not there any more; the stored copy is used",
                path.display()
            ));
        }
        let (home, target) = unpacked(packed, &failure.target)?;
        Ok(RestoredFailure {
            target,
            notes,
            _home: Some(home),
        })
    }
}

/// The parcel in a place of its own, and the target with it.
fn unpacked(packed: &PackedInputs, target: &Target) -> Result<(ScratchDir, Target), Error> {
    let failed = |error: std::io::Error| {
        Error::usage(format!("the stored inputs cannot be unpacked: {error}"))
    };
    // Supervisors cover their own place in /tmp.
    let mut home = ScratchDir::find(Some(Path::new("/tmp"))).map_err(failed)?;
    let place = home.own(0).map_err(failed)?;
    let target = packed.unpack(&place, target).map_err(failed)?;
    Ok((home, target))
}

/// Operating system and processor.
pub(crate) fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The program that a target runs, as a file with its hash; `None` when it is not found.
pub(crate) fn program(target: &Target) -> Option<Input> {
    let name = target.command.first()?;
    let candidates: Vec<PathBuf> = if name.contains('/') {
        let tree = match &target.source {
            Source::View(directory) | Source::Directory(directory) => Some(directory.join(name)),
            _ => None,
        };
        tree.into_iter().chain([PathBuf::from(name)]).collect()
    } else {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|place| place.join(name))
            .collect()
    };
    let found = candidates.into_iter().find(|path| path.is_file())?;
    Some(Input::of(&std::path::absolute(found).ok()?))
}
