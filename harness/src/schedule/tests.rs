//! Schedules as people write them: read, refused, and printed.

use crate::facts::{Phase, Stream};
use crate::schedule::delivery::{ProgramName, ThreadName};
use crate::schedule::*;
use proptest::prelude::*;

fn step(text: &str) -> Result<Step, ParseError> {
    Step::parse(text, |_| Delivery::Group)
}

#[test]
fn steps_are_read() {
    assert_eq!(
        step("INT@250ms").unwrap().trigger,
        Trigger::After { ns: 250_000_000 }
    );
    assert_eq!(
        step("SIGTERM:process@+1.5s").unwrap(),
        Step::once(
            Trigger::AfterPrevious { ns: 1_500_000_000 },
            Fault::Signal {
                signal: 15,
                to: Delivery::Process
            },
        )
    );
    assert_eq!(
        step("INT@output:'task 3: done'").unwrap().trigger,
        Trigger::Output {
            pattern: "task 3: done".into()
        }
    );
    assert_eq!(
        step("2@child:4").unwrap().trigger,
        Trigger::Child { nth: 4 }
    );
    assert_eq!(
        step("INT@call:bash/1:sort:openat(a b.txt)#2@before")
            .unwrap()
            .trigger,
        Trigger::Call(CallSelector {
            process: Some("bash/1:sort".into()),
            call: "openat".into(),
            arg: Some("a b.txt".into()),
            nth: 2,
            phase: Phase::Before,
            every: false,
        })
    );
}

#[test]
fn what_a_point_prints_is_read_back() {
    for text in [
        "gzip:write(README.md.gz)#2@exit",
        "x+t1:pause#1@before",
        "a:rename(b -> c)#1@exit",
    ] {
        let selector = CallSelector::parse(text).unwrap();
        let name = crate::schedule::point_name::PointName {
            process: selector
                .process
                .unwrap()
                .split('+')
                .next()
                .unwrap()
                .to_owned(),
            thread: text.split_once('+').map_or("", |_| "t1").to_owned(),
            call: selector.call,
            arg: selector.arg.unwrap_or_default(),
            ordinal: selector.nth,
            phase: selector.phase,
        };
        assert_eq!(name.to_string(), text);
    }
}

#[test]
fn errors_say_what_would_do() {
    for (text, hint) in [
        ("ITN@5ms", "did you mean INT"),
        ("INT", "the trigger is missing"),
        ("INT@soon", "no such trigger"),
        ("INT@5", "a number and a unit"),
        ("INT@output:(", "bad regular expression"),
        ("INT@child:0", "from 1"),
        (
            "INT:all@5ms",
            "process, group, terminal, child, thread:NAME or exec:NAME",
        ),
        ("TERM:terminal@5ms", "cannot be typed"),
        ("INT@call:frobnicate#1", "no system call frobnicate"),
        ("INT@call:write(a#1", "a ) is missing"),
        ("INT@call:write#0", "from 1"),
        ("INT@write#x", "from 1"),
        ("ENOSCP@write#1", "did you mean ENOSPC"),
        ("frobnicate@write#1", "no such fault"),
        ("short=0@write", "from 1"),
        ("short@rename", "no length"),
        ("ENOSPC@write#1@exit", "leave the phase out"),
        ("ENOSPC:group@write", "goes to nobody"),
        ("ENOSPC=3@write", "takes no value"),
        ("ENOSPC@handler", "this fault is none"),
        ("delay@write", "how long"),
        ("delay=5@write", "a number and a unit"),
        ("freeze:terminal@5ms", "stops whole processes"),
        ("close=stdin@5ms", "close=stdout or close=stderr"),
        ("close:always@5ms", "stays closed"),
        ("hangup:process@5ms", "goes to nobody"),
        ("INT:thread:@5ms", "its name is missing"),
        (
            "INT:exec:/bin/sleep@5ms",
            "write the name of its file alone",
        ),
        ("EIO:at-once@write", "only what becomes full"),
        ("INT:thread:0123456789abcdef@5ms", "at most 15 bytes"),
    ] {
        let error = step(text).unwrap_err().to_string();
        assert!(error.contains(hint), "{text}: {error}");
    }
}

