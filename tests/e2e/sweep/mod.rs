//! What a sweep finds, in whom, and what it costs.

mod classes;
mod faults;
mod livelock;
mod planted_bugs;
mod real_programs;
mod recall;
mod shards;
mod signal_handlers;
mod start_states;
mod sweep_stress;
mod unfollowed;
