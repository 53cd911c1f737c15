//! The rows, with the peers they are measured beside.
//!
//! A contender that installs a signal handler does so in a process of its own,
//! this program executed again, so that no two of them meet.

mod child;
mod clock;
mod empty_tasks;
mod grace;
mod handler;
mod hashing;
mod poll;
mod raw;
mod round_trip;
mod waiter;

use std::env;
use std::io;

use sigproof_core::pool::WorkerProgram;

use crate::row::Row;

/// Every row. Has to come first in `main`: in a process that was started to
/// play a part in a row it does not return.
///
/// # Errors
/// If the part that this process was started for fails.
pub fn rows() -> io::Result<Vec<Row>> {
    let small = WorkerProgram::register("small", |number: u64, _| Ok(number + 1));
    if let Ok(role) = env::var(child::ROLE) {
        play(&role)?;
        // Whoever asked has closed its end.
        std::process::exit(0);
    }
    Ok([
        poll::rows(),
        handler::rows(),
        vec![waiter::row()],
        grace::rows(),
        vec![empty_tasks::row()?],
        round_trip::rows(&small),
        vec![hashing::row()],
    ]
    .into_iter()
    .flatten()
    .collect())
}

fn play(role: &str) -> io::Result<()> {
    match role.split_once(' ') {
        Some(("handler", who)) => handler::play(who),
        Some(("waiter", who)) => waiter::play(who),
        Some(("grace", tasks)) => grace::play(tasks),
        _ => Err(child::unknown(role)),
    }
}
