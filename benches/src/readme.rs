//! Puts the table into docs/benchmarks.md.

/// Before the table.
pub const BEGIN: &str = "<!-- benchmarks: `cargo ci readme` writes what follows -->\n";
/// After it.
pub const END: &str = "<!-- end of the benchmarks -->\n";

/// `text` with `table` between the two marks.
///
/// # Errors
/// If a mark is missing, or they are the wrong way round.
pub fn with_table(text: &str, table: &str) -> Result<String, String> {
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or_else(|| format!("there is no line {}", BEGIN.trim_end()))?;
    let (_, after) = rest
        .split_once(END)
        .ok_or_else(|| format!("no line {} follows {}", END.trim_end(), BEGIN.trim_end()))?;
    Ok([before, BEGIN, "\n", table.trim_end(), "\n\n", END, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_replaces_the_one_before() {
        let text = format!("# Title\n{BEGIN}old\n{END}rest\n");
        let once = with_table(&text, "| new |\n").expect("marks");
        assert_eq!(once, format!("# Title\n{BEGIN}\n| new |\n\n{END}rest\n"));
        assert_eq!(with_table(&once, "| new |\n").expect("marks"), once);
    }

    #[test]
    fn a_missing_mark_is_an_error() {
        assert!(with_table("# Title\n", "").is_err());
        assert!(with_table(&format!("{END}{BEGIN}"), "").is_err());
    }

    #[test]
    fn the_page_has_the_marks() {
        let page = include_str!("../../docs/benchmarks.md");
        with_table(page, "").expect("both marks");
    }
}
