//! What a target runs in: its directory, processes, processors and limits.

mod baseline_errors;
mod cpu_affinity;
mod resource_extremes;
mod run_lock;
mod work_tree;