#[test]
fn faults_are_read() {
    for (text, fault, lasting) in [
        (
            "ENOSPC",
            Fault::Full {
                errno: libc::ENOSPC,
            },
            false,
        ),
        (
            "ENOSPC:always",
            Fault::Full {
                errno: libc::ENOSPC,
            },
            true,
        ),
        ("EINTR:once", Fault::Errno { errno: libc::EINTR }, false),
        ("short", Fault::Short { bytes: None }, false),
        ("short=1:always", Fault::Short { bytes: Some(1) }, true),
        ("delay=1.5ms", Fault::Delay { ns: 1_500_000 }, false),
        ("hangup", Fault::HangUp, false),
        (
            "close",
            Fault::CloseReader {
                stream: Stream::Stdout,
            },
            false,
        ),
        ("starve=2s", Fault::Starve { ns: 2_000_000_000 }, false),
        (
            "freeze=1s:child",
            Fault::Freeze {
                ns: 1_000_000_000,
                to: Delivery::Child,
            },
            false,
        ),
        (
            "KILL:child:always",
            Fault::Signal {
                signal: 9,
                to: Delivery::Child,
            },
            true,
        ),
        (
            "ENOSPC:at-once:always",
            Fault::Errno {
                errno: libc::ENOSPC,
            },
            true,
        ),
        (
            "TERM:exec:ffmpeg",
            Fault::Signal {
                signal: 15,
                to: Delivery::Exec(ProgramName::parse("ffmpeg").unwrap()),
            },
            false,
        ),
        (
            "USR1:thread:t1.2",
            Fault::Signal {
                signal: 10,
                to: Delivery::Thread(ThreadName::parse("t1.2").unwrap()),
            },
            false,
        ),
    ] {
        let read = Fault::parse(text, |_| Delivery::Group).unwrap();
        assert_eq!(read, (fault, lasting), "{text}");
    }
}

#[test]
fn a_fault_of_a_call_is_there_when_the_call_begins() {
    for text in [
        "ENOSPC@write#3",
        "ENOSPC@call:write#3@entry",
        "short=4@write(out)#3",
    ] {
        let Trigger::Call(selector) = step(text).unwrap().trigger else {
            panic!("{text} names a call");
        };
        assert_eq!((selector.phase, selector.nth), (Phase::Entry, 3), "{text}");
    }
    let Trigger::Call(selector) = step("EMFILE@every:open").unwrap().trigger else {
        panic!("it names a call");
    };
    assert!(selector.every && selector.nth == 1);
    assert_eq!(
        step("INT@write#3").unwrap(),
        step("INT@call:write#3@exit").unwrap()
    );
}

#[test]
fn a_name_means_its_younger_forms() {
    let open = CallSelector::parse("open").unwrap();
    assert!(open.means("openat") && open.means("openat2") && !open.means("creat"));
    let exact = CallSelector::parse("openat").unwrap();
    assert!(!exact.means("open") && exact.means("openat"));
    assert!(!CallSelector::parse("write").unwrap().means("writev"));
}

#[test]
fn a_name_that_this_machine_does_not_have_is_its_younger_form() {
    assert!(CallSelector::is_of("renameat", "renameat"));
    assert!(!CallSelector::is_of("renameat", "rename") && !CallSelector::is_of("write", "read"));
    let has_rename = syscalls::Sysno::iter().any(|known| known.name() == "rename");
    assert_eq!(CallSelector::is_of("rename", "renameat"), !has_rename);
}

#[test]
fn a_lasting_interruption_is_bounded() {
    for (text, times) in [
        ("EINTR@read", 1),
        ("EINTR:always@read", Step::RETRIES_MAX),
        ("ENOSPC:always@write", Step::TIMES_MAX),
    ] {
        assert_eq!(step(text).unwrap().times(), times, "{text}");
    }
}

