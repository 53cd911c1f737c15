//! The library as another program uses it.

mod scenario_diagnostics;
mod scenario_schema;
mod sweep_in_process;
