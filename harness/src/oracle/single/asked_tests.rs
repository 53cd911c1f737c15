//! Oracles that a contract has to ask for, and those of several runs, on facts made by hand.

use super::tests::{baseline, baseline_of, finished, found, run, said};
use crate::facts::{
    AtFault, CheckFact, Event, EventKind, ExitStatus, Reply, RequestFact, Run, ServiceFacts,
    Stream, TreeDelta, Zombie,
};
use crate::oracle::OracleId;
use crate::oracle::contract::{Acknowledged, Contract, Escalation, Messages, Results};
use crate::oracle::multi_run::escalation::judge as judge_escalation;
use crate::oracle::multi_run::ignored::judge as judge_ignored;
use crate::oracle::multi_run::reach::judge as judge_reach;
use crate::oracle::verdict::{Evidence, Judgement, Verdict};
use crate::schedule::Delivery;

const MS: u64 = 1_000_000;

fn event(at_ms: u64, what: EventKind) -> Event {
    Event {
        at_ns: at_ms * MS,
        what,
    }
}

fn output(at_ms: u64, text: &str) -> Event {
    event(
        at_ms,
        EventKind::Output {
            stream: Stream::Stdout,
            bytes: text.as_bytes().to_vec(),
        },
    )
}

fn signal(at_ms: u64, step: usize) -> Event {
    event(
        at_ms,
        EventKind::Fault {
            step,
            fault: "SIGINT to the terminal".to_owned(),
            met: String::new(),
            signal: Some(2),
        },
    )
}

/// A run with these events that ended at this time.
fn happened(end_ms: u64, events: Vec<Event>) -> Run {
    Run {
        end_ns: end_ms * MS,
        events,
        ..run(ExitStatus::Signaled(2), TreeDelta::default(), "")
    }
}

#[test]
fn a_word_must_come_soon_and_an_echo_is_none() {
    let contract = |pattern: Option<&str>| Contract {
        acknowledged: Some(Acknowledged {
            within_ms: 250,
            pattern: pattern.map(str::to_owned),
        }),
        ..Contract::default()
    };
    let late = ["signal 1"];
    for (events, end_ms, pattern, wrong) in [
        (
            vec![signal(10, 0), output(100, "^Cstopping\n")],
            900,
            None,
            &[] as &[&str],
        ),
        (
            vec![signal(10, 0), output(20, "^C\r\n"), output(400, "stopping")],
            900,
            None,
            &late,
        ),
        (
            vec![signal(10, 0), output(100, "task 3 is done")],
            900,
            Some("(?i)stopping"),
            &late,
        ),
        // Its end is a word, too.
        (vec![signal(10, 0)], 100, Some("stopping"), &[]),
        (vec![signal(10, 0)], 600, None, &late),
        // What comes after the second signal is the answer to the second.
        (
            vec![signal(10, 0), signal(600, 1), output(610, "stopping")],
            620,
            None,
            &late,
        ),
    ] {
        let run = happened(end_ms, events);
        assert_eq!(
            found("acknowledged", &baseline(), &contract(pattern), &run),
            wrong,
            "{run:?}"
        );
    }
    let unasked = happened(900, vec![signal(10, 0)]);
    assert!(found("acknowledged", &baseline(), &Contract::default(), &unasked).is_empty());
}

#[test]
fn results_are_there_and_once() {
    let contract = Contract {
        results: Some(Results {
            said: r"task (\d+) is done".to_owned(),
            command: "cat results".to_owned(),
            place: "results".to_owned(),
            found: r"^(\d+)$".to_owned(),
        }),
        ..Contract::default()
    };
    for (results, status, wrong) in [
        ("1\n2\n", 0, &[] as &[&str]),
        ("2\n1\n", 0, &[]),
        // Done, and not said yet: that is nobody's loss.
        ("1\n2\n3\n", 0, &[]),
        ("1\n", 0, &["2"]),
        ("1\n2\n2\n", 0, &["2"]),
        ("", 1, &["results"]),
    ] {
        let mut run = run(
            ExitStatus::Signaled(2),
            TreeDelta::default(),
            "task 1 is done\ntask 2 is done\n",
        );
        run.results = Some(CheckFact {
            command: "cat results".to_owned(),
            status: Some(ExitStatus::Exited(status)),
            output: results.to_owned(),
        });
        assert_eq!(
            found("results", &baseline(), &contract, &run),
            wrong,
            "{results:?}"
        );
    }
}

