//! "Where would you change …?": a table in docs/ARCHITECTURE.md with answers that can be guessed.
//!
//! Each answer is a path that exists, and most paths have a word of their question in them: who does not know the
//! sources finds the file by what it is about.

use crate::rules::Violation;

/// The page with the table.
pub const PAGE: &str = "docs/ARCHITECTURE.md";
/// The section's heading begins with it.
const HEADING: &str = "Where would you change";
/// How many questions there are at least.
const QUESTIONS_MIN: usize = 20;
/// How many in a hundred can be guessed at least.
const GUESSED_MIN_PERCENT: usize = 90;
/// Parts of a path that say nothing of what a file is about.
const SAYS_NOTHING: [&str; 8] = [
    "src", "rs", "mod", "lib", "main", "core", "harness", "tests",
];

/// A row of the table.
struct Row<'a> {
    line: usize,
    question: &'a str,
    path: &'a str,
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let mut is_ours = false;
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(page.lines()) {
        if let Some(heading) = text.strip_prefix('#') {
            is_ours = heading.trim_start_matches('#').trim().starts_with(HEADING);
        }
        let cells: Vec<&str> = text.split('|').map(str::trim).collect();
        let [_, question, path, _] = cells[..] else {
            continue;
        };
        let is_path = path.len() > 2 && path.starts_with('`') && path.ends_with('`');
        if is_ours && is_path {
            let path = path.trim_matches('`');
            rows.push(Row {
                line,
                question,
                path,
            });
        }
    }
    rows
}

/// The words of a text, in small letters and without the s of a plural.
fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphanumeric())
        .map(|word| word.to_lowercase().trim_end_matches('s').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether the path can be guessed from the question.
fn is_guessed(row: &Row<'_>) -> bool {
    let asked = words(row.question);
    let about = row.path.split(['/', '_', '.', '-']);
    about
        .filter(|part| !SAYS_NOTHING.contains(part))
        .flat_map(words)
        .any(|word| asked.contains(&word))
}

/// What is wrong with the table of this page; `exists` tells of paths.
pub fn questions(page: &str, exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let rows = rows(page);
    let mut found = Vec::new();
    let mut wrong = |line, message| found.push(Violation { line, message });
    if rows.len() < QUESTIONS_MIN {
        let message = format!(
            "{} questions below \"{HEADING} …?\", fewer than {QUESTIONS_MIN}",
            rows.len()
        );
        wrong(1, message);
    }
    for row in rows.iter().filter(|row| !exists(row.path)) {
        wrong(row.line, format!("there is no {}", row.path));
    }
    let strange: Vec<&Row<'_>> = rows.iter().filter(|row| !is_guessed(row)).collect();
    if (rows.len() - strange.len()) * 100 < rows.len() * GUESSED_MIN_PERCENT {
        for row in strange {
            let message = format!("{} has no word of {:?}", row.path, row.question);
            wrong(row.line, message);
        }
    }
    found
}

#[cfg(test)]
mod planted {
    use super::*;
    use crate::rules::lines;

    /// A page of 20 questions, the first ones with these rows.
    fn page(rows: &[&str]) -> String {
        let fine = "| The colour of a door? | `house/src/doors/colour.rs` |";
        let mut page = "# House\n| a | `gone.rs` |\n## Where would you change …?\n| question | path |\n| --- | --- |\n".to_owned();
        for row in 0..QUESTIONS_MIN {
            page.push_str(rows.get(row).unwrap_or(&fine));
            page.push('\n');
        }
        page + "## More\n| a | `gone.rs` |\n"
    }

    fn found(page: &str) -> Vec<usize> {
        lines(&questions(page, |path| !path.contains("gone")))
    }

    const STRANGE: &str = "| Who locks the gate? | `house/src/doors/colour.rs` |";

    #[test]
    fn too_few_questions_are_found() {
        assert_eq!(found(&page(&[])), [0; 0]);
        assert_eq!(found(&page(&["| question | no path |"])), [1]);
        assert_eq!(found(""), [1]);
    }

    #[test]
    fn a_path_that_is_not_there_is_found() {
        assert_eq!(
            found(&page(&["| Doors that are gone? | `gone/doors.rs` |"])),
            [6]
        );
    }

    #[test]
    fn paths_that_cannot_be_guessed_are_found_when_they_are_too_many() {
        assert_eq!(found(&page(&[STRANGE, STRANGE])), [0; 0]);
        assert_eq!(found(&page(&[STRANGE, STRANGE, STRANGE])), [6, 7, 8]);
        let crate_alone = "| What of the core's src? | `core/src/lib.rs` |";
        assert_eq!(found(&page(&[STRANGE, STRANGE, crate_alone])), [6, 7, 8]);
    }
}
