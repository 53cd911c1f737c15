//! Which processors a target gets: all of them, unless it cannot know, or is to have one.

use std::process::Command;

fn processors() -> String {
    let nproc = Command::new("nproc").output().expect("nproc runs");
    String::from_utf8_lossy(&nproc.stdout).trim().to_owned()
}

#[test]
fn serialize_gives_it_one() {
    for (flags, count) in [
        (vec!["--serialize"], "1".to_owned()),
        (vec![], processors()),
    ] {
        let mut words = vec!["run", "--empty", "--no-baseline"];
        words.extend(flags);
        words.extend(["--", "nproc"]);
        let outcome = under_test::json(&words).expect("an answer");
        let said = outcome
            .lines
            .iter()
            .any(|line| line["event"]["output"]["bytes"].as_str() == Some(&format!("{count}\n")));
        assert!(said, "{count} expected: {outcome:#?}");
    }
}

#[test]
fn who_asks_for_the_processors_gets_the_same_answer_in_every_run() {
    // A sweep of a program with one thread keeps to one processor, which this one would tell.
    let script = format!(
        "test \"$(nproc)\" = {} || echo others > wrong",
        processors()
    );
    let words = ["sweep", "--empty", "--", "sh", "-c", &script];
    let outcome = under_test::json(&words).expect("an answer");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let tried = outcome.line("summary").expect("a summary")["points_tried"].as_u64();
    assert!(tried > Some(5), "{outcome:#?}");
}
