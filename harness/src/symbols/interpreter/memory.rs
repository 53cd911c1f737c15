//! Reading a stopped process's memory: words, structures, and ends that are not known beforehand.
//!
//! Whole pages are copied, each once: to copy costs little, to ask does, and what is wanted lies close together.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Copies the memory from an address on into a buffer: all of it, or nothing (`false`).
pub(crate) type Read<'a> = &'a dyn Fn(u64, &mut [u8]) -> bool;

const PAGE: u64 = 4096;

type Page = Box<[u8; PAGE as usize]>;

/// The memory of one stopped process.
pub(super) struct Memory<'a> {
    read: Read<'a>,
    /// How many times something may still be read: what has been overwritten can be a list without an end.
    left: Cell<u32>,
    /// By number; `None` for those that cannot be read.
    pages: RefCell<HashMap<u64, Option<Page>>>,
}

/// Reads for one stack: 64 frames take about 350.
const READS_MAX: u32 = 20_000;

/// So many pages are kept.
const PAGES_MAX: usize = 1024;

impl<'a> Memory<'a> {
    pub(super) fn new(read: Read<'a>) -> Memory<'a> {
        Memory {
            read,
            left: Cell::new(READS_MAX),
            pages: RefCell::default(),
        }
    }

    fn fill(&self, mut address: u64, mut into: &mut [u8]) -> Option<()> {
        self.left.set(self.left.get().checked_sub(1)?);
        let mut pages = self.pages.borrow_mut();
        while !into.is_empty() {
            let within = (address % PAGE) as usize;
            let length = into.len().min(PAGE as usize - within);
            let (part, rest) = into.split_at_mut(length);
            if pages.len() >= PAGES_MAX {
                pages.clear();
            }
            let page = pages
                .entry(address / PAGE)
                .or_insert_with_key(|number| self.page(*number));
            part.copy_from_slice(&page.as_ref()?[within..within + length]);
            into = rest;
            address = address.checked_add(length as u64)?;
        }
        Some(())
    }

    fn page(&self, number: u64) -> Option<Page> {
        let mut page = Box::new([0; PAGE as usize]);
        (number > 0 && (self.read)(number * PAGE, page.as_mut_slice())).then_some(page)
    }

    /// The 64-bit number at this address.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        self.fill(address, &mut bytes)?;
        Some(u64::from_ne_bytes(bytes))
    }

    /// The address that is kept at this one; `None` for a null pointer.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        self.word(address).filter(|pointer| *pointer != 0)
    }

    /// The 32-bit number at this address.
    pub(super) fn number(&self, address: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.fill(address, &mut bytes)?;
        Some(u32::from_ne_bytes(bytes))
    }

    /// So many bytes.
    pub(super) fn block(&self, address: u64, length: usize) -> Option<Block> {
        let mut bytes = vec![0; length];
        self.fill(address, &mut bytes)?;
        Some(Block(bytes))
    }

    /// At most so many bytes: less where the page ends, behind which there may be nothing.
    pub(super) fn start(&self, address: u64, length_max: usize) -> Option<Block> {
        let length = length_max.min((PAGE - address % PAGE) as usize);
        self.block(address, length)
    }

    /// Text up to its NUL, as UTF-8 with what is none replaced; of at most a page.
    pub(super) fn c_text(&self, address: u64) -> Option<String> {
        let mut text = Vec::new();
        while text.len() < PAGE as usize {
            let Block(part) = self.start(address.checked_add(text.len() as u64)?, 128)?;
            let end = part.iter().position(|byte| *byte == 0);
            text.extend_from_slice(&part[..end.unwrap_or(part.len())]);
            if end.is_some() {
                break;
            }
        }
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}

/// A piece of memory that was read, with fields at offsets. What lies beyond its end is `None`.
pub(super) struct Block(pub(super) Vec<u8>);

impl Block {
    fn at<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        let offset = usize::try_from(offset).ok()?;
        self.0.get(offset..)?.first_chunk().copied()
    }

    pub(super) fn word(&self, offset: u64) -> Option<u64> {
        self.at(offset).map(u64::from_ne_bytes)
    }

    pub(super) fn number(&self, offset: u64) -> Option<u32> {
        self.at(offset).map(u32::from_ne_bytes)
    }

    pub(super) fn byte(&self, offset: u64) -> Option<u8> {
        self.at(offset).map(|[byte]| byte)
    }
}
