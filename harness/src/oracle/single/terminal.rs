//! `terminal`: the terminal is usable afterwards.

use crate::facts::{Run, TerminalFact};
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Evidence, Verdict};
use crate::target::Screen;

const FLAGS: [&str; 4] = ["input", "output", "control", "local"];

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    let Some(terminal) = &run.terminal else {
        return Verdict::not_applicable("no terminal; use --pty");
    };
    let expect = Expected::of(context.schedule, run);
    if expect.terminal_gone {
        return Verdict::not_applicable("the terminal was closed");
    }
    if expect.killed_itself {
        return Verdict::not_applicable("nobody cleans up after SIGKILL");
    }
    let baseline = context
        .baseline
        .runs
        .iter()
        .find(|run| run.terminal.is_some());
    let mut evidence = settings(terminal, baseline.and_then(|run| run.terminal.as_ref()));
    let screen = |run: &Run| Screen::render(&output(run), terminal.size);
    let is = screen(run);
    let usual = baseline.map(screen);
    let left_on = |name: &str, now: bool, usually: fn(&Screen) -> bool| {
        (now && !usual.as_ref().is_some_and(usually)).then(|| {
            Evidence::new(
                name,
                format!("{name} at the end; the next prompt suffers from it"),
            )
        })
    };
    evidence.extend(left_on("cursor hidden", is.cursor_hidden, |screen| {
        screen.cursor_hidden
    }));
    evidence.extend(left_on("alternate screen on", is.alternate, |screen| {
        screen.alternate
    }));
    evidence.extend(left_on(
        "bracketed paste on",
        is.bracketed_paste,
        |screen| screen.bracketed_paste,
    ));
    evidence.extend(left_on("mouse reports on", is.mouse, |screen| screen.mouse));
    Verdict::of(evidence)
}

fn output(run: &Run) -> Vec<u8> {
    let mut bytes = run.stdout.head.clone();
    bytes.extend(&run.stdout.tail);
    bytes
}

fn settings(terminal: &TerminalFact, usual: Option<&TerminalFact>) -> Vec<Evidence> {
    let echo = |flags: [u32; 4]| flags[3] & libc::ECHO != 0;
    let canonical = |flags: [u32; 4]| flags[3] & libc::ICANON != 0;
    let (before, after) = (terminal.before, terminal.after);
    if after == before || usual.is_some_and(|usual| usual.after == after) {
        return Vec::new();
    }
    let mut words = Vec::new();
    if echo(before) && !echo(after) {
        words.push("echo off".to_owned());
    }
    if canonical(before) && !canonical(after) {
        words.push("line editing off (raw)".to_owned());
    }
    for (index, name) in FLAGS
        .iter()
        .enumerate()
        .filter(|(index, _)| before[*index] != after[*index])
    {
        words.push(format!(
            "{name} flags {:o} instead of {:o}",
            after[index], before[index]
        ));
    }
    vec![Evidence::new(
        "settings changed",
        format!(
            "the terminal's settings are not put back: {}",
            words.join(", ")
        ),
    )]
}
