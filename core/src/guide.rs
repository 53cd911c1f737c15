//! Guides: moving from other libraries, and using this one beside them.

#[doc = include_str!("../guide/from-ctrlc.md")]
pub mod from_ctrlc {}

#[doc = include_str!("../guide/from-signal-hook.md")]
pub mod from_signal_hook {}

#[doc = include_str!("../guide/from-cancellation-token.md")]
pub mod from_cancellation_token {}

#[doc = include_str!("../guide/beside-tokio.md")]
pub mod beside_tokio {}

#[doc = include_str!("../guide/in-a-library.md")]
pub mod in_a_library {}

#[doc = include_str!("../guide/testing.md")]
pub mod testing {}
