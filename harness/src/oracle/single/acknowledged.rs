//! `acknowledged`: the person gets a word soon after each signal.

use crate::facts::{EventKind, Run};
use crate::oracle::Context;
use crate::oracle::contract::Acknowledged;
use crate::oracle::verdict::{Evidence, Verdict};
use crate::schedule::output_pattern;
use regex::bytes::Regex;

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(wanted) = &context.contract.acknowledged else {
        return Verdict::not_applicable("no word is asked for");
    };
    let latencies = latencies_ns(run, wanted.pattern.as_deref());
    if latencies.is_empty() {
        return Verdict::not_applicable("no signal was sent");
    }
    let late = latencies.iter().enumerate().filter_map(|(index, latency)| {
        let number = index + 1;
        let when = match latency {
            Some(ns) if *ns <= wanted.within_ms.saturating_mul(1_000_000) => return None,
            Some(ns) => format!("it came after {} ms", ns / 1_000_000),
            None => "none came".to_owned(),
        };
        Some(Evidence::new(
            format!("signal {number}"),
            format!(
                "no word to the person within {} ms after signal {number}{}; {when}",
                wanted.within_ms,
                described(wanted)
            ),
        ))
    });
    Verdict::of(late.collect())
}

fn described(wanted: &Acknowledged) -> String {
    wanted
        .pattern
        .as_ref()
        .map_or_else(String::new, |pattern| format!(" (/{pattern}/)"))
}

/// For each signal that was sent, how long it took until the next word, or the
/// end, in nanoseconds. `None` when it ran on in silence until it was killed.
pub fn latencies_ns(run: &Run, pattern: Option<&str>) -> Vec<Option<u64>> {
    let pattern = pattern.and_then(|pattern| output_pattern(pattern).ok());
    let sent = |what: &EventKind| {
        matches!(
            what,
            EventKind::Fault {
                signal: Some(_),
                ..
            }
        )
    };
    let ended = run.status.is_some().then_some(run.end_ns);
    run.events
        .iter()
        .enumerate()
        .filter(|(_, event)| sent(&event.what))
        .map(|(index, signal)| {
            // A word after the next signal is the answer to that one.
            let mut said = Vec::new();
            let word = run.events[index + 1..]
                .iter()
                .take_while(|event| !sent(&event.what))
                .find_map(|event| match &event.what {
                    EventKind::Output { bytes, .. } => {
                        said.extend_from_slice(bytes);
                        is_word(&said, pattern.as_ref()).then_some(event.at_ns)
                    }
                    _ => None,
                });
            word.or(ended).map(|at| at.saturating_sub(signal.at_ns))
        })
        .collect()
}

/// Whether this is a word of the target's: the terminal's echo of the key is none.
fn is_word(said: &[u8], pattern: Option<&Regex>) -> bool {
    if let Some(pattern) = pattern {
        return pattern.is_match(said);
    }
    let text = anstream::adapter::strip_bytes(said).into_vec();
    let text = String::from_utf8_lossy(&text);
    ["^C", "^\\", "^Z"]
        .iter()
        .fold(text.into_owned(), |text, echo| text.replacen(echo, "", 1))
        .chars()
        .any(|c| !c.is_whitespace() && !c.is_control())
}
