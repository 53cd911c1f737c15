//! What happens around a target that runs until it is told to stop: when it is ready, who uses it, how it is stopped.
//!
//! Every run follows the script, the undisturbed ones as well. So an undisturbed run of a service ends, and everything
//! that a baseline tells of other programs is known of services, too.

mod client;
mod keys;
mod parse_client;
mod parse_keys;
mod parse_ready;
mod script;

pub(crate) use client::{Address, Client, ClientKind, Connections, Protocol, Request};
pub(crate) use keys::{Key, KeyWait};
pub(crate) use parse_client::{CONNECTIONS_MAX, SLOW_BYTES};
pub(crate) use script::{Expect, HttpUrl, Ready, Script};
