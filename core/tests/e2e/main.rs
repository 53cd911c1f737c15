//! The library as programs use it: real signals, real processes, real
//! terminals.
//!
//! What signals do is a property of a whole process, so each scenario runs in
//! a child: the test starts this binary again with its own name and a role.

/// The name by which the test runner selects a test of the same module.
macro_rules! test_name {
    ($name:literal) => {
        crate::support::without_crate(concat!(module_path!(), "::", $name))
    };
}

mod support;

#[cfg(target_os = "linux")]
mod async_tokens;
#[cfg(unix)]
mod command;
#[cfg(target_os = "linux")]
mod console;
#[cfg(unix)]
mod entry_point;
#[cfg(target_os = "linux")]
mod examples;
#[cfg(feature = "process")]
mod executors;
#[cfg(target_os = "linux")]
mod first_seed;
#[cfg(target_os = "linux")]
mod foreground;
mod friction;
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
mod guardian;
#[cfg(unix)]
mod handler_handover;
#[cfg(target_os = "linux")]
mod handler_properties;
#[cfg(target_os = "linux")]
mod handler_removal;
#[cfg(unix)]
mod handler_robustness;
#[cfg(unix)]
mod interop;
mod interrupted_errors;
#[cfg(unix)]
mod messages;
#[cfg(unix)]
mod observers;
#[cfg(all(unix, feature = "process"))]
mod orphaned_workers;
#[cfg(unix)]
mod pending_signal;
#[cfg(unix)]
mod pool_signal_stress;
#[cfg(target_os = "linux")]
mod progress_bars;
#[cfg(unix)]
mod returned_tasks;
#[cfg(target_os = "linux")]
mod shared_stage;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod spawn_race;
#[cfg(feature = "process")]
mod task_limits;
#[cfg(unix)]
mod terminal_stop;
#[cfg(target_os = "linux")]
mod timeline;
#[cfg(windows)]
mod windows;
#[cfg(feature = "process")]
mod worker_processes;
