//! Where Go keeps the calls that were put into their callers: `moduledata`, a structure that begins with the address of
//! the table of functions, has it.

use super::table::GoTable;
use object::{Object, ObjectSection, ObjectSegment, ReadCache, RelocationTarget, SectionKind};
use std::collections::HashMap;
use std::fs::File;

type Elf<'a> = object::File<'a, &'a ReadCache<File>>;

/// Where in `moduledata` the address is, in words: another place in each version, so that what lies there decides.
const PLACES: std::ops::RangeInclusive<u64> = 30..=64;

/// So many functions are looked at to decide.
const LOOKED_AT: usize = 64;

/// The bytes of these calls; `None` when they are not found.
pub(super) fn inlined_calls(file: &Elf, table_address: u64, table: &GoTable) -> Option<Vec<u8>> {
    let memory = Memory::new(file);
    memory
        .holders(table_address)
        .find_map(|module| {
            PLACES.clone().find_map(|place| {
                let bytes = memory.from(memory.word(module + place * 8)?)?;
                fits(table, bytes).then_some(bytes)
            })
        })
        .map(<[u8]>::to_vec)
}

/// Whether the calls of the first functions that have some are calls: with names, and inside of their functions.
fn fits(table: &GoTable, bytes: &[u8]) -> bool {
    let functions = (0..).map_while(|index| table.at(index));
    let trees = functions.filter_map(|function| Some((function.size(), table.tree(&function)?)));
    let mut has_names = false;
    for (size, tree) in trees.take(LOOKED_AT) {
        let call = table.call_in(bytes, tree, 0);
        let Some(call) = call.filter(|call| table.is_name(call.name) && call.call < size) else {
            return false;
        };
        // Where there is nothing but zeros everything would be the first name.
        has_names |= call.name > 0;
    }
    has_names
}

/// A program as the loader lays it.
struct Memory<'a> {
    segments: Vec<(u64, &'a [u8])>,
    /// Sections in which `moduledata` can be.
    data: Vec<(u64, &'a [u8])>,
    /// What the loader writes, by address, where it can load the program anywhere.
    written: HashMap<u64, u64>,
}

impl<'a> Memory<'a> {
    fn new(file: &Elf<'a>) -> Memory<'a> {
        let written = file.dynamic_relocations().into_iter().flatten();
        Memory {
            segments: file
                .segments()
                .filter_map(|segment| Some((segment.address(), segment.data().ok()?)))
                .collect(),
            data: file
                .sections()
                .filter(|section| section.kind() == SectionKind::Data)
                .filter_map(|section| Some((section.address(), section.data().ok()?)))
                .collect(),
            written: written
                .filter(|(_, relocation)| relocation.target() == RelocationTarget::Absolute)
                .map(|(address, relocation)| (address, relocation.addend().cast_unsigned()))
                .collect(),
        }
    }

    /// Where this address is kept.
    fn holders(&self, wanted: u64) -> impl Iterator<Item = u64> {
        let plain = self.data.iter().flat_map(move |(address, data)| {
            let words = data.chunks_exact(8).zip(0u64..);
            words
                .filter(move |(word, _)| *word == wanted.to_le_bytes())
                .map(move |(_, place)| address + place * 8)
        });
        let written = self.written.iter();
        plain.chain(
            written
                .filter(move |(_, value)| **value == wanted)
                .map(|(address, _)| *address),
        )
    }

    fn word(&self, address: u64) -> Option<u64> {
        let written = self.written.get(&address).copied();
        written.or_else(|| Some(u64::from_le_bytes(*self.from(address)?.first_chunk()?)))
    }

    /// What is there from an address on to the end of its segment.
    fn from(&self, address: u64) -> Option<&'a [u8]> {
        self.segments.iter().find_map(|(start, data)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            data.get(offset..).filter(|rest| !rest.is_empty())
        })
    }
}
