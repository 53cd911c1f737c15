//! How much was tried: of all points, of each call, of each function.

use super::text::count;
use super::writer::{Style, TerminalWriter};
use crate::session::{Case, Coverage, FuzzSummary, Share};

/// Shares that one line names.
const SHARES_MAX: usize = 8;

/// The lines that say how much was tried.
pub(crate) fn coverage(out: &mut TerminalWriter, case: &Case) {
    let Some(coverage) = &case.coverage else {
        return;
    };
    let words = match &case.fuzz {
        Some(fuzz) => of_fuzz(coverage, fuzz),
        None => of_sweep(coverage),
    };
    out.item(0, (Style::Dim, "coverage  "), Style::Plain, &words);
    if let Some(words) = coverage.quiet.words() {
        out.item(0, (Style::Dim, "          "), Style::Dim, &words);
    }
    for (what, shares) in [
        ("call", &coverage.by_call),
        ("function", &coverage.by_function),
    ] {
        by(out, what, shares);
    }
}

fn of_sweep(coverage: &Coverage) -> String {
    let mut words = format!(
        "{:.0} % ({} of {} {}",
        (coverage.ratio() * 100.0).floor(),
        coverage.tried,
        coverage.found,
        coverage.pairs.as_ref().map_or("points", |_| "pairs"),
    );
    if coverage.by_class > 0 {
        words.push_str(&format!(
            ", {} of them equivalent, tested once",
            coverage.by_class + 1
        ));
    }
    if coverage.represented > 0 {
        words.push_str(&format!(
            ", {} more represented by neighbors that show the same",
            coverage.represented
        ));
    }
    if coverage.untried > 0 {
        words.push_str(&format!(", {} untried", coverage.untried));
    }
    if coverage.unfit > 0 {
        words.push_str(&format!(
            "; not applicable at {}",
            count(coverage.unfit, "other point")
        ));
    }
    if let Some(pairs) = &coverage.pairs {
        words.push_str(&pairs.words());
    }
    if let Some(between) = &coverage.between {
        words.push_str(&between.words());
    }
    if coverage.left_out > 0 {
        words.push_str(&format!(", {} left out on request", coverage.left_out));
    }
    words.push(')');
    if coverage.elsewhere > 0 {
        words.push_str(&format!(
            "; other shards try {} of {}",
            count(coverage.elsewhere, "more point"),
            count_classes(coverage.classes_elsewhere)
        ));
    }
    if coverage.classes > 0 {
        let of_pairs = if coverage.pairs.is_some() {
            " of pairs"
        } else {
            ""
        };
        words.push_str(&format!(
            "; {} of {}{of_pairs} tried{}",
            coverage.classes_tried,
            count_classes(coverage.classes),
            if coverage.exhaustive && coverage.untried == 0 {
                ", at every point"
            } else {
                ""
            },
        ));
    }
    words
}

fn count_classes(classes: usize) -> String {
    match classes {
        1 => "1 class".to_owned(),
        classes => format!("{classes} classes"),
    }
}

fn of_fuzz(coverage: &Coverage, fuzz: &FuzzSummary) -> String {
    let later = match fuzz.points_later {
        0 => String::new(),
        later => format!(", {} after a fault", count(later, "more point")),
    };
    format!(
        "{} of {} points{later}; {} of moments",
        coverage.tried,
        coverage.found,
        count(fuzz.pairs, "pair"),
    )
}

/// How much was tried of each call, or of each function.
fn by(out: &mut TerminalWriter, what: &str, shares: &[Share]) {
    if shares.is_empty() {
        return;
    }
    let whole = shares.iter().filter(|share| share.is_covered());
    let whole = whole.count();
    let units = match what {
        "call" => "system call",
        other => other,
    };
    let mut words = format!(
        "by {what}: {whole} of {} fully covered",
        count(shares.len(), units)
    );
    // What is missing is what a reader looks for; without that, where most points are.
    let parts = shares.iter().filter(|share| !share.is_covered());
    let mut parts: Vec<Share> = parts.cloned().collect();
    if parts.is_empty() {
        parts = shares.to_vec();
    } else {
        words.push_str("; partly");
    }
    let named = list(&parts, SHARES_MAX, |share| {
        let Share {
            name, found, tried, ..
        } = share;
        match share.represented {
            0 => format!("{name} {tried}/{found}"),
            represented => format!("{name} {tried}/{found} ({represented} represented)"),
        }
    });
    let words = format!("{words}: {named}");
    out.item(0, (Style::Dim, "          "), Style::Dim, &words);
}

/// The first of these in words, and how many more there are.
pub(crate) fn list(shares: &[Share], most: usize, word: impl Fn(&Share) -> String) -> String {
    let mut words: Vec<String> = shares.iter().take(most).map(word).collect();
    if shares.len() > most {
        words.push(format!("{} more", shares.len() - most));
    }
    words.join(", ")
}
