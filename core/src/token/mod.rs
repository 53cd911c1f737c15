//! Tokens: how the rest of the program sees the stage.

mod flag;
#[cfg(feature = "tokio")]
mod future;
mod interrupted;
mod node;
mod scope;
#[cfg(all(target_os = "linux", not(sigproof_loom)))]
mod shared;
mod source;
mod stop_token;
#[cfg(test)]
mod tests;

pub use flag::FlagBridge;
#[cfg(feature = "tokio")]
pub use future::Reached;
pub use interrupted::Interrupted;
pub(crate) use node::Shields;
pub use scope::{Scope, Shield};
pub use source::StopSource;
pub use stop_token::StopToken;
