//! Bugs in released programs, each found by the one command that docs/released.md shows.
//!
//! One test for each program: it is installed, its bug must be found, and nothing where it is mended. Without
//! `SIGPROOF_RELEASED=all` only a sample is there, of programs that are installed wherever this is tested; `cargo ci
//! released` runs them all, and prints a table. Those with a script are another table, of docs/services.md, which
//! `cargo ci released-services` runs. With `SIGPROOF_INSTALL_ONLY=1` they are installed, and nothing is run.

mod data;
mod docs_page;
mod install;
mod judge;

use libtest_mimic::{Arguments, Trial};
use std::{sync::Arc, time::Duration};

fn main() {
    let which = std::env::var("SIGPROOF_RELEASED").unwrap_or_default();
    let is_wanted = |program: &data::Program| match which.as_str() {
        "all" => program.has_bug(),
        "services" => program.has_script(),
        _ => program.sampled,
    };
    let programs: Vec<_> = data::programs()
        .unwrap_or_else(|error| panic!("{error}"))
        .into_iter()
        .map(Arc::new)
        .collect();
    let bless = std::env::var_os("BLESS").is_some();
    let mut trials = Vec::new();
    let listed = programs.clone();
    trials.push(Trial::test("tables", move || {
        let plain: Vec<_> = listed.iter().map(|program| &**program).collect();
        data::check(&plain)?;
        // What is written at the end needs no comparison before.
        if bless {
            Ok(())
        } else {
            Ok(docs_page::check(&plain)?)
        }
    }));
    for program in programs.iter().filter(|program| is_wanted(program)) {
        let program = Arc::clone(program);
        trials.push(Trial::test(program.name.clone(), move || {
            judge::judge(&program)
        }));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    let rows = judge::ROWS.lock().expect("nobody panics with it");
    print(&rows);
    let plain: Vec<_> = programs.iter().map(|program| &**program).collect();
    docs_page::bless(&plain, &rows).unwrap_or_else(|error| panic!("{error}"));
    conclusion.exit();
}

fn print(rows: &[judge::Row]) {
    if rows.len() < 2 {
        return;
    }
    println!(
        "{:28} {:28} {:>9} {:>9} {:>9}",
        "program", "found by", "time", "mended", "installed"
    );
    for row in rows {
        let found = row.found.as_deref().unwrap_or("✗ not found");
        let clean = row.clean.map_or_else(|| "–".to_owned(), seconds);
        let (title, took, install) = (&row.title, seconds(row.took), seconds(row.install));
        println!("{title:28} {found:28} {took:>9} {clean:>9} {install:>9}");
    }
    let found = rows.iter().filter(|row| row.found.is_ok()).count();
    let whole = rows
        .iter()
        .map(|row| row.took + row.clean.unwrap_or_default())
        .sum();
    println!("released {found}/{} in {}", rows.len(), seconds(whole));
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
