//! Functions, files and lines of Go programs, from the table with which Go itself prints its stacks (`.gopclntab`).
//!
//! It is in every Go program, stripped or not, in the format of Go 1.18 or that of 1.20 and later. Calls that the
//! compiler put into their callers are told apart by another table, which Go's `moduledata` points to ([`module`]).

mod module;
mod table;
#[cfg(test)]
mod tests;

pub(super) use table::GoTable;

use object::{Object, ObjectSection, ReadCache};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Sections in which the table is.
const SECTIONS: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];

/// A file and its state: device, number, size, time of change.
type FileState = (u64, u64, u64, i64, i64);

/// What is known of executable files: the same ones run again and again.
static KNOWN: Mutex<BTreeMap<FileState, bool>> = Mutex::new(BTreeMap::new());

/// Whether a file is a program in Go.
pub(crate) fn is_go(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let Ok(status) = file.metadata() else {
        return false;
    };
    let key = (
        status.dev(),
        status.ino(),
        status.size(),
        status.ctime(),
        status.ctime_nsec(),
    );
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(key).or_insert_with(|| {
        let cache = ReadCache::new(file);
        object::File::parse(&cache).is_ok_and(|file| {
            SECTIONS
                .iter()
                .any(|name| file.section_by_name(name).is_some())
        })
    })
}

/// The table of a file; `None` for what is no Go program, or one of a format that is not known.
pub(super) fn open(path: &Path) -> Option<GoTable> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    let section = SECTIONS
        .into_iter()
        .find_map(|name| file.section_by_name(name))?;
    let text = file.section_by_name(".text")?.address();
    let table = GoTable::parse(section.data().ok()?.to_vec(), text)?;
    let inlined = module::inlined_calls(&file, section.address(), &table);
    Some(table.with_inlined(inlined))
}
