//! The tables at the end of a run: what was swept, what was found, and how long it took.

use std::{sync::Arc, time::Duration};

use crate::{
    data::{Fault, Language, Program},
    examples::TRIED,
    judge::{ROWS, Row},
};

/// Prints what this process has swept, if it is more than one program.
pub fn print(programs: &[Arc<Program>], whole: Duration) {
    let rows = ROWS.lock().expect("nobody panics with it");
    let (mutants, good): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.mutant.is_some());
    let tried = TRIED.lock().expect("nobody panics with it").len();
    if rows.len() + tried < 2 {
        return;
    }
    if !good.is_empty() {
        goods(programs, &good);
    }
    if !mutants.is_empty() {
        bugs(&mutants);
    }
    if tried > 0 {
        examples();
    }
    println!("{} sweeps in {}", rows.len() + tried, seconds(whole));
}

/// The programs of `sigproof explain`, by oracle and language.
fn examples() {
    let tried = TRIED.lock().expect("nobody panics with it");
    let mut oracles: Vec<&str> = tried.iter().map(|row| row.oracle.as_str()).collect();
    oracles.sort_unstable();
    oracles.dedup();
    println!();
    print!("{:24} ", "example of explain");
    for language in Language::ALL {
        print!("{:>8} ", language.directory());
    }
    println!();
    for oracle in oracles {
        print!("{oracle:24} ");
        for language in Language::ALL {
            let row = tried
                .iter()
                .find(|row| row.oracle == oracle && row.language == language);
            let cell = match row {
                None => String::new(),
                Some(row) if row.passed => seconds(row.took),
                Some(_) => "✗".to_owned(),
            };
            print!("{cell:>8} ");
        }
        println!();
    }
    let clean = tried.iter().filter(|row| row.passed).count();
    let took = seconds(tried.iter().map(|row| row.took).sum());
    println!("examples {clean}/{} clean in {took}", tried.len());
    println!();
}

fn goods(programs: &[Arc<Program>], rows: &[&Row]) {
    let (mut clean, mut swept) = (0, 0);
    println!();
    print!("{:24} ", "good program");
    for fault in Fault::ALL {
        print!("{fault:>8} ");
    }
    println!(" tempting, because");
    for program in programs {
        let title = program.title();
        let own: Vec<&&Row> = rows.iter().filter(|row| row.program == title).collect();
        if own.is_empty() {
            continue;
        }
        swept += 1;
        clean += usize::from(own.iter().all(|row| row.passed));
        print!("{title:24} ");
        for fault in Fault::ALL {
            let cell = match own.iter().find(|row| row.fault == fault) {
                None => String::new(),
                Some(row) if row.passed && program.without.contains(&fault) => "–".to_owned(),
                Some(row) if row.passed => seconds(row.took),
                Some(row) => format!("✗ {}", row.found),
            };
            print!("{cell:>8} ");
        }
        println!(" {}", program.tempting);
    }
    let known = programs.iter().flat_map(|program| {
        let own = program.accused.iter();
        own.map(|(fault, why)| format!("{} {fault}: {why}", program.title()))
    });
    for line in known {
        println!("known false alarm: {line}");
    }
    println!(
        "good {clean}/{swept} clean, {} sweeps in {}",
        rows.len(),
        sum(rows)
    );
}

fn bugs(rows: &[&Row]) {
    println!();
    println!(
        "{:24} {:28} {:8} {:12} {:>8}",
        "mutant of", "planted bug", "fault", "found by", "time"
    );
    for row in rows {
        let (kind, found) = (row.mutant.as_deref().unwrap_or_default(), &row.found);
        let mark = if row.passed { "" } else { "✗ " };
        let (program, fault, took) = (&row.program, row.fault, seconds(row.took));
        println!("{program:24} {kind:28} {fault:8} {mark}{found:12} {took:>8}");
    }
    let found = rows.iter().filter(|row| row.passed).count();
    println!(
        "mutants {found}/{} found by the right oracle in {}",
        rows.len(),
        sum(rows)
    );
    println!();
}

fn sum(rows: &[&Row]) -> String {
    seconds(rows.iter().map(|row| row.took).sum())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
