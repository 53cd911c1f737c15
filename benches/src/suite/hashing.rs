//! A real loop: SHA-256 over blocks of 64 bytes, a poll for each.

use std::hint::black_box;
use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sigproof_core::StopSource;

use super::clock;
use crate::row::{Bar, Contender, Line, Row};

const LOOP: &str = "without a poll";

/// Blocks in a round.
const BLOCKS: u32 = 4096;

pub(super) fn row() -> Row {
    let data: Arc<[u8]> = (0..64 * BLOCKS).map(|index| (index % 251) as u8).collect();
    let same = Arc::clone(&data);
    let token = StopSource::new().token();
    Row {
        name: "hashing",
        what: "SHA-256 over 64-byte blocks, a poll for each",
        rounds: 601,
        count: BLOCKS,
        contenders: vec![
            Contender::new("ours", move |_| {
                let token = black_box(&token);
                hashed(&data, || token.checkpoint().is_err())
            }),
            Contender::new(LOOP, move |_| hashed(&same, || false)),
        ],
        lines: vec![Line::median(Bar::Peer(1.01, LOOP))],
    }
}

#[inline(always)]
fn hashed(data: &[u8], poll: impl Fn() -> bool) -> io::Result<Vec<f64>> {
    let begun = clock::now_ns()?;
    let mut hash = Sha256::new();
    let mut blocks = 0;
    for block in data.chunks_exact(64) {
        if poll() {
            break;
        }
        update(&mut hash, block);
        blocks += 1;
    }
    black_box(hash.finalize());
    let ended = clock::now_ns()?;
    if blocks < BLOCKS {
        return Err(io::Error::other("nobody asked to stop"));
    }
    Ok(vec![clock::span(begun, ended) / f64::from(blocks)])
}

/// The same code for both, wherever the loop lies in memory.
#[inline(never)]
fn update(hash: &mut Sha256, block: &[u8]) {
    hash.update(block);
}
