//! Sequences of load-exclusive … store-exclusive in the code of aarch64: where they begin, and where they can be left.
//!
//! A processor without large-system extensions changes a word atomically by such a loop. The store fails when anything
//! came in between, a stop of a debugger included. What is decoded here are the encodings "load/store exclusive
//! register" and "conditional branch" of the architecture's manual (C4.1); gdb does the same.

/// Longer sequences are none: the architecture promises progress only for short ones.
const INSTRUCTIONS_MAX: usize = 32;

/// Places where a sequence can be left, behind its end and by its branches; more than these are not followed.
const EXITS_MAX: usize = 4;

const INSTRUCTION_BYTES: u64 = 4;

/// Returns whether an instruction loads exclusively, and so begins a sequence.
pub(super) fn is_load(instruction: u32) -> bool {
    is_exclusive(instruction) && is_of_loads(instruction)
}

fn is_store(instruction: u32) -> bool {
    is_exclusive(instruction) && !is_of_loads(instruction)
}

fn is_of_loads(instruction: u32) -> bool {
    instruction & (1 << 22) != 0
}

/// The group of "load/store exclusive", without those of it that are ordered (LDAR, STLR) or compare and swap (CAS,
/// CASP), which are one instruction each.
fn is_exclusive(instruction: u32) -> bool {
    let is_of_group = instruction & 0x3f00_0000 == 0x0800_0000;
    let is_ordered_or_cas = instruction & (1 << 23) != 0;
    let is_pair = instruction & (1 << 21) != 0;
    let is_casp = is_pair && instruction >> 31 == 0;
    is_of_group && !is_ordered_or_cas && !is_casp
}

/// Returns the addresses at which a thread is for the first time outside of the sequence that begins at `at`, in the
/// order of the code. `None` where that cannot be told. `read` returns the instruction at an address.
pub(super) fn exits(at: u64, read: impl Fn(u64) -> Option<u32>) -> Option<Vec<u64>> {
    let address = |index: usize| at.wrapping_add(index as u64 * INSTRUCTION_BYTES);
    let mut branches = Vec::new();
    for index in 1..INSTRUCTIONS_MAX {
        let instruction = read(address(index))?;
        if is_store(instruction) {
            let end = address(index + 1);
            let mut exits = vec![end];
            exits.extend(branches.into_iter().filter(|to| !(at..end).contains(to)));
            exits.sort_unstable();
            exits.dedup();
            return (exits.len() <= EXITS_MAX).then_some(exits);
        }
        match branch(instruction) {
            Branch::None => {}
            Branch::To(offset) => branches.push(address(index).wrapping_add_signed(offset)),
            Branch::Elsewhere => return None,
        }
    }
    None
}

#[derive(Debug, PartialEq, Eq)]
enum Branch {
    None,
    /// It may go so many bytes away.
    To(i64),
    /// It goes to where only a register knows, into the kernel, or away for good.
    Elsewhere,
}

fn branch(instruction: u32) -> Branch {
    let to = |low: u32, bits: u32| Branch::To(offset(instruction >> low, bits));
    match instruction {
        // B.cond, BC.cond
        _ if instruction & 0xff00_0000 == 0x5400_0000 => to(5, 19),
        // CBZ, CBNZ
        _ if instruction & 0x7e00_0000 == 0x3400_0000 => to(5, 19),
        // TBZ, TBNZ
        _ if instruction & 0x7e00_0000 == 0x3600_0000 => to(5, 14),
        // B, BL; BR, BLR, RET, ERET; SVC, BRK and their like
        _ if instruction & 0x7c00_0000 == 0x1400_0000 => Branch::Elsewhere,
        _ if instruction & 0xfe00_0000 == 0xd600_0000 => Branch::Elsewhere,
        _ if instruction & 0xff00_0000 == 0xd400_0000 => Branch::Elsewhere,
        _ => Branch::None,
    }
}

