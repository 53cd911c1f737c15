//! From `raise` to its return: what the interrupted thread pays.
//!
//! Each signal is a real transition: between two of them, outside of the
//! measured time, everybody is put back to the state before.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use sigproof_core::{
    InterruptHandler, Observer, OnLadderEnd, Options, Policy, Rung, Stage, Transition,
};

use super::child::{in_child, serve, unknown, wait_for};
use super::{clock, raw};
use crate::row::{Bar, Contender, Line, Row, Statistic};

const HOOK: &str = "signal-hook flag";

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "handler",
            what: "handler, raise to return",
            rounds: 41,
            count: 1000,
            contenders: vec![
                Contender::new("ours", in_child("handler ours")),
                Contender::new(HOOK, in_child("handler signal-hook")),
                Contender::new("sigaction", in_child("handler sigaction")),
                Contender::new("ctrlc", in_child("handler ctrlc")),
            ],
            lines: vec![
                Line::of("p50", Statistic::Rounds(0.5), Bar::Peer(1.05, HOOK)).because(
                    "it asks for the time, so that one press delivered twice counts once: 0.1 µs more than sigaction",
                ),
                Line::of("p99", Statistic::Rounds(0.99), Bar::None),
                Line::of("p99.9", Statistic::All(0.999), Bar::Limit(1e6)),
            ],
        },
        Row {
            name: "handler-told",
            what: "handler that wakes a thread, raise to return",
            rounds: 21,
            count: 1000,
            contenders: vec![
                Contender::new("ours, observed", in_child("handler observed")),
                Contender::new("ctrlc", in_child("handler ctrlc")),
            ],
            lines: vec![
                Line::of("p50", Statistic::Rounds(0.5), Bar::None),
                Line::of("p99.9", Statistic::All(0.999), Bar::Limit(1e6)),
            ],
        },
    ]
}

/// One rung, so that no number of signals ends the process.
pub(super) fn policy() -> io::Result<Policy> {
    Ok(Policy::custom([Rung::announce(Stage::CancelQueued)])
        .map_err(io::Error::other)?
        .on_ladder_end(OnLadderEnd::Ignore)
        .deduplicate_within(Duration::ZERO))
}

pub(super) fn play(who: &str) -> io::Result<()> {
    match who {
        "ours" => ours(Options::new(policy()?), |_| Ok(())),
        "observed" => {
            let told = Arc::new(AtomicU32::new(0));
            let options = Options::new(policy()?).observer(Counter(Arc::clone(&told)));
            ours(options, move |signals| {
                wait_for(|| told.load(Ordering::SeqCst) >= signals)
            })
        }
        "signal-hook" => {
            let flag = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&flag))?;
            raised(move |_| handled(flag.swap(false, Ordering::SeqCst)))
        }
        "sigaction" => {
            raw::install()?;
            raised(|_| handled(raw::take()))
        }
        "ctrlc" => {
            let told = Arc::new(AtomicU32::new(0));
            let count = Arc::clone(&told);
            ctrlc::set_handler(move || {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .map_err(io::Error::other)?;
            raised(move |signals| wait_for(|| told.load(Ordering::SeqCst) >= signals))
        }
        other => Err(unknown(other)),
    }
}

fn ours(options: Options, told: impl Fn(u32) -> io::Result<()>) -> io::Result<()> {
    let handler = InterruptHandler::install(options).map_err(io::Error::other)?;
    raised(|signals| {
        told(signals)?;
        handled(handler.stage() == Stage::CancelQueued)?;
        handler.reset();
        Ok(())
    })
}

/// Raises SIGINT as often as asked; `after` gets the number of signals so far
/// and puts everything back.
fn raised(mut after: impl FnMut(u32) -> io::Result<()>) -> io::Result<()> {
    let mut signals = 0;
    serve(|count| {
        let mut samples = Vec::new();
        for _ in 0..count {
            let begun = clock::now_ns()?;
            raise(Signal::SIGINT)?;
            let ended = clock::now_ns()?;
            samples.push(clock::span(begun, ended));
            signals += 1;
            after(signals)?;
        }
        Ok(samples)
    })
}

fn handled(it_was: bool) -> io::Result<()> {
    if it_was {
        Ok(())
    } else {
        Err(io::Error::other("a signal was not handled"))
    }
}

struct Counter(Arc<AtomicU32>);

impl Observer for Counter {
    fn observe(&mut self, _: &Policy, _: &Transition) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
