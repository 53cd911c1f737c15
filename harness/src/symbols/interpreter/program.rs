//! Which interpreter a process is, by the files that it has mapped.

use super::bash::Symbols;
use super::memory::Block;
use super::python;
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, ReadCache, SegmentFlags};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

/// An interpreter in a process, with addresses as the process has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// CPython 3.`minor`, and its runtime.
    Python {
        minor: u8,
        runtime: u64,
    },
    Bash(Symbols),
    Java,
}

/// The library that is a Java virtual machine.
const JAVA: &str = "libjvm.so";

/// What is known of files: by path, size and time of change.
#[derive(Default)]
pub(super) struct Programs {
    files: HashMap<(String, u64, Option<SystemTime>), Option<Image>>,
}

/// An interpreter in a file, with addresses as the file has them.
#[derive(Clone, Copy)]
struct Image {
    found: Found,
    /// The address of the file's first byte.
    begin: u64,
}

impl Programs {
    /// The interpreter among the files of an address space (the text of `/proc/PID/maps`), which are below `root`.
    pub(super) fn find(&mut self, maps: &str, root: &Path) -> Option<Found> {
        mapped(maps).into_iter().find_map(|(start, path)| {
            if base_name(path) == JAVA {
                return Some(Found::Java);
            }
            let image = self.image(path, root)?;
            Some(image.found.moved(start.wrapping_sub(image.begin)))
        })
    }

    fn image(&mut self, path: &str, root: &Path) -> Option<Image> {
        let file = root.join(path.trim_start_matches('/'));
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let key = (path.to_owned(), metadata.len(), metadata.modified().ok());
        *self.files.entry(key).or_insert_with(|| image(&file))
    }
}

impl Found {
    fn moved(self, by: u64) -> Found {
        match self {
            Found::Python { minor, runtime } => Found::Python {
                minor,
                runtime: runtime.wrapping_add(by),
            },
            Found::Bash(symbols) => Found::Bash(symbols.moved(by)),
            Found::Java => Found::Java,
        }
    }
}

/// The files that may hold an interpreter, with the address of their first byte: the program itself, which is mapped
/// first, what is named after Python, and a Java virtual machine.
fn mapped(maps: &str) -> Vec<(u64, &str)> {
    let mut found: Vec<(u64, &str)> = Vec::new();
    let mut program = None;
    for line in maps.lines() {
        // start-end permissions offset device inode      path
        let mut fields = line.splitn(6, ' ');
        let start = fields.next().and_then(|range| range.split_once('-'));
        let offset = fields.nth(1);
        let path = fields.nth(2).unwrap_or_default().trim_start();
        let Some(start) = start.and_then(|(start, _)| u64::from_str_radix(start, 16).ok()) else {
            continue;
        };
        if !path.starts_with('/') || offset.is_none_or(|offset| offset.bytes().any(|b| b != b'0')) {
            continue;
        }
        let is_program = *program.get_or_insert(path) == path;
        let name = base_name(path);
        let is_candidate = is_program || name.contains("python") || name == JAVA;
        if is_candidate && !found.iter().any(|(_, known)| *known == path) {
            found.push((start, path));
        }
    }
    found
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn image(path: &Path) -> Option<Image> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    // The layouts that are known are those of 64-bit builds.
    file.is_64().then_some(())?;
    let begin = file
        .segments()
        .find(|segment| segment.file_range().0 == 0)?
        .address();
    let found = python(&file, path).or_else(|| bash(&file))?;
    Some(Image { found, begin })
}

type Elf<'a> = object::File<'a, &'a ReadCache<File>>;

fn bash(file: &Elf) -> Option<Found> {
    Symbols::of(|name| dynamic(file, name)).map(Found::Bash)
}

fn dynamic(file: &Elf, name: &str) -> Option<u64> {
    file.dynamic_symbols()
        .find(|symbol| symbol.is_definition() && symbol.name() == Ok(name))
        .map(|symbol| symbol.address())
}

fn python(file: &Elf, path: &Path) -> Option<Found> {
    let is_named = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().contains("python"));
    let symbol = |name| {
        // The other table of a large program takes long to read.
        let local = || {
            file.symbols()
                .find(|symbol| symbol.is_definition() && symbol.name() == Ok(name))
                .map(|symbol| symbol.address())
        };
        dynamic(file, name).or_else(|| is_named.then(local).flatten())
    };
    let section = || Some(file.section_by_name(".PyRuntime")?.address());
    let described = || cookie(file);
    let runtime = symbol("_PyRuntime").or_else(section).or_else(described)?;
    let minor = symbol("Py_Version")
        .and_then(|address| Some((number(file, address)? >> 16) as u8))
        .or_else(|| python::version(&at(file, runtime, 16)?))
        .or_else(|| minor_of(&path.canonicalize().ok()?.file_name()?.to_string_lossy()))
        .or_else(|| minor_in(file))?;
    Some(Found::Python { minor, runtime })
}

/// The version in a name like `libpython3.11.so.1.0`.
fn minor_of(name: &str) -> Option<u8> {
    let (_, rest) = name.split_once("python3.")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The version in the path of the standard library, which every interpreter has among its constants.
fn minor_in(file: &Elf) -> Option<u8> {
    const PATH: &[u8] = b"lib/python3.";
    let data = file.section_by_name(".rodata")?.data().ok()?;
    let at = data.windows(PATH.len()).position(|part| part == PATH)?;
    let rest = &data[at..data.len().min(at + PATH.len() + 3)];
    minor_of(&String::from_utf8_lossy(rest))
}

/// A runtime that describes itself, where neither a symbol nor a section names it.
fn cookie(file: &Elf) -> Option<u64> {
    const ALIGNMENT: usize = 8;
    let writable = |segment: &object::Segment<_>| match segment.flags() {
        SegmentFlags::Elf { p_flags, .. } => p_flags.contains(object::elf::PF_W),
        _ => false,
    };
    file.segments().filter(writable).find_map(|segment| {
        let data = segment.data().ok()?;
        let skipped = segment.address().next_multiple_of(ALIGNMENT as u64) - segment.address();
        let place = data
            .get(skipped as usize..)?
            .chunks_exact(ALIGNMENT)
            .enumerate()
            .filter(|(_, chunk)| *chunk == python::COOKIE)
            .map(|(place, _)| skipped + (place * ALIGNMENT) as u64)
            .find(|place| {
                let table = data[*place as usize..].get(..16);
                table.is_some_and(|table| python::version(&Block(table.to_vec())).is_some())
            })?;
        Some(segment.address() + place)
    })
}

fn number(file: &Elf, address: u64) -> Option<u64> {
    at(file, address, 8)?.word(0)
}

/// So many bytes at an address, as the file has them.
fn at(file: &Elf, address: u64, length: usize) -> Option<Block> {
    file.segments().find_map(|segment| {
        let data = segment.data_range(address, length as u64).ok()??;
        Some(Block(data.to_vec()))
    })
}