/// The lowest bits as a number of instructions with a sign, in bytes.
fn offset(value: u32, bits: u32) -> i64 {
    let unused = 32 - bits;
    i64::from((value << unused).cast_signed() >> unused) * INSTRUCTION_BYTES.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LDAXR: u32 = 0x885f_fc40; // ldaxr w0, [x2]
    const STLXR: u32 = 0x8803_fc41; // stlxr w3, w1, [x2]
    const NOP: u32 = 0xd503_201f;
    const RET: u32 = 0xd65f_03c0;

    fn exits_of(code: &[u32]) -> Option<Vec<u64>> {
        exits(0x1000, |at| code.get((at - 0x1000) as usize / 4).copied())
    }

    #[test]
    fn what_loads_exclusively_is_told_from_its_neighbours() {
        for (instruction, load, store) in [
            (LDAXR, true, false),
            (0xc85f_7c20, true, false), // ldxr x0, [x1]
            (0x085f_7c20, true, false), // ldxrb w0, [x1]
            (0xc87f_0440, true, false), // ldxp x0, x1, [x2]
            (STLXR, false, true),
            (0xc805_7c20, false, true),  // stxr w5, x0, [x1]
            (0xc825_0440, false, true),  // stxp w5, x0, x1, [x2]
            (0x88df_fc20, false, false), // ldar w0, [x1]
            (0x889f_fc20, false, false), // stlr w0, [x1]
            (0x88e0_fc41, false, false), // casal w0, w1, [x2]
            (0x4860_7c82, false, false), // caspa x0, x1, x2, x3, [x4]
            (0xb8e0_0020, false, false), // ldaddal w0, w0, [x1]
            (0xf940_0020, false, false), // ldr x0, [x1]
            (NOP, false, false),
        ] {
            assert_eq!(is_load(instruction), load, "{instruction:#x}");
            assert_eq!(is_store(instruction), store, "{instruction:#x}");
        }
    }

    #[test]
    fn a_sequence_is_left_behind_its_store_and_by_its_branches() {
        // __aarch64_cas4_acq_rel: ldaxr w0, [x2]; cmp w0, w16; b.ne +12; stlxr; cbnz w3, -16; ret
        let code = [LDAXR, 0x6b10_001f, 0x5400_0061, STLXR, 0x35ff_ff83, RET];
        assert_eq!(exits_of(&code), Some(vec![0x1010, 0x1014]));
        // __aarch64_ldadd4: ldaxr; add; stlxr; cbnz; ret
        let code = [LDAXR, 0x0b00_0021, STLXR, 0x35ff_ffa3, RET];
        assert_eq!(exits_of(&code), Some(vec![0x100c]));
        // A branch back to the load stays in it.
        let code = [LDAXR, 0x35ff_ffe3, STLXR, RET];
        assert_eq!(exits_of(&code), Some(vec![0x100c]));
    }

    #[test]
    fn where_a_sequence_ends_may_not_be_told() {
        assert_eq!(exits_of(&[LDAXR, NOP, RET]), None, "it returns before");
        assert_eq!(exits_of(&[LDAXR, NOP]), None, "no code any more");
        assert_eq!(exits_of(&[LDAXR, 0x9400_0001, STLXR]), None, "a call");
        let long = [&[LDAXR][..], &[NOP; 40], &[STLXR]].concat();
        assert_eq!(exits_of(&long), None, "too far");
    }

    #[test]
    fn branches_lead_both_ways() {
        assert_eq!(branch(0x5400_0061), Branch::To(12));
        assert_eq!(branch(0x35ff_ff83), Branch::To(-16));
        assert_eq!(branch(0x3600_0040), Branch::To(8)); // tbz w0, #0, +8
        assert_eq!(branch(0x1400_0002), Branch::Elsewhere);
        assert_eq!(branch(0xd400_0001), Branch::Elsewhere);
        assert_eq!(branch(NOP), Branch::None);
    }
}
