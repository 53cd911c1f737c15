//! The page of the docs that shows the tables; `BLESS=1` writes it anew.

use std::fmt::Write as _;

use crate::data::Program;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/corpus.md");

const HEAD: &str = "\
# Correct programs, and their mutants

A finding on a correct program is a false alarm, and one is enough to stop somebody from using a tool. The programs below
`fixtures/good/` are right, and each does something that is tempting to accuse. They are swept with SIGINT, SIGTERM, SIGKILL,
ENOSPC, short calls and EINTR, with the flags that the table shows and no others: nothing may be found, and the exit code is 0.

A mutant is one of them with one planted bug: `fixtures/good/*.toml` has the text that is replaced, and what replaces it. The
oracle that the table names must find it.

`cargo ci corpus` runs all of them, and prints what was found and how long it took. `cargo test --test corpus` runs a sample.

## Correct programs

| program | tempting, because | declared | no point for |
| --- | --- | --- | --- |
";

const KNOWN: &str = "
## Known false alarms

These are accused, and should not be. The tables of `cargo ci corpus` count them as such.

";

const MUTANTS: &str = "
## Mutants

| mutant of | planted bug | swept with | found by |
| --- | --- | --- | --- |
";

fn page(programs: &[&Program]) -> String {
    let mut page = String::from(HEAD);
    let mut mutants = String::from(MUTANTS);
    let mut known = String::from(KNOWN);
    let quoted = |flags: &[String]| match flags {
        [] => String::new(),
        _ => format!("`{}`", flags.join(" ").replace('|', "\\|")),
    };
    for program in programs {
        let title = program.title();
        let mut declared: Vec<String> = Vec::new();
        if !program.declare.is_empty() {
            declared.push(quoted(&program.declare));
        }
        for (fault, flags) in &program.declare_for {
            declared.push(format!("{fault}: {}", quoted(flags)));
        }
        let without: Vec<&str> = program.without.iter().map(|fault| fault.name()).collect();
        let _ = writeln!(
            page,
            "| `{title}` | {} | {} | {} |",
            program.tempting,
            declared.join("; "),
            without.join(", ")
        );
        for (fault, why) in &program.accused {
            let _ = writeln!(known, "- `{title}`, {fault}: {why}.");
        }
        for mutant in &program.mutants {
            let kind = mutant.kind.replace('-', " ");
            let flags: Vec<String> = mutant
                .fault
                .flags()
                .map(str::to_owned)
                .into_iter()
                .chain(mutant.flags.iter().cloned())
                .collect();
            let _ = writeln!(
                mutants,
                "| `{title}` | {kind} | {} | {} |",
                quoted(&flags),
                mutant.oracle
            );
        }
    }
    page + &known + &mutants
}

/// The page is what the tables say.
pub fn check(programs: &[&Program]) -> Result<(), String> {
    let wanted = page(programs);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PAGE, &wanted).map_err(|error| error.to_string())?;
    }
    if std::fs::read_to_string(PAGE).unwrap_or_default() == wanted {
        return Ok(());
    }
    Err("docs/corpus.md is not what the tables say; BLESS=1 cargo test --test corpus tables writes it anew".into())
}
