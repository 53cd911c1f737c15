//! Tokens: how the rest of the program sees the stage.

mod bridge;
#[cfg(feature = "tokio-util")]
mod cancellation;
#[cfg(feature = "tokio")]
mod future;
mod interrupted;
mod node;
mod scope;
mod shared;
mod source;
mod stop_token;
#[cfg(all(test, not(sigproof_loom)))]
mod tests;
#[cfg(all(test, sigproof_loom))]
mod token_loom;

pub use bridge::Bridge;
#[cfg(feature = "tokio")]
pub use future::Reached;
pub use interrupted::Interrupted;
pub(crate) use node::Shields;
pub use scope::{Scope, Shield};
pub use source::StopSource;
pub use stop_token::StopToken;
