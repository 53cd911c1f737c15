//! What is known of each oracle besides its name: what it means, why it matters, and how a program is mended.
//!
//! The pages lie below `fixtures/explain/`, with the programs that a test sweeps.

use super::OracleId;

/// A page, in its three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guide {
    /// What a violation is.
    pub meaning: Vec<String>,
    /// What it does to people.
    pub importance: Vec<String>,
    /// What a program does about it, each item a paragraph.
    pub mends: Vec<String>,
}

/// The headings of a page, in their order.
pub const HEADINGS: [&str; 3] = ["What it means", "Why it matters", "How it is mended"];

macro_rules! page {
    ($name:literal) => {
        include_str!(concat!("../../pages/explain/", $name, "/page.txt"))
    };
}

fn page(oracle: OracleId) -> &'static str {
    match oracle {
        OracleId::Exits => page!("exits"),
        OracleId::Status => page!("status"),
        OracleId::Orphans => page!("orphans"),
        OracleId::Zombies => page!("zombies"),
        OracleId::Leftovers => page!("leftovers"),
        OracleId::OldOrNew => page!("old-or-new"),
        OracleId::Rerun => page!("rerun"),
        OracleId::Served => page!("served"),
        OracleId::Refuses => page!("refuses"),
        OracleId::Survives => page!("survives"),
        OracleId::Restarts => page!("restarts"),
        OracleId::Unready => page!("unready"),
        OracleId::Terminal => page!("terminal"),
        OracleId::Handler => page!("handler"),
        OracleId::Check => page!("check"),
        OracleId::Messages => page!("messages"),
        OracleId::Acknowledged => page!("acknowledged"),
        OracleId::Results => page!("results"),
        OracleId::Escalation => page!("escalation"),
        OracleId::Reach => page!("reach"),
        OracleId::Ignored => page!("ignored"),
        OracleId::Budget => page!("budget"),
        OracleId::AskFirst => page!("ask-first"),
    }
}

/// The page of an oracle. A paragraph that is an item of a list begins with `- `.
pub fn guide(oracle: OracleId) -> Guide {
    let mut guide = Guide::default();
    let mut part: Option<&mut Vec<String>> = None;
    let mut opens = true;
    for line in page(oracle).lines() {
        match HEADINGS.iter().position(|heading| *heading == line) {
            Some(0) => part = Some(&mut guide.meaning),
            Some(1) => part = Some(&mut guide.importance),
            Some(_) => part = Some(&mut guide.mends),
            None => {}
        }
        if line.is_empty() || HEADINGS.contains(&line) {
            opens = true;
            continue;
        }
        let Some(paragraphs) = part.as_mut() else {
            continue;
        };
        match paragraphs.last_mut() {
            Some(last) if !opens && !line.starts_with("- ") => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => paragraphs.push(line.to_owned()),
        }
        opens = false;
    }
    guide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_three_parts() {
        for oracle in OracleId::ALL {
            for heading in HEADINGS {
                let lines = page(oracle).lines();
                let count = lines.filter(|line| *line == heading).count();
                assert_eq!(count, 1, "{oracle}: {heading}");
            }
            let guide = guide(oracle);
            for part in [guide.meaning, guide.importance, guide.mends] {
                assert!(!part.is_empty(), "{oracle}");
            }
        }
    }

    #[test]
    fn a_paragraph_is_put_together_from_its_lines() {
        let leftovers = guide(OracleId::Leftovers);
        assert_eq!(leftovers.mends.len(), 3);
        assert_eq!(
            leftovers.mends[0],
            "- Let a handler take note only; the program itself removes what it has made, on every way out."
        );
        let [meaning] = leftovers.meaning.as_slice() else {
            panic!("{:?}", leftovers.meaning);
        };
        assert!(meaning.starts_with("There is a file") && meaning.ends_with("--keep GLOB."));
    }
}
