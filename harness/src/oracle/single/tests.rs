//! Oracles on facts made by hand: each right answer beside each wrong one.

use crate::facts::{
    Capture, Change, Entry, EntryKind, Event, EventKind, ExitStatus, Orphan, Run, TerminalFact,
    TreeDelta,
};
use crate::oracle::contract::Contract;
use crate::oracle::learn::baseline::{Baseline, EndState};
use crate::oracle::learn::point_map::PointMap;
use crate::oracle::{Context, judge};
use crate::schedule::{Delivery, Fault, Schedule, Trigger};

pub(crate) fn file(content: &str) -> Option<Entry> {
    let hash = xxhash_rust::xxh3::xxh3_64(content.as_bytes());
    let shape = xxhash_rust::xxh3::xxh3_64(crate::facts::text_shape(content).as_bytes());
    Some(Entry {
        kind: EntryKind::File,
        mode: 0o644,
        size: content.len() as u64,
        hash,
        shape,
    })
}

pub(crate) fn tree(changes: &[(&str, Option<Entry>, Option<Entry>)]) -> TreeDelta {
    TreeDelta {
        changes: changes
            .iter()
            .map(|(path, before, after)| {
                (
                    (*path).to_owned(),
                    Change {
                        before: before.clone(),
                        after: after.clone(),
                    },
                )
            })
            .collect(),
    }
}

pub(crate) fn said(text: &str) -> Capture {
    let mut writer = crate::facts::CaptureWriter::default();
    writer.push(text.as_bytes());
    writer.finish()
}

/// A run that ended so, with one signal sent.
pub(crate) fn run(status: ExitStatus, tree: TreeDelta, output: &str) -> Run {
    Run {
        status: Some(status),
        fired_ns: vec![Some(1)],
        tree,
        stdout: said(output),
        ..Run::default()
    }
}

/// A target that writes `out` (there was an old one) and says two lines.
pub(crate) fn finished() -> TreeDelta {
    tree(&[("out", file("old"), file("new content"))])
}

pub(crate) fn baseline_of(runs: Vec<Run>) -> Baseline {
    Baseline {
        learned: EndState::from_runs(&runs),
        status: ExitStatus::Exited(0),
        duration_ns: 1,
        rerun: None,
        learned_rerun: None,
        points: PointMap::default(),
        quiet: None,
        runs,
    }
}

pub(crate) fn baseline() -> Baseline {
    baseline_of(vec![
        run(ExitStatus::Exited(0), finished(), "one\ntwo\n");
        2
    ])
}

/// The subjects of what an oracle finds.
pub(crate) fn found(
    oracle: &str,
    baseline: &Baseline,
    contract: &Contract,
    run: &Run,
) -> Vec<String> {
    let schedule = Schedule::of(
        Trigger::Handler,
        Fault::Signal {
            signal: 2,
            to: Delivery::Group,
        },
    );
    let context = Context {
        baseline,
        contract,
        schedule: &schedule,
    };
    judge(&context, run)
        .into_iter()
        .filter(|judgement| judgement.oracle.name() == oracle)
        .flat_map(|judgement| judgement.verdict.evidence().to_vec())
        .map(|evidence| evidence.subject)
        .collect()
}

#[test]
fn status_has_four_right_answers() {
    let ok = Contract {
        ok_status: [3].into(),
        ..Contract::default()
    };
    let nothing = TreeDelta::default;
    for (status, tree, output, right) in [
        (ExitStatus::Signaled(2), nothing(), "", true),
        (ExitStatus::Exited(130), nothing(), "", true),
        (ExitStatus::Exited(3), nothing(), "", true),
        (ExitStatus::Exited(0), finished(), "one\ntwo\n", true),
        (
            ExitStatus::Exited(0),
            finished(),
            "one\ninterrupted, going on\ntwo\n",
            true,
        ),
        (ExitStatus::Exited(0), nothing(), "one\ntwo\n", false),
        (ExitStatus::Exited(0), finished(), "one\n", false),
        (ExitStatus::Exited(1), nothing(), "", false),
        (ExitStatus::Exited(143), nothing(), "", false),
        (ExitStatus::Signaled(11), nothing(), "", false),
        (ExitStatus::Signaled(15), nothing(), "", false),
    ] {
        let evidence = found("status", &baseline(), &ok, &run(status, tree, output));
        assert_eq!(
            evidence.is_empty(),
            right,
            "{status} {output:?} {evidence:?}"
        );
    }
}

