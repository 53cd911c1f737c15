//! Ctrl+C in the command itself.

use super::stdio::report_error;
use crate::error::Error;
use crate::report::{Bar, Sink};
use sigproof_core::{InterruptHandler, Options, Policy, StopToken};
use std::process::ExitCode;

/// Does `work` under an interrupt handler, and returns its exit code; ends by the signal when there was one.
pub(super) fn interruptible(
    json: bool,
    bar: &Bar,
    work: impl FnOnce(&StopToken) -> Result<u8, Error>,
) -> u8 {
    // `timeout` sends its signal to the program and then to the group, within a millisecond: that is one request.
    let policy = Policy::escalating().deduplicate_any_sender();
    let options = Options::new(policy).feedback(Sink::new(bar));
    let handler = match InterruptHandler::install(options) {
        Ok(handler) => handler,
        Err(error) => {
            let error = Error::harness(error.to_string()).during("signal handlers");
            return report_error(json, &error);
        }
    };
    let token = handler.token();
    let code = work(&token).unwrap_or_else(|error| {
        bar.clear();
        report_error(json, &error)
    });
    // Everything that was started is gone by now: die by the signal, if there was one.
    let _code: ExitCode = handler.conclude_with(ExitCode::from(code));
    code
}
