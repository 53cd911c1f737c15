//! Tokens: how the rest of the program sees the stage.

#[cfg(feature = "tokio-util")]
mod cancellation_token;
mod derived;
mod interrupted;
#[cfg(all(test, sigproof_loom))]
mod loom_tests;
mod node;
mod source;
mod stop_token;
#[cfg(all(test, not(sigproof_loom)))]
mod tests;

#[cfg(feature = "tokio")]
pub use derived::Reached;
pub use derived::{Bridge, Interruptible, Scope, Shield};
pub use interrupted::Interrupted;
pub(crate) use node::Shields;
pub use source::StopSource;
pub use stop_token::StopToken;
