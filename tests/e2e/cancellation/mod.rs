//! Programs that cancel with sigproof-core, under real signals.

mod benchctl;
mod launch_environments;
mod signal_schedules;
mod signal_stress;
mod stages;
mod support;
