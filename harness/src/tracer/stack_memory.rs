//! A tracee's memory, page by page: a walk of its stack reads many words that lie side by side.

use crate::sys::ids::Tid;
use crate::sys::ptrace;

const PAGE: usize = 4096;

/// The pages that one walk has read.
pub(crate) struct StackMemory {
    tid: Tid,
    /// Without content where a page cannot be read.
    pages: Vec<(u64, Option<Box<[u8; PAGE]>>)>,
}

impl StackMemory {
    pub(crate) fn new(tid: Tid) -> StackMemory {
        StackMemory {
            tid,
            pages: Vec::new(),
        }
    }

    /// The eight bytes at an address.
    pub(crate) fn word(&mut self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        for (byte, at) in bytes.iter_mut().zip(0u64..) {
            *byte = self.byte(address.checked_add(at)?)?;
        }
        Some(u64::from_ne_bytes(bytes))
    }

    fn byte(&mut self, address: u64) -> Option<u8> {
        let within = address % PAGE as u64;
        let start = address - within;
        if !self.pages.iter().any(|(known, _)| *known == start) {
            let mut page = Box::new([0; PAGE]);
            let whole = ptrace::read_memory(self.tid, start, page.as_mut_slice()) == Some(PAGE);
            self.pages.push((start, whole.then_some(page)));
        }
        let (_, page) = self.pages.iter().find(|(known, _)| *known == start)?;
        page.as_ref().map(|page| page[within as usize])
    }
}
