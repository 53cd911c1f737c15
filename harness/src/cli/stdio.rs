//! Standard output and standard error.

use crate::error::Error;
use crate::report::{Json, Style, TerminalWriter};
use std::io::{self, Write};

/// Prints on standard output. A reader that has gone away is no error.
pub(super) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints on standard error. Nobody is left to report a failure to.
pub(super) fn print_to_stderr(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Prints a remark before or while the work goes on.
pub(super) fn warn(text: &str) {
    let mut out = TerminalWriter::new();
    out.item(0, (Style::Warn, "! "), Style::Plain, text);
    print_to_stderr(&out.finish());
}

/// Prints an error, and returns its exit code.
pub(super) fn report_error(json: bool, error: &Error) -> u8 {
    let code = error.exit_code();
    if json {
        let _ = Json::new(io::stdout().lock()).error(&error.to_string(), code);
    }
    let mut out = TerminalWriter::new();
    if error.is_interrupted() {
        out.line(&[
            (Style::Warn, "sigproof: "),
            (
                Style::Plain,
                "interrupted before there was anything to report",
            ),
        ]);
    } else {
        let text = error.to_string();
        out.item(0, (Style::Bad, "sigproof: "), Style::Plain, &text);
    }
    print_to_stderr(&out.finish());
    code
}

/// JSON whose reader has gone away ends nothing: the exit code still counts.
pub(super) fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::harness(error.to_string()).during("standard output")),
    }
}
