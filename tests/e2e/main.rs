//! The promises to the user, kept by the command and the library that a user has.

mod cancellation;
mod docs;
mod environment;
mod points;
mod services;
mod support;
mod sweep;
mod trust;
mod verbs;