#[test]
fn old_schedules_are_still_read() {
    let text = r#"{"trigger":"handler","fault":{"signal":{"signal":2,"to":"group"}}}"#;
    let step: Step = serde_json::from_str(text).unwrap();
    let fault = Fault::Signal {
        signal: 2,
        to: Delivery::Group,
    };
    assert_eq!(step, Step::once(Trigger::Handler, fault));
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        Just(Delivery::Process),
        Just(Delivery::Group),
        Just(Delivery::Child),
        "[a-z][a-z0-9.]{0,14}"
            .prop_filter_map("a word of its own", |name| ThreadName::parse(&name).ok())
            .prop_map(Delivery::Thread),
        "[a-z][a-zA-Z0-9._+-]{0,30}"
            .prop_filter_map("a word of its own", |name| ProgramName::parse(&name).ok())
            .prop_map(Delivery::Exec),
    ]
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (1..=64i32, deliveries()).prop_map(|(signal, to)| Fault::Signal { signal, to }),
        prop_oneof![Just(2), Just(3), Just(20)].prop_map(|signal| Fault::Signal {
            signal,
            to: Delivery::Terminal
        }),
        Just(Fault::HangUp),
        (1..=133i32)
            .prop_filter("a number that has a name", |errno| {
                crate::facts::errnos::parse(&crate::facts::errnos::name(*errno)) == Some(*errno)
            })
            .prop_map(|errno| Fault::Errno { errno }),
        Just(Fault::Full {
            errno: libc::ENOSPC
        }),
        proptest::option::of(1..=u64::MAX).prop_map(|bytes| Fault::Short { bytes }),
        any::<u64>().prop_map(|ns| Fault::Delay { ns }),
        (
            any::<u64>(),
            prop_oneof![
                Just(Delivery::Process),
                Just(Delivery::Group),
                Just(Delivery::Child)
            ]
        )
            .prop_map(|(ns, to)| Fault::Freeze { ns, to }),
        prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)]
            .prop_map(|stream| Fault::CloseReader { stream }),
        any::<u64>().prop_map(|ns| Fault::Starve { ns }),
    ]
}

fn selectors() -> impl Strategy<Value = CallSelector> {
    (
        proptest::option::of("[a-z*][a-z0-9+/:*.-]{0,12}[a-z0-9]"),
        prop_oneof![Just("write"), Just("read"), Just("openat"), Just("rename")],
        proptest::option::of("[^\\n]{0,20}"),
        1..=u32::MAX,
        prop_oneof![Just(Phase::Before), Just(Phase::Entry), Just(Phase::Exit)],
        any::<bool>(),
    )
        .prop_map(|(process, call, arg, nth, phase, every)| CallSelector {
            process,
            call: call.to_owned(),
            arg,
            nth,
            phase,
            every,
        })
}

fn triggers() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        any::<u64>().prop_map(|ns| Trigger::After { ns }),
        any::<u64>().prop_map(|ns| Trigger::AfterPrevious { ns }),
        "[^\\n]{0,20}"
            .prop_filter("a pattern", |text| regex::bytes::Regex::new(text).is_ok())
            .prop_map(|pattern| Trigger::Output { pattern }),
        Just(Trigger::Handler),
        (1..=u32::MAX).prop_map(|nth| Trigger::Child { nth }),
        "[^\\n]{0,20}"
            .prop_filter("a glob", |text| globset::Glob::new(text).is_ok())
            .prop_map(|glob| Trigger::File { glob }),
        selectors().prop_map(Trigger::Call),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        fault in faults(),
        mut trigger in triggers(),
        lasting in any::<bool>(),
    ) {
        if let (true, Trigger::Call(selector)) = (fault.is_of_call(), &mut trigger) {
            selector.phase = Phase::Entry;
            if !fault.fits(&selector.call) {
                selector.call = "write".to_owned();
            }
        }
        if trigger == Trigger::Handler && fault.signal().is_none() {
            trigger = Trigger::After { ns: 1 };
        }
        let closed = matches!(fault, Fault::HangUp | Fault::CloseReader { .. });
        let step = Step { trigger, fault, lasting: lasting && !closed };
        prop_assert_eq!(self::step(&step.to_string()), Ok(step));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,60}") {
        let _ = step(&text);
        let _ = step(&format!("INT@{text}"));
        let _ = step(&format!("{text}@write#1"));
    }
}
