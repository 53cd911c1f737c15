//! Reading a tracee's memory.

use crate::sys::ids::Tid;

/// Reads a NUL-terminated string of at most 4,096 bytes out of a tracee.
pub(crate) fn read_string(tid: Tid, address: u64) -> Option<Vec<u8>> {
    const PAGE: u64 = 4096;
    if address == 0 {
        return None;
    }
    let mut text = Vec::new();
    let mut at = address;
    // A read that crosses into an unmapped page fails, so go page by page.
    while text.len() < PAGE as usize {
        let mut buffer = [0u8; 256];
        let wanted = (PAGE - at % PAGE).min(buffer.len() as u64) as usize;
        let got = read_memory(tid, at, &mut buffer[..wanted])?;
        if let Some(end) = buffer[..got].iter().position(|b| *b == 0) {
            text.extend_from_slice(&buffer[..end]);
            return Some(text);
        }
        text.extend_from_slice(&buffer[..got]);
        at += got as u64;
    }
    Some(text)
}

/// Reads a 64-bit number out of a tracee.
pub(crate) fn read_u64(tid: Tid, address: u64) -> Option<u64> {
    let mut buffer = [0u8; 8];
    (read_memory(tid, address, &mut buffer)? == 8).then(|| u64::from_ne_bytes(buffer))
}

/// Reads so many bytes, if all of them can be read.
pub(crate) fn read_bytes(tid: Tid, address: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    (read_memory(tid, address, &mut bytes)? == length).then_some(bytes)
}

/// Reads as much as there is of this range of a tracee's memory; `None` when there is nothing.
pub(crate) fn read_memory(tid: Tid, address: u64, into: &mut [u8]) -> Option<usize> {
    use nix::sys::uio::{RemoteIoVec, process_vm_readv};
    let remote = [RemoteIoVec {
        base: address as usize,
        len: into.len(),
    }];
    let mut local = [std::io::IoSliceMut::new(into)];
    match process_vm_readv(tid.into(), &mut local, &remote) {
        Ok(0) | Err(_) => None,
        Ok(count) => Some(count),
    }
}
