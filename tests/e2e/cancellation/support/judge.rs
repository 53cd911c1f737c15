//! What must hold after a volley of signals, whenever each of them arrived.
//!
//! A signal may be late, or merge with another one of its kind that is pending; nothing here assumes that it was not.

use super::target::End;
use nix::sys::signal::Signal;
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use std::collections::BTreeMap;

/// Who sends a signal, as the core tells senders apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A key on the terminal.
    Kernel,
    /// This process.
    Test,
}

/// A signal that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub signal: Signal,
    pub sender: Sender,
    /// A moment before, in nanoseconds on the monotonic clock.
    pub before_ns: u64,
}

/// What was fired.
#[derive(Debug)]
pub struct Volley {
    /// The program was ready before: its handler was installed.
    pub ready: bool,
    pub sent: Vec<Sent>,
}

/// A step of the machine, as the timeline has it.
#[derive(Clone, Copy, Debug)]
struct Step {
    at_ns: u64,
    signal: Signal,
    sender: Sender,
    from: u64,
    to: u64,
}

/// Two deliveries this close together are one press if their senders differ: 20 ms on a clock that counts whole ones.
const WINDOW_NS: u64 = 19_000_000;

type Judged = Result<(), String>;

/// A failure with all that is known.
pub fn failed(why: &str, end: &End, volley: &Volley) -> TestCaseError {
    TestCaseError::fail(format!(
        "{why}\n{volley:#?}\n{:?} at {}\nstdout: {:#?}\nstderr: {}\ntimeline: {:?}\nresults: {:?}",
        end.status,
        end.at_ns,
        end.stdout,
        end.stderr,
        end.file("timeline.json"),
        end.file("results.txt"),
    ))
}

