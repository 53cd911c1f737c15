//! One run: the loop that waits for everything, and what it does at each event.

pub(crate) mod deadlines;
pub(crate) mod failpoints;
pub(crate) mod finish;
pub(crate) mod handle_events;
pub(crate) mod inject;
pub(crate) mod run_loop;
pub(crate) mod schedule_cursor;
pub(crate) mod streams;
pub(crate) mod timers;
pub(crate) mod trace_config;
pub(crate) mod zombies;
