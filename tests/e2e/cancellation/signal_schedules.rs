//! Whatever signals come, and whenever: random schedules of up to five real signals against the programs of the core.
//!
//! `PROPTEST_CASES` sets how many schedules each program gets. What fails is kept in `tests/proptest-regressions`, and
//! its schedule is printed; signals being what they are, it need not fail again.

use super::support::judge;
use super::support::judge::{Sender, Sent, Volley};
use super::support::target::{End, Place, Target, Whom, now_ns};
use nix::sys::signal::Signal;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use under_test::rust_program;

/// One signal of a schedule.
#[derive(Clone, Copy, Debug)]
struct Shot {
    signal: Signal,
    whom: Whom,
    /// Microseconds after the one before, or after the origin.
    gap_us: u64,
}

/// Where, from when on, and what.
#[derive(Clone, Debug)]
struct Schedule {
    place: Place,
    /// From the start of the program on, not from the moment on at which it says that it is ready.
    from_start: bool,
    shots: Vec<Shot>,
}

fn any_shot(place: Place) -> impl Strategy<Value = Shot> {
    use Whom::{Group, Process, Typed};
    let mut kinds = vec![
        (Signal::SIGINT, Process),
        (Signal::SIGINT, Group),
        (Signal::SIGTERM, Process),
        (Signal::SIGTERM, Group),
    ];
    if place == Place::Terminal {
        kinds.extend([(Signal::SIGINT, Typed); 3]);
    }
    // Handlers in several threads at once; within the window in which one press may come twice; and beyond it.
    let gap_us = prop_oneof![0..150u64, 0..4_000u64, 0..30_000u64];
    (prop::sample::select(kinds), gap_us).prop_map(|((signal, whom), gap_us)| Shot {
        signal,
        whom,
        gap_us,
    })
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let place = prop::sample::select(vec![Place::Pipes, Place::Terminal]);
    (place, prop::bool::weighted(0.15)).prop_flat_map(|(place, from_start)| {
        prop::collection::vec(any_shot(place), 1..=5).prop_map(move |shots| Schedule {
            place,
            from_start,
            shots,
        })
    })
}

/// Runs a fixture and fires at it.
fn fire_at(program: &str, arguments: &[&str], schedule: &Schedule) -> (End, Volley) {
    let mut target = Target::start(&rust_program(program), arguments, schedule.place);
    let ready = !schedule.from_start && target.hears("ready");
    let mut volley = Volley {
        ready,
        sent: Vec::new(),
    };
    let mut moment_ns = now_ns();
    for shot in &schedule.shots {
        moment_ns += shot.gap_us * 1000;
        if !target.lives_until(moment_ns) {
            break;
        }
        volley.sent.push(Sent {
            signal: shot.signal,
            sender: match shot.whom {
                Whom::Typed => Sender::Kernel,
                Whom::Process | Whom::Group => Sender::Test,
            },
            before_ns: now_ns(),
        });
        target.send(shot.signal, shot.whom);
    }
    (target.end(), volley)
}

/// About ten seconds a program, unless `PROPTEST_CASES` says otherwise.
fn config() -> ProptestConfig {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/proptest-regressions/schedules.txt"
    );
    let mut config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        // A schedule that failed once need not fail again: shrinking is short.
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 120;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn three_stage(schedule in any_schedule()) {
        let arguments = ["--outcomes", "--timeline", "timeline.json"];
        let (end, volley) = fire_at("three-stage", &arguments, &schedule);
        judge::escalating(&end, &volley, 8).map_err(|why| judge::failed(&why, &end, &volley))?;
    }

    #[test]
    fn process_pool(schedule in any_schedule()) {
        let arguments = ["--outcomes", "--timeline", "timeline.json"];
        let (end, volley) = fire_at("process-pool", &arguments, &schedule);
        judge::escalating(&end, &volley, 4).map_err(|why| judge::failed(&why, &end, &volley))?;
    }

    #[test]
    fn confirm(schedule in any_schedule()) {
        let (end, volley) = fire_at("confirm", &["--timeline", "timeline.json"], &schedule);
        judge::confirmed(&end, &volley).map_err(|why| judge::failed(&why, &end, &volley))?;
    }
}