fn ensure(holds: bool, why: &str) -> Judged {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

/// A program with a pool: three stages.
pub fn escalating(end: &End, volley: &Volley, tasks: usize) -> Judged {
    died_of_it(end, volley)?;
    conserved(end, tasks)?;
    spoke_in_order(end)?;
    let concluded = said(end, "outcome ").count() == tasks;
    let announced = end.stderr.contains("Third interrupt");
    ensure(
        !announced || most(volley, end) >= 3,
        "a third stage without three signals",
    )?;
    match steps(end)? {
        Some(steps) => {
            ensure(concluded, "it concluded without an outcome for each task")?;
            ladder(&steps, volley, &[(0, 1), (1, 2)])?;
            let interrupted = !steps.is_empty();
            ensure(
                interrupted || !end.stderr.contains("Interrupt received"),
                "a stage without a step",
            )?;
            ensure(
                !interrupted || end.signal().is_some(),
                "its status hides the interruption",
            )?;
            // The first stage lets active tasks complete.
            let cut = end
                .stdout
                .iter()
                .any(|line| line.ends_with("cancelled, active"));
            ensure(
                !cut || steps.len() == 2,
                "an active task was cut at the first stage",
            )?;
            let left_out = said(end, "outcome ").any(|line| !line.contains("completed"));
            ensure(
                !left_out || interrupted,
                "a task was cancelled without a signal",
            )
        }
        // Killed: by the third signal, by one that came before the handler, or by one that came after it.
        None => {
            let handled = volley.ready || said(end, "ready").next().is_some();
            let forced = handled && !concluded;
            ensure(
                !forced || most(volley, end) >= 3,
                "killed within the first two stages",
            )?;
            // The third signal makes a fourth deadly before it says anything.
            let fourth = volley.sent.len() > 3;
            ensure(
                !forced || announced || fourth,
                "the third stage was not announced",
            )
        }
    }
}

/// A program that asks for confirmation.
pub fn confirmed(end: &End, volley: &Volley) -> Judged {
    died_of_it(end, volley)?;
    let concluded = ["finished", "stopped"].map(|word| end.stdout.iter().any(|line| line == word));
    let torn_down = concluded.contains(&true);
    if torn_down {
        ensure(
            end.file("workload.running").is_none(),
            "torn down, but the workload runs",
        )?;
    }
    match steps(end)? {
        Some(steps) => {
            ensure(torn_down, "it concluded without its teardown")?;
            // Only a key is confirmed: SIGTERM is no slip of a finger.
            let at_once = steps
                .first()
                .is_some_and(|step| step.signal == Signal::SIGTERM);
            let rungs: &[(u64, u64)] = if at_once {
                &[(0, 2)]
            } else {
                &[(0, 0), (0, 2)]
            };
            ladder(&steps, volley, rungs)?;
            let stopped = steps.last().is_some_and(|step| step.to == 2);
            ensure(stopped || !concluded[1], "stopped without a confirmation")?;
            ensure(
                !stopped || end.signal().is_some(),
                "its status hides the stop",
            )?;
            // A signal after the end of the handler kills; there is at least one that was not taken then.
            let all_taken = volley.sent.len() == steps.len();
            ensure(
                stopped || !all_taken || end.signal().is_none(),
                "a warning killed it",
            )
        }
        None => {
            let handled = volley.ready || said(end, "ready").next().is_some();
            let forced = handled && !torn_down;
            let unconfirmed = volley
                .sent
                .iter()
                .any(|sent| sent.signal == Signal::SIGTERM);
            let needed = if unconfirmed { 2 } else { 3 };
            ensure(
                !forced || most(volley, end) >= needed,
                "forced to exit without a signal after the stop",
            )
        }
    }
}

/// It exits well, or dies by a signal that was sent.
fn died_of_it(end: &End, volley: &Volley) -> Judged {
    let by = |signal| volley.sent.iter().any(|sent| sent.signal == signal);
    let right = match end.signal() {
        Some(signal) => by(signal),
        None => end.status.code() == Some(0),
    };
    ensure(right, "an end that no signal explains")
}

/// Every task has one outcome at most, and one exactly if the program concluded; every result that was said to be there
/// is there, once, and right.
pub fn conserved(end: &End, tasks: usize) -> Judged {
    let results = end.file("results.txt").unwrap_or_default();
    let mut stored = BTreeMap::new();
    for line in results.lines() {
        let entry = line
            .strip_prefix("task ")
            .and_then(|line| line.split_once(": "));
        let (number, value) = entry.ok_or("a line of results is torn")?;
        let number: usize = number.parse().map_err(|_| "a task without a number")?;
        ensure(value == (number * number).to_string(), "a wrong result")?;
        ensure(number < tasks, "a result of no task")?;
        ensure(
            stored.insert(number, value).is_none(),
            "a result is there twice",
        )?;
    }
    let mut acknowledged = 0;
    for line in said(end, "task ") {
        let number = line
            .trim_start_matches("task ")
            .trim_end_matches(" is done");
        let number: usize = number.parse().map_err(|_| "a torn line")?;
        ensure(
            stored.contains_key(&number),
            "an acknowledged result is lost",
        )?;
        acknowledged += 1;
    }
    let outcomes: Vec<&str> = said(end, "outcome ").collect();
    let concluded = outcomes.len() == tasks;
    // Only a program that was killed between the two has written a result and not said so.
    let unsaid = stored.len().checked_sub(acknowledged);
    ensure(
        unsaid == Some(0) || unsaid == Some(1) && !concluded,
        "a result was acknowledged twice, or not at all",
    )?;
    for (number, line) in outcomes.iter().enumerate() {
        let outcome = line.strip_prefix(&format!("outcome {number}: "));
        let outcome = outcome.ok_or("outcomes out of order")?;
        let right = match outcome.split_once(' ') {
            Some(("completed", value)) => stored.get(&number) == Some(&value),
            _ => outcome.starts_with("cancelled, ") && !stored.contains_key(&number),
        };
        ensure(right, "an outcome that is not what the results say")?;
    }
    Ok(())
}

/// Stages are announced upwards, each once. The last one is written by the handler, which waits for nobody who prints:
/// an earlier line may come after it.
fn spoke_in_order(end: &End) -> Judged {
    let words = ["Interrupt received", "Second interrupt", "Third interrupt"];
    let places = words.map(|word| end.stderr.find(word));
    ensure(
        places[..2].iter().flatten().is_sorted(),
        "a stage was announced after a higher one",
    )?;
    let once = words
        .iter()
        .all(|word| end.stderr.matches(word).count() <= 1);
    ensure(once, "a stage was announced twice")
}

/// One step after the other up this ladder, each by a signal that was sent before; no press counted twice.
fn ladder(steps: &[Step], volley: &Volley, rungs: &[(u64, u64)]) -> Judged {
    ensure(steps.len() <= rungs.len(), "more steps than rungs")?;
    for (step, rung) in steps.iter().zip(rungs) {
        ensure(
            (step.from, step.to) == *rung,
            "a rung was skipped, or taken twice",
        )?;
    }
    for pair in steps.windows(2) {
        let second_delivery = pair[0].signal == pair[1].signal
            && pair[0].sender != pair[1].sender
            && pair[1].at_ns.saturating_sub(pair[0].at_ns) < WINDOW_NS;
        ensure(!second_delivery, "one press counted twice")?;
    }
    for step in steps {
        let same = |sent: &&Sent| sent.signal == step.signal && sent.sender == step.sender;
        let sent = volley.sent.iter().filter(same);
        let sent = sent.filter(|sent| sent.before_ns <= step.at_ns).count();
        let until = steps.iter().filter(|other| other.at_ns <= step.at_ns);
        let counted =
            until.filter(|other| (other.signal, other.sender) == (step.signal, step.sender));
        ensure(
            counted.count() <= sent,
            "a step by a signal that nobody sent",
        )?;
    }
    Ok(())
}

/// How many of the signals can have counted at most: all of them, unless the whole took less than the window in which
/// two deliveries are one press; then, of every order in which any of them can have come, the one with the most.
fn most(volley: &Volley, end: &End) -> usize {
    let first_ns = volley.sent.first().map_or(end.at_ns, |sent| sent.before_ns);
    if end.at_ns.saturating_sub(first_ns) >= WINDOW_NS {
        return volley.sent.len();
    }
    fn longest(last: Option<Sent>, left: &[Sent]) -> usize {
        let mut best = 0;
        for (place, next) in left.iter().enumerate() {
            let duplicate =
                last.is_some_and(|last| last.signal == next.signal && last.sender != next.sender);
            if !duplicate {
                let rest = [&left[..place], &left[place + 1..]].concat();
                best = best.max(1 + longest(Some(*next), &rest));
            }
        }
        best
    }
    longest(None, &volley.sent)
}

/// The steps of the machine; none if the program was killed before it could write them down.
fn steps(end: &End) -> Result<Option<Vec<Step>>, String> {
    let Some(text) = end.file("timeline.json") else {
        return Ok(None);
    };
    let timeline: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let events = timeline["events"]
        .as_array()
        .ok_or("a timeline without events")?;
    let mut steps = Vec::new();
    // Each step by a signal is two events: the signal, and what it did.
    for pair in events.chunks(2) {
        let [signal, step] = pair else {
            return Err("half a step in the timeline".to_owned());
        };
        let number = |name: &str| step[name].as_u64().ok_or("a step without its stages");
        steps.push(Step {
            at_ns: number("at_ns")?,
            signal: match signal["signal"].as_str() {
                Some("SIGINT") => Signal::SIGINT,
                Some("SIGTERM") => Signal::SIGTERM,
                _ => return Err("a step without a signal".to_owned()),
            },
            sender: match (&signal["sender"], std::process::id()) {
                (Value::String(kernel), _) if kernel == "kernel" => Sender::Kernel,
                (Value::Number(pid), ours) if pid.as_u64() == Some(ours.into()) => Sender::Test,
                _ => return Err("a signal by somebody else".to_owned()),
            },
            from: number("from")?,
            to: number("to")?,
        });
    }
    Ok(Some(steps))
}

/// Whole lines of standard output that start like this.
fn said<'end>(end: &'end End, start: &'static str) -> impl Iterator<Item = &'end str> {
    let lines = end.stdout.iter().map(String::as_str);
    lines.filter(move |line| line.starts_with(start))
}
