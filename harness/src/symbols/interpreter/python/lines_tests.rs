//! Tables of lines as the compilers of each version made them, for functions whose lines are known.

use super::lines::LineTable;

/// Each place in the code with its line; 0 for none.
fn lines(kind: LineTable, table: &[u8], first: u32, places: &[(i64, u32)]) {
    for (place, line) in places {
        let found = kind.line(table, first, *place).unwrap_or_default();
        assert_eq!(found, *line, "{kind:?} at {place}");
    }
}

// The function, from line 1: `def f(x):`, `a = 1`, 299 empty lines, `try:`, `b = [`, `g(a),`, `g(x)]`, `finally:`,
// `c = 2`, `return b`.

#[test]
fn steps_of_3_8_and_3_9() {
    let table_3_8 = [
        0x00, 0x01, 0x04, 0x7f, 0x00, 0x7f, 0x00, 0x2e, 0x02, 0x02, 0x06, 0x01, 0x06, 0xfe, 0x08,
        0x04, 0x06, 0x01,
    ];
    let places = [
        (-1, 1),
        (0, 2),
        (3, 2),
        (4, 302),
        (6, 304),
        (11, 304),
        (12, 305),
        (18, 303),
        (26, 307),
        (32, 308),
        (1000, 308),
    ];
    lines(LineTable::Steps, &table_3_8, 1, &places);
    let table_3_9 = [
        0x00, 0x01, 0x04, 0x7f, 0x00, 0x7f, 0x00, 0x2e, 0x02, 0x02, 0x06, 0x01, 0x06, 0xfe, 0x06,
        0x04, 0x0c, 0x01,
    ];
    let places = [(12, 305), (23, 303), (24, 307), (35, 307), (36, 308)];
    lines(LineTable::Steps, &table_3_9, 1, &places);
    lines(LineTable::Steps, &[], 7, &[(-1, 7), (0, 7), (40, 7)]);
}

#[test]
fn ranges_of_3_10() {
    let table = [
        0x04, 0x01, 0x00, 0x7f, 0x00, 0x7f, 0x02, 0x2e, 0x06, 0x02, 0x06, 0x01, 0x06, 0xfe, 0x04,
        0x04, 0x04, 0x01, 0x06, 0xff,
    ];
    let places = [
        (-2, 1),
        (0, 2),
        (4, 302),
        (6, 304),
        (12, 305),
        (18, 303),
        (24, 307),
        (28, 308),
        (32, 307),
        (37, 307),
        (38, 0), // behind the end
    ];
    lines(LineTable::Ranges, &table, 1, &places);
    // Code without a line, and what comes after it.
    let table = [0x02, 0x01, 0x04, 0x80, 0x02, 0x01];
    let places = [(0, 2), (2, 0), (4, 0), (6, 3)];
    lines(LineTable::Ranges, &table, 1, &places);
}

#[test]
fn locations_since_3_11() {
    let table_3_11 = [
        0x80, 0x00, 0xd8, 0x08, 0x09, 0x80, 0x41, 0xf0, 0x58, 0x09, 0x05, 0x05, 0x0e, 0xe5, 0x0c,
        0x0d, 0x88, 0x61, 0x89, 0x44, 0x8c, 0x44, 0xdd, 0x0c, 0x0d, 0x88, 0x61, 0x89, 0x44, 0x8c,
        0x44, 0xf0, 0x05, 0x02, 0x0d, 0x12, 0x88, 0x01, 0xf0, 0x08, 0x00, 0x0d, 0x0e, 0x88, 0x01,
        0x88, 0x01, 0xf8, 0x88, 0x41, 0x88, 0x01, 0x88, 0x05, 0x88, 0x05, 0x88, 0x05, 0x88, 0x05,
        0xd8, 0x0b, 0x0c, 0x80, 0x48,
    ];
    let places = [
        (-2, 1),
        (0, 1),
        (2, 2),
        (6, 302),
        (8, 304),
        (34, 304),
        (36, 305),
        (64, 303),
        (72, 307),
        (74, 0),
        (76, 307),
        (88, 308),
        (2000, 0),
    ];
    lines(LineTable::Locations, &table_3_11, 1, &places);
    let table_3_13 = [
        0x80, 0x00, 0xd8, 0x08, 0x09, 0x80, 0x41, 0xf0, 0x58, 0x09, 0x05, 0x05, 0x0e, 0xe4, 0x0c,
        0x0d, 0x88, 0x61, 0x8b, 0x44, 0xdc, 0x0c, 0x0d, 0x88, 0x61, 0x8b, 0x44, 0xf0, 0x05, 0x02,
        0x0d, 0x12, 0x88, 0x01, 0xf0, 0x08, 0x00, 0x0d, 0x0e, 0x88, 0x01, 0xd8, 0x0b, 0x0c, 0x80,
        0x48, 0xf8, 0xf0, 0x03, 0x00, 0x0d, 0x0e, 0x89, 0x01, 0xfa,
    ];
    let places = [
        (2, 2),
        (6, 302),
        (8, 304),
        (28, 305),
        (48, 303),
        (52, 307),
        (56, 308),
        (60, 0),
        (62, 307),
        (68, 0),
    ];
    lines(LineTable::Locations, &table_3_13, 1, &places);
}

#[test]
fn a_table_that_is_cut_off_or_none_has_no_wrong_end() {
    let whole = [0xf0, 0x58, 0x09, 0x05, 0x05, 0x0e, 0xe8, 0x7f];
    for length in 0..whole.len() {
        // No panic; a line only from what is there.
        let found = LineTable::Locations.line(&whole[..length], 1, 0);
        assert_eq!(found, (length >= 6).then_some(301), "{length}");
    }
    lines(LineTable::Locations, &[0x00, 0x01, 0x04], 1, &[(0, 0)]);
    // A number that goes on and on.
    lines(LineTable::Locations, &[0xe8; 1], 1, &[(0, 0)]);
    let endless = [&[0xe8][..], &[0x7f; 40]].concat();
    lines(LineTable::Locations, &endless, 1, &[(0, 0)]);
}
