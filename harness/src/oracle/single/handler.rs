//! `handler`: a signal handler does only what a handler may.
//!
//! It can run between any two instructions, so that it must not need what the
//! interrupted code may hold: malloc's and stdio's locks above all. What of that
//! shows in system calls: a wait for a lock, memory taken from the kernel or
//! given back. Handlers of runtimes (Python, Node, Go, Java, bash) only set a
//! flag, write to a pipe or wake another thread, which is fine.

use crate::facts::{EventKind, HandlerFact, Run, signals};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};

/// A program that lets a signal through in these only, by their mask, knows
/// what its handler interrupts: there it may do anything.
const WAITS_WITH_MASK: [&str; 5] = [
    "rt_sigsuspend",
    "ppoll",
    "pselect6",
    "epoll_pwait",
    "epoll_pwait2",
];

/// Calls that betray something, and what.
const TELLING: [(&str, &str); 5] = [
    (
        "futex(wait)",
        "waits for a lock, which the interrupted code may hold",
    ),
    ("brk", "takes memory from the kernel, as malloc does"),
    ("mmap", "takes memory from the kernel, as malloc does"),
    ("mremap", "takes memory from the kernel, as realloc does"),
    ("munmap", "gives memory back to the kernel, as free does"),
];

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let mut evidence: Vec<Evidence> = Vec::new();
    for event in &run.events {
        let EventKind::HandlerReturned(fact) = &event.what else {
            continue;
        };
        for found in unsafe_calls(fact)
            .into_iter()
            .chain(too_long(fact, context.contract.handler_budget_ms))
        {
            if evidence.iter().all(|known| known.subject != found.subject) {
                evidence.push(found);
            }
        }
    }
    Verdict::of(evidence)
}

fn unsafe_calls(fact: &HandlerFact) -> Vec<Evidence> {
    if WAITS_WITH_MASK.contains(&fact.interrupted.as_str()) {
        return Vec::new();
    }
    let name = signals::name(fact.signal);
    let place = if fact.interrupted.is_empty() {
        String::new()
    } else {
        format!(" (it came at {})", fact.interrupted)
    };
    TELLING
        .iter()
        .filter_map(|(call, why)| {
            let nth = fact.calls.iter().position(|made| made == call)?;
            Some(Evidence::new(
                format!("{name}: {call}"),
                format!(
                    "the handler of {name} {why}: {call} is its call {} of {}{place}",
                    nth + 1,
                    fact.calls.len() + fact.more_calls as usize
                ),
            ))
        })
        .collect()
}

fn too_long(fact: &HandlerFact, budget_ms: Option<u64>) -> Option<Evidence> {
    let budget_ms = budget_ms?;
    let took_ms = fact.took_ns / 1_000_000;
    let name = signals::name(fact.signal);
    (took_ms > budget_ms).then(|| {
        Evidence::new(
            format!("{name}: too long"),
            format!(
                "the handler of {name} runs for {took_ms} ms, {budget_ms} ms are allowed; it made {} calls",
                fact.calls.len() + fact.more_calls as usize
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(interrupted: &str, calls: &[&str]) -> HandlerFact {
        HandlerFact {
            pid: 101,
            tid: 101,
            thread: String::new(),
            signal: 2,
            took_ns: 30_000_000,
            calls: calls.iter().map(|call| (*call).to_owned()).collect(),
            more_calls: 0,
            interrupted: interrupted.to_owned(),
            returned: true,
        }
    }

    #[test]
    fn what_betrays_malloc_is_found_and_what_runtimes_do_is_not() {
        for (interrupted, calls, subjects) in [
            ("write", vec!["write(stderr)", "brk"], vec!["SIGINT: brk"]),
            ("", vec!["futex(wait)"], vec!["SIGINT: futex(wait)"]),
            ("ppoll", vec!["brk", "futex(wait)"], vec![]),
            (
                "write",
                vec!["mmap", "munmap"],
                vec!["SIGINT: mmap", "SIGINT: munmap"],
            ),
            // Python and bash, Node, Go and Java, and one that cleans up.
            ("read", vec![], vec![]),
            ("epoll_wait", vec!["read(pipe)", "write(pipe)"], vec![]),
            ("futex", vec!["futex(wake)", "write(eventfd)"], vec![]),
            (
                "write",
                vec!["unlink(x)", "rt_sigaction(SIGINT)", "tgkill(SIGINT)"],
                vec![],
            ),
        ] {
            let found = unsafe_calls(&fact(interrupted, &calls));
            let found: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
            assert_eq!(found, subjects, "{calls:?}");
        }
    }

    #[test]
    fn a_budget_is_kept_or_not() {
        let fact = fact("write", &["write(stdout)"]);
        assert!(too_long(&fact, None).is_none());
        assert!(too_long(&fact, Some(30)).is_none());
        assert!(too_long(&fact, Some(29)).is_some());
    }
}