/// What a service has answered is done; what it was sent and did not answer may be.
#[test]
fn what_a_service_has_answered_is_in_its_results() {
    let contract = Contract {
        results: Some(Results {
            said: r"^done POST /items (.+)".to_owned(),
            command: "cat log".to_owned(),
            place: "log".to_owned(),
            found: r"^(.+)$".to_owned(),
        }),
        ..Contract::default()
    };
    let answered = Reply::Whole {
        status: 200,
        bytes: 2,
        hash: 0,
    };
    let refused = Reply::Whole {
        status: 503,
        bytes: 2,
        hash: 0,
    };
    let cut = Reply::Cut { bytes: 0 };
    for (answers, results, wrong) in [
        ([&answered, &answered], "a\na\n", &[] as &[&str]),
        ([&answered, &answered], "a\n", &["a"]),
        ([&answered, &answered], "", &["a"]),
        ([&answered, &cut], "a\n", &[]),
        ([&answered, &cut], "a\na\n", &[]),
        ([&answered, &refused], "a\n", &[]),
        ([&cut, &refused], "", &[]),
        ([&answered, &Reply::Unsent], "a\na\n", &["a"]),
    ] {
        let mut run = run(ExitStatus::Exited(0), TreeDelta::default(), "");
        run.service = Some(ServiceFacts {
            requests: answers.map(asked).to_vec(),
            ..ServiceFacts::default()
        });
        run.results = Some(CheckFact {
            command: "cat log".to_owned(),
            status: Some(ExitStatus::Exited(0)),
            output: results.to_owned(),
        });
        assert_eq!(
            found("results", &baseline(), &contract, &run),
            wrong,
            "{answers:?} {results:?}"
        );
    }
}

fn asked(answer: &Reply) -> RequestFact {
    RequestFact {
        name: "POST /items".to_owned(),
        body: "a".to_owned(),
        client: 0,
        connection: 0,
        nth: 1,
        connected_ns: None,
        sent_ns: None,
        ended_ns: None,
        at_fault: AtFault::Read,
        answer: answer.clone(),
    }
}

#[test]
fn a_child_that_nobody_waits_for_is_a_zombie_unless_it_is_one_undisturbed() {
    let zombie = |ended_ms: u64| Zombie {
        pid: 7,
        command: "[helper]".to_owned(),
        parent: 3,
        parent_command: "server".to_owned(),
        ended_ns: ended_ms * MS,
        age_ms: 2000,
    };
    let mut wrong = run(ExitStatus::Signaled(2), TreeDelta::default(), "");
    wrong.zombies = vec![zombie(5), zombie(6)];
    let contract = Contract::default();
    assert_eq!(
        found("zombies", &baseline(), &contract, &wrong),
        ["[helper]"]
    );
    let mut usual = run(ExitStatus::Exited(0), finished(), "one\ntwo\n");
    usual.zombies = vec![zombie(5)];
    assert!(found("zombies", &baseline_of(vec![usual]), &contract, &wrong).is_empty());
    let mut earlier = wrong.clone();
    earlier.zombies = vec![zombie(0)];
    assert!(found("zombies", &baseline(), &contract, &earlier).is_empty());
}

#[test]
fn messages_are_judged_in_both_streams() {
    let contract = Contract {
        messages: Some(Messages {
            lines: vec!["ready".to_owned(), "stopping".to_owned()],
            transcript: Some("ready\n^C\n...\n".to_owned()),
            ..Messages::default()
        }),
        ..Contract::default()
    };
    let mut right = happened(
        30,
        vec![output(1, "ready\n"), signal(2, 0), output(3, "stopping\n")],
    );
    right.stdout = said("");
    // On pipes nobody echoes a key.
    let contract = |mark: &str| {
        let mut contract = contract.clone();
        if let Some(messages) = &mut contract.messages {
            messages.transcript = Some(format!("ready\n{mark}\n...\n"));
        }
        contract
    };
    let named = contract("[SIGINT to the terminal]");
    assert!(found("messages", &baseline(), &named, &right).is_empty());
    assert_eq!(
        found("messages", &baseline(), &contract("^C"), &right),
        ["transcript"]
    );
    let silent = happened(30, vec![output(1, "ready\n"), signal(2, 0)]);
    assert_eq!(
        found("messages", &baseline(), &named, &silent),
        ["stopping"]
    );
}

