//! Tokens: how the rest of the program sees the stage.

mod bridge;
#[cfg(feature = "tokio")]
mod cancellation_token;
mod derived;
#[cfg(feature = "async")]
mod futures;
mod interrupted;
mod interruptible;
#[cfg(all(test, sigproof_loom))]
mod loom_tests;
mod node;
mod scope;
mod simulated;
mod source;
mod stop_token;
#[cfg(all(test, not(sigproof_loom)))]
mod tests;

pub use bridge::Bridge;
#[cfg(unix)]
pub use bridge::StageFd;
#[cfg(feature = "async")]
pub use futures::{Reached, Tracker};
pub use interrupted::Interrupted;
pub(crate) use interrupted::find_error;
pub use interruptible::Interruptible;
pub(crate) use node::Shields;
pub use scope::{Scope, Shield};
pub use simulated::{Handler, SimulatedHandler};
pub use source::StopSource;
pub use stop_token::StopToken;
