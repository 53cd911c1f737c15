//! For which processor a program is: calls of another one have other numbers, and other registers.

use crate::sys::arch::MACHINE;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Returns which processor a program is for that cannot be followed here. A script, and what cannot be read, is for any.
pub(super) fn other(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    let file = File::open(path).ok()?;
    file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    other_of(&head)
}

/// The name of the processor that sigproof is built for.
pub(super) fn own() -> &'static str {
    MACHINE.name
}

/// As far as `e_machine` an ELF file begins in the same way, whatever its size of words is.
const HEAD_BYTES: u64 = 20;

fn other_of(head: &[u8]) -> Option<String> {
    let [0x7f, b'E', b'L', b'F', class, order, ..] = *head else {
        return None;
    };
    let machine = head.get(18..20)?.try_into().ok()?;
    let machine = match order {
        2 => u16::from_be_bytes(machine),
        _ => u16::from_le_bytes(machine),
    };
    let bits = if class == 2 { 64 } else { 32 };
    if (machine, bits) == (MACHINE.number, 64) {
        return None;
    }
    let name = NAMES.iter().find(|(number, _)| *number == machine);
    Some(match name {
        Some((_, name)) => format!("{name} ({bits} bits)"),
        None => format!("processor number {machine} ({bits} bits)"),
    })
}

/// Processors that Linux runs on, by `e_machine`.
const NAMES: [(u16, &str); 11] = [
    (3, "x86"),
    (8, "MIPS"),
    (20, "PowerPC"),
    (21, "PowerPC"),
    (22, "s390x"),
    (40, "ARM"),
    (43, "SPARC"),
    (62, "x86-64"),
    (183, "aarch64"),
    (243, "RISC-V"),
    (258, "LoongArch"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn head(class: u8, order: u8, machine: u16) -> Vec<u8> {
        let mut head = vec![0x7f, b'E', b'L', b'F', class, order, 1, 0];
        head.resize(18, 0);
        head.extend(match order {
            2 => machine.to_be_bytes(),
            _ => machine.to_le_bytes(),
        });
        head
    }

    #[test]
    fn another_processor_is_named() {
        for (class, order, machine, name) in [
            (1, 1, 3, "x86 (32 bits)"),
            (1, 1, 40, "ARM (32 bits)"),
            (
                1,
                1,
                MACHINE.number,
                &*format!("{} (32 bits)", MACHINE.name),
            ),
            (2, 1, 243, "RISC-V (64 bits)"),
            (2, 2, 22, "s390x (64 bits)"),
            (2, 1, 9999, "processor number 9999 (64 bits)"),
        ] {
            assert_eq!(
                other_of(&head(class, order, machine)).as_deref(),
                Some(name)
            );
        }
    }

    #[test]
    fn programs_of_this_one_and_scripts_are_not() {
        assert_eq!(other_of(&head(2, 1, MACHINE.number)), None);
        for script in ["#!/bin/sh\nexit 0\n", "", "\x7fELF"] {
            assert_eq!(other_of(script.as_bytes()), None);
        }
        let here = std::env::current_exe().expect("this program");
        assert_eq!(other(&here), None);
        assert_eq!(other(Path::new("/no/such/file")), None);
    }
}
