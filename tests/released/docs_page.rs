//! The pages that show the tables; `BLESS=1` writes it anew, with the reports of the commands that were run.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use crate::{data::Program, judge::Row};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/released.md");

/// The page of services, and what begins and ends the table in it.
const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/services.md");
const BEGIN: &str = "<!-- made from released/*.toml -->\n";
const END: &str = "<!-- end -->\n";

const HEAD: &str = "\
# Bugs in released programs

Each program on this page is a released version from its registry. One command finds each bug; its output is shown, shortened to
the finding (`[…]`). `cargo ci released` installs the programs below `target/released` (the tables `released/*.toml` say how) and
checks every command on this page: the bug must be found, and nothing where it is mended. To try one by hand, run that first, then
the command in the program's directory below `target/released`, or in `work` in it if there is one.

The page reports what a program does, not what its authors promise. Some of them may consider it right.

| program | what is lost | found by | mended |
| --- | --- | --- | --- |
";

fn page(programs: &[&Program], reports: &BTreeMap<String, String>) -> String {
    let mut page = String::from(HEAD);
    let with_bug = || programs.iter().filter(|program| program.has_bug());
    for program in with_bug() {
        let oracles: Vec<_> = program
            .finds
            .iter()
            .map(|one| format!("`{}`", one.oracle))
            .collect();
        let Program {
            title,
            loses,
            mended,
            ..
        } = program;
        let oracles = oracles.join(", ");
        let _ = writeln!(page, "| {title} | {loses} | {oracles} | {mended} |");
    }
    for program in with_bug() {
        let Program {
            title,
            about,
            command,
            place,
            ..
        } = program;
        let _ = write!(page, "\n## {title}\n\n{}\n\n    {command}\n", about.trim());
        if let Some(report) = reports.get(title) {
            let _ = write!(page, "\n```text\n{report}```\n");
        }
        let _ = write!(page, "\nWhere: {place}. Mended: {}.\n", program.mended);
        if let Some(clean) = &program.clean {
            let _ = write!(
                page,
                "\nWhere it is mended, nothing is found:\n\n    {clean}\n"
            );
        }
    }
    page
}

/// The page of services, with its table as the tables of programs say.
fn services(programs: &[&Program]) -> Result<String, String> {
    let text = fs::read_to_string(SERVICES).map_err(|error| format!("{SERVICES}: {error}"))?;
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(format!("{SERVICES} has no place for the table"));
    };
    let mut table = String::from("| program | command | what came out |\n| --- | --- | --- |\n");
    for program in programs {
        let Some(came_out) = &program.came_out else {
            continue;
        };
        let also = program.also.iter();
        let also = also.map(|also| (&also.command, &also.came_out));
        for (command, came_out) in [(&program.command, came_out)].into_iter().chain(also) {
            let command = command.replace("sigproof ", "").replace('|', "\\|");
            let _ = writeln!(table, "| {} | `{command}` | {came_out} |", program.title);
        }
    }
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

/// The reports that the page shows now.
fn shown() -> BTreeMap<String, String> {
    let text = fs::read_to_string(PAGE).unwrap_or_default();
    let mut reports = BTreeMap::new();
    for section in text.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or_default().to_owned();
        let report = section
            .split_once("\n```text\n")
            .and_then(|(_, rest)| rest.split_once("```\n"));
        if let Some((report, _)) = report {
            reports.insert(title, report.to_owned());
        }
    }
    reports
}

/// The head, the blocks of what was to be found, and the verdict.
fn shortened(report: &str, program: &Program) -> String {
    let blocks: Vec<&str> = report.trim_end().split("\n\n").collect();
    let mut text = String::new();
    let mut left_out = false;
    let last = blocks.len().saturating_sub(1);
    for (index, block) in blocks.iter().enumerate() {
        let wanted = program.finds.iter().any(|one| {
            block
                .lines()
                .any(|line| line.starts_with(&format!("✗ {}", one.oracle)))
                && (block.lines().count() > 8 || one_line(block).contains(&one.says))
        });
        if index == 0 || index == last || wanted {
            if left_out {
                text.push_str("[…]\n\n");
            }
            left_out = false;
            let _ = write!(text, "{block}\n\n");
        } else {
            left_out = true;
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn one_line(block: &str) -> String {
    block.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The pages are what the tables say.
pub fn check(programs: &[&Program]) -> Result<(), String> {
    let wanted = page(programs, &shown());
    if fs::read_to_string(PAGE).unwrap_or_default() != wanted {
        return Err(
            "docs/released.md is not what the tables say; BLESS=1 cargo ci released writes it anew"
                .into(),
        );
    }
    if fs::read_to_string(SERVICES).unwrap_or_default() != services(programs)? {
        let bless = "BLESS=1 cargo ci released writes it anew";
        return Err(format!(
            "docs/services.md is not what the tables say; {bless}"
        ));
    }
    Ok(())
}

/// Writes the page anew if that is asked for: with the reports of this run, and those of before for the others.
pub fn bless(programs: &[&Program], rows: &[Row]) -> Result<(), String> {
    if std::env::var_os("BLESS").is_none() {
        return Ok(());
    }
    let mut reports = shown();
    for row in rows.iter().filter(|row| row.found.is_ok()) {
        let of_row =
            |program: &&&Program| program.title == row.title && program.command == row.command;
        if let Some(program) = programs.iter().find(of_row) {
            reports.insert(row.title.clone(), shortened(&row.report, program));
        }
    }
    fs::write(SERVICES, services(programs)?).map_err(|error| format!("{SERVICES}: {error}"))?;
    fs::write(PAGE, page(programs, &reports)).map_err(|error| format!("{PAGE}: {error}"))
}