#[test]
fn status_sees_what_nobody_handled() {
    let mut traceback = run(ExitStatus::Signaled(2), TreeDelta::default(), "");
    traceback.stderr = said("Traceback (most recent call last):\n  x\nKeyboardInterrupt\n");
    assert_eq!(
        found("status", &baseline(), &Contract::default(), &traceback),
        ["an unhandled Python traceback"]
    );
    // A program that prints one undisturbed as well has its reasons.
    let mut usual = run(ExitStatus::Exited(0), finished(), "one\ntwo\n");
    usual.stderr = traceback.stderr.clone();
    let baseline = baseline_of(vec![usual]);
    assert!(found("status", &baseline, &Contract::default(), &traceback).is_empty());
}

#[test]
fn a_leftover_is_told_by_the_pattern_that_says_most() {
    let mut baseline = baseline();
    baseline.points.varying_paths = ["*", "repo/*", "repo/locks/*"].map(str::to_owned).to_vec();
    let left = |path: &str| {
        let tree = tree(&[
            ("out", file("old"), file("new content")),
            (path, None, file("x")),
        ]);
        let run = run(ExitStatus::Signaled(2), tree, "");
        found("leftovers", &baseline, &Contract::default(), &run)
    };
    assert_eq!(left("repo/locks/7d84"), ["repo/locks/*"]);
    assert_eq!(left("repo/7d84"), ["repo/*"]);
    assert_eq!(left("other"), ["other"]);
}

#[test]
fn leftovers_are_what_a_finished_run_does_not_leave() {
    let contract = Contract {
        keep: vec!["*.checkpoint".to_owned()],
        ..Contract::default()
    };
    let left = run(
        ExitStatus::Signaled(2),
        tree(&[
            ("out.tmp", None, file("half")),
            ("a.checkpoint", None, file("kept on purpose")),
            (
                "dir",
                None,
                Some(Entry {
                    kind: EntryKind::Directory,
                    mode: 0o755,
                    size: 0,
                    hash: 0,
                    shape: 0,
                }),
            ),
            ("dir/inside", None, file("told with its directory")),
            ("out", file("old"), file("new content")),
        ]),
        "",
    );
    assert_eq!(
        found("leftovers", &baseline(), &contract, &left),
        ["dir", "out.tmp"]
    );
}

#[test]
fn names_and_contents_that_vary_are_judged_by_shape() {
    let commit = |name: &str, log: &str| {
        let tree = tree(&[
            (
                &format!("objects/{}/{}", &name[..2], &name[2..]),
                None,
                file(name),
            ),
            ("log", file("0000000 start 1700000000\n"), file(log)),
        ]);
        run(ExitStatus::Exited(0), tree, "")
    };
    let baseline = baseline_of(vec![
        commit(
            "3f786850e3",
            "0000000 start 1700000000\n3f786850e3 one 1700000001\n",
        ),
        commit(
            "89e6c98d92",
            "0000000 start 1700000000\n89e6c98d92 one 1700000002\n",
        ),
    ]);
    let other = commit(
        "b986e6c98d",
        "0000000 start 1700000000\nb986e6c98d one 1700000009\n",
    );
    for oracle in ["leftovers", "old-or-new", "status"] {
        assert!(
            found(oracle, &baseline, &Contract::default(), &other).is_empty(),
            "{oracle}"
        );
    }
    let torn = commit("b986e6c98d", "0000000 start 1700000000\nb986e6");
    assert_eq!(
        found("old-or-new", &baseline, &Contract::default(), &torn),
        ["log"]
    );
}

