//! Signals: the handler, the thread that watches what it did, and the end of
//! an interrupted program.
//!
//! The handler moves the machine, raises the cell and writes one record to a
//! pipe; everything slower happens on the watcher thread. Stage 3 is the
//! exception: the handler ends the process itself, so that a third Ctrl+C
//! kills a program whose every other thread is stuck.

mod conclude;
mod engine;
mod entry_point;
mod error;
mod handler;
mod install;
mod options;
mod reorder_buffer;
mod transition;
mod watcher;

pub use error::InstallError;
pub use install::InterruptHandler;
pub use options::{ExitStyle, Observer, Options};
pub use transition::Transition;
