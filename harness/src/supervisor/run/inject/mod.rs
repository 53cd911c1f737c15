//! Applying a schedule: which step is due, and doing it.

mod breakpoints;
mod faults;
mod injector;
mod schedule_cursor;
mod timers;

pub(crate) use breakpoints::{breakpoint, scope};
pub(crate) use injector::{Held, Injector};
pub(crate) use schedule_cursor::ScheduleCursor;
pub(crate) use timers::Timer;
