//! The stage cell: the stage as every thread, and every process that shares
//! it, sees it; and the memory that it lives in.

mod cell;
mod cell_ref;
#[cfg(feature = "async")]
mod future_registry;
#[cfg(feature = "async")]
mod futures;
#[cfg(all(test, sigproof_loom))]
mod loom_tests;
mod storage;

pub(crate) use cell::{StageCell, WaitStatus};
pub(crate) use cell_ref::CellRef;
#[cfg(feature = "async")]
pub(crate) use future_registry::{PendingFuture, StageView};
pub(crate) use storage::CellStorage;
