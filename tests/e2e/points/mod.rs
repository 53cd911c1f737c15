//! The points at which a fault is injected: how they are named, found and reached.

mod call_sites;
mod call_stacks;
mod failpoints;
mod instruction_points;
mod output_trigger;
mod quiet_calls;
mod saver;
