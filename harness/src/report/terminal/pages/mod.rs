//! What is shown at the end of a session, one kind of page a file.

mod minimize_page;
mod run_page;
pub(crate) mod session_page;
