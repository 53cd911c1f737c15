//! Programs for a person at a terminal.

use crate::support::output::says;

const ASKS: &str = "stty -echo; printf 'name? '; read name; printf 'sure? '; read sure; stty echo; echo $name > greeting";

fn run(keys: &'static str, script: &str) -> Vec<String> {
    let flags = [
        "run",
        "--empty",
        "--pty",
        "--store",
        "/dev/null/none",
        "--keys",
        keys,
    ];
    let rest = ["--signal", "INT@output:sure", "--", "sh", "-c", script];
    flags
        .iter()
        .chain(&rest)
        .map(|word| (*word).to_owned())
        .collect()
}

#[test]
fn keys_are_typed_when_the_screen_shows_what_is_waited_for() {
    let keys = "<wait:name?>you\\r<wait:sure?>yes\\r";
    let right = run(keys, &format!("trap 'stty echo; exit 130' INT; {ASKS}"));
    let right: Vec<&str> = right.iter().map(String::as_str).collect();
    says(&right, 0, &["keys \"you\\r\"", "every contract holds"]);
    // Wrong: the echo stays off.
    let wrong = run(keys, ASKS);
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    says(&wrong, 1, &["✗ terminal"]);
}
