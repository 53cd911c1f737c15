//! One run: the loop that waits for everything, and what it does at each event.

pub(crate) mod clock;
pub(crate) mod event_log;
pub(crate) mod failpoints;
pub(crate) mod finish;
pub(crate) mod handle_events;
pub(crate) mod handle_failpoints;
pub(crate) mod inject;
pub(crate) mod live_target;
pub(crate) mod process_watch;
pub(crate) mod run_error;
pub(crate) mod run_loop;
pub(crate) mod script;
pub(crate) mod streams;
pub(crate) mod trace_config;
pub(crate) mod zombies;
