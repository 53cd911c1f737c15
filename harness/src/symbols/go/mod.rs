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
use std::fs::File;
use std::path::Path;

/// Sections in which the table is.
const SECTIONS: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];

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