#[test]
fn old_or_new_wants_one_or_the_other() {
    let contract = Contract::default();
    for (after, right) in [
        (file("old"), true),
        (file("new content"), true),
        (file("new con"), false),
        (file(""), false),
        (None, false),
    ] {
        let tree = tree(&[("out", file("old"), after.clone())]);
        let tree = if after == file("old") {
            TreeDelta::default()
        } else {
            tree
        };
        let evidence = found(
            "old-or-new",
            &baseline(),
            &contract,
            &run(ExitStatus::Signaled(2), tree, ""),
        );
        assert_eq!(evidence.is_empty(), right, "{after:?}");
    }
    let torn = run(
        ExitStatus::Signaled(2),
        tree(&[("out", file("old"), file("new con"))]),
        "",
    );
    for contract in [
        Contract {
            prefix: vec!["out".to_owned()],
            ..Contract::default()
        },
        Contract {
            any: vec!["o*".to_owned()],
            ..Contract::default()
        },
    ] {
        assert!(found("old-or-new", &baseline(), &contract, &torn).is_empty());
    }
    // An input that a finished run leaves alone is an output of nobody.
    let eaten = run(
        ExitStatus::Signaled(2),
        tree(&[("input", file("precious"), None)]),
        "",
    );
    assert_eq!(
        found("old-or-new", &baseline(), &contract, &eaten),
        ["input"]
    );
}

#[test]
fn a_rerun_may_do_what_a_first_or_a_second_run_does() {
    let mut known = baseline();
    let second = run(ExitStatus::Exited(1), finished(), "nothing to do\n");
    known.learned_rerun = Some(EndState::from_runs([&second]));
    known.rerun = Some(second);
    let contract = Contract::default();
    for (status, tree, right) in [
        (ExitStatus::Exited(0), finished(), true),
        (ExitStatus::Exited(1), finished(), true),
        (ExitStatus::Exited(0), TreeDelta::default(), false),
        (ExitStatus::Exited(128), finished(), false),
    ] {
        let mut first = run(ExitStatus::Signaled(2), TreeDelta::default(), "");
        first.rerun = Some(Box::new(run(status, tree, "")));
        let evidence = found("rerun", &known, &contract, &first);
        assert_eq!(evidence.is_empty(), right, "{status} {evidence:?}");
    }
}

#[test]
fn orphans_and_hangs_are_told_with_their_command() {
    let mut left = run(ExitStatus::Signaled(2), TreeDelta::default(), "");
    left.orphans = ["sleep 100", "gpg-agent --daemon"]
        .map(|command| Orphan {
            pid: 7,
            command: command.to_owned(),
            group: 7,
            session: 7,
        })
        .to_vec();
    let contract = Contract {
        daemons: vec!["gpg-agent*".to_owned()],
        ..Contract::default()
    };
    assert_eq!(
        found("orphans", &baseline(), &contract, &left),
        ["sleep 100"]
    );

    let hangs = Run {
        fired_ns: vec![Some(1)],
        events: vec![Event {
            at_ns: 2,
            what: EventKind::Deadline { limit_ms: 2000 },
        }],
        ..Run::default()
    };
    assert_eq!(found("exits", &baseline(), &contract, &hangs), ["hangs"]);
    // What it left when it was killed by us is not its own doing.
    let mut torn = hangs;
    torn.tree = tree(&[
        ("out", file("old"), file("new con")),
        ("out.tmp", None, file("x")),
    ]);
    for oracle in ["old-or-new", "leftovers", "status", "orphans", "rerun"] {
        assert!(
            found(oracle, &baseline(), &contract, &torn).is_empty(),
            "{oracle}"
        );
    }
}

#[test]
fn a_terminal_is_left_as_it_is_left_undisturbed() {
    let with = |output: &str, after: [u32; 4]| {
        let mut run = run(ExitStatus::Signaled(2), TreeDelta::default(), output);
        run.terminal = Some(TerminalFact {
            size: (24, 80),
            before: [1, 2, 3, libc::ECHO],
            after,
        });
        run
    };
    let fine = [1, 2, 3, libc::ECHO];
    let usual = baseline_of(vec![with("\x1b[?25lbusy\x1b[?25h", fine)]);
    let contract = Contract::default();
    assert!(
        found(
            "terminal",
            &usual,
            &contract,
            &with("\x1b[?25lbusy\x1b[?25h", fine)
        )
        .is_empty()
    );
    assert_eq!(
        found("terminal", &usual, &contract, &with("\x1b[?25lbusy", fine)),
        ["cursor hidden"]
    );
    assert_eq!(
        found("terminal", &usual, &contract, &with("", [1, 2, 3, 0])),
        ["settings changed"]
    );
    // One that hides the cursor anyway is not accused of it.
    let rude = baseline_of(vec![with("\x1b[?25l", fine)]);
    assert!(found("terminal", &rude, &contract, &with("\x1b[?25l", fine)).is_empty());
}
