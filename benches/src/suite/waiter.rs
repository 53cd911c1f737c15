//! From `kill`, in another process, to the moment when whoever waits for the
//! signal runs. The waiter is the main thread, but with ctrlc, which calls
//! back on a thread of its own.

use std::io;
use std::sync::mpsc;

use nix::sys::signal::{Signal, kill};
use sigproof_core::{InterruptHandler, Options, Stage};
use tokio::signal::unix::{SignalKind, signal};

use super::child::{Child, answer, end_when_alone, unknown};
use super::{clock, handler};
use crate::row::{Bar, Contender, Line, Row, Statistic};

pub(super) fn row() -> Row {
    let contender = |name, role| Contender::new(name, killed(role));
    Row {
        name: "waiter",
        what: "kill to waiter runs",
        rounds: 41,
        count: 100,
        contenders: vec![
            contender("ours", "waiter ours"),
            contender("signal-hook iterator", "waiter signal-hook"),
            contender("ctrlc", "waiter ctrlc"),
            contender("tokio::signal", "waiter tokio"),
        ],
        lines: vec![
            Line::of("p50", Statistic::Rounds(0.5), Bar::Fastest(1.0)),
            Line::of("p99", Statistic::Rounds(0.99), Bar::Fastest(1.0)),
        ],
    }
}

/// Kills a child as often as asked; it answers with the time at which its
/// waiter ran.
fn killed(role: &'static str) -> impl FnMut(u32) -> io::Result<Vec<f64>> {
    let mut child = None;
    move |count| {
        if child.is_none() {
            let mut new = Child::with_role(role)?;
            new.answer()?;
            child = Some(new);
        }
        let Some(child) = child.as_mut() else {
            return Ok(Vec::new());
        };
        let mut samples = Vec::new();
        for _ in 0..count {
            child.wait_until_quiet()?;
            let begun = clock::now_ns()?;
            kill(child.id(), Signal::SIGINT)?;
            let ran = child.answer()?;
            // Nanoseconds since the start of this machine are exact in a
            // float for a hundred days.
            samples.extend(ran.iter().map(|ran| ran - begun as f64));
        }
        Ok(samples)
    }
}

pub(super) fn play(who: &str) -> io::Result<()> {
    end_when_alone()?;
    match who {
        "ours" => {
            let handler = InterruptHandler::install(Options::new(handler::policy()?))
                .map_err(io::Error::other)?;
            let token = handler.token();
            answer(&[])?;
            loop {
                token.wait(Stage::CancelQueued);
                tell()?;
                handler.reset();
            }
        }
        "signal-hook" => {
            let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT])?;
            answer(&[])?;
            for _ in signals.forever() {
                tell()?;
            }
            Ok(())
        }
        "ctrlc" => {
            let (sender, never) = mpsc::channel::<()>();
            ctrlc::set_handler(move || {
                let _ = &sender;
                // An error means that nobody listens; then we are killed.
                let _ = tell();
            })
            .map_err(io::Error::other)?;
            answer(&[])?;
            // Waits as long as the handler lives: for ever.
            let _ = never.recv();
            Ok(())
        }
        "tokio" => tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?
            .block_on(async {
                let mut interrupts = signal(SignalKind::interrupt())?;
                answer(&[])?;
                while interrupts.recv().await.is_some() {
                    tell()?;
                }
                Ok(())
            }),
        other => Err(unknown(other)),
    }
}

/// The waiter runs.
fn tell() -> io::Result<()> {
    answer(&[clock::now_ns()? as f64])
}
