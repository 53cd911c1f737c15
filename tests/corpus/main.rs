//! No false alarm on good programs, and every planted bug seen: sweeps of the programs below `fixtures/good/`, of their
//! mutants, and of the programs that `sigproof explain` shows.
//!
//! One test for each sweep, so that `cargo test --test corpus c/journal` runs those of one program. Without
//! `SIGPROOF_CORPUS=all` only a sample of them is there, nothing that a runtime, a build or a deadline makes slow;
//! `cargo ci corpus` runs them all, and prints tables.

mod build;
mod data;
mod docs_page;
mod examples;
mod judge;
mod table;

use libtest_mimic::{Arguments, Trial};
use std::{sync::Arc, time::Instant};

use data::{Fault, Language, programs};

/// One in so many mutants, and of each program one fault, is in the sample.
const SAMPLE: usize = 8;

fn main() {
    let start = Instant::now();
    let all = std::env::var("SIGPROOF_CORPUS").is_ok_and(|which| which == "all");
    let programs: Vec<_> = programs().into_iter().map(Arc::new).collect();
    let mut trials = Vec::new();
    {
        let programs = programs.clone();
        trials.push(Trial::test("tables", move || {
            let plain: Vec<_> = programs.iter().map(|program| &**program).collect();
            data::check(&plain)?;
            docs_page::check(&plain).map_err(Into::into)
        }));
    }
    let mut mutants = 0;
    for (index, program) in programs.iter().enumerate() {
        for (place, fault) in Fault::ALL.into_iter().enumerate() {
            let sampled = place == index % Fault::ALL.len() && program.language.is_fast();
            if !(all || sampled) {
                continue;
            }
            let program = Arc::clone(program);
            let name = format!("good {} {fault}", program.title());
            trials.push(Trial::test(name, move || judge::good(&program, fault)));
        }
        for place in 0..program.mutants.len() {
            mutants += 1;
            // Each run of one that does not end lasts until its deadline.
            let slow = !program.language.is_fast() || program.mutants[place].oracle == "exits";
            if !all && (mutants % SAMPLE != 0 || slow) {
                continue;
            }
            let program = Arc::clone(program);
            let name = format!("mutant {} {}", program.title(), program.mutants[place].kind);
            trials.push(Trial::test(name, move || judge::mutant(&program, place)));
        }
    }
    for (index, example) in examples::examples().into_iter().enumerate() {
        for (place, language) in Language::ALL.into_iter().enumerate() {
            let sampled = place == index % Language::ALL.len() && language.is_fast();
            let name = language.directory();
            if !(all || sampled) || example.without.iter().any(|one| one == name) {
                continue;
            }
            let example = example.clone();
            let name = format!("explain {} {name}", example.oracle);
            trials.push(Trial::test(name, move || example.try_out(language)));
        }
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    table::print(&programs, start.elapsed());
    conclusion.exit();
}
