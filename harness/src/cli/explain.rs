//! `sigproof explain`: what an oracle means, why it matters, how it is mended, and programs that are right.
//!
//! The pages and the programs lie below `fixtures/explain/`, where a test sweeps each of them.

use super::stdio::print;
use crate::cli::exit;
use crate::oracle::OracleId;
use crate::report::{Style, TerminalWriter};
use clap::ValueEnum;

/// The languages of the programs, in the order of [`Page::examples`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    C,
    Python,
    Node,
    Go,
    Rust,
    Shell,
}

/// What is known of one oracle.
struct Page {
    text: &'static str,
    /// One correct program in each language.
    examples: [&'static str; 6],
}

/// A page, and the directory of its programs.
macro_rules! page {
    ($name:literal, $examples:literal) => {
        Page {
            text: include_str!(concat!("../../pages/explain/", $name, "/page.txt")),
            examples: [
                include_str!(concat!("../../pages/explain/", $examples, "/right.c")),
                include_str!(concat!("../../pages/explain/", $examples, "/right.py")),
                include_str!(concat!("../../pages/explain/", $examples, "/right.js")),
                include_str!(concat!("../../pages/explain/", $examples, "/right.go")),
                include_str!(concat!("../../pages/explain/", $examples, "/right.rs")),
                include_str!(concat!("../../pages/explain/", $examples, "/right.sh")),
            ],
        }
    };
}

/// The page of an oracle that is asked of services: they have one program in each language.
macro_rules! service {
    ($name:literal) => {
        Page {
            text: include_str!(concat!("../../pages/explain/", $name, "/page.txt")),
            examples: [
                include_str!("../../pages/services/service.c"),
                include_str!("../../pages/services/service.py"),
                include_str!("../../pages/services/service.js"),
                include_str!("../../pages/services/service.go"),
                include_str!("../../pages/services/service.rs"),
                include_str!("../../pages/explain/served/right.sh"),
            ],
        }
    };
}

/// What only a scenario can ask for has one program for all: a worker that stops well.
fn page(oracle: OracleId) -> Page {
    match oracle {
        OracleId::Exits => page!("exits", "exits"),
        OracleId::Status => page!("status", "status"),
        OracleId::Orphans => page!("orphans", "orphans"),
        OracleId::Zombies => page!("zombies", "zombies"),
        OracleId::Leftovers => page!("leftovers", "leftovers"),
        OracleId::OldOrNew => page!("old-or-new", "old-or-new"),
        OracleId::Rerun => page!("rerun", "rerun"),
        OracleId::Served => service!("served"),
        OracleId::Refuses => service!("refuses"),
        OracleId::Survives => service!("survives"),
        OracleId::Restarts => service!("restarts"),
        OracleId::Terminal => page!("terminal", "terminal"),
        OracleId::Handler => page!("handler", "handler"),
        OracleId::Check => page!("check", "check"),
        OracleId::Messages => page!("messages", "worker"),
        OracleId::Acknowledged => page!("acknowledged", "worker"),
        OracleId::Results => page!("results", "worker"),
        OracleId::Escalation => page!("escalation", "worker"),
        OracleId::Reach => page!("reach", "worker"),
        OracleId::Ignored => page!("ignored", "worker"),
        OracleId::Budget => page!("budget", "worker"),
        OracleId::AskFirst => page!("ask-first", "orphans"),
    }
}

/// Prints what was asked for.
pub fn explain(oracle: Option<OracleId>, example: Option<Language>) -> u8 {
    match (oracle, example) {
        (None, _) => print(&list()),
        (Some(oracle), None) => print(&explanation(oracle)),
        // As it is, to be written into a file.
        (Some(oracle), Some(language)) => print(page(oracle).examples[language as usize]),
    }
    exit::HOLDS
}

fn list() -> String {
    let mut out = TerminalWriter::new();
    for oracle in OracleId::ALL {
        let name = format!("{oracle:<13} ");
        out.item(0, (Style::Name, &name), Style::Plain, oracle.violation());
    }
    out.gap();
    out.item(0, (Style::Dim, ""), Style::Dim, "explain one:");
    out.command(2, "sigproof explain leftovers");
    out.finish()
}

fn explanation(oracle: OracleId) -> String {
    let mut out = TerminalWriter::new();
    let head = format!("{oracle}: ");
    out.item(0, (Style::Name, &head), Style::Strong, oracle.violation());
    let mut paragraph = String::new();
    for line in page(oracle).text.lines().chain([""]) {
        let starts = line.is_empty() || line.starts_with("- ") || HEADINGS.contains(&line);
        if starts && !paragraph.is_empty() {
            write(&mut out, &std::mem::take(&mut paragraph));
        }
        if HEADINGS.contains(&line) {
            out.gap();
            out.line(&[(Style::Strong, line)]);
        } else if !line.is_empty() {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim_start_matches(' '));
        }
    }
    out.gap();
    out.line(&[(Style::Strong, "A program that is right")]);
    let names = Language::value_variants().iter();
    for name in names.filter_map(ValueEnum::to_possible_value) {
        let command = format!("sigproof explain {oracle} --example {}", name.get_name());
        out.command(2, &command);
    }
    out.finish()
}

const HEADINGS: [&str; 3] = ["What it means", "Why it matters", "How it is mended"];

fn write(out: &mut TerminalWriter, paragraph: &str) {
    match paragraph.strip_prefix("- ") {
        Some(item) => out.item(2, (Style::Dim, "· "), Style::Plain, item),
        None => out.item(2, (Style::Dim, ""), Style::Plain, paragraph),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_three_parts_and_every_program_says_that_it_is_right() {
        for oracle in OracleId::ALL {
            let page = page(oracle);
            for heading in HEADINGS {
                let count = page.text.lines().filter(|line| *line == heading).count();
                assert_eq!(count, 1, "{oracle}: {heading}");
            }
            for (language, example) in Language::value_variants().iter().zip(page.examples) {
                let says = example.lines().take(2).any(|line| line.contains("Right: "));
                assert!(says, "{oracle} {language:?}");
            }
            let text = explanation(oracle);
            let command = format!("sigproof explain {oracle} --example python");
            assert!(text.contains(&command), "{text}");
        }
    }

    #[test]
    fn the_list_has_every_oracle() {
        let list = list();
        for oracle in OracleId::ALL {
            assert!(list.contains(oracle.name()), "{oracle}");
        }
    }
}
