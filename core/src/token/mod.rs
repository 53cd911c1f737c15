//! Tokens: how the rest of the program sees the stage.

mod interrupted;
mod node;
mod scope;
#[cfg(all(target_os = "linux", not(sigproof_loom)))]
mod shared;
mod source;
mod stop_token;
#[cfg(test)]
mod tests;

pub use interrupted::Interrupted;
pub(crate) use node::Shields;
pub use scope::{Scope, Shield};
pub use source::StopSource;
pub use stop_token::StopToken;
