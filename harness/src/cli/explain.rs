//! `sigproof explain`: what an oracle means, why it matters, how it is mended, and programs that are right.
//!
//! The pages and the programs lie below `fixtures/explain/`, where a test sweeps each of them.

use super::stdio::print;
use crate::cli::exit;
use crate::oracle::{Guide, HEADINGS, OracleId, guide};
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

/// One correct program in each language, in the order of [`Language`].
type Examples = [&'static str; 6];

macro_rules! examples {
    ($name:literal) => {
        [
            include_str!(concat!("../../pages/explain/", $name, "/right.c")),
            include_str!(concat!("../../pages/explain/", $name, "/right.py")),
            include_str!(concat!("../../pages/explain/", $name, "/right.js")),
            include_str!(concat!("../../pages/explain/", $name, "/right.go")),
            include_str!(concat!("../../pages/explain/", $name, "/right.rs")),
            include_str!(concat!("../../pages/explain/", $name, "/right.sh")),
        ]
    };
}

/// What is asked of services has one program in each language.
const SERVICE: Examples = [
    include_str!("../../pages/services/service.c"),
    include_str!("../../pages/services/service.py"),
    include_str!("../../pages/services/service.js"),
    include_str!("../../pages/services/service.go"),
    include_str!("../../pages/services/service.rs"),
    include_str!("../../pages/explain/served/right.sh"),
];

/// What only a scenario can ask for has one program for all: a worker that stops well.
const WORKER: Examples = examples!("worker");

fn examples(oracle: OracleId) -> Examples {
    match oracle {
        OracleId::Exits => examples!("exits"),
        OracleId::Status => examples!("status"),
        OracleId::Orphans | OracleId::AskFirst => examples!("orphans"),
        OracleId::Zombies => examples!("zombies"),
        OracleId::Leftovers => examples!("leftovers"),
        OracleId::OldOrNew => examples!("old-or-new"),
        OracleId::Rerun => examples!("rerun"),
        OracleId::Served
        | OracleId::Refuses
        | OracleId::Survives
        | OracleId::Restarts
        | OracleId::Unready => SERVICE,
        OracleId::Terminal => examples!("terminal"),
        OracleId::Handler => examples!("handler"),
        OracleId::Check => examples!("check"),
        OracleId::Messages
        | OracleId::Acknowledged
        | OracleId::Results
        | OracleId::Escalation
        | OracleId::Reach
        | OracleId::Ignored
        | OracleId::Budget => WORKER,
    }
}

/// Prints what was asked for.
pub fn explain(oracle: Option<OracleId>, example: Option<Language>) -> u8 {
    match (oracle, example) {
        (None, _) => print(&list()),
        (Some(oracle), None) => print(&explanation(oracle)),
        // As it is, to be written into a file.
        (Some(oracle), Some(language)) => print(examples(oracle)[language as usize]),
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
    let Guide {
        meaning,
        importance,
        mends,
    } = guide(oracle);
    for (heading, paragraphs) in HEADINGS.into_iter().zip([meaning, importance, mends]) {
        out.gap();
        out.line(&[(Style::Strong, heading)]);
        for paragraph in &paragraphs {
            write(&mut out, paragraph);
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
    fn every_page_is_shown_and_every_program_says_that_it_is_right() {
        for oracle in OracleId::ALL {
            for (language, example) in Language::value_variants().iter().zip(examples(oracle)) {
                let says = example.lines().take(2).any(|line| line.contains("Right: "));
                assert!(says, "{oracle} {language:?}");
            }
            let text = explanation(oracle);
            for heading in HEADINGS {
                assert!(text.contains(heading), "{text}");
            }
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