fn subjects(verdict: &Verdict) -> Vec<&str> {
    verdict
        .evidence()
        .iter()
        .map(|one| one.subject.as_str())
        .collect()
}

/// A run whose signals came at these times; `None` for one that ran on.
fn struck(at_ms: &[u64], end_ms: Option<u64>) -> Run {
    Run {
        fired_ns: at_ms.iter().map(|ms| Some(ms * MS)).collect(),
        end_ns: end_ms.unwrap_or(9_000) * MS,
        status: end_ms.map(|_| ExitStatus::Signaled(2)),
        ..Run::default()
    }
}

#[test]
fn more_signals_must_stop_it_sooner() {
    let asked = Escalation {
        gap_ms: 200,
        third_ms: 250,
        signals: 3,
    };
    let one = struck(&[100], Some(2_100));
    for (two, three, wrong) in [
        (
            struck(&[100, 300], Some(500)),
            struck(&[100, 300, 500], Some(510)),
            &[] as &[&str],
        ),
        (
            struck(&[100, 300], Some(2_100)),
            struck(&[100, 300, 500], Some(510)),
            &["signal 2"],
        ),
        (
            struck(&[100, 300], None),
            struck(&[100, 300, 500], Some(510)),
            &["signal 2"],
        ),
        (
            struck(&[100, 300], Some(500)),
            struck(&[100, 300, 500], Some(900)),
            &["signal 3"],
        ),
        (
            struck(&[100, 300], Some(500)),
            struck(&[100, 300, 500], None),
            &["signal 3"],
        ),
    ] {
        let verdict = judge_escalation(&asked, &one, &two, Some(&three));
        assert_eq!(subjects(&verdict), wrong, "{two:?} {three:?}");
    }
    // One that a single signal does not stop at all is stopped by two.
    let on = struck(&[100], None);
    let verdict = judge_escalation(&asked, &on, &struck(&[100, 300], Some(310)), None);
    assert_eq!(verdict, Verdict::Holds);
    let quick = struck(&[100], Some(300));
    let verdict = judge_escalation(&asked, &quick, &struck(&[100, 300], Some(310)), None);
    assert!(
        matches!(verdict, Verdict::NotApplicable { .. }),
        "{verdict:?}"
    );
}

#[test]
fn an_ignored_signal_changes_nothing() {
    let done = run(ExitStatus::Exited(0), finished(), "one\ntwo\n");
    assert_eq!(judge_ignored(&baseline(), &done, 2), Verdict::Holds);
    for wrong in [
        run(ExitStatus::Signaled(2), finished(), "one\ntwo\n"),
        run(ExitStatus::Exited(0), TreeDelta::default(), "one\n"),
    ] {
        assert_eq!(subjects(&judge_ignored(&baseline(), &wrong, 2)), ["SIGINT"]);
    }
}

#[test]
fn a_signal_does_the_same_whomever_it_is_sent_to() {
    let holds = [Judgement {
        oracle: OracleId::Exits,
        verdict: Verdict::Holds,
    }];
    let hangs = [Judgement {
        oracle: OracleId::Exits,
        verdict: Verdict::of(vec![Evidence::new("hangs", "still running")]),
    }];
    let verdict = judge_reach(&[(Delivery::Group, &holds), (Delivery::Process, &hangs)]);
    assert_eq!(subjects(&verdict), ["process"]);
    let verdict = judge_reach(&[(Delivery::Group, &holds), (Delivery::Process, &holds)]);
    assert_eq!(verdict, Verdict::Holds);
    let verdict = judge_reach(&[(Delivery::Group, &hangs), (Delivery::Process, &hangs)]);
    assert!(
        matches!(verdict, Verdict::NotApplicable { .. }),
        "{verdict:?}"
    );
}
